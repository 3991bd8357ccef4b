"""A post on its way: states, sending again, failures (R6, R7, R8, R9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from deckwright.study.schedule import LATEST

NONCE_HOLDS = timedelta(minutes=2)
"""R7: so long Discord surely remembers a nonce and sends a message only once."""
REFUSALS = frozenset({401, 403, 404})
"""R9: statuses that do not heal by themselves."""
PATIENCE = 3
"""R9: so many refusals in a row pause a group."""


class State(StrEnum):
    """R6: where a post stands."""

    CLAIMED = "claimed"
    SENT = "sent"
    CLOSED = "closed"
    SKIPPED = "skipped"
    VOID = "void"
    FAILED = "failed"


class Step(StrEnum):
    """What to do with a claim that has no message id."""

    SEND = "send"
    """Send with the claim's nonce."""
    SEARCH = "search"
    """Look for it in the channel around its time; then ask `searched`."""
    FAIL = "fail"
    """Give up: it is too late."""


def expired(scheduled: datetime, now: datetime) -> bool:
    """R8, R9: whether a post's six hours are over; they run from its scheduled instant."""
    return now - scheduled > LATEST


def unsent(scheduled: datetime, tried: datetime, now: datetime) -> Step:
    """R7: what to do with a claim without message id, on start and before every retry (R9).

    ``tried`` is the first attempt, from which the nonce holds. Within 2 minutes it is sent again, as
    the nonce keeps it single; later it is searched, because it may stand there, even if it would
    be too late to send it. A clock set back makes the age unknown, so then it is searched too.
    """
    if timedelta(0) <= now - tried < NONCE_HOLDS and not expired(scheduled, now):
        return Step.SEND
    return Step.SEARCH


def searched(scheduled: datetime, now: datetime) -> Step:
    """R7: what to do when the search found nothing; what it found is simply kept."""
    return Step.FAIL if expired(scheduled, now) else Step.SEND
