"""Posts: claimed, sent, closed. Who may act is decided by one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Integer,
    Row,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright.study.posting import State
from deckwright.study.streak import PostLine
from deckwright_bot.store.records import Credit, OutcomeOf, Post, Step
from deckwright_bot.store.tables import LEFT, STEP_DUE, answers, credited as credit_rows, posts, reminders


@dataclass(frozen=True, slots=True)
class Claim:
    """What is written before a post is sent (R6)."""

    group: int
    series: str
    date: date
    card: str
    ordinal: int
    snapshot: str
    nonce: str
    scheduled: datetime
    claimed: datetime
    opens: datetime
    closes: datetime
    channel: int
    thread: bool
    pin: bool
    rematch_of: int | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """A series as a member's streak reads it."""

    posts: list[PostLine]
    answered: set[date]
    credited: set[date]


_CLAIM = insert(posts).on_conflict_do_nothing().returning(posts.c.id)
_SKIP = insert(posts).values(state=State.SKIPPED).on_conflict_do_nothing().returning(posts.c.id)
_id = posts.c.id == bindparam("post")
# From the close on no answer comes any more, and a post shows all that came.
_given = select(func.count()).where(answers.c.post == posts.c.id).scalar_subquery()
_SENT = (
    update(posts)
    .where(_id, posts.c.state == State.CLAIMED)
    .values(state=State.SENT, message=bindparam("message_id"), sent=bindparam("now"), retry=None)
    .returning(posts.c.id)
)
_REOPEN = (
    update(posts)
    .where(_id, posts.c.state == State.CLAIMED)
    .values(opens=bindparam("first"), closes=bindparam("last"), channel=bindparam("place"))
)
_LATER = update(posts).where(_id).values(attempts=posts.c.attempts + 1, retry=bindparam("when"))
_FAILED = update(posts).where(_id, posts.c.state == State.CLAIMED).values(state=State.FAILED)
_CLOSE = (
    update(posts)
    .where(_id, posts.c.state == State.SENT)
    .values(
        state=State.CLOSED,
        closed=bindparam("now"),
        outage=bindparam("was_outage"),
        reveal_step=Step.DUE,
        shown_count=_given,
    )
    .returning(posts.c.id)
)
_VOID = (
    update(posts)
    .where(_id, posts.c.state.in_([State.SENT, State.CLOSED]))
    .values(
        state=State.VOID,
        void_reason=bindparam("why"),
        closed=func.coalesce(posts.c.closed, bindparam("now", type_=posts.c.closed.type)),
        reveal_step=Step.DUE,
        shown_count=_given,
    )
    .returning(posts.c.id)
)
_HEARD_LATE = (
    update(posts).where(_id, posts.c.state == State.CLOSED).values(reveal_step=Step.DUE, shown_count=_given)
)
_ONE = select(posts).where(_id)
_UNSENT = select(posts).where(
    posts.c.state == State.CLAIMED,
    # Further away than any wait is long it was written by a clock that has been set back.
    posts.c.retry.is_(None) | (posts.c.retry <= bindparam("now")) | (posts.c.retry > bindparam("far")),
    # Where the bot was removed, nothing can be sent or looked for; it waits for a return (R30).
    posts.c.group_id.not_in(LEFT),
)
_CLOSING = select(posts).where(posts.c.state == State.SENT, posts.c.closes <= bindparam("now"))
# A claimed post may stand in the channel already, its message not yet written down (R7).
_OPEN_CARDS = select(posts.c.card).where(
    posts.c.group_id == bindparam("group"), posts.c.state.in_([State.CLAIMED, State.SENT])
)
# The condition stands as text, word for word as in the index, for else SQLite does not use it.
_due = and_(text(f"({STEP_DUE})"), posts.c.message.is_not(None))
_STEPS = select(posts).where(_due, posts.c.group_id == bindparam("group")).order_by(posts.c.date)
_STEPS_OF = select(posts.c.group_id).where(_due).distinct()
_MISCOUNTED = select(posts, _given.label("given")).where(
    posts.c.state == State.SENT,
    posts.c.message.is_not(None),
    posts.c.shown_count != _given,
    # An edit that is still to come was made by a clock that has been set back.
    posts.c.edited.is_(None) | (posts.c.edited <= bindparam("before")) | (posts.c.edited > bindparam("now")),
)
_TO_REMIND_OF = select(posts).where(
    posts.c.state == State.SENT,
    posts.c.closes >= bindparam("first"),
    posts.c.closes <= bindparam("last"),
    select(reminders.c.member)
    .where(
        reminders.c.group_id == posts.c.group_id,
        reminders.c.series == posts.c.series,
        reminders.c.last_post.is_(None) | (reminders.c.last_post < posts.c.id),
    )
    .exists(),
)
_of_series = (posts.c.group_id == bindparam("group")) & (posts.c.series == bindparam("name"))
_SERIES = select(posts).where(_of_series).order_by(posts.c.date)
_answered = posts.c.id.in_(
    select(answers.c.post).where(
        answers.c.group_id == bindparam("group"), answers.c.member == bindparam("member")
    )
)
_credited = (
    select(credit_rows.c.post)
    .where(credit_rows.c.post == posts.c.id, credit_rows.c.member == bindparam("member"))
    .exists()
)
# A streak reads every post there was, at every answer. So all of them come as one text, a few letters a post, and
# from indices alone, for their own rows are long.
_LINES = select(
    func.aggregate_strings(
        type_coerce(posts.c.date, String)
        + func.substr(posts.c.state, 1, 1)
        + cast(posts.c.outage, String)
        + cast(_answered, String)
        + cast(_credited, String),
        "",
    )
).where(_of_series, posts.c.state.in_([State.SENT, State.CLOSED, State.VOID]))
_WIDTH = len("2026-11-21c010")
_LATEST = select(posts).where(_of_series).order_by(posts.c.date.desc()).limit(1)
_ASKED = (
    select(posts.c.card, posts.c.ordinal)
    .where(_of_series, posts.c.card.is_not(None), posts.c.state.not_in([State.SKIPPED, State.FAILED]))
    .where(posts.c.rematch_of.is_(None))
    .order_by(posts.c.date)
)
_THREAD = update(posts).where(_id).values(thread_step=bindparam("step"), thread=bindparam("made"))
_PIN = update(posts).where(_id).values(pin_step=bindparam("step"))
_REVEAL = update(posts).where(_id).values(reveal_step=bindparam("step"))
# What came about while it was being shown (an answer heard late, another key) is still to be shown.
_REVEALED = (
    update(posts)
    .where(
        _id,
        posts.c.state == bindparam("as_state"),
        posts.c.shown_count == bindparam("as_count"),
        posts.c.key.is_(bindparam("as_key", type_=posts.c.key.type)),
    )
    .values(reveal_step=Step.DONE)
)
# What was revealed is revealed anew; an open post reveals nothing.
_REKEY = (
    update(posts)
    .where(_id, posts.c.state.in_([State.SENT, State.CLOSED]))
    .values(
        key=bindparam("letters"),
        reveal_step=case((posts.c.state == State.CLOSED, Step.DUE), else_=posts.c.reveal_step),
    )
    .returning(posts.c.id)
)
_RECENT = (
    select(posts)
    .where(_of_series, posts.c.state.in_(bindparam("states", expanding=True)))
    .order_by(posts.c.date.desc())
    .limit(bindparam("most"))
)
_CREDITED = (
    select(posts.c.date, credit_rows.c.reason)
    .join(credit_rows, credit_rows.c.post == posts.c.id)
    .where(_of_series, credit_rows.c.member == bindparam("member"))
    .order_by(posts.c.date)
)
_OUTCOMES = (
    select(
        posts.c.id,
        posts.c.date,
        posts.c.card,
        posts.c.ordinal,
        posts.c.rematch_of,
        func.count(answers.c.right).label("given"),
        func.coalesce(func.sum(cast(answers.c.right, Integer)), 0).label("right"),
    )
    .outerjoin(answers, answers.c.post == posts.c.id)
    .where(
        _of_series,
        posts.c.state == State.CLOSED,
        posts.c.card.is_not(None),
        posts.c.date >= bindparam("first"),
        posts.c.date < bindparam("last"),
    )
    .group_by(posts.c.id)
    .order_by(posts.c.date)
)
_BY_DATE = select(posts).where(_of_series, posts.c.date == bindparam("day"))
_LAST_CLOSED = (
    select(posts)
    .where(_of_series, posts.c.state == State.CLOSED, posts.c.date < bindparam("day"))
    .order_by(posts.c.date.desc())
    .limit(1)
)
# A claim that is still being sent may appear at any moment, so it counts from its opening.
_LAST_SENT = select(func.max(func.coalesce(posts.c.sent, posts.c.opens), type_=posts.c.sent.type)).where(
    _of_series, posts.c.state != State.FAILED
)
_COUNTED = update(posts).where(_id, posts.c.state == State.SENT)
_COUNTED = _COUNTED.values(shown_count=bindparam("shown"), edited=bindparam("now"))


