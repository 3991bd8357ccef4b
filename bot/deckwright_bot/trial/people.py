"""Simulated members: they know different amounts and answer through the same buttons as everybody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from deckwright_bot.sandbox.events import Event, Hub, MessageCreated, MessageDeleted, MessageEdited
from deckwright_bot.sandbox.interaction import InteractionAnswered, InteractionType
from deckwright_bot.sandbox.model import Message
from deckwright_bot.sandbox.outcome import DriverError, buttons_of
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.ui.ids import ComponentId, parse

if TYPE_CHECKING:
    from deckwright.study.question import Snapshot
    from deckwright_bot.sandbox.driver import Member
    from deckwright_bot.services.posts import PostService

ANSWERING: Final = frozenset({"pick", "dont-know", "written"})
"""Actions of the bot's custom ids that are an answer to a post."""
VAGUE: Final = "I would have to look that up."


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, how many of ten questions they know, and how long after a post they answer."""

    member: Member
    right_of_ten: int
    after: timedelta


class Crowd:
    """Everybody; it keeps to what is seen in the chat, and asks the bot's service only what somebody knows."""

    def __init__(self, people: list[Person], hub: Hub, posts: PostService, random: Random) -> None:
        self._people = people
        self._posts = posts
        self._random = random
        self._open: dict[int, Message] = {}
        self._answered: set[tuple[int, int]] = set()
        self._learnt: set[tuple[int, str]] = set()
        self.posted = 0
        self.closed = 0
        hub.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        match event:
            case MessageCreated(message) | MessageEdited(message):
                if is_open(message):
                    self.posted += message.id not in self._open
                    self._open[message.id] = message
                elif self._open.pop(message.id, None) is not None:
                    self.closed += 1
            case MessageDeleted(message):
                self._open.pop(message.id, None)
            case InteractionAnswered(interaction) if interaction.type in (
                InteractionType.COMPONENT,
                InteractionType.MODAL,
            ):
                found = parse(str(interaction.data.get("custom_id", "")))
                if found is not None and found.action in ANSWERING and found.number is not None:
                    self._answered.add((found.number, interaction.user.id))
            case _:
                pass

    @property
    def open_posts(self) -> list[Message]:
        """The posts that can be answered, oldest first."""
        return list(self._open.values())

    @property
    def anybody_answered(self) -> bool:
        """Whether anybody has answered anything yet."""
        return bool(self._answered)

    def has_answered(self, post: Message, member: Member) -> bool:
        """Whether a person has answered a post."""
        return (post_of(post), member.user.id) in self._answered

    async def answer(self, now: datetime, silent: Collection[int] = (), *, at_once: bool = False) -> int:
        """Let those answer who have not and whose time has come, but for the ``silent``; how many did."""
        count = 0
        for post in self.open_posts:
            for person in self._awaited(post, silent):
                if at_once or post.created_at + person.after <= now:
                    count += await self._reply(person, post)
        return count

    def times(self, silent: Collection[int] = ()) -> list[datetime]:
        """When those answer who have not, but for the ``silent``."""
        return [
            post.created_at + each.after for post in self.open_posts for each in self._awaited(post, silent)
        ]

    def _awaited(self, post: Message, silent: Collection[int]) -> list[Person]:
        return [
            each
            for each in self._people
            if each.member.user.id not in silent and not self.has_answered(post, each.member)
        ]

    async def _reply(self, person: Person, post: Message) -> bool:
        """Answer one post; False where it is gone, closed or not to be seen by this person."""
        number = post_of(post)
        asked = await self._posts.find(number)
        if asked is None or asked.snapshot is None:
            return False
        # Who gets something wrong reads why, and knows it the next time: that is what a rematch shows.
        knowing = self._random.randrange(10) < person.right_of_ten
        lesson = (person.member.user.id, asked.card or "")
        knowing = knowing or lesson in self._learnt
        self._learnt.add(lesson)
        try:
            if button_of(post, "open") is not None:
                await self._write(person, post, snapshot_of(asked), knowing=knowing)
            else:
                await person.member.click(post, self._choice(post, snapshot_of(asked), knowing=knowing))
        except DriverError:
            return False
        # Counted even if the bot failed to answer: nobody presses a hundred times.
        self._answered.add((number, person.member.user.id))
        return True

    def _choice(self, post: Message, snapshot: Snapshot, *, knowing: bool) -> str:
        buttons = {found: one for one in buttons_of(post) if (found := _read(one)) is not None}
        letters = {found.word: str(found) for found in buttons if found.action == "pick"}
        if knowing and snapshot.key in letters:
            return letters[snapshot.key]
        wrong = [each for letter, each in letters.items() if letter != snapshot.key]
        unsure = [str(found) for found in buttons if found.action == "dont-know"]
        return self._random.choice([*wrong, *unsure])

    async def _write(self, person: Person, post: Message, snapshot: Snapshot, *, knowing: bool) -> None:
        form = await person.member.click(post, str(button_of(post, "open")))
        points = " ".join(point.text for point in snapshot.texts.key_points) or snapshot.texts.answer
        told = await person.member.submit(form, {"text": points[:1500] if knowing else VAGUE})
        wanted = "got" if knowing else "missed"
        graded = next(
            (
                str(found)
                for one in buttons_of(told.message)
                if (found := _read(one)) and found.word == wanted
            ),
            None,
        )
        if graded is not None:
            await person.member.click(told.message, graded)


def is_open(message: Message) -> bool:
    """Whether a message is a post for everybody that can be answered."""
    return message.visible_to is None and any(
        button_of(message, each) is not None for each in ("pick", "open")
    )


def post_of(message: Message) -> int:
    """The number of the post that a message shows; 0 where it shows none."""
    found = button_of(message, "mine")
    return found.number or 0 if found is not None else 0


def button_of(message: Message, action: str) -> ComponentId | None:
    """The first button with that action that can be pressed."""
    for one in buttons_of(message):
        found = _read(one)
        if found is not None and found.action == action and not one.get("disabled"):
            return found
    return None


def _read(button: dict[str, object]) -> ComponentId | None:
    return parse(str(button.get("custom_id", "")))
