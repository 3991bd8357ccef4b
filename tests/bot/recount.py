"""The rules of the study group told a second time, from the rows of the database alone.

Nothing here comes from ``deckwright.study``: what the bot does and shows is compared with this.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATEST, APART, SHORTEST, LONGEST = 6 * HOUR, 12 * HOUR, 20 * HOUR, 72 * HOUR
DONT_KNOW = "dont-know"
RIGHT_POINTS, OPEN_POINTS, OTHER_POINTS = 10, 7, 2
SCORES_AGAIN = 30 * DAY


@dataclass(frozen=True)
class PostRow:
    id: int
    group: int
    day: date
    state: str
    prompt: tuple[str | None, int | None]
    asked: dict[str, Any] | None
    scheduled: datetime | None
    claimed: datetime | None
    opens: datetime | None
    closes: datetime | None
    channel: int | None
    message: int | None
    reveal: str | None
    thread: str | None
    pin: str | None
    outage: bool

    @property
    def key(self) -> str | None:
        """The letter of the right option."""
        return next((one["letter"] for one in self.options if one["right"]), None)

    @property
    def options(self) -> list[dict[str, Any]]:
        return list(self.asked["options"]) if self.asked else []

    @property
    def out(self) -> bool:
        return self.state in ("sent", "closed", "void")


@dataclass(frozen=True)
class AnswerRow:
    post: int
    member: int
    at: datetime
    choice: str | None
    text: str | None
    right: bool | None
    grade: str | None
    shared: int | None

    @property
    def reply(self) -> str:
        """What the member replied, in a word."""
        return f"wrote {self.text!r}" if self.choice is None else self.choice


@dataclass(frozen=True)
class QuestionRow:
    """A question of a group quiz."""

    quiz: int
    number: int
    position: int
    """Where the quiz stands."""
    phase: str
    asked: dict[str, Any]
    message: int | None
    shown: bool

    @property
    def id(self) -> tuple[int, int]:
        return self.quiz, self.number

    @property
    def key(self) -> str:
        return str(next(one["letter"] for one in self.options if one["right"]))

    @property
    def options(self) -> list[dict[str, Any]]:
        return list(self.asked["options"])

    @property
    def over(self) -> bool:
        """Whether its key may be told."""
        return self.phase in ("showing", "ended") or self.position > self.number


@dataclass(frozen=True)
class PlayedRow:
    """An answer in a group quiz."""

    quiz: int
    number: int
    member: int
    day: date
    prompt: tuple[str, int]
    choice: str
    right: bool
    scored: bool


@dataclass(frozen=True)
class Rows:
    """All that a group's standings follow from, as of one moment."""

    posts: tuple[PostRow, ...]
    answers: dict[tuple[int, int], AnswerRow]
    played: tuple[PlayedRow, ...]
    """In the order in which they came."""
    pauses: tuple[tuple[int, date, int], ...]
    names: dict[int, str]
    paused: str | None

    def post(self, number: int) -> PostRow | None:
        return next((one for one in self.posts if one.id == number), None)

    def same_standing(self, other: Rows, *, but: tuple[int, int] | None = None) -> bool:
        """Whether nothing that a streak or a board shows happened in between, but for one answer."""

        def seen(rows: Rows) -> object:
            posts = [(one.id, one.state, one.outage) for one in rows.posts]
            answers = {(key, row.grade) for key, row in rows.answers.items() if key != but}
            return posts, answers, rows.played, rows.pauses, rows.names

        return seen(self) == seen(other)


