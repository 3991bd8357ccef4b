"""How a post was answered, counted from its answers."""

from __future__ import annotations

from deckwright_bot.services.ports import Rematch, Tally
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store import answers as answer_store, posts as post_store
from deckwright_bot.store.database import Connection
from deckwright_bot.store.records import DONT_KNOW, Post


async def tally(connection: Connection, post: Post) -> Tally:
    """The counts of a post, by its key as it is now (R28)."""
    right = dont_know = total = 0
    letters: dict[str, int] = {}
    grades: dict[str, int] = {}
    key = snapshot_of(post)
    for choice, _, grade, number in await answer_store.by_choice(connection, post.id):
        total += number
        if choice == DONT_KNOW:
            dont_know += number
        elif choice is not None:
            letters[choice] = letters.get(choice, 0) + number
            option = key.option(choice)
            right += number if option is not None and option.right else 0
        if grade is not None:
            grades[grade] = grades.get(grade, 0) + number
    return Tally(total, right, letters, dont_know, grades)


async def rematch_of(connection: Connection, post: Post) -> Rematch | None:
    """How a rematch's question went the first time; None for any other post."""
    before = await post_store.find(connection, post.rematch_of) if post.rematch_of is not None else None
    if before is None:
        return None
    counts = await tally(connection, before)
    return Rematch(before.date, round(100 * counts.right / counts.answers)) if counts.answers else None
