"""R13 to R28 over random histories on the real store: streaks, calendars and boards equal a naive recount.

The recount below reads the raw rows and knows nothing of `deckwright.study`; it is slow, plain and written another
way. ``DECKWRIGHT_HISTORIES=200`` runs more histories, drawn anew each time.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings, strategies as st

from bot.fakes import CHANNEL, GROUP, OWNER, START, FakeMessenger, World, fresh, little_library
from deckwright.study.grading import SelfGrade
from deckwright.study.posting import State
from deckwright.study.question import from_json
from deckwright.study.ranking import Period
from deckwright.study.streak import Mark, Streak
from deckwright_bot.services.answers import Verdict
from deckwright_bot.services.corrections import Rescoring
from deckwright_bot.services.groups import Further, Switch, Wish
from deckwright_bot.services.posts import Pace
from deckwright_bot.store.records import Group, Post

HISTORIES = int(os.environ.get("DECKWRIGHT_HISTORIES", "9"))
# A history can be read as it is, and shrinking one takes minutes.
QUICK = settings(
    deadline=None,
    derandomize="DECKWRIGHT_HISTORIES" not in os.environ,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONE = "Europe/Berlin"
MEMBERS = (1, 2, 3, 4)
SILENCE = 14 * HOUR
"""Histories tick twice a day, so a longer silence than this is an outage in them."""


# The recount.


Row = dict[str, Any]


@dataclass(frozen=True)
class Line:
    points: int
    right: int
    answers: int


class Recount:
    """All that a member is shown, once more, from the file and the instants at which the bot ticked."""

    def __init__(self, path: Path, ticks: Sequence[datetime]) -> None:
        raw = sqlite3.connect(path)
        raw.row_factory = sqlite3.Row

        def table(name: str) -> list[Row]:
            return [dict(row) for row in raw.execute(f"select * from {name}")]

        self.posts = sorted(table("posts"), key=lambda row: str(row["date"]))
        self.answers, self.pauses, self.credits = table("answers"), table("pauses"), table("credits")
        self.members, self.ticks = table("members"), ticks
        raw.close()
        self.keys = {
            post["id"]: post["key"]
            or "".join(each["letter"] for each in json.loads(post["snapshot"])["options"] if each["right"])
            for post in self.posts
            if post["snapshot"] is not None
        }

    @property
    def out(self) -> list[Row]:
        return [post for post in self.posts if post["state"] in ("sent", "closed", "void")]

    # streaks

    def was_out_of_reach(self, post: Row) -> bool:
        """R20: half of the window or more lies in silences."""
        opens, closes = _moment(post["opens"]), _moment(post["closes"])
        silent = timedelta()
        for one, two in pairwise([datetime(2000, 1, 1, tzinfo=UTC), *self.ticks]):
            if two - one > SILENCE:
                silent += max(timedelta(), min(two, closes) - max(one, opens))
        return silent >= (closes - opens) / 2

    def letters(self, member: int) -> str:
        """A letter a post: Answered, Credited, Missed, Paused, Outage, ``o`` open, ``-`` nothing."""
        answered = {row["post"] for row in self.answers if row["member"] == member}
        credited = {row["post"] for row in self.credits if row["member"] == member}
        resting = set()
        for pause in self.pauses:
            if pause["member"] == member:
                first = date.fromisoformat(pause["begins"])
                days = [(first + n * DAY).isoformat() for n in range(pause["days"])]
                ends = [post["date"] for post in self.out if post["date"] in days and post["id"] in answered]
                resting |= {day for day in days if not ends or day < min(ends)}
        found = ""
        for post in self.out:
            if post["id"] in answered:
                found += "A"
            elif post["id"] in credited:
                found += "C"
            elif post["state"] == "sent":
                found += "o"
            elif post["state"] == "void" or not set(found) & {"A", "C"}:
                found += "-"
            elif post["date"] in resting:
                found += "P"
            else:
                found += "O" if self.was_out_of_reach(post) else "M"
        return found

    def streak(self, member: int) -> tuple[str, int, int, int]:
        """The letters with misses that a freeze covered as F, the streak, the best one, the freezes left."""
        letters, held, kept = self.letters(member), 0, ""
        for letter in letters:
            seen = kept + letter
            if letter in "AC" and (seen.count("A") + seen.count("C")) % 7 == 0 and held < 2:
                held += 1
            if letter == "M" and held:
                held, seen = held - 1, kept + "F"
            kept = seen
        runs = [run.count("A") + run.count("C") for run in kept.split("M")]
        return kept, runs[-1], max(runs), held

    # boards

    def line(self, member: int, counts: Callable[[date], bool]) -> Line:
        """R17, R25, R28: what the answers to posts of those dates are worth by the keys that hold now."""
        points = right = answers = 0
        for row in self.answers:
            post = next(post for post in self.posts if post["id"] == row["post"])
            day = date.fromisoformat(post["date"])
            if row["member"] != member or post["state"] == "void" or not counts(day):
                continue
            key = self.keys[post["id"]]
            answers += 1
            if row["choice"] is None:
                points += 7 if row["grade"] else 0
            elif row["choice"] != "dont-know" and row["choice"] in key:
                points, right = points + 10, right + 1
            else:
                points += 2
        return Line(points, right, answers)

    def board(self, counts: Callable[[date], bool], asking: int | None = None) -> dict[int, tuple[int, Line]]:
        """R26: the rank is one more than the number of those who are better; whoever asks is always among them."""
        shown = [
            row["member"]
            for row in self.members
            if row["left"] is None and (not row["hidden"] or row["member"] == asking)
        ]
        lines = {member: line for member in shown if (line := self.line(member, counts)).answers}

        def better(one: Line, two: Line) -> bool:
            return (one.points, one.right, one.answers) > (two.points, two.right, two.answers)

        return {
            member: (1 + sum(better(other, line) for other in lines.values()), line)
            for member, line in lines.items()
        }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# What happens.


@dataclass(frozen=True)
class Act:
    """Something a member or the owner does, so many minutes after the day's post."""

    after: int
    what: str
    member: int = 1
    number: int = 0


