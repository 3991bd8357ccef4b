"""Simulated members in a group quiz: they join and answer through the buttons, each in their own time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from random import Random
from typing import TYPE_CHECKING, Any

from deckwright.study.question import from_json
from deckwright_bot.sandbox.events import Event, MessageCreated, MessageEdited
from deckwright_bot.sandbox.outcome import DriverError, buttons_of
from deckwright_bot.store import quizzes as quiz_store
from deckwright_bot.trial.people import Person, button_of
from deckwright_bot.ui.ids import ComponentId, parse

if TYPE_CHECKING:
    from deckwright_bot.sandbox.model import Message
    from deckwright_bot.trial.group import TrialGroup

SOONEST, LATEST = 1.5, 6.0
"""Real seconds somebody takes; quizzes run in people's time, whatever the group's clock shows."""


class Players:
    """Lets those play whom nobody looks through at present: ``watched`` says by user id who that is."""

    def __init__(
        self,
        group: TrialGroup,
        watched: Callable[[int], bool],
        *,
        pace: tuple[float, float] = (SOONEST, LATEST),
        seed: int = 2,
    ) -> None:
        self._group = group
        self._watched = watched
        self._pace = pace
        self._random = Random(seed)  # noqa: S311  a play, no secret
        self._met: set[tuple[int, str, int]] = set()
        self._ending = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._end = group.sandbox.core.hub.subscribe(self._hear)

    async def close(self) -> None:
        """Let nobody play any more; who is at it finishes."""
        self._end()
        self._ending.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _hear(self, event: Event) -> None:
        if not isinstance(event, MessageCreated | MessageEdited) or event.message.visible_to is not None:
            return
        message = event.message
        lobby, question = button_of(message, "quiz-join"), button_of(message, "quiz")
        found = lobby or question
        if found is None:
            return
        number = str(found.word or "").partition("-")[0]
        for person in self._group.people:
            met = (found.number or 0, number, person.member.user.id)
            if met not in self._met:
                self._met.add(met)
                self._later(self._play(person, message, number if lobby is None else ""))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _play(self, person: Person, message: Message, number: str) -> None:
        """Join, or answer the question with that number, after a while."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), self._random.uniform(*self._pace))
        member = person.member
        if self._ending.is_set() or self._watched(member.user.id):
            return
        found = button_of(message, "quiz" if number else "quiz-join")
        if found is None or await self._hosts(found, member.user.id):
            return
        with contextlib.suppress(DriverError):
            await member.click(message, await self._choice(person, message, found) if number else str(found))

    async def _hosts(self, found: ComponentId, member: int) -> bool:
        """Whether it is this person's own quiz; whoever begins one plays themselves."""
        quiz = await self._group.bot.context.services.quizzes.find(found.number or 0)
        return quiz is None or quiz.host == member

    async def _choice(self, person: Person, message: Message, found: ComponentId) -> str:
        """The button this person presses: the key if they know it, which the bot's own rows tell."""
        number = str(found.word or "").partition("-")[0]
        async with self._group.database.reading() as connection:
            asked = await quiz_store.question(connection, found.number or 0, int(number))
        key = from_json(asked.snapshot).key if asked is not None else None
        by_letter = {
            str(each.word).partition("-")[2]: str(each)
            for one in buttons_of(message)
            if (each := parse(str(one.get("custom_id", "")))) is not None and each.action == "quiz"
        }
        knowing = self._random.randrange(10) < person.right_of_ten
        if knowing and key in by_letter:
            return by_letter[key]
        return self._random.choice([each for letter, each in by_letter.items() if letter != key])
