"""Databases as years of use leave them, made by SQL in seconds."""

# ruff: noqa: INP001  a script's part

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from deckwright.study.keys import PostKey
from deckwright.study.question import to_json
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.store.migrate import migrate

FIRST_MEMBER = 1_000_000
CHANNEL = 5_000_000
DAY = timedelta(days=1)


def fill(
    path: Path,
    library: StudyLibrary,
    groups: Iterable[int],
    *,
    posts: int,
    members: int,
    last: date,
    wakes: datetime | None = None,
    open_until: datetime | None = None,
) -> None:
    """Groups with so many closed posts each, the newest of ``last``, every one answered by so many members.

    Nothing is due in them before ``wakes``; left out, they are looked at. With ``open_until`` the newest post of
    each is open until then.
    """
    now = datetime.now(UTC)
    migrate(path, now)
    askable = [each for each in library.askables if each.form == "choice"]
    days = [last - DAY * back for back in reversed(range(posts))]
    drawn = [askable[number % len(askable)].key for number in range(posts)]
    asked = [library.snapshot(key, PostKey(1, "daily", day)) for key, day in zip(drawn, days, strict=True)]
    db = sqlite3.connect(path)
    db.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN"
    )
    # Kept up row by row they would take longest of all; they are made again from the rows below.
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    db.execute(
        "CREATE TEMP TABLE asked (n INTEGER PRIMARY KEY, day TEXT, card TEXT, ordinal INTEGER, snapshot TEXT, key TEXT)"
    )
    db.executemany(
        "INSERT INTO asked VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, day.isoformat(), each.prompt.card, each.prompt.ordinal, to_json(each), each.key)
            for number, (day, each) in enumerate(zip(days, asked, strict=True))
        ],
    )
    db.execute("CREATE TEMP TABLE people (member INTEGER PRIMARY KEY)")
    db.executemany("INSERT INTO people VALUES (?)", [(FIRST_MEMBER + n,) for n in range(members)])
    stamp = now.replace(tzinfo=None).isoformat(" ")
    for group in groups:
        db.execute(
            "INSERT INTO groups (id, name, owner, locale, joined, greeted) VALUES (?, 'Group', 1, 'en', ?, ?)",
            (group, stamp, stamp),
        )
        db.execute(
            "INSERT INTO series (group_id, series, channel, at, zone, skip_dates, level, seed, started, looked, wakes)"
            " VALUES (?, 'daily', ?, '09:00', 'UTC', '[]', 'medium', 1, ?, ?, ?)",
            (
                group,
                CHANNEL + group,
                (days or [last])[0].isoformat(),
                stamp,
                wakes and wakes.replace(tzinfo=None).isoformat(" "),
            ),
        )
        db.execute(
            "INSERT INTO posts (group_id, series, date, state, card, ordinal, snapshot, scheduled, claimed, opens,"
            " closes, channel, message, sent, closed, shown_count, reveal_step)"
            " SELECT ?, 'daily', day, 'closed', card, ordinal, snapshot, day || ' 09:00:00.000000',"
            " day || ' 09:00:00.000000', day || ' 09:00:00.000000', datetime(day, '+1 day', '+9 hours') || '.000000',"
            " ?, ? * 10000 + n, day || ' 09:00:01.000000', datetime(day, '+1 day', '+9 hours') || '.000000', ?, 'done'"
            " FROM asked ORDER BY n",
            (group, CHANNEL + group, group % 1_000_000, members),
        )
        db.execute(
            "INSERT INTO members (group_id, member, name, first, present) SELECT ?, member, 'Member ' || member, ?, ?"
            " FROM people",
            (group, stamp, stamp),
        )
        # Two of three are right; who it is changes from post to post.
        db.execute(
            "INSERT INTO answers (post, member, group_id, at, choice, date, right)"
            " SELECT p.id, m.member, p.group_id, p.opens, CASE (m.member * 7 + p.id) % 3 WHEN 0 THEN 'dont-know'"
            " ELSE a.key END, p.date, (m.member * 7 + p.id) % 3 > 0 FROM posts p, asked a, people m"
            " WHERE p.group_id = ? AND a.day = p.date ORDER BY p.id, m.member",
            (group,),
        )
    db.execute(
        "INSERT INTO points (group_id, member, source, reason, points, date)"
        " SELECT group_id, member, 'post/' || group_id || '/daily/' || date, 'answer', 2 + 8 * right, date"
        " FROM answers ORDER BY post, member"
    )
    db.execute(
        "INSERT INTO sums (group_id, month, member, points, right, answers)"
        " SELECT group_id, substr(date, 1, 7) || '-01', member, sum(2 + 8 * right), sum(right), count(*)"
        " FROM answers GROUP BY 1, 2, 3"
    )
    if open_until is not None:
        db.execute(
            "UPDATE posts SET state = 'sent', closed = NULL, reveal_step = NULL, closes = ?, edited = ? WHERE date = ?",
            (f"{open_until:%F %T.%f}", stamp, last.isoformat()),
        )
    for _, sql in triggers:
        db.execute(sql)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
