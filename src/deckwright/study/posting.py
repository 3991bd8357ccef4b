"""A post on its way: states, sending again, failures (R6, R7, R8, R9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from deckwright.study.schedule import LATEST

NONCE_HOLDS = timedelta(minutes=2)
"""R7: so long Discord surely remembers a nonce and sends a message only once."""
REFUSALS = frozenset({401, 403, 404})
"""R9: statuses that do not heal by themselves."""
PATIENCE = 3


class State(StrEnum):
    """R6: where a post stands."""

    CLAIMED = "claimed"
    SENT = "sent"
    CLOSED = "closed"
    SKIPPED = "skipped"
    VOID = "void"
    FAILED = "failed"


_NEXT = {
    State.CLAIMED: {State.SENT, State.FAILED},
    State.SENT: {State.CLOSED, State.VOID},
    State.CLOSED: {State.VOID},
    State.SKIPPED: set[State](),
    State.VOID: set[State](),
    State.FAILED: set[State](),
}


def may_become(old: State | None, new: State) -> bool:
    """R6: whether a post in one state may come into another; None is a date without a row."""
    return new in ({State.CLAIMED, State.SKIPPED} if old is None else _NEXT[old])


class Step(StrEnum):
    """What to do with a claim that has no message id."""

    SEND = "send"
    """Send with the claim's nonce."""
    SEARCH = "search"
    """Look for it in the channel around its time; then ask `searched`."""
    REPORT = "report"
    """Tell the owner: it may stand in the channel, and we may not look."""
    FAIL = "fail"
    """Give up: it is too late."""


def expired(scheduled: datetime, now: datetime) -> bool:
    """R8, R9: whether a post's six hours are over; they run from its scheduled instant."""
    return now - scheduled > LATEST


def unsent(scheduled: datetime, tried: datetime, now: datetime, *, may_search: bool) -> Step:
    """R7: what to do with a claim without message id, on start and before every retry (R9).

    ``tried`` is the first attempt, from which the nonce holds. Within 2 minutes it is sent again, as
    the nonce keeps it single; later it is searched, because it may stand there, even if it would
    be too late to send it. A clock set back makes the age unknown, so then it is searched too.
    """
    if timedelta(0) <= now - tried < NONCE_HOLDS and not expired(scheduled, now):
        return Step.SEND
    return Step.SEARCH if may_search else Step.REPORT


def searched(scheduled: datetime, now: datetime) -> Step:
    """R7: what to do when the search found nothing; what it found is simply kept."""
    return Step.FAIL if expired(scheduled, now) else Step.SEND


@dataclass(frozen=True, slots=True)
class Health:
    """R9: how sending to one group goes. Each group has its own."""

    refusals: int = 0
    """Refusals in a row."""
    paused: bool = False
    told: bool = False
    """Whether the owner knows of this pause."""

    @property
    def tell(self) -> bool:
        """Whether the owner is to be told now, once a pause."""
        return self.paused and not self.told


def failed(health: Health, status: int | None) -> Health:
    """R9: after a failed attempt; ``status`` is None for a lost connection.

    Only refusals that do not heal count, and after 3 in a row the group is paused. Anything else is
    retried and leaves the count as it is.
    """
    if status not in REFUSALS:
        return health
    refusals = health.refusals + 1
    return replace(health, refusals=refusals, paused=health.paused or refusals >= PATIENCE)


def told(health: Health) -> Health:
    """R9: after the owner was told."""
    return replace(health, told=True)


def healthy(health: Health) -> Health:  # noqa: ARG001  the history ends here
    """R9: after a post went out, ``/admin resume`` or a successful ``/settings``: nothing counts any more."""
    return Health()
