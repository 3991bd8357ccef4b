"""Answers: taken once, graded at once, shown in private (R13, R14, R17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deckwright.study.grading import (
    Chosen,
    DontKnow,
    Graded,
    Outcome,
    Reply,
    SelfGrade,
    Written,
    grade,
    self_graded,
    written,
)
from deckwright.study.points import points_for
from deckwright.study.posting import State
from deckwright.study.question import Snapshot
from deckwright.study.schedule import LATEST
from deckwright.study.streak import Streak
from deckwright_bot.services.matching import OpenMatcher
from deckwright_bot.services.snapshots import key_of, snapshot_of
from deckwright_bot.services.standings import streak_in
from deckwright_bot.store import (
    answers as answer_store,
    groups as group_store,
    members as member_store,
    posts as post_store,
    scores,
)
from deckwright_bot.store.database import Connection, Database
from deckwright_bot.store.records import DONT_KNOW, Answer, Post


class Verdict(StrEnum):
    """What became of a reply."""

    NEW = "new"
    AGAIN = "again"
    """The member answered before; the first result stands."""
    TOO_LATE = "too-late"
    UNKNOWN = "unknown"
    """There is no such post, or it cannot be answered so: a forged or very old button."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a member is shown after replying, or for asking again."""

    verdict: Verdict
    post: Post | None = None
    snapshot: Snapshot | None = None
    answer: Answer | None = None
    graded: Graded | None = None
    streak: Streak | None = None
    points: int = 0


class AnswerService:
    """Takes replies. The row is committed before anybody is told that it was.

    ``message`` is the public one that was clicked on, None for a private one. After a backup was put back numbers come
    again, messages never: what a lost post asked is no answer to the post that has its number now.
    """

    def __init__(self, database: Database, matcher: OpenMatcher) -> None:
        self._database = database
        self._matcher = matcher

    async def choose(
        self,
        post: int,
        group: int,
        member: int,
        name: str,
        letter: str,
        at: datetime,
        *,
        message: int | None = None,
    ) -> Result:
        """A click on an option."""
        return await self._take(post, group, member, name, Chosen(letter), at, message)

    async def dont_know(
        self, post: int, group: int, member: int, name: str, at: datetime, *, message: int | None = None
    ) -> Result:
        """A click on "I don't know"."""
        return await self._take(post, group, member, name, DontKnow(), at, message)

    async def write(
        self,
        post: int,
        group: int,
        member: int,
        name: str,
        text: str,
        at: datetime,
        *,
        message: int | None = None,
    ) -> Result | None:
        """An open answer; None if nothing visible was written."""
        reply = written(text)
        return None if reply is None else await self._take(post, group, member, name, reply, at, message)

    async def stands(self, post: int, group: int, message: int, now: datetime) -> None:
        """Somebody clicked on a post: it stands in the channel, even if its sending was never confirmed (R7)."""
        async with self._database.writing() as connection:
            found = await post_store.find(connection, post)
            if found is not None and found.group == group:
                await _stands(connection, found, message, now)

    async def _take(
        self,
        post_id: int,
        group: int,
        member: int,
        name: str,
        reply: Reply,
        at: datetime,
        message: int | None = None,
    ) -> Result:
        async def take(connection: Connection) -> Result:
            post = await post_store.find(connection, post_id)
            if post is None or post.group != group or post.snapshot is None:
                return Result(Verdict.UNKNOWN)
            if message is not None and post.message not in (None, message):
                return Result(Verdict.UNKNOWN)
            snapshot = snapshot_of(post)
            graded = grade(snapshot, reply)
            if graded is None:
                return Result(Verdict.UNKNOWN, post)
            found = self._matcher.propose(snapshot, reply.text) if isinstance(reply, Written) else None
            if message is not None:
                await _stands(connection, post, message, at)
            await member_store.seen(connection, group, member, name, at)
            new = answer_store.NewAnswer(
                post=post.id,
                group=group,
                member=member,
                at=at,
                choice=_choice(reply),
                text=reply.text if isinstance(reply, Written) else None,
                right=None if graded.outcome is Outcome.OPEN else graded.outcome is Outcome.RIGHT,
                found=found,
                date=post.date,
            )
            if not await answer_store.record(connection, new):
                return await _result(connection, post, member, Verdict.AGAIN)
            if post.state is State.CLOSED:
                await post_store.heard_late(connection, post.id)
            rows = points_for(key_of(post), member, graded)
            await scores.add(connection, group, post.date, rows)
            # What was just written need not be read again.
            streak = await streak_in(connection, group, post.series, member)
            points = sum(row.points for row in rows)
            return Result(Verdict.NEW, post, snapshot, new.kept, graded, streak, points)

        return await self._database.at_once(take)

    async def grade(self, post_id: int, group: int, member: int, given: SelfGrade) -> Result:
        """The self-grade of an open answer; the first one is final (R14, R17)."""
        async with self._database.writing() as connection:
            post = await post_store.find(connection, post_id)
            answer = await answer_store.find(connection, post_id, member)
            if post is None or post.group != group or answer is None or answer.choice is not None:
                return Result(Verdict.UNKNOWN, post)
            taken = await answer_store.grade(connection, post_id, member, given)
            if taken and post.state is not State.VOID:
                graded = grade(snapshot_of(post), Written(answer.text or "?"))
                if graded is not None:
                    rows = points_for(key_of(post), member, self_graded(graded, given))
                    await scores.add(connection, group, post.date, rows)
            return await _result(connection, post, member, Verdict.NEW if taken else Verdict.AGAIN)

    async def result(self, post_id: int, group: int, member: int) -> Result:
        """A member's result of a post, as it was (R13)."""
        async with self._database.reading() as connection:
            post = await post_store.find(connection, post_id)
            if post is None or post.group != group or post.snapshot is None:
                return Result(Verdict.UNKNOWN)
            return await _result(connection, post, member, Verdict.AGAIN)

    async def share(self, post_id: int, member: int, channel: int, message: int) -> bool:
        """Remember the message that shares an open answer, and where; False if another one shares it already."""
        async with self._database.writing() as connection:
            return await answer_store.share(connection, post_id, member, channel, message)


