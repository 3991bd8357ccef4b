"""The tables. Streaks have none: answers and points are the truth; boards have monthly sums of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    select,
    text,
)

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC; SQLite keeps and returns naive ones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a naive instant, for nobody could say when it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


groups = Table(
    "groups",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, comment="Discord's guild id"),
    Column("name", Text, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("locale", String(16), nullable=False, server_default="en"),
    Column("joined", Instant, nullable=False),
    Column("greeted", Instant, comment="when the one message on joining was sent"),
    Column("left", Instant, comment="when the bot was removed; purged 30 days later (R30)"),
)

LEFT = select(groups.c.id).where(groups.c.left.is_not(None))
"""The groups that removed the bot and are kept for a return (R30)."""

series = Table(
    "series",
    metadata,
    Column("group_id", BigInteger, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("series", String(32), primary_key=True),
    Column("channel", BigInteger, nullable=False),
    Column("at", String(5), nullable=False, comment="HH:MM in the zone"),
    Column("zone", String(64), nullable=False),
    Column("weekdays", Integer, nullable=False, server_default="127", comment="bit 0 is Monday"),
    Column("skip_dates", JSON, nullable=False),
    Column("level", String(16), nullable=False),
    Column("decks", JSON(none_as_null=True), comment="slugs, or null for all"),
    Column("ping_role", BigInteger),
    Column("thread", Boolean, nullable=False, server_default="0"),
    Column("pin", Boolean, nullable=False, server_default="0"),
    Column("log_channel", BigInteger),
    Column("open_questions", Boolean, nullable=False, server_default="0"),
    Column("rematch", Boolean, nullable=False, server_default="1"),
    Column("seed", BigInteger, nullable=False),
    Column("started", Date, nullable=False, comment="the first date a post is due for"),
    Column("paused", String(16), comment="owner or failures; null while running"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("told", Instant, comment="when the owner was told of the pause"),
    Column("warned_left", Integer, comment="the pool size at which the owner was last warned"),
    Column("looked", Instant, comment="when it was last looked at"),
    Column("wakes", Instant, comment="nothing is due before this instant; null: look now"),
)

STEP_DUE = "thread_step = 'due' OR pin_step = 'due' OR reveal_step = 'due'"
"""Few of all posts ever have a step to do; an index of these alone finds them at once."""

posts = Table(
    "posts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", BigInteger, nullable=False),
    Column("series", String(32), nullable=False),
    Column("date", Date, nullable=False),
    Column("state", String(8), nullable=False),
    Column("card", String(80)),
    Column("ordinal", Integer),
    Column("snapshot", Text, comment="all that was asked, as JSON, for ever (R6, R28)"),
    Column("key", Text, comment="a corrected key, as letters (R28)"),
    Column("nonce", String(32)),
    Column("scheduled", Instant, comment="when its date was due; R8's six hours run from it"),
    Column("claimed", Instant, comment="the first attempt, from which the nonce holds (R7)"),
    Column("opens", Instant),
    Column("closes", Instant),
    Column("channel", BigInteger),
    Column("message", BigInteger),
    Column("sent", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry", Instant, comment="not before this instant"),
    Column("thread_step", String(8), comment="due, done or failed; null where none is wanted"),
    Column("thread", BigInteger),
    Column("pin_step", String(8)),
    Column("closed", Instant),
    Column("shown_count", Integer, nullable=False, server_default="0", comment="answers the post shows"),
    Column("edited", Instant),
    Column("reveal_step", String(8), comment="due, done or failed, from the close on"),
    Column("outage", Boolean, nullable=False, server_default="0", comment="a miss costs nothing (R20)"),
    Column("void_reason", Text),
    Column("rematch_of", Integer, comment="the post whose question it asks again"),
    UniqueConstraint("group_id", "series", "date", name="one_post_a_date"),
    ForeignKeyConstraint(["group_id", "series"], ["series.group_id", "series.series"], ondelete="CASCADE"),
    Index("posts_by_state", "state", "closes"),
    # All that a streak is read from; without it every line would open the page of its long row.
    Index("posts_lines", "group_id", "series", "date", "state", "outage"),
    Index("posts_with_steps", "group_id", sqlite_where=text(STEP_DUE)),
)

members = Table(
    "members",
    metadata,
    Column("group_id", BigInteger, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("member", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hidden", Boolean, nullable=False, server_default="0"),
    Column("left", Instant, comment="when it became known that they left; kept 30 days (R30)"),
    Column("first", Instant, nullable=False),
    Column("present", Instant, comment="when they were last known to be there"),
    Column("asked", Instant, comment="when Discord was last asked whether they are"),
)

answers = Table(
    "answers",
    metadata,
    Column("post", Integer, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("member", BigInteger, primary_key=True),
    Column("group_id", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("choice", String(16), comment="the shown letter, or dont-know; null for an open answer"),
    Column("text", Text, comment="an open answer's own words"),
    Column("date", Date, nullable=False, comment="the post's local date (R25)"),
    Column("right", Boolean, comment="null for an open answer"),
    Column("grade", String(8), comment="the self-grade of an open answer"),
    Column("found", JSON(none_as_null=True), comment="what the matcher proposed"),
    Column("shared", BigInteger, comment="the message that shares it"),
    Column("shared_in", BigInteger, comment="the channel or thread of that message"),
    Index("answers_by_member", "group_id", "member", "post"),
    Index("answers_by_date", "group_id", "date", "member", "right"),
)

points = Table(
    "points",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", BigInteger, ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
    Column("member", BigInteger, nullable=False),
    Column("source", String(80), nullable=False, comment="the text of a post's or quiz question's key"),
    Column("reason", String(32), nullable=False),
    Column("points", Integer, nullable=False),
    Column("date", Date, nullable=False, comment="the local date it counts for (R25)"),
    UniqueConstraint("source", "member", "reason", name="points_once"),
    Index("points_by_date", "group_id", "date", "member", "points"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", BigInteger, ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
    Column("series", String(32), nullable=False),
    Column("member", BigInteger, nullable=False),
    Column("begins", Date, nullable=False, comment="the first date it covers"),
    Column("days", Integer, nullable=False),
    Column("at", Instant, nullable=False, comment="when it was asked for"),
    Index("pauses_by_member", "group_id", "series", "member"),
)

credited = Table(
    "credits",
    metadata,
    Column("post", Integer, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("member", BigInteger, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("by", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
)

reminders = Table(
    "reminders",
    metadata,
    Column("group_id", BigInteger, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("member", BigInteger, primary_key=True),
    Column("series", String(32), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("last_post", Integer, comment="the post last reminded of"),
)

reports = Table(
    "reports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", BigInteger, ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
    Column("member", BigInteger, nullable=False),
    Column("card", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("logged_in", BigInteger, comment="the log channel that shows it"),
    Column("logged", BigInteger, comment="the message there"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", BigInteger, ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
    Column("by", BigInteger, nullable=False),
    Column("what", String(32), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("at", Instant, nullable=False),
)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("message", BigInteger, primary_key=True, autoincrement=False, comment="to be deleted on Discord"),
    Column("channel", BigInteger, nullable=False),
    Column("group_id", BigInteger, nullable=False, comment="no key: the group may be purged before"),
    Column("since", Instant, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("retry", Instant, nullable=False, comment="not before this instant"),
    Index("withdrawals_by_retry", "retry"),
)

forgets = Table(
    "forgets",
    metadata,
    Column("id", String(32), primary_key=True, comment="a request to be forgotten that was carried out here"),
)

uptime = Table(
    "uptime",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("began", Instant, nullable=False),
    Column("last", Instant, nullable=False, comment="the last heartbeat of this run"),
    Index("uptime_by_last", "last"),
)

facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
