"""Forgetting: a member at their wish (R31), one who left, and a group that removed the bot (R30)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time
from typing import Final

from sqlalchemy import ColumnElement, bindparam, delete, exists, or_, select, true, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright.study.keys import PostKey, QuizKey
from deckwright.study.posting import State
from deckwright.study.quiz import Kind
from deckwright_bot.store.package_tables import package_takes
from deckwright_bot.store.quiz_tables import quiz_answers, quiz_players, quizzes
from deckwright_bot.store.tables import (
    answers,
    audit,
    credited as credit_rows,
    forgets,
    groups,
    members,
    pauses,
    points,
    posts,
    reminders,
    reports,
    withdrawals,
)
from deckwright_bot.store.traces import OWN, may_mention, mentions

NOBODY: Final = 0
"""Stands where a forgotten member was named in somebody else's row."""
POSTS_AT_ONCE = 20
"""So many posts of a group that is purged go in one transaction."""


async def forget(connection: AsyncConnection, member: int, until: datetime) -> None:
    """Delete everything about a member that came up to an instant, in every group.

    Messages that show their words are noted for deletion. Rows of others keep their ids; a closed post counts
    one answer less.
    """
    await _withdraw(connection, member, until)
    mine = select(answers.c.post).where(answers.c.member == member, answers.c.at <= until)
    await connection.execute(
        update(posts)
        .where(posts.c.id.in_(mine), posts.c.state.in_([State.CLOSED, State.VOID]), posts.c.shown_count > 0)
        .values(shown_count=posts.c.shown_count - 1)
    )
    for own in OWN:
        if own.table is not points and own.table is not members and own.when is not None:
            await connection.execute(delete(own.table).where(own.table.c.member == member, own.when <= until))
    # A quiz taken alone is its member's own; one of the group goes on without its host's name.
    await connection.execute(
        delete(quizzes).where(quizzes.c.host == member, quizzes.c.kind == Kind.SOLO, quizzes.c.begun <= until)
    )
    kept = {
        *(await _keys(connection, answers.c.member == member)).values(),
        *await _quiz_sources(connection, quiz_answers.c.member == member),
    }
    await connection.execute(delete(points).where(points.c.member == member, points.c.source.not_in(kept)))
    # Whoever answered since is kept, and so is the name under which they did.
    since = [
        exists().where(table.c.group_id == members.c.group_id, table.c.member == member)
        for table in (answers, quiz_answers)
    ]
    await connection.execute(
        delete(members).where(members.c.member == member, members.c.first <= until, ~or_(*since))
    )
    await _unname(connection, member, audit.c.at <= until)
    await connection.execute(
        update(credit_rows).where(credit_rows.c.by == member, credit_rows.c.at <= until).values(by=NOBODY)
    )
    await connection.execute(update(groups).where(groups.c.owner == member).values(owner=NOBODY))
    await connection.execute(
        update(quizzes).where(quizzes.c.host == member, quizzes.c.begun <= until).values(host=NOBODY)
    )


async def anonymise(
    connection: AsyncConnection, group: int, member: int, now: datetime, surrogate: Callable[[], int]
) -> None:
    """Make a member's rows in one group nobody's.

    Answers and points stay for the counts of their posts, each post's under a surrogate of its own, so that
    they cannot be joined into somebody; words, names, times of day and everything else are deleted.
    """
    await _withdraw(connection, member, now, group)
    keys = await _keys(connection, (answers.c.member == member) & (answers.c.group_id == group))
    days = await connection.execute(
        select(answers.c.post, answers.c.date).where(answers.c.post.in_(keys), answers.c.member == member)
    )
    sources = await connection.execute(
        select(points.c.source).distinct().where(points.c.member == member, points.c.group_id == group)
    )
    in_quizzes = (quiz_answers.c.member == member) & (quiz_answers.c.group_id == group)
    await connection.execute(
        delete(quizzes).where(
            quizzes.c.host == member, quizzes.c.kind == Kind.SOLO, quizzes.c.group_id == group
        )
    )
    played = (
        await connection.execute(
            select(quiz_answers.c.quiz, quiz_answers.c.number, quiz_answers.c.date).where(in_quizzes)
        )
    ).all()
    drawn = {
        source: surrogate()
        for source in sorted(
            {
                *keys.values(),
                *(row.source for row in sources),
                *(QuizKey(group, row.quiz, row.number, row.date).text for row in played),
            }
        )
    }
    changed = [
        {
            "p_post": row.post,
            "p_member": member,
            "p_drawn": drawn[keys[row.post]],
            "p_at": datetime.combine(row.date, time(), UTC),
        }
        for row in days
    ]
    if changed:
        await connection.execute(_NAMELESS_ANSWER, changed)
    if played:
        rows = [
            {
                "p_quiz": row.quiz,
                "p_number": row.number,
                "p_member": member,
                "p_drawn": drawn[QuizKey(group, row.quiz, row.number, row.date).text],
                "p_at": datetime.combine(row.date, time(), UTC),
            }
            for row in played
        ]
        await connection.execute(_NAMELESS_QUIZ_ANSWER, rows)
    if drawn:
        rows = [{"p_source": source, "p_member": member, "p_drawn": drawn[source]} for source in drawn]
        await connection.execute(_NAMELESS_POINTS, rows)
    for table in (pauses, reminders, reports, members):
        await connection.execute(delete(table).where(table.c.member == member, table.c.group_id == group))
    quizzes_here = select(quizzes.c.id).where(quizzes.c.group_id == group)
    await connection.execute(
        delete(quiz_players).where(quiz_players.c.member == member, quiz_players.c.quiz.in_(quizzes_here))
    )
    await connection.execute(
        update(quizzes).where(quizzes.c.host == member, quizzes.c.group_id == group).values(host=NOBODY)
    )
    here = select(posts.c.id).where(posts.c.group_id == group)
    await connection.execute(
        delete(credit_rows).where(credit_rows.c.member == member, credit_rows.c.post.in_(here))
    )
    await connection.execute(
        update(credit_rows).where(credit_rows.c.by == member, credit_rows.c.post.in_(here)).values(by=NOBODY)
    )
    await _unname(connection, member, audit.c.group_id == group)
    # What belongs to no group goes when they are in none any more.
    elsewhere = exists().where(members.c.member == member)
    await connection.execute(delete(package_takes).where(package_takes.c.member == member, ~elsewhere))