@dataclass(frozen=True)
class Day:
    acts: tuple[Act, ...]
    silent: bool = False
    """The bot is down: nothing ticks, nobody can do anything."""


@dataclass
class History:
    """A group, what happened to it, and everything it may be asked in the end."""

    folder: Path
    world: World
    ticks: list[datetime] = field(default_factory=list)

    async def begin(self) -> None:
        world = self.world
        await world.groups.join(Group(GROUP, "Group", OWNER, "en", world.now, None, None))
        wish = Wish(channel=CHANNEL, at="09:00", zone=ZONE, level="medium")
        await world.groups.set_up(GROUP, wish, OWNER, world.now)
        daily = await world.groups.switch(GROUP, Switch.OPEN_QUESTIONS, OWNER, world.now, on=True)
        assert daily is not None
        await self.tick(world.now)
        await world.posts.post_now(daily, world.now)

    async def tick(self, now: datetime) -> None:
        self.world.now = now
        self.ticks.append(now)
        await self.world.posts.tick(now)

    async def live(self, days: Sequence[Day], order: Random | None = None) -> None:
        """Day by day; with ``order`` a day's acts are heard in another order than they were done in."""
        for number, day in enumerate(days):
            morning = START + number * DAY
            if day.silent:
                continue
            if number:
                # 09:00 in Berlin is 08:00 or, from the end of March on, 07:00 UTC.
                await self.tick(morning + HOUR)
            acts = sorted(day.acts, key=lambda act: act.after)
            if order is not None:
                order.shuffle(acts)
            half = 12 * 60
            for act in acts:
                if act.after < half or order is not None:
                    await self.do(act, morning + HOUR + act.after * MINUTE)
            await self.tick(morning + 13 * HOUR)
            for act in acts:
                if act.after >= half and order is None:
                    await self.do(act, morning + HOUR + act.after * MINUTE)

    async def do(self, act: Act, now: datetime) -> None:
        world, member = self.world, act.member
        world.now = max(now, world.now)
        post = await world.posts.today(GROUP, "daily")
        assert post is not None

        async def earlier() -> date:
            """The date of one of the newest posts."""
            newest = await world.corrections.recent(GROUP, (State.SENT, State.CLOSED, State.VOID))
            return newest[act.number % len(newest)].date

        match act.what:
            case "right" | "wrong" | "dont-know":
                await self.answer(post, member, act.what, now)
            case "twice":
                await asyncio.gather(
                    *(self.answer(post, member, way, now) for way in ("right", "wrong", "right"))
                )
            case "late":
                assert post.closes is not None
                verdict = await self.answer(post, member, "right", post.closes + act.number * MINUTE)
                assert verdict in (Verdict.TOO_LATE, Verdict.AGAIN)
            case "pause":
                await world.standings.pause(GROUP, member, _name(member), 1 + act.number % 9, now)
            case "credit":
                await world.corrections.credit(GROUP, member, await earlier(), "our fault", OWNER, now)
            case "void":
                await world.corrections.void(GROUP, await earlier(), "a wrong card", OWNER, now)
            case "rescore":
                planned = await world.corrections.plan(GROUP, await earlier(), "ABCD"[act.number % 4])
                if isinstance(planned, Rescoring):
                    right, mark = planned.new, planned.mark
                    await world.corrections.rescore(GROUP, planned.post.id, right, mark, OWNER, now)
            case "hide" | "show":
                await world.members.hide(GROUP, member, _name(member), now, hidden=act.what == "hide")
            case "leave":
                world.messenger.gone.add((GROUP, member))
                await world.leaving.doubt(GROUP, member)
                await world.leaving.ask(now, now)
                world.messenger.gone.clear()
                board = await world.standings.board(GROUP, member, Period.ALL, now)
                assert board.mine is None, "who left is off the board at once (R30)"
                assert member not in [each.member for each in board.standings]
            case "weekdays":
                off = frozenset({act.number % 7})
                further = Further(frozenset(range(7)) - off, frozenset(), None, None, None)
                await world.groups.change(GROUP, further, OWNER, now)
            case _:
                raise AssertionError(act.what)

    async def answer(self, post: Post, member: int, way: str, at: datetime) -> Verdict:
        """An answer of that kind, to whatever was asked; a wrong one to an open question stays ungraded."""
        answers = self.world.answers
        # By the key as it was asked: people cannot know that it will be corrected, nor does it matter when.
        asked = from_json(post.snapshot or "")
        if way == "dont-know":
            return (await answers.dont_know(post.id, GROUP, member, _name(member), at)).verdict
        if asked.form == "open":
            done = await answers.write(post.id, GROUP, member, _name(member), "my point", at)
            assert done is not None
            if way == "right" and done.answer is not None:
                await answers.grade(post.id, GROUP, member, list(SelfGrade)[member % 3])
            return done.verdict
        letter = next(option.letter for option in asked.options if option.right is (way == "right"))
        return (await answers.choose(post.id, GROUP, member, _name(member), letter, at)).verdict

    def recount(self) -> Recount:
        return Recount(self.folder / "bot.sqlite", self.ticks)

    async def shown(self) -> tuple[list[Streak], list[list[tuple[int, int, Line]]]]:
        """Every streak, and every board of every period, as of now and of some weeks before."""
        standings = self.world.standings
        streaks = [await standings.streak(GROUP, member) for member in MEMBERS]
        boards = []
        for period in Period:
            for back in (0, 7, 16):
                board = await standings.board(GROUP, 1, period, self.world.now - back * DAY)
                boards.append(
                    [
                        (
                            each.rank,
                            each.member,
                            Line(each.tally.points, each.tally.right, each.tally.answers),
                        )
                        for each in board.standings
                    ]
                )
        return streaks, boards

    async def agrees(self) -> None:
        """Everything that is shown equals the recount."""
        recount, standings = self.recount(), self.world.standings
        for post in recount.posts:
            if post["outage"]:
                assert post["state"] in ("closed", "void"), post["date"]
                assert recount.was_out_of_reach(post), post["date"]
            if post["state"] == "closed":
                assert bool(post["outage"]) == recount.was_out_of_reach(post), post["date"]
        for member in MEMBERS:
            found = await standings.streak(GROUP, member)
            kept, current, best, freezes = recount.streak(member)
            count = kept.count("A") + kept.count("C")
            assert "".join(LETTER[mark] for _, mark in found.calendar) == kept, member
            assert [day.isoformat() for day, _ in found.calendar] == [post["date"] for post in recount.out]
            assert (found.current, found.best, found.freezes) == (current, best, freezes), member
            assert found.to_freeze == 7 - count % 7
            used = [post["date"] for post, letter in zip(recount.out, kept, strict=True) if letter == "F"]
            assert [day.isoformat() for day in found.used_freezes] == used
        for back in (0, 7, 16):
            now = self.world.now - back * DAY
            today = now.astimezone(ZoneInfo(ZONE)).date()
            for period, counts in (
                (Period.WEEK, lambda day, today=today: day.isocalendar()[:2] == today.isocalendar()[:2]),
                (Period.MONTH, lambda day, today=today: f"{day:%Y-%m}" == f"{today:%Y-%m}"),
                (Period.ALL, lambda _day: True),
            ):
                wanted = recount.board(counts)
                for asking in MEMBERS:
                    board = await standings.board(GROUP, asking, period, now)
                    found_lines = {
                        each.member: (
                            each.rank,
                            Line(each.tally.points, each.tally.right, each.tally.answers),
                        )
                        for each in board.standings
                    }
                    assert found_lines == wanted, (period, today)
                    assert [each.rank for each in board.standings] == sorted(
                        rank for rank, _ in wanted.values()
                    )
                    own = None if board.mine is None else (board.mine.rank, board.mine.member)
                    mine = recount.board(counts, asking)
                    assert own == ((mine[asking][0], asking) if asking in mine else None)
                    assert board.hidden == (asking in mine and asking not in wanted)
                    assert all(board.names[member] == _name(member) for member in wanted)


