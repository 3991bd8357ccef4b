"""What all rooms of the sandbox share: the world, the clock, the token, and the list of what went wrong."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from deckwright_bot.sandbox.clock import Clock, SystemClock
from deckwright_bot.sandbox.commands import Commands
from deckwright_bot.sandbox.events import Hub
from deckwright_bot.sandbox.faults import Faults
from deckwright_bot.sandbox.interactions import Interactions
from deckwright_bot.sandbox.messages import Messages
from deckwright_bot.sandbox.model import Attachment
from deckwright_bot.sandbox.ratelimits import RateLimits
from deckwright_bot.sandbox.snowflake import Snowflakes
from deckwright_bot.sandbox.state import World

if TYPE_CHECKING:
    from deckwright_bot.sandbox.schema import SchemaChecker

KEPT_REQUESTS = 5000
PRIVILEGED_MEMBERS, PRIVILEGED_PRESENCES, PRIVILEGED_CONTENT = 1 << 1, 1 << 8, 1 << 15


@dataclass(frozen=True)
class Options:
    """How a sandbox is set up."""

    bot_name: str = "deckwright"
    token: str = field(default_factory=lambda: f"sandbox.{secrets.token_urlsafe(12)}")
    shards: int = 1
    allowed_privileged: int = PRIVILEGED_MEMBERS | PRIVILEGED_PRESENCES | PRIVILEGED_CONTENT
    heartbeat_seconds: float = 41.25
    openapi: Path | None = None
    seed: int = 0
    rate_limits: bool = True


@dataclass(frozen=True)
class Violation:
    """Something a well-behaved bot never does; ``kind`` is limit, schema, response, route or crash."""

    kind: str
    text: str


@dataclass(frozen=True)
class RequestRecord:
    """One request as it was answered; status 0 is a cut connection."""

    method: str
    path: str
    status: int
    body: object


class Core:
    """The shared parts, made once per sandbox."""

    def __init__(self, options: Options, clock: Clock | None = None, id_clock: Clock | None = None) -> None:
        self.options = options
        self.clock = clock or SystemClock()
        self.hub = Hub()
        self.ids = Snowflakes(id_clock or SystemClock())
        self.world = World(self.clock, self.ids, self.hub, options.bot_name)
        self.messages = Messages(self.world)
        self.commands = Commands(self.world)
        self.interactions = Interactions(self.world, self.messages)
        self.faults = Faults(options.seed)
        self.rate_limits = RateLimits(enabled=options.rate_limits)
        self.violations: list[Violation] = []
        self.requests: deque[RequestRecord] = deque(maxlen=KEPT_REQUESTS)
        self.uploads: dict[int, Attachment] = {}
        self.schema: SchemaChecker | None = None
        self.base_url = ""
        self.gateway_url = ""
        self.identifies_left = 1000
        if options.openapi is not None:
            from deckwright_bot.sandbox.schema import SchemaChecker as Checker

            self.schema = Checker(options.openapi)

    def violate(self, kind: str, text: str) -> None:
        """Note something a well-behaved bot never does."""
        self.violations.append(Violation(kind, text))
