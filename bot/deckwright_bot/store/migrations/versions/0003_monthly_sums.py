"""Monthly sums for boards, kept by triggers; streaks read from an index alone."""

# ruff: noqa: S608  the parts of these statements are constants of this very file

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MONTH = "substr({row}.date, 1, 7) || '-01'"
COUNTS = "{row}.member > 0 AND (SELECT state FROM posts WHERE id = {row}.post) <> 'void'"
ANSWER = ("0", 'coalesce({row}."right", 0)', "1", COUNTS)
POINTS = ("{row}.points", "0", "0", "{row}.member > 0")
IN_QUIZ = ("0", '{row}."right"', "1", "{row}.member > 0 AND {row}.scored")

FILL = """
INSERT INTO sums (group_id, month, member, points, "right", answers)
SELECT group_id, substr(date, 1, 7) || '-01' AS month, member, sum(points), sum("right"), sum(answers) FROM (
  SELECT group_id, date, member, 0 AS points, coalesce("right", 0) AS "right", 1 AS answers FROM answers
  WHERE (SELECT state FROM posts WHERE id = answers.post) <> 'void'
  UNION ALL SELECT group_id, date, member, points, 0, 0 FROM points
  UNION ALL SELECT group_id, date, member, 0, "right", 1 FROM quiz_answers WHERE scored
)
WHERE member > 0
GROUP BY group_id, month, member
HAVING sum(points) <> 0 OR sum("right") <> 0 OR sum(answers) <> 0
"""


def upgrade() -> None:
    """Make the sums, fill them from what there is, and let the database keep them from now on."""
    op.create_table(
        "sums",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False, comment="its first day, of local dates (R25)"),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "month", "member"),
        sqlite_with_rowid=False,
    )
    op.create_index("sums_by_member", "sums", ["member"])
    op.execute(FILL)
    for table, columns, line in (
        ("answers", 'group_id, date, member, "right"', ANSWER),
        ("points", "group_id, date, member, points", POINTS),
        ("quiz_answers", 'group_id, date, member, "right", scored', IN_QUIZ),
    ):
        op.execute(f"CREATE TRIGGER {table}_added AFTER INSERT ON {table} BEGIN {_add(line)} END")
        op.execute(f"CREATE TRIGGER {table}_removed AFTER DELETE ON {table} BEGIN {_subtract(line)} END")
        op.execute(
            f"CREATE TRIGGER {table}_changed AFTER UPDATE OF {columns} ON {table}"
            f" BEGIN {_subtract(line)} {_add(line)} END"
        )
    # Answers to a void post are no lines of a board, and stay (R28).
    op.execute(
        "CREATE TRIGGER posts_void AFTER UPDATE OF state ON posts"
        " WHEN old.state <> 'void' AND new.state = 'void' BEGIN"
        ' UPDATE sums SET "right" = sums."right" - coalesce(gone."right", 0), answers = sums.answers - 1'
        " FROM answers AS gone WHERE gone.post = new.id AND sums.member = gone.member"
        f" AND sums.group_id = gone.group_id AND sums.month = {MONTH.format(row='gone')};"
        ' DELETE FROM sums WHERE group_id = new.group_id AND points = 0 AND "right" = 0 AND answers = 0; END'
    )
    # Before the post is gone, for its state says whether its answers counted.
    op.execute(
        "CREATE TRIGGER posts_removed BEFORE DELETE ON posts BEGIN"
        " DELETE FROM answers WHERE post = old.id; END"
    )
    op.create_index("posts_lines", "posts", ["group_id", "series", "date", "state", "outage"])


def _add(line: tuple[str, str, str, str]) -> str:
    points, right, answers, where = (part.format(row="new") for part in line)
    return (
        'INSERT INTO sums (group_id, month, member, points, "right", answers)'
        f" SELECT new.group_id, {MONTH.format(row='new')}, new.member, {points}, {right}, {answers} WHERE {where}"
        " ON CONFLICT (group_id, month, member) DO UPDATE SET points = points + excluded.points,"
        ' "right" = "right" + excluded."right", answers = answers + excluded.answers;' + _sweep("new")
    )


def _subtract(line: tuple[str, str, str, str]) -> str:
    points, right, answers, where = (part.format(row="old") for part in line)
    return (
        f'UPDATE sums SET points = points - {points}, "right" = "right" - {right}, answers = answers - {answers}'
        f" WHERE group_id = old.group_id AND month = {MONTH.format(row='old')} AND member = old.member"
        f" AND {where};" + _sweep("old")
    )


def _sweep(row: str) -> str:
    """Of a member without anything in a month nothing stays."""
    return (
        f" DELETE FROM sums WHERE group_id = {row}.group_id AND month = {MONTH.format(row=row)}"
        f' AND member = {row}.member AND points = 0 AND "right" = 0 AND answers = 0;'
    )
