"""What is stored for posts, read in pieces for the nightly check (R24)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright.study.keys import PostKey
from deckwright.study.points import PointRow
from deckwright.study.posting import State
from deckwright_bot.store.tables import answers, points, posts

ANSWERS_AT_ONCE = 1000
"""So many answers are looked at in one piece, so that a tick stays short."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer's row, without its words."""

    member: int
    choice: str | None
    grade: str | None
    right: bool | None
    group: int
    day: date


@dataclass(frozen=True, slots=True)
class StoredPoints:
    """A row of points."""

    row: PointRow
    group: int
    day: date


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A post with all that hangs on it."""

    id: int
    key: PostKey
    state: State
    snapshot: str
    letters: str | None
    """The corrected key."""
    shown: int
    answers: list[StoredAnswer] = field(default_factory=list)
    points: list[StoredPoints] = field(default_factory=list)


_SIZES = (
    select(posts.c.id, select(func.count()).where(answers.c.post == posts.c.id).scalar_subquery())
    .where(posts.c.id > bindparam("p_after"), posts.c.snapshot.is_not(None))
    .order_by(posts.c.id)
    .limit(bindparam("p_most"))
)
_POSTS = select(
    posts.c.id,
    posts.c.group_id,
    posts.c.series,
    posts.c.date,
    posts.c.state,
    posts.c.snapshot,
    posts.c.key,
    posts.c.shown_count,
).where(posts.c.id.in_(bindparam("p_ids", expanding=True)))
_ANSWERS = select(
    answers.c.post,
    answers.c.member,
    answers.c.choice,
    answers.c.grade,
    answers.c.right,
    answers.c.group_id,
    answers.c.date,
).where(answers.c.post.in_(bindparam("p_ids", expanding=True)))
_POINTS = select(points).where(points.c.source.in_(bindparam("p_sources", expanding=True)))
_SOURCES = (
    select(points.c.source, func.min(points.c.group_id).label("group_id"))
    .where(points.c.source > bindparam("p_after"), points.c.source < bindparam("p_end"))
    .group_by(points.c.source)
    .order_by(points.c.source)
    .limit(bindparam("p_most"))
)

_key_of = (posts.c.group_id, posts.c.series, posts.c.date)
_THERE = select(*_key_of).where(tuple_(*_key_of).in_(bindparam("p_keys", expanding=True)))


async def after(connection: AsyncConnection, post: int, most: int) -> list[StoredPost]:
    """The next posts by id, with their answers and points; empty at the end.

    At most so many, and fewer where they hold many answers, but always one while there is one.
    """
    chosen: list[int] = []
    room = ANSWERS_AT_ONCE
    for number, size in await connection.execute(_SIZES, {"p_after": post, "p_most": most}):
        room -= size
        if chosen and room < 0:
            break
        chosen.append(number)
    found = {row.id: _post(row) for row in await connection.execute(_POSTS, {"p_ids": chosen})}
    for row in await connection.execute(_ANSWERS, {"p_ids": chosen}):
        found[row.post].answers.append(
            StoredAnswer(row.member, row.choice, row.grade, row.right, row.group_id, row.date)
        )
    by_source = {each.key.text: each for each in found.values()}
    for row in await connection.execute(_POINTS, {"p_sources": list(by_source)}):
        by_source[row.source].points.append(
            StoredPoints(PointRow(row.source, row.member, row.reason, row.points), row.group_id, row.date)
        )
    return [found[number] for number in chosen]


async def strays(
    connection: AsyncConnection, after_source: str, most: int
) -> tuple[str | None, dict[int, list[str]]]:
    """Sources of points that name a post there is not, by group, and where the next piece goes on.

    None instead of that place at the end.
    """
    first, end = PREFIX, PREFIX[:-1] + chr(ord(PREFIX[-1]) + 1)
    values = {"p_after": after_source or first, "p_end": end, "p_most": most}
    sources = {row.source: int(row.group_id) for row in await connection.execute(_SOURCES, values)}
    if not sources:
        return None, {}
    keys = {source: _key(source) for source in sources}
    wanted = [(key.group, key.series, key.day) for key in keys.values() if key is not None]
    rows = await connection.execute(_THERE, {"p_keys": wanted})
    there = {PostKey(row.group_id, row.series, row.date).text for row in rows}
    missing: dict[int, list[str]] = defaultdict(list)
    for source, group in sources.items():
        if source not in there:
            missing[group].append(source)
    return max(sources), dict(missing)


PREFIX = "post/"
"""How the sources of posts begin (`PostKey.text`)."""


def _key(source: str) -> PostKey | None:
    try:
        _, group, series, day = source.split("/")
        return PostKey(int(group), series, date.fromisoformat(day))
    except ValueError:
        return None


def _post(row: Any) -> StoredPost:  # noqa: ANN401  a row of the statement above
    return StoredPost(
        row.id,
        PostKey(row.group_id, row.series, row.date),
        State(row.state),
        row.snapshot,
        row.key,
        row.shown_count,
    )
