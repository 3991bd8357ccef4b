"""Anki packages that members took, to tell them what changed since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import and_, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright_bot.store.package_tables import package_builds, package_takes

Notes: TypeAlias = Mapping[str, tuple[str, str]]
"""Card id and content hash of every note of a package, by GUID."""

_BUILD = insert(package_builds).on_conflict_do_nothing()
_take = insert(package_takes)
_TAKE = _take.on_conflict_do_update(
    index_elements=["member", "file"], set_={"digest": _take.excluded.digest, "at": _take.excluded.at}
)
_TAKEN = (
    select(package_takes.c.digest, package_takes.c.at, package_builds.c.notes)
    .join(
        package_builds,
        and_(
            package_builds.c.file == package_takes.c.file, package_builds.c.digest == package_takes.c.digest
        ),
    )
    .where(package_takes.c.member == bindparam("p_member"), package_takes.c.file == bindparam("p_file"))
)
# A build that nobody's last take points at is of no use any more.
_DROP = delete(package_builds).where(
    ~select(package_takes.c.member)
    .where(package_takes.c.file == package_builds.c.file, package_takes.c.digest == package_builds.c.digest)
    .exists()
)


async def take(
    connection: AsyncConnection, member: int, file: str, digest: str, notes: Notes, now: datetime
) -> None:
    """Remember which build of a package a member took; builds that nobody has any more are dropped."""
    listed = {guid: list(value) for guid, value in notes.items()}
    await connection.execute(_BUILD, {"file": file, "digest": digest, "notes": listed})
    await connection.execute(_TAKE, {"member": member, "file": file, "digest": digest, "at": now})
    await connection.execute(_DROP)


async def taken(
    connection: AsyncConnection, member: int, file: str
) -> tuple[str, datetime, dict[str, tuple[str, str]]] | None:
    """The build of a package that a member took last: digest, instant, notes."""
    row = (await connection.execute(_TAKEN, {"p_member": member, "p_file": file})).first()
    if row is None:
        return None
    return row.digest, row.at, {guid: (card, content) for guid, (card, content) in row.notes.items()}
