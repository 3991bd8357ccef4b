"""The tables of Anki packages: which builds there were, and which of them a member took last."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKeyConstraint, String, Table

from deckwright_bot.store.tables import Instant, metadata

package_builds = Table(
    "package_builds",
    metadata,
    Column("file", String(120), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("notes", JSON, nullable=False, comment="card id and content hash of every note, by GUID"),
)

package_takes = Table(
    "package_takes",
    metadata,
    Column("member", BigInteger, primary_key=True),
    Column("file", String(120), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    ForeignKeyConstraint(["file", "digest"], ["package_builds.file", "package_builds.digest"]),
)
