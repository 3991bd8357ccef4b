"""Faults on demand: scripted for one request or event, or drawn from a seeded random source."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from deckwright_bot.sandbox.errors import ApiError
from deckwright_bot.sandbox.model import Json


class Kind(Enum):
    """What goes wrong."""

    REFUSE = auto()  # an error instead of the work
    DONE_BUT_REFUSED = auto()  # the work, then an error
    CUT = auto()  # the connection ends before the work
    DONE_BUT_CUT = auto()  # the work, then the connection ends
    SLOW = auto()  # a pause before the work
    DONE_BUT_SLOW = auto()  # the work, then a pause
    RUN = auto()  # a function of the test's before the work
    LOSE = auto()  # an event never arrives
    DUPLICATE = auto()  # an event arrives twice
    DELAY = auto()  # an event arrives late


@dataclass
class Fault:
    """One rule: ``route`` is a regular expression over ``METHOD /path``, or an event's name."""

    kind: Kind
    route: str
    times: int = 1
    skip: int = 0
    seconds: float = 0.0
    error: ApiError | None = None
    headers: dict[str, str] = field(default_factory=dict)
    extra: Json = field(default_factory=dict)
    action: Callable[[], None] | None = None
    chance: float = 1.0
    struck: int = 0
    """How often it really happened: what was refused for another reason before, it did not strike."""

    def fits(self, subject: str) -> bool:
        """Is this rule about that request or event?"""
        return re.search(self.route, subject) is not None


EVENT_KINDS = frozenset({Kind.LOSE, Kind.DUPLICATE, Kind.DELAY})


class Faults:
    """The rules in force; ``happened`` lists what was done to whom."""

    def __init__(self, seed: int = 0) -> None:
        self.random = random.Random(seed)  # noqa: S311 (chaos, not secrecy)
        self.rules: list[Fault] = []
        self.happened: list[tuple[Kind, str]] = []

    def clear(self) -> None:
        """Stop all mischief."""
        self.rules.clear()

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force."""
        self.rules.append(fault)
        return fault

    # -- requests ------------------------------------------------------------------------------

    def server_error(self, route: str, status: int = 500, *, done: bool = False, times: int = 1) -> Fault:
        """Answer 5xx; with ``done`` after the work was done."""
        kind = Kind.DONE_BUT_REFUSED if done else Kind.REFUSE
        return self.add(
            Fault(kind, route, times, error=ApiError(status, 0, f"{status}: Internal Server Error"))
        )

    def lose_answer(self, route: str, *, done: bool = True, times: int = 1) -> Fault:
        """Cut the connection instead of answering, after the work or before it."""
        return self.add(Fault(Kind.DONE_BUT_CUT if done else Kind.CUT, route, times))

    def rate_limit(
        self, route: str, retry_after: float, *, via: bool = True, everywhere: bool = False, times: int = 1
    ) -> Fault:
        """Answer 429; without ``via`` it looks like Cloudflare's ban."""
        error = ApiError(429, 0, "You are being rate limited.")
        scope = "global" if everywhere else "user"
        headers = {"Retry-After": str(retry_after), "X-RateLimit-Scope": scope}
        if everywhere:
            headers["X-RateLimit-Global"] = "true"
        if not via:
            headers["Via"] = ""
        extra: Json = {"retry_after": retry_after, "global": everywhere}
        return self.add(Fault(Kind.REFUSE, route, times, error=error, headers=headers, extra=extra))

    def forbid(
        self, route: str, code: int = 50013, text: str = "Missing Permissions", times: int = 1
    ) -> Fault:
        """Answer 403."""
        return self.add(Fault(Kind.REFUSE, route, times, error=ApiError(403, code, text)))

    def slow(self, route: str, seconds: float, *, done: bool = False, times: int = 1) -> Fault:
        """Answer late; with ``done`` the work itself is on time."""
        return self.add(Fault(Kind.DONE_BUT_SLOW if done else Kind.SLOW, route, times, seconds=seconds))

    def before(self, route: str, action: Callable[[], None], times: int = 1) -> Fault:
        """Run a function just before the request is worked on: delete the channel, kick the bot."""
        return self.add(Fault(Kind.RUN, route, times, action=action))

    # -- events --------------------------------------------------------------------------------

    def lose_event(self, name: str, times: int = 1) -> Fault:
        """Never deliver an event; a RESUME does not bring it back."""
        return self.add(Fault(Kind.LOSE, f"^{name}$", times))

    def duplicate_event(self, name: str, times: int = 1) -> Fault:
        """Deliver an event twice."""
        return self.add(Fault(Kind.DUPLICATE, f"^{name}$", times))

    def delay_event(self, name: str, seconds: float, times: int = 1) -> Fault:
        """Deliver an event late; later ones overtake it."""
        return self.add(Fault(Kind.DELAY, f"^{name}$", times, seconds=seconds))

    def chaos(
        self, kind: Kind, route: str, chance: float, *, seconds: float = 0.0, status: int = 500
    ) -> Fault:
        """Let it happen now and then, the same for the same seed and the same order of requests."""
        error = ApiError(status, 0, f"{status}: chaos")
        return self.add(Fault(kind, route, times=1 << 30, seconds=seconds, error=error, chance=chance))

    # -- for the server ------------------------------------------------------------------------

    def of_request(self, subject: str) -> list[Fault]:
        """The rules that strike this request, used up by it."""
        return list(self._take(subject, events=False))

    def of_event(self, name: str) -> list[Fault]:
        """The rules that strike this event, used up by it."""
        found = list(self._take(name, events=True))
        for fault in found:
            fault.struck += 1
        return found

    def _take(self, subject: str, *, events: bool) -> Iterator[Fault]:
        for rule in tuple(self.rules):
            if (rule.kind in EVENT_KINDS) is not events or not rule.fits(subject):
                continue
            if rule.chance < 1.0 and self.random.random() >= rule.chance:
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            rule.times -= 1
            if rule.times <= 0:
                self.rules.remove(rule)
            self.happened.append((rule.kind, subject))
            yield rule
