"""The first tables: groups, series, posts, answers, points, members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False, comment="Discord's guild id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(length=16), server_default="en", nullable=False),
        sa.Column("joined", sa.DateTime(), nullable=False),
        sa.Column(
            "greeted", sa.DateTime(), nullable=True, comment="when the one message on joining was sent"
        ),
        sa.Column(
            "left",
            sa.DateTime(),
            nullable=True,
            comment="when the bot was removed; purged 30 days later (R30)",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.String(length=32), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False, comment="the first date it covers"),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False, comment="when it was asked for"),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pauses_by_member", "pauses", ["group_id", "series", "member"], unique=False)
    op.create_table(
        "points",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column(
            "source",
            sa.String(length=80),
            nullable=False,
            comment="the text of a post's or quiz question's key",
        ),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False, comment="the local date it counts for (R25)"),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "member", "reason", name="points_once"),
    )
    op.create_index("points_by_date", "points", ["group_id", "date", "member", "points"], unique=False)
    op.create_table(
        "reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("card", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("logged_in", sa.BigInteger(), nullable=True, comment="the log channel that shows it"),
        sa.Column("logged", sa.BigInteger(), nullable=True, comment="the message there"),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "withdrawals",
        sa.Column(
            "message",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="to be deleted on Discord",
        ),
        sa.Column("channel", sa.BigInteger(), nullable=False),
        sa.Column(
            "group_id", sa.BigInteger(), nullable=False, comment="no key: the group may be purged before"
        ),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry", sa.DateTime(), nullable=False, comment="not before this instant"),
        sa.PrimaryKeyConstraint("message"),
    )
    op.create_index("withdrawals_by_retry", "withdrawals", ["retry"], unique=False)
    op.create_table(
        "forgets",
        sa.Column(
            "id",
            sa.String(length=32),
            nullable=False,
            comment="a request to be forgotten that was carried out here",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "uptime",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("began", sa.DateTime(), nullable=False),
        sa.Column("last", sa.DateTime(), nullable=False, comment="the last heartbeat of this run"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uptime_by_last", "uptime", ["last"], unique=False)
    op.create_table(
        "members",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="0", nullable=False),
        sa.Column(
            "left",
            sa.DateTime(),
            nullable=True,
            comment="when it became known that they left; kept 30 days (R30)",
        ),
        sa.Column("first", sa.DateTime(), nullable=False),
        sa.Column("present", sa.DateTime(), nullable=True, comment="when they were last known to be there"),
        sa.Column(
            "asked", sa.DateTime(), nullable=True, comment="when Discord was last asked whether they are"
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "member"),
    )
    op.create_table(
        "reminders",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("last_post", sa.Integer(), nullable=True, comment="the post last reminded of"),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "member", "series"),
    )
    op.create_table(
        "series",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=5), nullable=False, comment="HH:MM in the zone"),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("weekdays", sa.Integer(), server_default="127", nullable=False, comment="bit 0 is Monday"),
        sa.Column("skip_dates", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("decks", sa.JSON(none_as_null=True), nullable=True, comment="slugs, or null for all"),
        sa.Column("ping_role", sa.BigInteger(), nullable=True),
        sa.Column("thread", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("pin", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("log_channel", sa.BigInteger(), nullable=True),
        sa.Column("open_questions", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.Date(), nullable=False, comment="the first date a post is due for"),
        sa.Column(
            "paused", sa.String(length=16), nullable=True, comment="owner or failures; null while running"
        ),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told", sa.DateTime(), nullable=True, comment="when the owner was told of the pause"),
        sa.Column(
            "warned_left",
            sa.Integer(),
            nullable=True,
            comment="the pool size at which the owner was last warned",
        ),
        sa.Column("looked", sa.DateTime(), nullable=True, comment="when it was last looked at"),
        sa.Column(
            "wakes",
            sa.DateTime(),
            nullable=True,
            comment="nothing is due before this instant; null: look now",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "series"),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.String(length=32), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("card", sa.String(length=80), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=True),
        sa.Column(
            "snapshot", sa.Text(), nullable=True, comment="all that was asked, as JSON, for ever (R6, R28)"
        ),
        sa.Column("key", sa.Text(), nullable=True, comment="a corrected key, as letters (R28)"),
        sa.Column("nonce", sa.String(length=32), nullable=True),
        sa.Column(
            "scheduled",
            sa.DateTime(),
            nullable=True,
            comment="when its date was due; R8's six hours run from it",
        ),
        sa.Column(
            "claimed",
            sa.DateTime(),
            nullable=True,
            comment="the first attempt, from which the nonce holds (R7)",
        ),
        sa.Column("opens", sa.DateTime(), nullable=True),
        sa.Column("closes", sa.DateTime(), nullable=True),
        sa.Column("channel", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.BigInteger(), nullable=True),
        sa.Column("sent", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry", sa.DateTime(), nullable=True, comment="not before this instant"),
        sa.Column(
            "thread_step",
            sa.String(length=8),
            nullable=True,
            comment="due, done or failed; null where none is wanted",
        ),
        sa.Column("thread", sa.BigInteger(), nullable=True),
        sa.Column("pin_step", sa.String(length=8), nullable=True),
        sa.Column("closed", sa.DateTime(), nullable=True),
        sa.Column(
            "shown_count", sa.Integer(), server_default="0", nullable=False, comment="answers the post shows"
        ),
        sa.Column("edited", sa.DateTime(), nullable=True),
        sa.Column(
            "reveal_step",
            sa.String(length=8),
            nullable=True,
            comment="due, done or failed, from the close on",
        ),
        sa.Column(
            "outage", sa.Boolean(), server_default="0", nullable=False, comment="a miss costs nothing (R20)"
        ),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id", "series"], ["series.group_id", "series.series"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "series", "date", name="one_post_a_date"),
    )
    op.create_index("posts_by_state", "posts", ["state", "closes"], unique=False)
    op.create_index(
        "posts_with_steps",
        "posts",
        ["group_id"],
        unique=False,
        sqlite_where=sa.text("thread_step = 'due' OR pin_step = 'due' OR reveal_step = 'due'"),
    )
    op.create_table(
        "answers",
        sa.Column("post", sa.Integer(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column(
            "choice",
            sa.String(length=16),
            nullable=True,
            comment="the shown letter, or dont-know; null for an open answer",
        ),
        sa.Column("text", sa.Text(), nullable=True, comment="an open answer's own words"),
        sa.Column("date", sa.Date(), nullable=False, comment="the post's local date (R25)"),
        sa.Column("right", sa.Boolean(), nullable=True, comment="null for an open answer"),
        sa.Column("grade", sa.String(length=8), nullable=True, comment="the self-grade of an open answer"),
        sa.Column("found", sa.JSON(none_as_null=True), nullable=True, comment="what the matcher proposed"),
        sa.Column("shared", sa.BigInteger(), nullable=True, comment="the message that shares it"),
        sa.Column(
            "shared_in", sa.BigInteger(), nullable=True, comment="the channel or thread of that message"
        ),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", "member"),
    )
    op.create_index("answers_by_date", "answers", ["group_id", "date", "member", "right"], unique=False)
    op.create_index("answers_by_member", "answers", ["group_id", "member", "post"], unique=False)
    op.create_table(
        "credits",
        sa.Column("post", sa.Integer(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", "member"),
    )
