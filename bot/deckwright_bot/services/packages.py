"""The Anki packages to take along: which there are, and what changed since a member took one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from deckwright.anki.reader import PackageContent, PackageError, read_bytes
from deckwright.diff import BOOKKEEPING, RETIRED
from deckwright_bot.store import packages as package_store
from deckwright_bot.store.database import Database

log = logging.getLogger(__name__)

LARGEST = 200 * 1024 * 1024
"""Larger files are not read into memory; they are offered by their link alone."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a newer build brings to somebody who has an older one; card ids, sorted."""

    since: datetime
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.retired)


@dataclass(frozen=True, slots=True)
class Package:
    """A package in the folder of builds."""

    file: str
    size: int
    built: datetime
    digest: str
    deck: str
    """The name of its deck in Anki."""
    notes: Mapping[str, tuple[str, str]]
    retired: frozenset[str]
    released: str
    """The newest release among its notes; empty before the first."""

    @property
    def cards(self) -> int:
        """How many cards it was built from."""
        return len(self.notes)


@dataclass(frozen=True, slots=True)
class Offer:
    """A package with what a member knows of it."""

    package: Package
    current: bool
    """The member took exactly this build."""
    changes: Changes | None
    """None if the member never took it."""


class PackageService:
    """Reads the folder anew whenever a file in it has changed. Files are read off the event loop by the caller."""

    def __init__(self, database: Database, folder: Path, url: str | None = None) -> None:
        self._database = database
        self._folder = folder
        self._url = url
        self._read: dict[str, tuple[tuple[int, int], Package]] = {}

    def packages(self) -> list[Package]:
        """The packages there are, the one of the whole library first; blocking."""
        found: list[Package] = []
        for path in sorted(self._folder.glob("*.apkg")) if self._folder.is_dir() else ():
            try:
                stat = path.stat()
                stamp = (stat.st_mtime_ns, stat.st_size)
                kept = self._read.get(path.name)
                if kept is None or kept[0] != stamp:
                    kept = (stamp, _package(path, stat.st_mtime))
                    self._read[path.name] = kept
                found.append(kept[1])
            except (OSError, PackageError) as error:
                # It may be replaced at this moment, or be no package at all; the others are fine.
                log.warning("%s is left out: %s", path.name, error)
        return sorted(found, key=lambda package: (-package.cards, package.file))

    def link(self, package: Package) -> str | None:
        """Where a package too large for a message can be fetched, if the operator said where."""
        return f"{self._url.rstrip('/')}/{quote(package.file)}" if self._url else None

    def content(self, package: Package) -> bytes | None:
        """The bytes of that build; None if it has been replaced since."""
        try:
            data = (self._folder / package.file).read_bytes()
        except OSError:
            return None
        return data if sha256(data).hexdigest() == package.digest else None

    async def offers(self, member: int, packages: list[Package]) -> list[Offer]:
        """Each package with what changed since the member took it last."""
        found = []
        async with self._database.reading() as connection:
            for package in packages:
                taken = await package_store.taken(connection, member, package.file)
                if taken is None:
                    found.append(Offer(package, current=False, changes=None))
                else:
                    digest, since, notes = taken
                    found.append(Offer(package, digest == package.digest, changes(notes, package, since)))
        return found

    async def took(self, member: int, package: Package, now: datetime) -> None:
        """Remember that a member took a build."""
        async with self._database.writing() as connection:
            await package_store.take(connection, member, package.file, package.digest, package.notes, now)


def changes(before: Mapping[str, tuple[str, str]], package: Package, since: datetime) -> Changes:
    """What is new, changed and retired in a package against the notes of an older build, matched by GUID."""
    new: list[str] = []
    changed: list[str] = []
    retired: list[str] = []
    for guid, (card, content) in package.notes.items():
        known = before.get(guid)
        if known is None:
            new.append(card)
        elif known[1] != content:
            (retired if guid in package.retired else changed).append(card)
    return Changes(since, tuple(sorted(new)), tuple(sorted(changed)), tuple(sorted(retired)))


def _package(path: Path, built: float) -> Package:
    if path.stat().st_size > LARGEST:
        raise PackageError(f"larger than {LARGEST // 1024 // 1024} MB")
    data = path.read_bytes()
    content = read_bytes(data)
    notes = {guid: (_card(content, guid), _hash(content, guid)) for guid in content.notes}
    # Notes that are in no release yet say so in words.
    stamps = (content.named_field(note, "Released") or "" for note in content.notes.values())
    released = max((stamp for stamp in stamps if stamp[:1].isdecimal()), default="")
    return Package(
        path.name,
        len(data),
        datetime.fromtimestamp(int(built), UTC),
        sha256(data).hexdigest(),
        min(content.decks, key=len).split("::")[0] if content.decks else path.stem,
        notes,
        frozenset(guid for guid, note in content.notes.items() if RETIRED in note.tags),
        released,
    )


def _card(content: PackageContent, guid: str) -> str:
    return content.named_field(content.notes[guid], "Id") or guid


def _hash(content: PackageContent, guid: str) -> str:
    """What a learner would notice: fields and tags, without the bookkeeping."""
    note = content.notes[guid]
    names = content.note_types[note.note_type].field_names
    shown = [value for name, value in zip(names, note.fields, strict=False) if name not in BOOKKEEPING]
    return sha256(
        "\x1f".join((*shown, "\0", *sorted(note.tags))).encode("utf-8", "surrogatepass")
    ).hexdigest()[:20]
