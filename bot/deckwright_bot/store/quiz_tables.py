"""The tables of quizzes. Instants are people's time, which a simulated clock of the group does not touch."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from deckwright_bot.store.tables import Instant, metadata

UNFINISHED = "kind = 'group' AND (phase != 'ended' OR told = 0)"
"""Few of all quizzes ever played are at work; an index of these alone finds them at once."""

quizzes = Table(
    "quizzes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", BigInteger, ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("host", BigInteger, nullable=False),
    Column("channel", BigInteger, comment="where a group quiz is played"),
    Column("phase", String(8), nullable=False),
    Column("begun", Instant, nullable=False),
    Column("date", Date, nullable=False, comment="the group's local date at the start (R17, R25)"),
    Column("prompts", JSON, nullable=False, comment="[card, ordinal] of every question, in order"),
    Column("position", Integer, nullable=False, comment="the current question, from 1"),
    Column("seconds", Integer, nullable=False, comment="time for a question; 0 for no limit"),
    Column("until", Instant, comment="when the phase ends; null while its message is on its way"),
    Column("message", BigInteger, comment="the lobby's message"),
    Column("ended", Instant),
    Column("ending", String(16)),
    Column("told", Boolean, nullable=False, server_default="0", comment="the final table was shown"),
    # Two quizzes in one channel, or two of a member alone, would talk across each other.
    Index(
        "one_group_quiz_a_channel",
        "channel",
        unique=True,
        sqlite_where=text("kind = 'group' AND phase != 'ended'"),
    ),
    Index(
        "one_solo_quiz_a_member",
        "group_id",
        "host",
        unique=True,
        sqlite_where=text("kind = 'solo' AND phase != 'ended'"),
    ),
    Index("unfinished_quizzes", "id", sqlite_where=text(UNFINISHED)),
    Index("quizzes_by_group", "group_id", "kind", "id"),
)

quiz_questions = Table(
    "quiz_questions",
    metadata,
    Column("quiz", Integer, ForeignKey("quizzes.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("card", String(80), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("asked", Instant, nullable=False, comment="the first attempt to send it"),
    Column("opens", Instant),
    Column("closes", Instant),
    Column("message", BigInteger),
    Column("shown", Boolean, nullable=False, server_default="0", comment="the message shows the key"),
)

quiz_players = Table(
    "quiz_players",
    metadata,
    Column("quiz", Integer, ForeignKey("quizzes.id", ondelete="CASCADE"), primary_key=True),
    Column("member", BigInteger, primary_key=True),
    Column("joined", Instant, nullable=False),
)

quiz_answers = Table(
    "quiz_answers",
    metadata,
    Column("quiz", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("member", BigInteger, primary_key=True),
    Column("group_id", BigInteger, nullable=False),
    Column("card", String(80), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("date", Date, nullable=False, comment="the quiz's (R25)"),
    Column("choice", String(16), comment="the shown letter, or dont-know; null for a self-graded one"),
    Column("grade", String(8)),
    Column("right", Boolean, nullable=False),
    Column("scored", Boolean, nullable=False, comment="it counts for the boards (R17)"),
    ForeignKeyConstraint(
        ["quiz", "number"], ["quiz_questions.quiz", "quiz_questions.number"], ondelete="CASCADE"
    ),
    Index("quiz_answers_by_member", "group_id", "member", "card", "ordinal"),
    Index("quiz_answers_by_date", "group_id", "date", "member"),
)
