"""What is under way between people and the bot: the clock must not leap over an answer that is awaited."""

from __future__ import annotations

import time
from typing import Final

from deckwright_bot.sandbox.events import Event, Hub
from deckwright_bot.sandbox.interaction import Interaction, InteractionSent

LONGEST: Final = 5.0
"""Real seconds after which nobody waits for an answer any more; Discord gives a bot three for the first."""


class Traffic:
    """The interactions that were sent and are not settled."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._open: dict[int, tuple[Interaction, float]] = {}
        hub.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, InteractionSent):
            self._open[event.interaction.id] = (event.interaction, time.monotonic())

    def waiting(self) -> bool:
        """Whether somebody waits for the bot."""
        now = time.monotonic()
        for number, (interaction, since) in list(self._open.items()):
            if interaction.settled or now - since > LONGEST:
                del self._open[number]
        return bool(self._open)

    async def quiet(self) -> None:
        """Wait until nobody waits, a few seconds at most."""
        if self.waiting():
            await self._hub.until(lambda: not self.waiting(), LONGEST)