LETTER = {
    Mark.ANSWERED: "A",
    Mark.CREDITED: "C",
    Mark.FROZEN: "F",
    Mark.MISSED: "M",
    Mark.PAUSED: "P",
    Mark.OUTAGE: "O",
    Mark.OPEN: "o",
    Mark.NONE: "-",
}


def _name(member: int) -> str:
    return f"m{member}"


def told(story: Callable[[History], Awaitable[None]]) -> None:
    """A history on a fresh database; what is silence is longer here, for it ticks twice a day only."""

    async def whole(folder: Path) -> None:
        history = History(
            folder, fresh(folder, little_library(5, 3), FakeMessenger(), pace=Pace(heartbeat_gap=SILENCE))
        )
        try:
            await history.begin()
            await story(history)
        finally:
            await history.world.database.close()

    with TemporaryDirectory() as folder:
        asyncio.run(whole(Path(folder)))


# Members answer most days; the rest happens now and then.
AFTER = st.integers(0, 23 * 60)
ANSWERS = st.sampled_from(["right", "right", "right", "wrong", "dont-know", "twice", "", ""])
OTHERS = st.builds(
    Act,
    AFTER,
    st.sampled_from(
        [
            "pause",
            "pause",
            "credit",
            "credit",
            "void",
            "rescore",
            "rescore",
            "hide",
            "show",
            "leave",
            "late",
            "weekdays",
        ]
    ),
    st.sampled_from(MEMBERS),
    st.integers(0, 12),
)