async def _stands(connection: Connection, post: Post, message: int, now: datetime) -> None:
    if post.state is not State.CLAIMED or post.scheduled is None:
        return
    # It appeared within its six hours, however late somebody finds it; R4 counts from then.
    if await post_store.sent(connection, post.id, message, min(now, post.scheduled + LATEST)):
        await group_store.worked(connection, post.group, post.series)


async def _result(connection: Connection, post: Post, member: int, verdict: Verdict) -> Result:
    snapshot = snapshot_of(post)
    answer = await answer_store.find(connection, post.id, member)
    if answer is None:
        late = post.state in (State.CLOSED, State.VOID) or verdict is Verdict.AGAIN
        return Result(Verdict.TOO_LATE if late else Verdict.UNKNOWN, post, snapshot)
    streak = await streak_in(connection, post.group, post.series, member)
    points = await scores.of_member(connection, key_of(post).text, member)
    return Result(verdict, post, snapshot, answer, grade(snapshot, reply_of(answer)), streak, points)


def _choice(reply: Reply) -> str | None:
    match reply:
        case Chosen(letter):
            return letter
        case DontKnow():
            return DONT_KNOW
        case _:
            return None


def reply_of(answer: Answer) -> Reply:
    """What a member replied, as it is graded; a correction grades it again (R28)."""
    return reply_to(answer.choice, answer.text)


def reply_to(choice: str | None, words: str | None) -> Reply:
    """What a row says that was replied; words that were deleted are still an answer."""
    if choice == DONT_KNOW:
        return DontKnow()
    if choice is not None:
        return Chosen(choice)
    return Written(words or "?")