async def claim(connection: AsyncConnection, value: Claim) -> int | None:
    """Claim a date for a group; its post's id for the one caller who may send, else None (R6)."""
    found = await connection.execute(
        _CLAIM,
        {
            "group_id": value.group,
            "series": value.series,
            "date": value.date,
            "state": State.CLAIMED,
            "card": value.card,
            "ordinal": value.ordinal,
            "snapshot": value.snapshot,
            "nonce": value.nonce,
            "scheduled": value.scheduled,
            "claimed": value.claimed,
            "opens": value.opens,
            "closes": value.closes,
            "channel": value.channel,
            "thread_step": Step.DUE if value.thread else None,
            "pin_step": Step.DUE if value.pin else None,
            "rematch_of": value.rematch_of,
        },
    )
    row = found.first()
    return None if row is None else int(row.id)


async def skip(connection: AsyncConnection, group: int, series: str, days: Sequence[date]) -> None:
    """Record dates on which nothing was asked; dates that have a post keep it."""
    for day in days:
        await connection.execute(_SKIP, {"group_id": group, "series": series, "date": day})


async def sent(connection: AsyncConnection, post: int, message: int, now: datetime) -> bool:
    """Record the message of a claimed post; False if somebody did already."""
    values = {"post": post, "message_id": message, "now": now}
    return (await connection.execute(_SENT, values)).first() is not None


