"""Quizzes, the packages members took, and the Friday rematch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of quizzes and packages; every group plays the rematch until its owner says no."""
    op.add_column("series", sa.Column("rematch", sa.Boolean(), server_default="1", nullable=False))
    op.add_column(
        "posts",
        sa.Column("rematch_of", sa.Integer(), nullable=True, comment="the post whose question it asks again"),
    )
    op.create_table(
        "quizzes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("host", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.BigInteger(), nullable=True, comment="where a group quiz is played"),
        sa.Column("phase", sa.String(length=8), nullable=False),
        sa.Column("begun", sa.DateTime(), nullable=False),
        sa.Column(
            "date", sa.Date(), nullable=False, comment="the group's local date at the start (R17, R25)"
        ),
        sa.Column(
            "prompts", sa.JSON(), nullable=False, comment="[card, ordinal] of every question, in order"
        ),
        sa.Column("position", sa.Integer(), nullable=False, comment="the current question, from 1"),
        sa.Column("seconds", sa.Integer(), nullable=False, comment="time for a question; 0 for no limit"),
        sa.Column(
            "until",
            sa.DateTime(),
            nullable=True,
            comment="when the phase ends; null while its message is on its way",
        ),
        sa.Column("message", sa.BigInteger(), nullable=True, comment="the lobby's message"),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.Column("ending", sa.String(length=16), nullable=True),
        sa.Column(
            "told", sa.Boolean(), server_default="0", nullable=False, comment="the final table was shown"
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_group_quiz_a_channel",
        "quizzes",
        ["channel"],
        unique=True,
        sqlite_where=sa.text("kind = 'group' AND phase != 'ended'"),
    )
    op.create_index(
        "one_solo_quiz_a_member",
        "quizzes",
        ["group_id", "host"],
        unique=True,
        sqlite_where=sa.text("kind = 'solo' AND phase != 'ended'"),
    )
    op.create_index(
        "unfinished_quizzes",
        "quizzes",
        ["id"],
        unique=False,
        sqlite_where=sa.text("kind = 'group' AND (phase != 'ended' OR told = 0)"),
    )
    op.create_index("quizzes_by_group", "quizzes", ["group_id", "kind", "id"], unique=False)
    op.create_table(
        "quiz_questions",
        sa.Column("quiz", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("card", sa.String(length=80), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("asked", sa.DateTime(), nullable=False, comment="the first attempt to send it"),
        sa.Column("opens", sa.DateTime(), nullable=True),
        sa.Column("closes", sa.DateTime(), nullable=True),
        sa.Column("message", sa.BigInteger(), nullable=True),
        sa.Column(
            "shown", sa.Boolean(), server_default="0", nullable=False, comment="the message shows the key"
        ),
        sa.ForeignKeyConstraint(["quiz"], ["quizzes.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("quiz", "number"),
    )
    op.create_table(
        "quiz_players",
        sa.Column("quiz", sa.Integer(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("joined", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["quiz"], ["quizzes.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("quiz", "member"),
    )
    op.create_table(
        "quiz_answers",
        sa.Column("quiz", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("card", sa.String(length=80), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False, comment="the quiz's (R25)"),
        sa.Column(
            "choice",
            sa.String(length=16),
            nullable=True,
            comment="the shown letter, or dont-know; null for a self-graded one",
        ),
        sa.Column("grade", sa.String(length=8), nullable=True),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("scored", sa.Boolean(), nullable=False, comment="it counts for the boards (R17)"),
        sa.ForeignKeyConstraint(
            ["quiz", "number"], ["quiz_questions.quiz", "quiz_questions.number"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("quiz", "number", "member"),
    )
    op.create_index(
        "quiz_answers_by_member", "quiz_answers", ["group_id", "member", "card", "ordinal"], unique=False
    )
    op.create_index("quiz_answers_by_date", "quiz_answers", ["group_id", "date", "member"], unique=False)
    op.create_table(
        "package_builds",
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column(
            "notes", sa.JSON(), nullable=False, comment="card id and content hash of every note, by GUID"
        ),
        sa.PrimaryKeyConstraint("file", "digest"),
    )
    op.create_table(
        "package_takes",
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["file", "digest"], ["package_builds.file", "package_builds.digest"]),
        sa.PrimaryKeyConstraint("member", "file"),
    )