class Books:
    """The bot's database, read from outside while the bot writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(f"file:{self._path.as_posix()}?mode=ro", uri=True, timeout=5)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()

    def rows(self, group: int) -> Rows:
        with self.open() as found:
            series = found.execute("SELECT paused FROM series WHERE group_id = ?", (group,)).fetchone()
            return Rows(
                posts=tuple(
                    _post(row)
                    for row in found.execute("SELECT * FROM posts WHERE group_id = ? ORDER BY date", (group,))
                ),
                answers={
                    (row["post"], row["member"]): AnswerRow(
                        row["post"],
                        row["member"],
                        _known(row["at"]),
                        row["choice"],
                        row["text"],
                        None if row["right"] is None else bool(row["right"]),
                        row["grade"],
                        row["shared"],
                    )
                    for row in found.execute("SELECT * FROM answers WHERE group_id = ?", (group,))
                },
                played=tuple(
                    PlayedRow(
                        row["quiz"],
                        row["number"],
                        row["member"],
                        date.fromisoformat(row["date"]),
                        (row["card"], row["ordinal"]),
                        row["choice"],
                        bool(row["right"]),
                        bool(row["scored"]),
                    )
                    for row in found.execute(
                        "SELECT quiz_answers.* FROM quiz_answers JOIN quizzes ON quizzes.id = quiz"
                        " WHERE quiz_answers.group_id = ? AND kind = 'group' ORDER BY quiz_answers.rowid",
                        (group,),
                    )
                ),
                pauses=tuple(
                    (row["member"], date.fromisoformat(row["begins"]), row["days"])
                    for row in found.execute("SELECT * FROM pauses WHERE group_id = ?", (group,))
                ),
                names={
                    row["member"]: row["name"]
                    for row in found.execute(
                        'SELECT * FROM members WHERE group_id = ? AND NOT hidden AND "left" IS NULL', (group,)
                    )
                },
                paused=series["paused"] if series is not None else None,
            )

    def post(self, number: int) -> PostRow | None:
        with self.open() as found:
            row = found.execute("SELECT * FROM posts WHERE id = ?", (number,)).fetchone()
        return None if row is None else _post(row)

    def questions(self, group: int) -> list[QuestionRow]:
        """The questions of a group's quizzes, oldest first."""
        with self.open() as found:
            rows = found.execute(
                "SELECT quiz_questions.*, position, phase FROM quiz_questions JOIN quizzes ON quizzes.id = quiz"
                " WHERE group_id = ? AND kind = 'group' ORDER BY quiz, number",
                (group,),
            )
            return [
                QuestionRow(
                    row["quiz"],
                    row["number"],
                    row["position"],
                    row["phase"],
                    _asked(row["snapshot"]),
                    row["message"],
                    bool(row["shown"]),
                )
                for row in rows
            ]

    def solo_choice(self, quiz: int, number: int) -> str | None:
        """What was replied to a question of a quiz alone: a letter, "I don't know" or a grade."""
        with self.open() as found:
            row = found.execute(
                "SELECT coalesce(choice, grade) FROM quiz_answers WHERE quiz = ? AND number = ?",
                (quiz, number),
            ).fetchone()
        return None if row is None else str(row[0])

    def keep_pauses(self) -> None:
        """From now on remember every pause that failures bring about: one may have ended before anybody looks."""
        with closing(sqlite3.connect(self._path, timeout=60, isolation_level=None)) as connection:
            connection.execute("CREATE TABLE kept_pauses (group_id)")
            connection.execute(
                "CREATE TRIGGER keep_pauses AFTER UPDATE OF paused ON series"
                " WHEN new.paused = 'failures' AND old.paused IS NULL"
                " BEGIN INSERT INTO kept_pauses VALUES (new.group_id); END"
            )

    def pauses(self, group: int) -> int:
        """How many there were in a group."""
        with self.open() as found:
            rows = found.execute("SELECT count(*) FROM kept_pauses WHERE group_id = ?", (group,))
            return int(rows.fetchone()[0])

    def time_of_day(self, group: int) -> time:
        """When a group's question is asked."""
        with self.open() as found:
            row = found.execute("SELECT at FROM series WHERE group_id = ?", (group,)).fetchone()
        return time.fromisoformat(row["at"])

    def heartbeats(self) -> set[tuple[int, str]]:
        """The runs of the bot and when each last ticked; every tick changes something of it, sooner or later."""
        if not self._path.exists():
            return set()
        try:
            with self.open() as found:
                return {(row["id"], row["last"]) for row in found.execute("SELECT id, last FROM uptime")}
        except sqlite3.OperationalError:
            return set()  # it has not made its tables yet

    def sound(self) -> bool:
        with self.open() as found:
            return bool(found.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


@cache
def _asked(snapshot: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(snapshot)
    return found


def _instant(text: str | None) -> datetime | None:
    return None if text is None else _known(text)


def _known(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _post(row: sqlite3.Row) -> PostRow:
    return PostRow(
        id=row["id"],
        group=row["group_id"],
        day=date.fromisoformat(row["date"]),
        state=row["state"],
        prompt=(row["card"], row["ordinal"]),
        asked=_asked(row["snapshot"]) if row["snapshot"] else None,
        scheduled=_instant(row["scheduled"]),
        claimed=_instant(row["claimed"]),
        opens=_instant(row["opens"]),
        closes=_instant(row["closes"]),
        channel=row["channel"],
        message=row["message"],
        reveal=row["reveal_step"],
        thread=row["thread_step"],
        pin=row["pin_step"],
        outage=bool(row["outage"]),
    )


# --- dates ---------------------------------------------------------------------------------------


@cache
def instant_of(day: date, at: time, zone: str) -> datetime:
    """R1, by looking at the group's clock minute by minute, as a person at a wall would.

    The first minute at which the clock shows the wanted time; where it never does, it jumped, and the time moves
    on by the length of the jump.
    """
    tz = ZoneInfo(zone)
    wanted = datetime.combine(day, at)
    moment = wanted.replace(tzinfo=UTC) - 15 * HOUR
    shown = _wall(moment, tz)
    while shown < wanted:
        moment, before = moment + MINUTE, shown
        shown = _wall(moment, tz)
        if shown > wanted:
            return moment + (wanted - (before + MINUTE))
    return moment


def _wall(moment: datetime, tz: ZoneInfo) -> datetime:
    return moment.astimezone(tz).replace(tzinfo=None)


@dataclass(frozen=True)
class Timetable:
    """What a group's owner set, from an instant on."""

    since: datetime
    zone: str
    at: time
    weekdays: frozenset[int] = frozenset(range(7))
    skipped: frozenset[date] = frozenset()

    def asks_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.skipped

    def instant(self, day: date) -> datetime:
        return instant_of(day, self.at, self.zone)

    def local(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def closing(self, day: date, opens: datetime) -> datetime:
        """R11: the next scheduled post, at least 20 h and at most 72 h on."""
        following = day + DAY
        while following <= day + 10 * DAY:
            if self.asks_on(following) and self.instant(following) - opens >= APART:
                return min(max(self.instant(following), opens + SHORTEST), opens + LONGEST)
            following += DAY
        return opens + LONGEST


# --- counts --------------------------------------------------------------------------------------


def letters(rows: Rows, post: PostRow) -> dict[str, int]:
    """How often each option of a post was chosen."""
    chosen = [one.choice for one in rows.answers.values() if one.post == post.id]
    return {str(option["letter"]): chosen.count(option["letter"]) for option in post.options}


def right_and_all(rows: Rows, post: PostRow) -> tuple[int, int]:
    """How many answered a post rightly, and how many at all."""
    answers = [one for one in rows.answers.values() if one.post == post.id]
    return sum(one.choice is not None and one.choice == post.key for one in answers), len(answers)


# --- streaks and boards --------------------------------------------------------------------------


def streak(rows: Rows, member: int) -> tuple[int, int, int]:
    """R18 to R22: the number shown, the best ever, the freezes held."""
    marks = "".join(_marks(rows, member))
    number = best = held = counted = 0
    for mark in marks:
        if mark == "A":
            number, counted = number + 1, counted + 1
            best = max(best, number)
            held = min(2, held + (counted % 7 == 0))
        elif held:
            held -= 1
        else:
            number = 0
    return number, best, held


def _marks(rows: Rows, member: int) -> Iterator[str]:
    """An A for every post answered, an M for every miss; what is neither does not exist."""
    pauses = [(first, first + (days - 1) * DAY) for who, first, days in rows.pauses if who == member]
    joined = False
    for post in sorted(rows.posts, key=lambda one: one.day):
        if not post.out:
            continue
        covering = [pause for pause in pauses if pause[0] <= post.day <= pause[1]]
        if (post.id, member) in rows.answers:
            joined = True
            pauses = [pause for pause in pauses if pause not in covering]
            yield "A"
        elif joined and post.state == "closed" and not post.outage and not covering:
            yield "M"


def points(rows: Rows, answer: AnswerRow) -> int:
    """R17, R28: what an answer is worth, from what was asked."""
    post = rows.post(answer.post)
    if post is None or post.state == "void":
        return 0
    if answer.choice is None:
        return 0 if answer.grade is None else OPEN_POINTS
    return RIGHT_POINTS if answer.choice == post.key else OTHER_POINTS


def quiz_points(rows: Rows) -> Iterator[tuple[PlayedRow, int]]:
    """R17: what the answers of group quizzes are worth: a prompt scores for a member once in 30 days."""
    scored: dict[tuple[int, tuple[str, int]], list[date]] = {}
    for row in rows.played:
        days = scored.setdefault((row.member, row.prompt), [])
        if all(row.day - day >= SCORES_AGAIN for day in days):
            days.append(row.day)
            yield row, RIGHT_POINTS if row.right else OTHER_POINTS


@dataclass(frozen=True, order=True)
class Line:
    """A line of a board."""

    rank: int
    member: int
    points: int
    right: int


def board(rows: Rows, period: str, today: date) -> list[Line]:
    """R25, R26: ranked by points, right choices and answers of the period's posts."""
    given: list[tuple[int, date, int, bool]] = []
    for answer in rows.answers.values():
        post = rows.post(answer.post)
        if post is not None and post.state != "void":
            right = answer.choice is not None and answer.choice == post.key
            given.append((answer.member, post.day, points(rows, answer), right))
    given += [(row.member, row.day, worth, row.right) for row, worth in quiz_points(rows)]
    sums: dict[int, tuple[int, int, int]] = {}
    for member, day, worth, right in given:
        if member in rows.names and _within(day, period, today):
            before = sums.get(member, (0, 0, 0))
            sums[member] = (before[0] + worth, before[1] + right, before[2] + 1)
    return sorted(
        Line(1 + sum(other > mine for other in sums.values()), member, mine[0], mine[1])
        for member, mine in sums.items()
    )


def _within(day: date, period: str, today: date) -> bool:
    if period == "week":
        return day.isocalendar()[:2] == today.isocalendar()[:2]
    return period == "all" or (day.year, day.month) == (today.year, today.month)


# --- what must stay secret -----------------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_]{2,}")
_END = re.compile(r"[.!?:;]\s|\n")
SHINGLE = 5


def _shingles(text: str) -> set[tuple[str, ...]]:
    # Where one sentence ends and another begins, words meet by chance.
    sentences = (_WORD.findall(each) for each in _END.split(text.lower()))
    return {tuple(words[at : at + SHINGLE]) for words in sentences for at in range(len(words) - SHINGLE + 1)}


def secrets(
    post: PostRow | QuestionRow, beside: PostRow | QuestionRow | None = None
) -> frozenset[tuple[str, ...]]:
    """Runs of words that stand in the answer and the reasons of a question, and not in what is asked.

    Nor in anything of the question ``beside`` it, for cards on one topic share phrases.
    """
    other = beside.asked if beside is not None and beside.id != post.id else None
    return _secrets(_text(post.asked), _text(other)) if post.asked is not None else frozenset()


def _text(asked: dict[str, Any] | None) -> str:
    return "" if asked is None else json.dumps(asked, ensure_ascii=False)


@cache
def _secrets(snapshot: str, beside: str) -> frozenset[tuple[str, ...]]:
    asked = _asked(snapshot)
    texts, options = asked["texts"], asked["options"]
    hidden = [text for name, text in texts.items() if name in ("answer", "extra") and text]
    hidden += [str(option["why"] or "") for option in options]
    hidden += [str(point["text"]) for point in texts["key_points"]]
    open_words = [str(texts["question"]), str(texts["title"]), *(str(o["text"]) for o in options), beside]
    found: set[tuple[str, ...]] = set()
    for text in hidden:
        found |= _shingles(text)
    for text in open_words:
        found -= _shingles(text)
    return frozenset(found)


def tells(text: str, hidden: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """A secret run of words that a text holds, if any."""
    said = _shingles(text)
    return next((run for run in hidden if run in said), None)