async def reopen(
    connection: AsyncConnection, post: int, opens: datetime, closes: datetime, channel: int
) -> None:
    """Move the window of a claimed post that was not sent, and where it is to go."""
    values = {"post": post, "first": opens, "last": closes, "place": channel}
    await connection.execute(_REOPEN, values)


async def later(connection: AsyncConnection, post: int, when: datetime) -> None:
    """Count an attempt and name the instant of the next."""
    await connection.execute(_LATER, {"post": post, "when": when})


async def fail(connection: AsyncConnection, post: int) -> None:
    """Give a claimed post up; its date has no post."""
    await connection.execute(_FAILED, {"post": post})


async def close(connection: AsyncConnection, post: int, now: datetime, *, outage: bool) -> bool:
    """Close a post; True for the one caller who did."""
    values = {"post": post, "now": now, "was_outage": outage}
    return (await connection.execute(_CLOSE, values)).first() is not None


async def heard_late(connection: AsyncConnection, post: int) -> None:
    """Reveal a closed post again: an answer was given in time, but heard of only now (R13)."""
    await connection.execute(_HEARD_LATE, {"post": post})


async def void(connection: AsyncConnection, post: int, why: str, now: datetime) -> bool:
    """Void a post (R28); True for the one caller who did."""
    return (await connection.execute(_VOID, {"post": post, "why": why, "now": now})).first() is not None


