"""An ``.apkg`` file to values: what somebody has who imported it.

A package may come from anywhere, so nothing in it is trusted: sizes are bounded before anything is
unpacked, the database is opened in memory without its own code, and whatever is wrong with it comes
out as one `PackageError` with a sentence.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

from deckwright.anki.notes import DeckNotes
from deckwright.anki.notetypes import NoteType

MAX_DATABASE = 512 * 1024 * 1024
"""The largest collection read, unpacked."""
MAX_MEDIA_LIST = 32 * 1024 * 1024
MAX_ENTRIES = 100_000
STEPS = 100_000
MAX_STEPS = 5_000
"""How many times `STEPS` of SQLite's own steps one query may take: a real collection needs far fewer."""
LATEST_TIME = 253_402_300_799
"""The end of the year 9999."""

_NEWEST, _NEWER, _OLDEST = "collection.anki21b", "collection.anki21", "collection.anki2"
_TABLES = frozenset({"notes", "cards", "col", "notetypes", "fields", "templates", "decks"})
_CLOZE = 1
_JOURNAL = slice(18, 20)
"""Where SQLite's header tells how a database is journalled."""
_Json: TypeAlias = Any


class PackageError(Exception):
    """A file that is no package this program can read; its text says why, for people."""


class Template(NamedTuple):
    """A card template of a note type; old note types give no ids."""

    name: str
    id: int | None
    front: str
    back: str


@dataclass(frozen=True, slots=True)
class PackageNoteType:
    """A note type of a package; ``time`` is its last change, seconds since 1970."""

    id: int
    name: str
    fields: tuple[tuple[str, int | None], ...]
    templates: tuple[Template, ...]
    cloze: bool
    css: str
    time: int

    @property
    def field_names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(name for name, _ in self.fields)

    @property
    def schema(self) -> tuple[str, str]:
        """What Anki compares to tell whether two note types of one id are the same."""
        return "".join(self.field_names), "".join(template.name for template in self.templates)

    @property
    def look(self) -> tuple[object, ...]:
        """Everything an update of the note type would bring."""
        return self.name, self.css, tuple((t.front, t.back) for t in self.templates)


@dataclass(frozen=True, slots=True)
class PackageNote:
    """A note of a package, with the deck of each of its cards by ordinal."""

    guid: str
    note_type: int
    fields: tuple[str, ...]
    tags: tuple[str, ...]
    time: int
    cards: Mapping[int, str]

    @property
    def ordinals(self) -> tuple[int, ...]:
        """The ordinals of the note's cards, ascending."""
        return tuple(sorted(self.cards))

    @property
    def content(self) -> str:
        """A hash of what an update would replace: fields and tags."""
        parts = (*self.fields, "\0tags", *sorted(self.tags))
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class PackageContent:
    """What a package brings: notes by GUID, note types by id, the full names of its decks."""

    notes: Mapping[str, PackageNote] = field(default_factory=dict)
    note_types: Mapping[int, PackageNoteType] = field(default_factory=dict)
    decks: tuple[str, ...] = ()
    """Those that hold cards, sorted: an import makes no others."""
    media: tuple[str, ...] = ()
    """Names of media files, sorted."""
    repeated: tuple[str, ...] = ()
    """GUIDs that more than one note has; `notes` holds the first of each."""

    def named_field(self, note: PackageNote, name: str) -> str | None:
        """A field of a note by its name, or None if its note type has no such field."""
        names = self.note_types[note.note_type].field_names
        at = names.index(name) if name in names else len(note.fields)
        return note.fields[at] if at < len(note.fields) else None


class Made(Protocol):
    """A library as Anki will see it, such as `deckwright.builder.Output`."""

    @property
    def decks(self) -> tuple[DeckNotes, ...]:
        """Notes by deck."""

    def used_types(self, decks: Collection[DeckNotes]) -> dict[str, NoteType]:
        """The note types that the given decks' notes use."""


