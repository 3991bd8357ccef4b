"""A Discord on loopback: gateway, REST and people, so that the bot can be tested and tried without a token.

It imports nothing of the bot and knows nothing of cards. ``Sandbox`` starts it, ``Sandbox.redirect`` points
an unmodified discord.py at it, ``Sandbox.owner`` brings the first person in.
"""

from __future__ import annotations

from deckwright_bot.sandbox.clock import Clock, ShiftedClock, SystemClock
from deckwright_bot.sandbox.core import Options, RequestRecord, Violation
from deckwright_bot.sandbox.driver import Member
from deckwright_bot.sandbox.faults import Faults, Kind
from deckwright_bot.sandbox.outcome import DriverError, Outcome, text_of
from deckwright_bot.sandbox.owner import Owner
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.sandbox.redirect import redirect
from deckwright_bot.sandbox.serve import serve
from deckwright_bot.sandbox.server import Sandbox

__all__ = [
    "Clock",
    "DriverError",
    "Faults",
    "Kind",
    "Member",
    "Options",
    "Outcome",
    "Owner",
    "Permission",
    "RequestRecord",
    "Sandbox",
    "ShiftedClock",
    "SystemClock",
    "Violation",
    "redirect",
    "serve",
    "text_of",
]
