"""Whether every answer that somebody was told of is stored as told, was really given, and is worth what it should be."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, timedelta
from functools import cache
from typing import Any

from bot.recount import DONT_KNOW, OPEN_POINTS, OTHER_POINTS, RIGHT_POINTS
from bot.remains import File
from bot.witness import Place, Witness

QUIZ_AGAIN = timedelta(days=30)
DAILY = """
    SELECT a.*, snapshot, 'post/' || p.group_id || '/' || series || '/' || p.date AS source
    FROM answers a JOIN posts p ON p.id = a.post
"""
IN_QUIZZES = """
    SELECT a.*, snapshot, kind, host, 'quiz/' || a.group_id || '/' || quiz || '/' || number AS source
    FROM quiz_answers a JOIN quiz_questions USING (quiz, number) JOIN quizzes ON quizzes.id = quiz
    ORDER BY quiz, number
"""
SUMS = """
    SELECT group_id, substr(date, 1, 7) || '-01', member, sum(p), sum(r), sum(n) FROM (
      SELECT group_id, date, member, 0 AS p, coalesce("right", 0) AS r, 1 AS n FROM answers
      UNION ALL SELECT group_id, date, member, points, 0, 0 FROM points
      UNION ALL SELECT group_id, date, member, 0, "right", 1 FROM quiz_answers WHERE scored
    ) GROUP BY 1, 2, 3
"""


def look(file: File, seen: Witness) -> None:
    daily, in_quizzes = file.rows(DAILY), file.rows(IN_QUIZZES)
    stored = _daily(daily) | _in_quizzes(in_quizzes)
    for place, told in seen.shown.items():
        assert told in stored.get(place, ()), f"{place} was told {told}, and stored is {stored.get(place)}"
    for place, found in stored.items():
        assert seen.tried[place] & found, f"{place}: stored is {found}, and sent was {seen.tried[place]}"
    for quiz, told_in_all in seen.summaries.items():
        answers = [row["right"] for row in in_quizzes if row["quiz"] == quiz]
        assert told_in_all == (sum(answers), len(answers)), (
            f"quiz {quiz} was told {told_in_all}, not {answers}"
        )
    _points(file, daily, in_quizzes)


def _daily(rows: list[Any]) -> dict[Place, set[str]]:
    """What was sent and what was told, in the words of the witness, by what is stored."""
    found: dict[Place, set[str]] = {}
    for row in rows:
        place, reply = (row["post"], row["member"]), row["choice"]
        if reply is None:
            assert row["right"] is None, f"{place}: an open answer is {row['right']}"
            found["daily", *place] = {row["text"], "open.model"}
        else:
            assert row["right"] == _is_right(row), f"{place}: {reply}"
            told = "dont-know" if reply == DONT_KNOW else "right" if row["right"] else "wrong"
            found["daily", *place] = {reply, f"result.{told}"}
        if row["grade"] is not None:
            found["grade", *place] = {row["grade"], "graded"}
    return found


def _in_quizzes(rows: list[Any]) -> dict[Place, set[str]]:
    found: dict[Place, set[str]] = {}
    for row in rows:
        place, reply, graded = (row["quiz"], row["number"], row["member"]), row["choice"], row["grade"]
        assert row["right"] == (graded == "got" if graded is not None else _is_right(row)), (
            f"{place}: {reply}"
        )
        if row["kind"] == "group":
            found["quiz", *place] = {reply}
            continue
        assert row["member"] == row["host"], f"{place}: a quiz alone of {row['host']}"
        told = "dont-know" if reply == DONT_KNOW else "right" if row["right"] else "wrong"
        found["solo", *place] = {graded, "solo.graded"} if graded is not None else {reply, f"solo.{told}"}
    return found


def _points(file: File, daily: list[Any], in_quizzes: list[Any]) -> None:
    """Points are those that the answers earn, no more and no less, and the sums are their sums."""
    due = [
        (row["source"], row["member"], OPEN_POINTS if row["choice"] is None else _worth(row))
        for row in daily
        if row["choice"] is not None or row["grade"] is not None
    ]
    scored: defaultdict[tuple[int, str, int], list[date]] = defaultdict(list)
    for row in in_quizzes:
        day, before = date.fromisoformat(row["date"]), scored[row["member"], row["card"], row["ordinal"]]
        scores = row["kind"] == "group" and all(day - each >= QUIZ_AGAIN for each in before)
        assert bool(row["scored"]) == scores, f"{row['source']} of {row['member']}: {row['scored']}"
        if scores:
            before.append(day)
            due.append((row["source"], row["member"], _worth(row)))
    kept = [tuple(row) for row in file.rows("SELECT source, member, points FROM points")]
    assert sorted(kept) == sorted(due), f"points: {set(kept) ^ set(due)}"
    sums = {tuple(row) for row in file.rows('SELECT * FROM sums WHERE points OR "right" OR answers')}
    recounted = {tuple(row) for row in file.rows(SUMS)}
    assert sums == recounted, f"monthly sums: {sums ^ recounted}"


def _worth(row: Any) -> int:
    return RIGHT_POINTS if row["right"] else OTHER_POINTS


def _is_right(row: Any) -> bool:
    """Whether the chosen option is the right one of those that were shown."""
    return row["choice"] in _key(row["snapshot"])


@cache
def _key(snapshot: str) -> frozenset[str]:
    return frozenset(option["letter"] for option in json.loads(snapshot)["options"] if option["right"])