def content_of(made: Made) -> PackageContent:
    """What the whole library's package would hold: it is written, in memory, and read back."""
    from deckwright.anki.package import package_bytes

    decks = made.decks
    return read_bytes(package_bytes("", decks, made.used_types(decks), {}))


def read_package(path: Path) -> PackageContent:
    """Read an ``.apkg`` file.

    Raises:
        PackageError: if it is no package, a broken one, or larger than any should be.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except OSError as error:
        raise PackageError(f"the file cannot be read: {error.strerror or error}") from error


def read_bytes(data: bytes) -> PackageContent:
    """Read a package that is in memory.

    Raises:
        PackageError: if it is no package, a broken one, or larger than any should be.
    """
    return _read(io.BytesIO(data))


def _read(file: Any) -> PackageContent:  # noqa: ANN401  whatever zipfile takes
    try:
        with zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                raise PackageError(f"the package holds more than {MAX_ENTRIES} files")
            names = set(archive.namelist())
            kind = next((name for name in (_NEWEST, _NEWER, _OLDEST) if name in names), None)
            if kind is None:
                raise PackageError(
                    "the zip file holds no Anki collection; expected an .apkg file exported by Anki"
                )
            unpack = _zstd() if kind == _NEWEST else bytes
            database = unpack(_entry(archive, kind, MAX_DATABASE))
            media = _media_names(archive, names, unpack) if "media" in names else ()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError) as error:
        raise PackageError(f"the file is no zip file, or a damaged one: {error}") from error
    except (NotImplementedError, RuntimeError) as error:
        # Encrypted entries and unknown ways of packing; a RecursionError is a RuntimeError too.
        raise PackageError(f"the zip file cannot be unpacked: {error}") from error
    return _content(database, media)


def _entry(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > limit:
        raise PackageError(f"{name} would unpack to {info.file_size} bytes; at most {limit} are read")
    with archive.open(info) as file:
        # What a header promises need not be true.
        data = file.read(limit + 1)
    if len(data) > limit:
        raise PackageError(f"{name} unpacks to more than the {limit} bytes that are read")
    return data


def _zstd() -> Callable[[bytes], bytes]:
    for module, make in (
        ("compression.zstd", "ZstdDecompressor"),
        ("zstandard", "ZstdDecompressor"),
    ):
        with contextlib.suppress(ImportError):
            made = getattr(importlib.import_module(module), make)
            return lambda data: _unpack_zstd(made(), data)
    raise PackageError(
        "the package is in Anki's newest format, which needs Python 3.14 or the package zstandard; "
        'or export it again with "Support older Anki versions" switched on'
    )


def _unpack_zstd(decompressor: Any, data: bytes) -> bytes:  # noqa: ANN401  either module's
    try:
        if hasattr(decompressor, "decompressobj"):
            with decompressor.stream_reader(io.BytesIO(data)) as reader:
                made: bytes = reader.read(MAX_DATABASE + 1)
        else:
            made = decompressor.decompress(data, MAX_DATABASE + 1)
    except Exception as error:
        # Each module has an exception class of its own for damaged data.
        raise PackageError(f"the package's compressed data is damaged: {error}") from error
    if len(made) > MAX_DATABASE:
        raise PackageError(f"the collection unpacks to more than the {MAX_DATABASE} bytes that are read")
    return made


def _media_names(
    archive: zipfile.ZipFile, names: set[str], unpack: Callable[[bytes], bytes]
) -> tuple[str, ...]:
    data = unpack(_entry(archive, "media", MAX_MEDIA_LIST))
    if _NEWEST in names:
        entries = _protobuf(data).get(1, [])
        made = [_text(_last(_protobuf(entry).get(1))) for entry in entries if isinstance(entry, bytes)]
        return tuple(sorted(made))
    try:
        listed: _Json = json.loads(data)
        return tuple(sorted(str(name) for name in listed.values()))
    except (ValueError, AttributeError, RecursionError) as error:
        raise PackageError(f"the package's list of media cannot be read: {error}") from error


# --- the collection --------------------------------------------------------------------------------


def _content(database: bytes, media: tuple[str, ...]) -> PackageContent:
    connection = sqlite3.connect(":memory:")
    try:
        return _Collection(connection, database).content(media)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise PackageError(f"the package's collection is damaged: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise PackageError(
            f"the package's collection is not as Anki writes it: {type(error).__name__}: {error}"
        ) from error
    except (OverflowError, MemoryError) as error:
        raise PackageError(f"the package's collection holds values no Anki writes: {error}") from error
    finally:
        connection.close()


class _Collection:
    """A collection's database, of Anki's old layout (JSON in ``col``) or its new one (tables)."""

    def __init__(self, connection: sqlite3.Connection, database: bytes) -> None:
        self._connection = connection
        connection.text_factory = _text
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_DATABASE)
        if database[_JOURNAL] == b"\2\2":
            # A database in memory cannot have a write-ahead log; a packaged one has nothing in it.
            database = database[: _JOURNAL.start] + b"\1\1" + database[_JOURNAL.stop :]
        connection.deserialize(database)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cell_size_check = ON")
        # Anki's own order of names; nothing here sorts by it, but the tables name it.
        connection.create_collation("unicase", lambda a, b: (a > b) - (a < b))
        self._tables = self._plain_tables()

    def _plain_tables(self) -> set[str]:
        """The tables we read: real ones only, for a view or a virtual table could run for ever."""
        rows = self._rows("SELECT type, name, sql FROM sqlite_master")
        found = set()
        for kind, name, sql in rows:
            if name in _TABLES:
                virtual = "VIRTUAL" in str(sql).upper().split("(")[0].split()
                if kind != "table" or virtual:
                    raise PackageError(f'the package\'s collection has no table "{name}" but a {kind}')
                found.add(str(name))
        return found

    def _rows(self, statement: str) -> Iterator[Sequence[Any]]:
        steps = iter(range(MAX_STEPS))
        self._connection.set_progress_handler(lambda: int(next(steps, None) is None), STEPS)
        return iter(self._connection.execute(statement))

    def content(self, media: tuple[str, ...]) -> PackageContent:
        """Everything the package brings."""
        types = self._new_note_types() if "notetypes" in self._tables else self._old_note_types()
        decks = self._new_decks() if "decks" in self._tables else self._old_decks()
        cards: dict[int, dict[int, str]] = {}
        used = set()
        for note, deck, original, ordinal in self._rows("SELECT nid, did, odid, ord FROM cards"):
            home = decks[int(original) or int(deck)]
            used.add(home)
            cards.setdefault(int(note), {})[int(ordinal)] = home
        notes: dict[str, PackageNote] = {}
        repeated = []
        rows = self._rows("SELECT id, guid, mid, mod, tags, flds FROM notes ORDER BY id")
        for ident, guid, note_type, time, tags, fields in rows:
            if int(note_type) not in types:
                raise PackageError(f"the note {guid!r} has a note type that the package lacks")
            if str(guid) in notes:
                repeated.append(str(guid))
                continue
            notes[str(guid)] = PackageNote(
                guid=str(guid),
                note_type=int(note_type),
                fields=tuple(str(fields).split("\x1f")),
                tags=tuple(str(tags).split()),
                time=_time(time),
                cards=cards.get(int(ident), {}),
            )
        return PackageContent(notes, types, tuple(sorted(used)), media, tuple(repeated))

    def _old_note_types(self) -> dict[int, PackageNoteType]:
        ((models,),) = self._rows("SELECT models FROM col")
        parsed: _Json = json.loads(models)
        return {int(ident): _old_note_type(int(ident), model) for ident, model in parsed.items()}

    def _old_decks(self) -> dict[int, str]:
        ((decks,),) = self._rows("SELECT decks FROM col")
        parsed: _Json = json.loads(decks)
        return {int(ident): str(deck["name"]) for ident, deck in parsed.items()}

    def _new_decks(self) -> dict[int, str]:
        rows = self._rows("SELECT id, name FROM decks")
        return {int(ident): str(name).replace("\x1f", "::") for ident, name in rows}

    def _new_note_types(self) -> dict[int, PackageNoteType]:
        fields: dict[int, list[tuple[str, int | None]]] = {}
        for note_type, name, config in self._rows("SELECT ntid, name, config FROM fields ORDER BY ntid, ord"):
            fields.setdefault(int(note_type), []).append((str(name), _number(_protobuf(config).get(9))))
        templates: dict[int, list[Template]] = {}
        for note_type, name, config in self._rows(
            "SELECT ntid, name, config FROM templates ORDER BY ntid, ord"
        ):
            parts = _protobuf(config)
            front, back = (_text(_last(parts.get(number))) for number in (1, 2))
            made = Template(str(name), _number(parts.get(8)), front, back)
            templates.setdefault(int(note_type), []).append(made)
        types = {}
        for ident, name, time, config in self._rows("SELECT id, name, mtime_secs, config FROM notetypes"):
            parts = _protobuf(config)
            types[int(ident)] = PackageNoteType(
                id=int(ident),
                name=str(name),
                fields=tuple(fields.get(int(ident), ())),
                templates=tuple(templates.get(int(ident), ())),
                cloze=_number(parts.get(1)) == _CLOZE,
                css=_text(_last(parts.get(3))),
                time=_time(time),
            )
        return types


def _old_note_type(ident: int, model: _Json) -> PackageNoteType:
    return PackageNoteType(
        id=ident,
        name=str(model["name"]),
        fields=tuple((str(each["name"]), _ident(each)) for each in _in_order(model["flds"])),
        templates=tuple(
            Template(str(each["name"]), _ident(each), str(each["qfmt"]), str(each["afmt"]))
            for each in _in_order(model["tmpls"])
        ),
        cloze=int(model.get("type", 0)) == _CLOZE,
        css=str(model.get("css", "")),
        time=_time(model.get("mod", 0)),
    )


def _in_order(parts: _Json) -> list[_Json]:
    return sorted(parts, key=lambda each: int(each.get("ord", 0)))


def _ident(part: _Json) -> int | None:
    value = part.get("id")
    return int(value) if value is not None else None


def _time(value: Any) -> int:  # noqa: ANN401  whatever a column holds
    time = int(value)
    if not 0 <= time <= LATEST_TIME:
        raise PackageError(f"the package holds an impossible time, {time}")
    return time


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# --- as much of protocol buffers as the new layout needs -------------------------------------------


def _protobuf(data: bytes) -> dict[int, list[int | bytes]]:
    """A message's fields by number; numbers as they stand, everything else as bytes."""
    found: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value: int | bytes
        match tag & 7:
            case 0:
                value, at = _varint(data, at)
            case 1 | 5 as width:
                size = 8 if width == 1 else 4
                value, at = data[at : at + size], at + size
            case 2:
                size, at = _varint(data, at)
                value, at = data[at : at + size], at + size
            case _:
                raise ValueError("a broken protocol buffer")
        if at > len(data):
            raise ValueError("a protocol buffer that ends early")
        found.setdefault(tag >> 3, []).append(value)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
    raise ValueError("a number that does not end")


def _number(values: Iterable[int | bytes] | None) -> int | None:
    numbers = [value for value in values or () if isinstance(value, int)]
    if not numbers:
        return None
    return numbers[-1] if numbers[-1] < 1 << 63 else numbers[-1] - (1 << 64)


def _last(values: Sequence[int | bytes] | None) -> bytes:
    last = values[-1] if values else b""
    return last if isinstance(last, bytes) else b""
