"""What must not be given away in a group: the keys of questions that stand open there."""

from __future__ import annotations

from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.store import posts as post_store, quizzes as quiz_store
from deckwright_bot.store.database import Connection


async def asked_by_posts(connection: Connection, group: int, library: StudyLibrary) -> set[str]:
    """The cards of a group's open posts, by the ids they have today."""
    return _today(await post_store.open_cards(connection, group), library)


async def played_now(connection: Connection, group: int, library: StudyLibrary) -> set[str]:
    """The cards of the quizzes that the group plays."""
    return _today(await quiz_store.running_cards(connection, group), library)


async def told_now(connection: Connection, group: int, library: StudyLibrary) -> set[str]:
    """Those of them whose keys the quizzes tell in a moment, or have told; the others are passed over once a post asks."""
    return _today(await quiz_store.told_cards(connection, group), library)


async def asked_now(connection: Connection, group: int, library: StudyLibrary) -> set[str]:
    """The cards that open posts ask, and those of the quizzes that the group plays."""
    found = await post_store.open_cards(connection, group)
    return _today(found | await quiz_store.running_cards(connection, group), library)


def _today(cards: set[str], library: StudyLibrary) -> set[str]:
    return {card.id if (card := library.card(name)) is not None else name for name in cards}
