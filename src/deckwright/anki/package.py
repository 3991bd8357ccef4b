"""Notes to ``.apkg`` files, byte for byte the same for the same notes: the only genanki import.

genanki gives one time to everything, lets the clock and temporary files into the zip, and runs a
quadratic check over each field. The subclasses here pass each note its own time and ids,
skip the check (our HTML is made, not typed), collect rows, and the zip is written here.
"""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import genanki

from deckwright import identity
from deckwright.anki.notes import GAP_STRIDE, DeckNotes, Note
from deckwright.anki.notetypes import NoteType
from deckwright.kinds import KINDS

FIRST_ID = 1_600_000_000_000
"""Note and card ids count from here, in source order; Anki reads them as milliseconds."""
IDS_PER_NOTE = 1000
BATCH = 2000
CHUNK = 1 << 20
SMALL_DATABASE = 8 * 1024 * 1024
"""Up to this size a package is compressed thoroughly, beyond it quickly."""

# The header counts the writes (at 24 and 92) and names the version of SQLite that made them (at 96); the
# pages depend on neither.
_SQLITE_HEADER = {24: bytes(4), 92: bytes(4), 96: (3_040_000).to_bytes(4, "big")}


class _Card(genanki.Card):  # type: ignore[misc]  # genanki has no types
    """A card whose place in the queue of new cards depends on its gap."""

    def write_to_db(
        self,
        cursor: Any,  # noqa: ANN401  a cursor, or what stands in for one
        timestamp: float,
        deck_id: int,
        note_id: int,
        id_gen: Iterator[int],
        due: int = 0,
    ) -> None:
        super().write_to_db(cursor, timestamp, deck_id, note_id, id_gen, due + GAP_STRIDE * self.ord)


class _Note(genanki.Note):  # type: ignore[misc]  # genanki has no types
    """A note with its own time, ids and cards."""

    # genanki computes these on each access or checks what is put in; plain attributes replace that.
    cards: list[_Card] = []  # noqa: RUF012
    tags: Sequence[str] = ()
    guid = ""
    sort_field = ""

    def __init__(self, model: _Model, note: Note) -> None:
        fields = model.arrange(note.fields)
        super().__init__(model, fields, fields[0], note.tags, note.guid, note.position)
        self._time = note.time
        self._first_id = FIRST_ID + note.index * IDS_PER_NOTE
        self.cards = [_Card(ordinal) for ordinal in note.ordinals]

    def _check_invalid_html_tags_in_fields(self) -> None:
        """Skip genanki's check: our fields are escaped, and it is quadratic on an unmatched ``<``."""

    def write_to_db(self, cursor: Any, timestamp: float, deck_id: int, id_gen: Iterator[int]) -> None:  # noqa: ANN401, ARG002
        ids = iter(range(self._first_id, self._first_id + IDS_PER_NOTE))
        super().write_to_db(cursor, self._time, deck_id, ids)


class _Model(genanki.Model):  # type: ignore[misc]  # genanki has no types
    """A note type with its own time."""

    def __init__(self, note_type: NoteType) -> None:
        name, template_id = note_type.template
        super().__init__(
            note_type.id,
            note_type.name,
            fields=[{"name": field, "id": ident} for field, ident in note_type.fields],
            templates=[{"name": name, "qfmt": note_type.front, "afmt": note_type.back, "id": template_id}],
            css=note_type.css,
            model_type=self.CLOZE if note_type.cloze else self.FRONT_BACK,
        )
        self._time = note_type.time
        self._order = _field_order(note_type)

    def arrange(self, fields: Sequence[str]) -> Sequence[str]:
        """A note's fields in this note type's order, with those of its fields that we do not use."""
        if self._order is None:
            return fields
        return [fields[i] if i is not None else "" for i in self._order]

    def to_json(self, timestamp: float, deck_id: int) -> dict[str, Any]:  # noqa: ARG002
        made: dict[str, Any] = super().to_json(self._time, deck_id)
        return made | {"did": None}