async def find(connection: AsyncConnection, post: int) -> Post | None:
    """A post by its id."""
    row = (await connection.execute(_ONE, {"post": post})).first()
    return None if row is None else _post(row)


async def unsent(connection: AsyncConnection, now: datetime, far: datetime) -> list[Post]:
    """Claimed posts without a message that may be tried again; none waits until after ``far``."""
    return [_post(row) for row in await connection.execute(_UNSENT, {"now": now, "far": far})]


async def closing(connection: AsyncConnection, now: datetime) -> list[Post]:
    """Open posts whose window has ended."""
    return [_post(row) for row in await connection.execute(_CLOSING, {"now": now})]


async def open_cards(connection: AsyncConnection, group: int) -> set[str]:
    """The cards whose questions stand open in a group, or may already; by the ids they had when asked."""
    rows = await connection.execute(_OPEN_CARDS, {"group": group})
    return {row.card for row in rows if row.card is not None}


async def with_steps(connection: AsyncConnection, group: int) -> list[Post]:
    """A group's posts with a thread, a pin or a reveal still to do, oldest first."""
    return [_post(row) for row in await connection.execute(_STEPS, {"group": group})]


async def groups_with_steps(connection: AsyncConnection) -> list[int]:
    """The groups that have such posts."""
    return [row.group_id for row in await connection.execute(_STEPS_OF)]


async def miscounted(connection: AsyncConnection, before: datetime, now: datetime) -> list[tuple[Post, int]]:
    """Open posts that show another number than they have answers, if not edited after ``before``; with the number."""
    rows = await connection.execute(_MISCOUNTED, {"before": before, "now": now})
    return [(_post(row), row.given) for row in rows]


async def to_remind_of(connection: AsyncConnection, first: datetime, last: datetime) -> list[Post]:
    """Posts that close between two instants, and of which somebody wants to be reminded (R32)."""
    values = {"first": first, "last": last}
    return [_post(row) for row in await connection.execute(_TO_REMIND_OF, values)]


async def of_series(connection: AsyncConnection, group: int, name: str) -> list[Post]:
    """Every post of a series, oldest first."""
    return [_post(row) for row in await connection.execute(_SERIES, {"group": group, "name": name})]


async def lines_of(connection: AsyncConnection, group: int, name: str, member: int) -> Lines:
    """The posts of a series that went out, in no order, and what a member did with them."""
    values = {"group": group, "name": name, "member": member}
    told = (await connection.execute(_LINES, values)).scalar_one() or ""
    found = Lines([], set(), set())
    for at in range(0, len(told), _WIDTH):
        line = _line(told[at : at + _WIDTH - 2])
        answered, credited = told[at + _WIDTH - 2], told[at + _WIDTH - 1]
        found.posts.append(line)
        if answered == "1":
            found.answered.add(line.day)
        if credited == "1":
            found.credited.add(line.day)
    return found


@lru_cache(maxsize=4096)
def _line(text: str) -> PostLine:
    state = next(state for state in (State.SENT, State.CLOSED, State.VOID) if state[0] == text[-2])
    return PostLine(date.fromisoformat(text[:-2]), state, text[-1] == "1")


async def latest(connection: AsyncConnection, group: int, name: str) -> Post | None:
    """The post of the newest date, whatever became of it."""
    row = (await connection.execute(_LATEST, {"group": group, "name": name})).first()
    return None if row is None else _post(row)


async def of_date(connection: AsyncConnection, group: int, name: str, day: date) -> Post | None:
    """The post of a date."""
    row = (await connection.execute(_BY_DATE, {"group": group, "name": name, "day": day})).first()
    return None if row is None else _post(row)


async def last_closed(connection: AsyncConnection, group: int, name: str, before: date) -> Post | None:
    """The newest closed post of an earlier date (R15)."""
    row = (await connection.execute(_LAST_CLOSED, {"group": group, "name": name, "day": before})).first()
    return None if row is None else _post(row)


