"""Answers: one a post and member, decided by the primary key in one statement (R13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright.study.posting import State
from deckwright_bot.store.records import Answer
from deckwright_bot.store.tables import answers, posts


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer as it came; ``at`` is the click's own time."""

    post: int
    group: int
    member: int
    at: datetime
    choice: str | None
    text: str | None
    right: bool | None
    found: dict[str, Any] | None
    date: date

    @property
    def kept(self) -> Answer:
        """The answer as it is read once it was taken."""
        return Answer(
            self.post, self.member, self.at, self.choice, self.text, self.right, None, self.found, None
        )


# An answer is taken if its click was inside the window, however late it is heard of (R13): a click of the last
# second may come after the close. This is asked in the one statement that writes it.
_OPEN = select(
    bindparam("p_post", type_=answers.c.post.type),
    bindparam("p_member", type_=answers.c.member.type),
    bindparam("p_group", type_=answers.c.group_id.type),
    bindparam("p_at", type_=answers.c.at.type),
    bindparam("p_choice", type_=answers.c.choice.type),
    bindparam("p_text", type_=answers.c.text.type),
    bindparam("p_right", type_=answers.c.right.type),
    bindparam("p_found", type_=answers.c.found.type),
    bindparam("p_date", type_=answers.c.date.type),
).where(
    select(posts.c.id)
    .where(
        posts.c.id == bindparam("p_post", type_=answers.c.post.type),
        posts.c.state.in_([State.SENT, State.CLAIMED, State.CLOSED]),
        posts.c.closes > bindparam("p_at", type_=answers.c.at.type),
    )
    .exists()
)
_RECORD = (
    insert(answers)
    .from_select(["post", "member", "group_id", "at", "choice", "text", "right", "found", "date"], _OPEN)
    .on_conflict_do_nothing()
    .returning(answers.c.post)
)
_mine = and_(answers.c.post == bindparam("p_post"), answers.c.member == bindparam("p_member"))
_FIND = select(answers).where(_mine)
_GRADE = (
    update(answers)
    .where(_mine, answers.c.grade.is_(None), answers.c.choice.is_(None))
    .values(grade=bindparam("p_grade"))
    .returning(answers.c.post)
)
_SHARE = (
    update(answers)
    .where(_mine, answers.c.text.is_not(None))
    # Clicked twice at once, it is one message by its nonce: that one is no second one to be taken back.
    .where(answers.c.shared.is_(None) | (answers.c.shared == bindparam("p_message")))
    .values(shared=bindparam("p_message"), shared_in=bindparam("p_channel"))
    .returning(answers.c.post)
)
_REJUDGE = (
    update(answers)
    .where(answers.c.post == bindparam("p_post"), answers.c.choice.is_not(None))
    .values(right=answers.c.choice.in_(bindparam("p_letters", expanding=True)))
)
_COUNT = select(func.count()).where(answers.c.post == bindparam("p_post"))
_BY_CHOICE = (
    select(answers.c.choice, answers.c.right, answers.c.grade, func.count().label("number"))
    .where(answers.c.post == bindparam("p_post"))
    .group_by(answers.c.choice, answers.c.right, answers.c.grade)
)
_OF_POST = select(answers).where(answers.c.post == bindparam("p_post")).order_by(answers.c.at)


async def record(connection: AsyncConnection, value: NewAnswer) -> bool:
    """Write an answer; False if the member answered before, or the post is not open at that instant."""
    found = await connection.execute(
        _RECORD,
        {
            "p_post": value.post,
            "p_member": value.member,
            "p_group": value.group,
            "p_at": value.at,
            "p_choice": value.choice,
            "p_text": value.text,
            "p_right": value.right,
            "p_found": value.found,
            "p_date": value.date,
        },
    )
    return found.first() is not None


async def find(connection: AsyncConnection, post: int, member: int) -> Answer | None:
    """A member's answer to a post."""
    row = (await connection.execute(_FIND, {"p_post": post, "p_member": member})).first()
    return None if row is None else _answer(row)


async def grade(connection: AsyncConnection, post: int, member: int, value: str) -> bool:
    """Write the self-grade of an open answer; False if it has one."""
    values = {"p_post": post, "p_member": member, "p_grade": value}
    return (await connection.execute(_GRADE, values)).first() is not None


async def share(connection: AsyncConnection, post: int, member: int, channel: int, message: int) -> bool:
    """Remember the message that shares an open answer, and where; False if another one shares it already."""
    values = {"p_post": post, "p_member": member, "p_channel": channel, "p_message": message}
    return (await connection.execute(_SHARE, values)).first() is not None


async def rejudge(connection: AsyncConnection, post: int, letters: str) -> None:
    """Say anew of every choice whether it was right, by a corrected key (R28)."""
    await connection.execute(_REJUDGE, {"p_post": post, "p_letters": list(letters)})


async def count(connection: AsyncConnection, post: int) -> int:
    """How many members answered a post."""
    return int((await connection.execute(_COUNT, {"p_post": post})).scalar_one())


async def by_choice(
    connection: AsyncConnection, post: int
) -> list[tuple[str | None, bool | None, str | None, int]]:
    """For each choice, rightness and self-grade: how many answers."""
    rows = await connection.execute(_BY_CHOICE, {"p_post": post})
    return [(row.choice, row.right, row.grade, row.number) for row in rows]


async def of_post(connection: AsyncConnection, post: int) -> list[Answer]:
    """Every answer to a post, in the order of the clicks."""
    return [_answer(row) for row in await connection.execute(_OF_POST, {"p_post": post})]


def _answer(row: Row[Any]) -> Answer:
    return Answer(
        row.post, row.member, row.at, row.choice, row.text, row.right, row.grade, row.found, row.shared
    )
