"""Members of the simulated weeks who play a quiz together: what they choose is stored as they are told, once."""

from __future__ import annotations

import asyncio
import random
import time

from bot.people import People
from bot.recount import DONT_KNOW
from bot.troubles import Group
from bot.wording import custom_ids, said
from deckwright_bot.sandbox import DriverError, Member
from deckwright_bot.sandbox.model import Message

PATIENCE = 12.0
"""Real seconds after which the members of a group have enough of a quiz."""
BREATH = 0.1


class Players:
    """One group quiz a group at a time; its host hurries it on, for nobody here waits a minute."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.books = people.books
        self._playing: set[int] = set()

    async def quiz(self, group: Group, member: Member, rng: random.Random) -> str:
        if group.id in self._playing:
            return "they play already"
        self._playing.add(group.id)
        try:
            return await self._play(group, member, rng)
        finally:
            self._playing.discard(group.id)

    async def _play(self, group: Group, host: Member, rng: random.Random) -> str:
        channel, until = group.channel, time.time() + PATIENCE
        done = await host.slash("quiz group", at=channel, questions=rng.randint(1, 3), seconds=10)
        begun = said("quiz.begun", self.people.private(done) or "")
        if begun is None:
            return "it did not begin"
        lobby, players, chosen = int(begun["link"].rsplit("/", 1)[-1]), [host], 0
        hurried: set[str] = set()
        while time.time() < until:
            message = self._newest(host, group, lobby)
            names = custom_ids(message) if message is not None else []
            go = next((name for name in names if name.startswith("dw:quiz-go")), None)
            if message is None or go is None:
                break
            if go not in hurried:
                if go.endswith("-lobby"):
                    others = rng.sample(self.people.of(group)[:-1], 2)
                    players += [one for one in others if one is not host]
                    join = next(name for name in names if name.startswith("dw:quiz-join"))
                    await asyncio.gather(*(self._press(one, message, join) for one in players[1:]))
                picks = [name for name in names if name.startswith("dw:quiz:")]
                if picks:
                    clicks = [(one, rng.choice(picks)) for one in players for _ in range(rng.randint(1, 2))]
                    answers = [self._answer(group, one, message, name) for one, name in clicks]
                    chosen += sum(await asyncio.gather(*answers))
                # When all have answered it has gone on by itself.
                if go in custom_ids(message):
                    await self._press(host, message, go)
                hurried.add(go)
            await asyncio.sleep(BREATH)
        return f"{chosen} answers of {len(players)}"

    @staticmethod
    def _newest(host: Member, group: Group, lobby: int) -> Message | None:
        """The newest message of the quiz, by the ids in its buttons or where it began."""
        found = [
            message
            for message in host.sees(group.channel)
            if message.visible_to is None
            and message.id >= lobby
            and any(name.startswith("dw:quiz-go") for name in custom_ids(message))
        ]
        return found[-1] if found else None

    @staticmethod
    async def _press(member: Member, message: Message, name: str) -> None:
        """Press a button that may be gone the next moment."""
        try:
            await member.click(message, name)
        except DriverError:
            return

    async def _answer(self, group: Group, member: Member, message: Message, name: str) -> bool:
        """Choose, and see that what they are told is what is stored; whether they were told anything of it."""
        try:
            text = self.people.private(await member.click(message, name)) or ""
        except DriverError:
            return False
        letter = said("quiz.chosen", text)
        told = (
            letter["letter"]
            if letter is not None
            else DONT_KNOW
            if said("quiz.chosen.dont-know", text)
            else None
        )
        if told is None:
            return False
        quiz, (number, _, wanted) = int(name.split(":")[2]), name.split(":")[3].partition("-")
        kept = [
            one.choice
            for one in self.books.rows(group.id).played
            if (one.quiz, one.number, one.member) == (quiz, int(number), member.user.id)
        ]
        assert kept == [told], f"told {told} for question {number} of quiz {quiz}, stored is {kept} (R13)"
        if not said("quiz.stands", text):
            assert told == wanted, f"chose {wanted}, told {told} (R13)"
        return True
