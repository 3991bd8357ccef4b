"""Notes to ``.apkg`` files, byte for byte the same for the same notes: the only genanki import.

genanki gives one time to everything, lets the clock and temporary files into the zip, and runs a
quadratic check over each field. The subclasses here pass each note its own time and ids,
skip the check (our HTML is made, not typed), collect rows, and the zip is written here.
"""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import genanki

from deckwright import identity
from deckwright.anki.notes import GAP_STRIDE, DeckNotes, Note
from deckwright.anki.notetypes import NoteType

FIRST_ID = 1_600_000_000_000
"""Note and card ids count from here, in source order; Anki reads them as milliseconds."""
IDS_PER_NOTE = 1000
BATCH = 2000
SMALL_DATABASE = 8 * 1024 * 1024
"""Up to this size a package is compressed thoroughly, beyond it quickly."""

# The version of SQLite that wrote a file stands in its header; pages do not depend on it.
_SQLITE_WRITER = slice(96, 100)
_SQLITE_WRITER_FIXED = (3_040_000).to_bytes(4, "big")


class _Card(genanki.Card):
    """A card whose place in the queue of new cards depends on its gap."""

    def write_to_db(  # noqa: PLR0913  genanki's signature
        self, cursor: Any, timestamp: float, deck_id: int, note_id: int, id_gen: Iterator[int], due: int = 0
    ) -> None:
        super().write_to_db(cursor, timestamp, deck_id, note_id, id_gen, due + GAP_STRIDE * self.ord)


class _Note(genanki.Note):
    """A note with its own time, ids and cards."""

    cards: list[_Card] = []  # noqa: RUF012  genanki computes this; a plain attribute replaces it

    def __init__(self, model: genanki.Model, note: Note) -> None:
        super().__init__(model, list(note.fields), guid=note.guid, due=note.position)
        self._tag_text = f" {' '.join(note.tags)} "
        self._time = note.time
        self._first_id = FIRST_ID + note.index * IDS_PER_NOTE
        self.cards = [_Card(ordinal) for ordinal in note.ordinals]

    def _format_tags(self) -> str:
        return self._tag_text

    def _check_invalid_html_tags_in_fields(self) -> None:
        """Skip genanki's check: our fields are escaped, and it is quadratic on an unmatched ``<``."""

    def write_to_db(self, cursor: Any, timestamp: float, deck_id: int, id_gen: Iterator[int]) -> None:  # noqa: ARG002
        ids = iter(range(self._first_id, self._first_id + IDS_PER_NOTE))
        super().write_to_db(cursor, self._time, deck_id, ids)


class _Model(genanki.Model):
    """A note type with its own time."""

    def __init__(self, note_type: NoteType) -> None:
        name, template_id = note_type.template
        super().__init__(
            note_type.id,
            note_type.name,
            fields=[{"name": field, "id": ident} for field, ident in note_type.fields],
            templates=[
                {"name": name, "qfmt": note_type.front, "afmt": note_type.back, "id": template_id}
            ],
            css=note_type.css,
            model_type=self.CLOZE if note_type.cloze else self.FRONT_BACK,
        )
        self._time = note_type.time

    def to_json(self, timestamp: float, deck_id: int) -> dict[str, Any]:  # noqa: ARG002
        made: dict[str, Any] = super().to_json(self._time, deck_id)
        return made | {"did": None}


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
        target = genanki.Deck(
            identity.deck_id(namespace, deck.deck.slug),
            deck.full_name,
            descriptions.get(deck.full_name, ""),
        )
        for note in deck.notes:
            target.add_note(_Note(models[note.kind], note))
        made.append(target)
    media = {file.packaged: file.path for deck in decks for note in deck.notes for file in note.media}
    return _zip(_database(made), {name: media[name].read_bytes() for name in sorted(media)})


def _database(decks: list[genanki.Deck]) -> bytearray:
    connection = sqlite3.connect(":memory:")
    try:
        rows = _Rows(connection)
        genanki.Package(decks).write_to_db(rows, 0, iter(()))
        rows.flush()
        # genanki's skeleton carries the times of the day it was made; they mean nothing here.
        connection.commit()
        raw = bytearray(connection.serialize())
    finally:
        connection.close()
    raw[_SQLITE_WRITER] = _SQLITE_WRITER_FIXED
    return raw


def _zip(database: bytearray, media: Mapping[str, bytes]) -> bytes:
    level = 6 if len(database) <= SMALL_DATABASE else 1
    names = json.dumps({str(i): name for i, name in enumerate(media)}, sort_keys=True)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        parts: dict[str, bytes | bytearray] = {"collection.anki2": database, "media": names.encode()}
        parts |= {str(i): content for i, content in enumerate(media.values())}
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, compresslevel=level)
    return out.getvalue()