def _field_order(note_type: NoteType) -> list[int | None] | None:
    """Which of a note's fields goes where, None for none of them; None where all go as they are.

    A note type that learners had before us may keep fields of its own. Such a field is empty,
    unless it is the first: by that one Anki sorts notes and looks for duplicates.
    """
    ours = KINDS[note_type.key].LAYOUT.all_fields
    names = [name for name, _ in note_type.fields]
    if names == list(ours):
        return None
    return [ours.index(name) if name in ours else None if i else 0 for i, name in enumerate(names)]


class _Deck(genanki.Deck):  # type: ignore[misc]  # genanki has no types
    """A deck that makes genanki's notes one by one as it writes them: all at once are large."""

    def fill(self, models: Mapping[str, _Model], notes: Sequence[Note]) -> None:
        for note in notes:
            self.add_model(models[note.kind])
        self._to_write = [(models[note.kind], note) for note in notes]

    def write_to_db(self, cursor: Any, timestamp: float, id_gen: Iterator[int]) -> None:  # noqa: ANN401
        super().write_to_db(cursor, timestamp, id_gen)
        for model, note in self._to_write:
            _Note(model, note).write_to_db(cursor, timestamp, self.deck_id, id_gen)


class _Rows:
    """A cursor that keeps inserted rows and writes them in batches; the rest goes straight through."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()
        self._rows: dict[str, list[Sequence[Any]]] = {}
        self.lastrowid = 0

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor | None:
        if not statement.startswith("INSERT INTO"):
            return self._cursor.execute(statement, values)
        rows = self._rows.setdefault(statement, [])
        rows.append(values)
        self.lastrowid = values[0]
        if len(rows) >= BATCH:
            self.flush()
        return None

    def executescript(self, script: str) -> None:
        self._cursor.executescript(script)

    def flush(self) -> None:
        for statement, rows in self._rows.items():
            self._cursor.executemany(statement, rows)
        self._rows.clear()


def package_bytes(
    namespace: str,
    decks: Sequence[DeckNotes],
    note_types: Mapping[str, NoteType],
    descriptions: Mapping[str, str],
) -> bytes:
    """One package holding ``decks``; ``descriptions`` maps full deck names to HTML.

    The same arguments give the same bytes on any machine with the same zlib.
    """
    models = {key: _Model(note_type) for key, note_type in note_types.items()}
    made = []
    for deck in decks:
        target = _Deck(
            identity.deck_id(namespace, deck.deck.slug),
            deck.full_name,
            descriptions.get(deck.full_name, ""),
        )
        target.fill(models, deck.notes)
        made.append(target)
    media = {file.packaged: file.path for deck in decks for note in deck.notes for file in note.media}
    # A file takes half of the CPU time of a database in memory, and none of the memory.
    with TemporaryDirectory(prefix="deckwright-") as folder:
        database = Path(folder) / "collection.anki2"
        try:
            _write_database(database, made)
        except sqlite3.OperationalError as error:
            raise OSError(f"cannot write {database}: {error}") from error
        return _zip(database, [media[name] for name in sorted(media)], sorted(media))


def _write_database(path: Path, decks: list[_Deck]) -> None:
    connection = sqlite3.connect(path)
    try:
        # If this fails the file is thrown away, so nothing in it needs to survive a crash.
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        rows = _Rows(connection)
        # genanki's skeleton carries the times of the day it was made; they mean nothing here.
        genanki.Package(decks).write_to_db(rows, 0, iter(()))
        rows.flush()
        connection.commit()
    finally:
        connection.close()
    with path.open("r+b") as file:
        for place, value in _SQLITE_HEADER.items():
            file.seek(place)
            file.write(value)


def _zip(database: Path, media: Sequence[Path], names: Sequence[str]) -> bytes:
    level = 6 if database.stat().st_size <= SMALL_DATABASE else 1
    listing = json.dumps({str(i): name for i, name in enumerate(names)}, sort_keys=True).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with (
            database.open("rb") as file,
            archive.open(_entry(database.name, database.stat().st_size, level), "w") as to,
        ):
            shutil.copyfileobj(file, to, CHUNK)
        archive.writestr(_entry("media", len(listing), level), listing)
        for i, path in enumerate(media):
            content = path.read_bytes()
            archive.writestr(_entry(str(i), len(content), level), content)
    return out.getvalue()


def _entry(name: str, size: int, level: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.file_size = size
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = level  # type: ignore[attr-defined]  # noqa: SLF001  open() takes it from here alone
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