_NAMELESS_ANSWER = (
    update(answers)
    .where(answers.c.post == bindparam("p_post"), answers.c.member == bindparam("p_member"))
    .values(
        member=bindparam("p_drawn"),
        at=bindparam("p_at"),
        text=None,
        found=None,
        shared=None,
        shared_in=None,
    )
)
_NAMELESS_QUIZ_ANSWER = (
    update(quiz_answers)
    .where(
        quiz_answers.c.quiz == bindparam("p_quiz"),
        quiz_answers.c.number == bindparam("p_number"),
        quiz_answers.c.member == bindparam("p_member"),
    )
    .values(member=bindparam("p_drawn"), at=bindparam("p_at"))
)
_NAMELESS_POINTS = (
    update(points)
    .where(points.c.source == bindparam("p_source"), points.c.member == bindparam("p_member"))
    .values(member=bindparam("p_drawn"))
)


async def carried_out(connection: AsyncConnection) -> set[str]:
    """The requests to be forgotten that this very file of data has seen."""
    return {row.id for row in await connection.execute(select(forgets.c.id))}


async def carry_out(connection: AsyncConnection, requests: Iterable[str]) -> None:
    """Remember that requests were carried out here."""
    rows = [{"id": each} for each in requests]
    if rows:
        await connection.execute(insert(forgets).on_conflict_do_nothing(), rows)


async def leaver(connection: AsyncConnection, before: datetime) -> tuple[int, int] | None:
    """The member, as group and id, who is known for longest to have left before an instant."""
    found = await connection.execute(
        select(members.c.group_id, members.c.member)
        .where(members.c.left < before)
        .order_by(members.c.left)
        .limit(1)
    )
    row = found.first()
    return None if row is None else (row.group_id, row.member)


async def purge(connection: AsyncConnection, before: datetime) -> int | None:
    """Delete a part of one group that removed the bot before an instant; None if there is none.

    Its posts go first, the oldest before the younger, with all that hangs on them; when none is left, the group
    goes with everything else. So no transaction is long, however much a group has.
    """
    found = await connection.execute(
        select(groups.c.id).where(groups.c.left < before).order_by(groups.c.left).limit(1)
    )
    group = found.scalar_one_or_none()
    if group is None:
        return None
    rows = await connection.execute(
        select(posts.c.id, posts.c.series, posts.c.date)
        .where(posts.c.group_id == group)
        .order_by(posts.c.date)
        .limit(POSTS_AT_ONCE)
    )
    sources = {row.id: PostKey(group, row.series, row.date).text for row in rows}
    if sources:
        await connection.execute(delete(points).where(points.c.source.in_(sources.values())))
        await connection.execute(delete(posts).where(posts.c.id.in_(sources)))
    else:
        await connection.execute(delete(groups).where(groups.c.id == group))
    return int(group)


async def _withdraw(
    connection: AsyncConnection, member: int, until: datetime, only: int | None = None
) -> None:
    """Note the messages that show a member's words for deletion on Discord; of one group, or of all."""
    shown = (
        (answers, answers.c.shared, answers.c.shared_in),
        (reports, reports.c.logged, reports.c.logged_in),
    )
    rows = []
    for table, message, channel in shown:
        found = await connection.execute(
            select(message.label("message"), channel.label("channel"), table.c.group_id).where(
                table.c.member == member,
                table.c.at <= until,
                message.is_not(None),
                channel.is_not(None),
                true() if only is None else table.c.group_id == only,
            )
        )
        rows += [dict(row) | {"since": until, "retry": until} for row in found.mappings()]
    if rows:
        await connection.execute(insert(withdrawals).on_conflict_do_nothing(), rows)


async def _keys(connection: AsyncConnection, which: ColumnElement[bool]) -> dict[int, str]:
    """The posts of answers, with the sources of the points that these earned."""
    rows = await connection.execute(
        select(posts.c.id, posts.c.group_id, posts.c.series, posts.c.date)
        .join(answers, answers.c.post == posts.c.id)
        .where(which)
    )
    return {row.id: PostKey(row.group_id, row.series, row.date).text for row in rows}


async def _quiz_sources(connection: AsyncConnection, which: ColumnElement[bool]) -> list[str]:
    """The sources of the points that answers in group quizzes earned."""
    rows = await connection.execute(
        select(
            quiz_answers.c.group_id, quiz_answers.c.quiz, quiz_answers.c.number, quiz_answers.c.date
        ).where(which)
    )
    return [QuizKey(row.group_id, row.quiz, row.number, row.date).text for row in rows]


async def _unname(connection: AsyncConnection, member: int, which: ColumnElement[bool]) -> None:
    """Keep what owners' log says happened, and when; take out the member, and what the entry told of them."""
    entries = await connection.execute(select(audit).where(may_mention(member), which))
    for row in entries.all():
        if row.by == member or mentions(row.detail, member):
            by = NOBODY if row.by == member else row.by
            await connection.execute(update(audit).where(audit.c.id == row.id).values(by=by, detail={}))