@st.composite
def many_days(draw: st.DrawFn, others: st.SearchStrategy[Act] = OTHERS) -> list[Day]:
    days = []
    for _ in range(draw(st.integers(10, 24))):
        ways = draw(st.tuples(*(ANSWERS for _ in MEMBERS)))
        acts = [Act(draw(AFTER), way, member) for member, way in zip(MEMBERS, ways, strict=True) if way]
        acts += draw(st.lists(others, max_size=2))
        days.append(Day(tuple(acts), silent=draw(st.integers(0, 9)) == 9))
    return days


@given(many_days())
@settings(QUICK, max_examples=HISTORIES)
def test_law_r13_to_r28_whatever_happens_streaks_and_boards_equal_a_recount_of_the_rows(
    days: list[Day],
) -> None:
    async def story(history: History) -> None:
        await history.live(days)
        await history.agrees()
        # The nightly check of the books (R24) sees nothing either.
        while await history.world.care.books() is None:
            await history.world.care.tick(history.world.now)
        books = await history.world.care.books()
        assert books is not None
        assert books.wrong == {}

    told(story)


# What two of these do to the same post depends on who is first, by the rules; all else does not.
FREE = st.builds(
    Act, AFTER, st.sampled_from(["credit", "rescore", "pause"]), st.sampled_from(MEMBERS), st.integers(1, 12)
)