async def last_sent(connection: AsyncConnection, group: int, name: str) -> datetime | None:
    """When the newest post went out (R4)."""
    return (await connection.execute(_LAST_SENT, {"group": group, "name": name})).scalar_one_or_none()


async def rekey(connection: AsyncConnection, post: int, letters: str) -> bool:
    """Record a corrected key (R28); False for a post that is neither open nor closed."""
    values = {"post": post, "letters": letters}
    return (await connection.execute(_REKEY, values)).first() is not None


async def outcomes(
    connection: AsyncConnection, group: int, name: str, first: date, last: date
) -> list[OutcomeOf]:
    """How the choices of closed posts went, from a date up to another one, oldest first."""
    values = {"group": group, "name": name, "first": first, "last": last}
    return [
        OutcomeOf(row.id, row.date, row.card, row.ordinal, row.given, row.right, row.rematch_of is not None)
        for row in await connection.execute(_OUTCOMES, values)
    ]


async def recent(
    connection: AsyncConnection, group: int, name: str, states: Sequence[State], most: int
) -> list[Post]:
    """The newest posts in one of these states, newest first."""
    values = {"group": group, "name": name, "states": list(states), "most": most}
    return [_post(row) for row in await connection.execute(_RECENT, values)]


async def credits_in(connection: AsyncConnection, group: int, name: str, member: int) -> list[Credit]:
    """What was credited to a member in a series, oldest first (R23)."""
    values = {"group": group, "name": name, "member": member}
    return [Credit(row.date, row.reason) for row in await connection.execute(_CREDITED, values)]


async def asked(connection: AsyncConnection, group: int, name: str) -> list[tuple[str, int]]:
    """The prompts that were put to a group, oldest first, as card id and ordinal."""
    return [
        (row.card, row.ordinal) for row in await connection.execute(_ASKED, {"group": group, "name": name})
    ]


async def thread_step(connection: AsyncConnection, post: int, step: Step, thread: int | None = None) -> None:
    """Record how the thread of a post went."""
    await connection.execute(_THREAD, {"post": post, "step": step, "made": thread})


async def pin_step(connection: AsyncConnection, post: int, step: Step) -> None:
    """Record how pinning a post went."""
    await connection.execute(_PIN, {"post": post, "step": step})


async def revealed(connection: AsyncConnection, post: Post) -> None:
    """Remember that a post was revealed as it was read; if it has changed since, it is revealed again."""
    values = {"post": post.id, "as_state": post.state, "as_count": post.shown_count, "as_key": post.key}
    await connection.execute(_REVEALED, values)


async def reveal_step(connection: AsyncConnection, post: int, step: Step) -> None:
    """Record how the reveal of a post went."""
    await connection.execute(_REVEAL, {"post": post, "step": step})


async def counted(connection: AsyncConnection, post: int, shown: int, now: datetime) -> None:
    """Record the number of answers that a post shows."""
    await connection.execute(_COUNTED, {"post": post, "shown": shown, "now": now})


def _post(row: Row[Any]) -> Post:
    def step(value: str | None) -> Step | None:
        return None if value is None else Step(value)

    return Post(
        id=row.id,
        group=row.group_id,
        series=row.series,
        date=row.date,
        state=State(row.state),
        card=row.card,
        ordinal=row.ordinal,
        snapshot=row.snapshot,
        key=row.key,
        nonce=row.nonce,
        scheduled=row.scheduled,
        claimed=row.claimed,
        opens=row.opens,
        closes=row.closes,
        channel=row.channel,
        message=row.message,
        sent=row.sent,
        attempts=row.attempts,
        retry=row.retry,
        thread_step=step(row.thread_step),
        thread=row.thread,
        pin_step=step(row.pin_step),
        closed=row.closed,
        shown_count=row.shown_count,
        edited=row.edited,
        reveal_step=step(row.reveal_step),
        outage=row.outage,
        rematch_of=row.rematch_of,
        void_reason=row.void_reason,
    )
