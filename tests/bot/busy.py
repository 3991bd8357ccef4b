"""People who use everything that answers, one thing after the other, and play a little too fast."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import islice

from bot.witness import Witness
from deckwright_bot.sandbox import DriverError, Member
from deckwright_bot.sandbox.interaction import Interaction
from deckwright_bot.sandbox.model import Message
from deckwright_bot.sandbox.outcome import buttons_of

PRESSED = {"pick": 4, "dont-know": 1, "open": 4, "grade": 4, "mine": 1}
PLAYED = {"quiz-join": 1, "quiz": 6, "solo": 6, "solo-repeat": 1}
LED = {"quiz-go": 8, "quiz-end": 0.3, "panel-switch": 3}
TIMES = (("08:50", "UTC"), ("09:00", "Africa/Abidjan"), ("09:10", "Atlantic/Reykjavik"))
"""A time with its zone each, so that half a wish can be told from a whole one."""
LOOKED_AT = 150


@dataclass
class Person:
    """Somebody who presses this and that, whether or not it makes sense any more."""

    member: Member
    rng: random.Random
    witness: Witness
    host: bool = False
    written: int = 0

    async def live(self) -> None:
        self.member.settle = 0.05
        while True:
            # A button may go while it is being pressed.
            with suppress(DriverError):
                await self._act()
            await asyncio.sleep(self.rng.uniform(0.01, 0.1))

    async def _act(self) -> None:
        newest = self._newest()
        if self.host and (self.rng.random() < 0.15 or "panel-switch" not in newest):
            await self._manage()
        elif "solo" not in newest or self.rng.random() < 0.02:
            await self.member.slash("quiz solo", questions=5)
        else:
            weights = PRESSED | PLAYED | (LED if self.host else {})
            action = self.rng.choices(list(newest), [weights[each] for each in newest])[0]
            await self._press(newest[action], action)

    def _newest(self) -> dict[str, Message]:
        """The newest message with a button for each thing that can be done."""
        wanted = PRESSED | PLAYED | (LED if self.host else {})
        found: dict[str, Message] = {}
        for message in islice(reversed(self.member.home.messages.values()), LOOKED_AT):
            if message.visible_to in (None, self.member.user.id):
                for button in buttons_of(message):
                    action = str(button["custom_id"]).split(":")[1]
                    if action in wanted and not button.get("disabled"):
                        found.setdefault(action, message)
        return found

    async def _press(self, message: Message, action: str) -> Interaction | None:
        names = [str(one["custom_id"]) for one in buttons_of(message) if not one.get("disabled")]
        fits = [name for name in names if name.split(":")[1] == action]
        if not fits:
            return None
        name = self.rng.choices(fits, [0.1 if each.endswith("-stop") else 1 for each in fits])[0]
        done = await self.member.click(message, name)
        if done.interaction.modal is not None:
            self.written += 1
            done = await self.member.submit(done, {"text": f"words {self.written}"})
        return done.interaction

    async def _manage(self) -> None:
        """Begin a quiz once the last one has its table, or change the settings."""
        if not self.witness.playing and self.rng.random() < 0.7:
            await self.member.slash("quiz group", questions=2, seconds=10)
        elif self.rng.random() < 0.5:
            time, zone = self.rng.choice(TIMES)
            await self.member.slash("settings", time=time, zone=zone)
        else:
            await self.member.slash("settings")


@asynccontextmanager
async def living(people: list[Person]) -> AsyncIterator[None]:
    """Let people live, until the bot was killed and there is nobody to answer them."""
    lives = [asyncio.create_task(each.live()) for each in people]
    try:
        yield
    finally:
        for life in lives:
            life.cancel()
        ended = await asyncio.gather(*lives, return_exceptions=True)
    broken = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
    assert not broken, broken
