"""What the store gives back: frozen values, no rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from deckwright.study.posting import State

DAILY = "daily"
"""The one series every group has."""

DONT_KNOW = "dont-know"
"""The choice of a member who says so."""


class Step(StrEnum):
    """A later step of a post, retried alone: its thread, its pin, its reveal."""

    DUE = "due"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Group:
    """A guild the bot is or was in."""

    id: int
    name: str
    owner: int
    locale: str
    joined: datetime
    greeted: datetime | None
    left: datetime | None


@dataclass(frozen=True, slots=True)
class Daily:
    """A group's series of daily questions, as its owner set it."""

    group: int
    series: str
    channel: int
    at: time
    zone: str
    weekdays: frozenset[int]
    skip_dates: frozenset[date]
    level: str
    decks: frozenset[str] | None
    ping_role: int | None
    thread: bool
    pin: bool
    log_channel: int | None
    open_questions: bool
    """Whether questions without options are asked too (R10: choices only by default)."""
    rematch: bool
    """Whether the question missed most returns on Fridays."""
    seed: int
    started: date
    paused: str | None
    failures: int
    told: datetime | None
    warned_left: int | None


@dataclass(frozen=True, slots=True)
class Post:
    """One prompt put to a group for one local date; ``snapshot`` is all that was asked."""

    id: int
    group: int
    series: str
    date: date
    state: State
    card: str | None
    ordinal: int | None
    snapshot: str | None
    key: str | None
    nonce: str | None
    scheduled: datetime | None
    claimed: datetime | None
    opens: datetime | None
    closes: datetime | None
    channel: int | None
    message: int | None
    sent: datetime | None
    attempts: int
    retry: datetime | None
    thread_step: Step | None
    thread: int | None
    pin_step: Step | None
    closed: datetime | None
    shown_count: int
    edited: datetime | None
    reveal_step: Step | None
    outage: bool
    rematch_of: int | None
    """The post whose question this one asks again."""
    void_reason: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One member's reply to a post."""

    post: int
    member: int
    at: datetime
    choice: str | None
    text: str | None
    right: bool | None
    grade: str | None
    found: dict[str, Any] | None
    shared: int | None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a group who has answered or set something."""

    group: int
    member: int
    name: str
    hidden: bool
    left: datetime | None


@dataclass(frozen=True, slots=True)
class Credit:
    """A post that counts as answered for a member, because the bot was at fault (R23)."""

    date: date
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """A member's sums over a period."""

    member: int
    name: str
    points: int
    right: int
    answers: int


@dataclass(frozen=True, slots=True)
class OutcomeOf:
    """How a closed post's choice went."""

    post: int
    day: date
    card: str
    ordinal: int
    answers: int
    right: int
    rematch: bool
