"""A look at the bot's file as a kill left it, and at what people saw: with SQL and the sandbox, nothing of the bot's.

Whatever must not be raises AssertionError.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

from bot import answered, published
from bot.remains import File
from bot.witness import Witness

ONCE = {
    "posts": "group_id, series, date",
    "answers": "post, member",
    "quiz_questions": "quiz, number",
    "quiz_answers": "quiz, number, member",
    "points": "source, member",
}
"""What there is one of."""
RUNNING = (
    "SELECT 1 FROM quizzes WHERE kind = '{kind}' AND phase <> 'ended' GROUP BY {place} HAVING count(*) > 1"
)
SETTINGS = ("at", "zone", "thread", "pin", "open_questions", "rematch")


def look(path: Path, seen: Witness) -> None:
    """Look whether everything holds that must hold at every moment at which a bot may be killed."""
    file = File(path).copy()
    for pragma, sound in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
        found = [tuple(row) for row in file.rows(f"PRAGMA {pragma}")]
        assert found == sound, f"{pragma}: {found}"
    assert not seen.wrong, "; ".join(seen.wrong)
    for table, key in ONCE.items():
        twice = file.rows(f"SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1")
        assert not twice, f"{table}: {[tuple(row) for row in twice]} twice"
    for kind, place in (("group", "channel"), ("solo", "host")):
        assert file.rows(RUNNING.format(kind=kind, place=place)) == [], f"two quizzes at once: {kind}"
    days = [date.fromisoformat(row["date"]) for row in file.rows("SELECT date FROM posts ORDER BY date")]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))], "a date is missing"
    published.look(file, seen)
    answered.look(file, seen)
    _settings(file, seen)


def unfinished(path: Path, seen: Witness) -> list[str]:
    """What a bot that lives on has not finished."""
    file = File(path)
    claims = file.rows("SELECT id FROM posts WHERE state = 'claimed'")
    quizzes = file.rows("SELECT id, phase, told FROM quizzes WHERE kind = 'group'")
    missing = len(quizzes) - len(seen.tables)
    return [
        *(f"post {row['id']} is on its way" for row in claims),
        *(f"quiz {row['id']} has not ended" for row in quizzes if row["phase"] != "ended" or not row["told"]),
        *([f"{missing} tables are missing"] if missing else []),
    ]


def _settings(file: File, seen: Witness) -> None:
    """Every setting is as it was wished last, whole; and the log of changes says the same."""
    (now,) = file.rows("SELECT * FROM series")
    for name, may in seen.wishes.items():
        found = (now["at"], now["zone"]) if name == "times" else now[name]
        assert found in may, f"{name} may be {may}, and is {found}"
    # The set-up's fields and the others are logged apart.
    for row in file.rows("SELECT max(id), what, detail FROM audit GROUP BY what = 'settings'"):
        for name, logged in json.loads(row["detail"]).items():
            if name in SETTINGS:
                stored = f"{now[name]}:00" if name == "at" else now[name]
                assert logged == stored, f"{name} is {stored}, and the log of changes says {logged}"