@given(many_days(others=FREE), st.integers(0, 2**32))
@settings(QUICK, max_examples=max(HISTORIES // 3, 3))
def test_law_r13_r24_it_does_not_matter_in_which_order_a_days_events_are_heard(
    days: list[Day], seed: int
) -> None:
    """Clicks carry their own time; a queue that delivers them in another order changes nobody's result."""
    plain = [
        Day(
            tuple(
                {
                    act.what if act.what == "rescore" else (act.what, act.member): act for act in day.acts
                }.values()
            )
        )
        for day in days[:12]
    ]
    plain = [
        Day(
            tuple(
                Act(act.after // 2, "right" if act.what == "twice" else act.what, act.member, act.number)
                for act in day.acts
            )
        )
        for day in plain
    ]
    found = []
    for order in (None, Random(seed), Random(seed + 1)):

        async def story(history: History, order: Random | None = order) -> None:
            await history.live(plain, order)
            found.append(await history.shown())

        told(story)

    assert found[1] == found[0]
    assert found[2] == found[0]


@pytest.mark.parametrize(("form", "days"), [("open", 2), ("choice", 3)])
@pytest.mark.parametrize("order", list(permutations(("correct", "void", "credit"))), ids="-".join)
def test_r28_corrections_come_to_the_same_in_whichever_order_they_are_made(
    order: tuple[str, ...], form: str, days: int
) -> None:
    """A self-grade after the void earns nothing, a correction after it is refused: the sums are the same."""

    async def story(history: History) -> None:
        world = history.world
        await history.live([Day(())] * days)
        post = await world.posts.today(GROUP, "daily")
        assert post is not None
        assert from_json(post.snapshot or "").form == form
        for member in (1, 2):
            await history.answer(post, member, "wrong", world.now)
        await history.tick(START + days * DAY + HOUR)
        for step in order:
            match step:
                case "correct" if form == "open":
                    await world.answers.grade(post.id, GROUP, 1, SelfGrade.GOT)
                case "correct":
                    planned = await world.corrections.plan(GROUP, post.date, "A")
                    assert isinstance(planned, Rescoring) is (order.index("correct") < order.index("void"))
                    if isinstance(planned, Rescoring):
                        await world.corrections.rescore(
                            GROUP, post.id, planned.new, planned.mark, OWNER, world.now
                        )
                case "void":
                    await world.corrections.void(GROUP, post.date, "wrong", OWNER, world.now)
                case _:
                    await world.corrections.credit(GROUP, 3, post.date, "our fault", OWNER, world.now)
        await history.agrees()
        streaks, boards = await history.shown()
        assert [each.current for each in streaks] == [1, 1, 1, 0]
        assert all(board == [] for board in boards)

    told(story)


def test_r13_r25_an_answer_after_midnight_counts_for_its_posts_date_week_and_month() -> None:
    async def story(history: History) -> None:
        await history.live([Day(()) for _ in range(30)])
        # Tuesday the 31st of March 2026, answered on the 1st of April.
        post = await history.world.posts.today(GROUP, "daily")
        assert post is not None
        assert post.date == date(2026, 3, 31)
        await history.answer(post, 1, "right", datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
        history.world.now = datetime(2026, 3, 31, 23, 40, tzinfo=UTC)
        board = await history.world.standings.board(GROUP, 1, Period.MONTH, history.world.now)
        assert board.standings == ()
        board = await history.world.standings.board(GROUP, 1, Period.WEEK, history.world.now)
        assert len(board.standings) == 1
        await history.agrees()

    told(story)


def test_r21_three_weeks_of_answers_hold_two_freezes_and_the_third_miss_ends_the_streak() -> None:
    async def story(history: History) -> None:
        keen = [Day(tuple(Act(60, "right", member) for member in MEMBERS[:2])) for _ in range(22)]
        await history.live([*keen, *[Day((Act(60, "right", 2),)) for _ in range(4)]])
        streak = await history.world.standings.streak(GROUP, 1)
        assert (streak.current, streak.best, len(streak.used_freezes)) == (0, 22, 2)
        assert (await history.world.standings.streak(GROUP, 2)).current == 26
        await history.agrees()

    told(story)
