"""The Anki packages to take along: which there are, and what changed since a member took one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from urllib.parse import quote

from deckwright.anki.reader import PackageContent, PackageError, read_package
from deckwright.diff import BOOKKEEPING, RETIRED
from deckwright_bot.store import packages as package_store
from deckwright_bot.store.database import Database

log = logging.getLogger(__name__)

LARGEST = 200 * 1024 * 1024
"""In larger files nobody looks what they hold; they are offered by their size and date alone."""
ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Changes:
    """What a newer build brings to somebody who has an older one; card ids, sorted."""

    since: datetime
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    known: bool = True
    """False where one of the two was too large to be looked into: it is newer, and nobody knows in what."""


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
    """Empty for one that is too large to be looked into."""
    retired: frozenset[str]
    released: str
    """The newest release among its notes; empty before the first."""
    link: str | None = None
    """Where it can be fetched, if the operator said where."""

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
        self._read: dict[str, tuple[tuple[int, int, int], Package | None]] = {}
        """What each file was found to be when it was last another one; None for no package."""

    def packages(self) -> list[Package]:
        """The packages there are, the one of the whole library first; blocking."""
        found: list[Package] = []
        for path in sorted(self._folder.glob("*.apkg")) if self._folder.is_dir() else ():
            try:
                package = self._package(path)
            except OSError as error:
                # It may be replaced at this moment; the others are fine.
                log.warning("%s is left out: %s", path.name, error)
                continue
            if package is not None:
                found.append(package)
        # Of one that nobody looked into it is not known, but it is the largest.
        return sorted(found, key=lambda package: (bool(package.cards), -package.cards, package.file))

    def _package(self, path: Path) -> Package | None:
        stamp = _stamp(path)
        kept = self._read.get(path.name)
        if kept is None or kept[0] != stamp:
            package = None
            try:
                package = replace(_package(path), link=self._link(path.name))
            except PackageError as error:
                log.warning("%s is left out: %s", path.name, error)
            kept = self._read[path.name] = (stamp, package)
        return kept[1]

    def _link(self, file: str) -> str | None:
        return f"{self._url.rstrip('/')}/{quote(file)}" if self._url else None

    def content(self, package: Package) -> bytes | None:
        """The bytes of that build; None if it has been replaced since."""
        path = self._folder / package.file
        try:
            # Whatever stands there now, no more than was offered comes into memory.
            if path.stat().st_size != package.size:
                return None
            data = path.read_bytes()
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
    if not before or not package.notes:
        return Changes(since, known=False)
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


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _package(path: Path) -> Package:
    """Look into a package: its digest and what it holds are of one and the same build. Never the whole in memory."""
    for _ in range(ATTEMPTS):
        before = _stamp(path)
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        content = read_package(path) if before[1] <= LARGEST else PackageContent()
        if _stamp(path) == before:
            return _described(path, before, digest, content)
    raise OSError("it is being replaced again and again")


def _described(path: Path, stamp: tuple[int, int, int], digest: str, content: PackageContent) -> Package:
    built, size, _ = stamp
    # Notes that are in no release yet say so in words.
    stamps = (content.named_field(note, "Released") or "" for note in content.notes.values())
    return Package(
        path.name,
        size,
        datetime.fromtimestamp(built // 1_000_000_000, UTC),
        digest,
        min(content.decks, key=len).split("::")[0] if content.decks else path.stem,
        {guid: (_card(content, guid), _hash(content, guid)) for guid in content.notes},
        frozenset(guid for guid, note in content.notes.items() if RETIRED in note.tags),
        max((stamp for stamp in stamps if stamp[:1].isdecimal()), default=""),
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
