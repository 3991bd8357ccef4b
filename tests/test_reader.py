"""Packages from anywhere are read, or refused with a sentence."""

from __future__ import annotations

import contextlib
import io
import sqlite3
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from deckwright.anki import reader
from deckwright.anki.reader import PackageContent, PackageError, content_of, read_bytes, read_package
from deckwright.kinds import KINDS
from release_helpers import T0, T1, Shelf, as_content, every_kind, notes_of, picture, recall


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A library of every kind."""
    made = Shelf(tmp_path / "library")
    picture(made)
    return made.write(every_kind())


def zipped(**entries: bytes) -> bytes:
    """A zip file; names are given without their suffix's dot: ``collection_anki2``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def entries_of(package: bytes) -> dict[str, bytes]:
    """The files of a package, by the names `zipped` takes."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name.replace(".", "_"): archive.read(name) for name in archive.namelist()}


def altered(package: bytes, *statements: str) -> bytes:
    """A package whose collection went through some SQL."""
    entries = entries_of(package)
    connection = sqlite3.connect(":memory:")
    connection.deserialize(entries["collection_anki2"])
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    entries["collection_anki2"] = connection.serialize()
    connection.close()
    return zipped(**entries)


def refusal(data: bytes) -> str:
    """The sentence a package is refused with."""
    with pytest.raises(PackageError) as caught:
        read_bytes(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_package_reads_back_as_the_notes_that_went_in(shelf: Shelf) -> None:
    _, made = shelf.output(T0)
    content = content_of(made)
    notes = {note.guid: note for note in notes_of(made)}

    assert set(content.notes) == set(notes)
    for guid, note in content.notes.items():
        given_note = notes[guid]
        assert note.fields == given_note.fields
        assert note.tags == given_note.tags
        assert note.time == given_note.time == T0
        assert note.ordinals == given_note.ordinals
        assert set(note.cards.values()) == {f"Lib::{given_note.deck.title()}"}
        assert content.named_field(note, "Id") == given_note.card_id
        assert content.named_field(note, "No such field") is None
    assert content.decks == ("Lib::Practice", "Lib::Theory")
    assert content.repeated == ()
    assert set(content.media) == {file.packaged for note in notes.values() for file in note.media}


def test_note_types_read_back_with_ids_fields_templates_and_times(shelf: Shelf) -> None:
    _, made = shelf.output(T0)
    content = content_of(made)

    assert len(content.note_types) == len(KINDS)
    for given_type in made.note_types.values():
        found = content.note_types[given_type.id]
        assert found.fields == given_type.fields
        assert [(t.name, t.id) for t in found.templates] == [given_type.template]
        assert (found.templates[0].front, found.templates[0].back) == (given_type.front, given_type.back)
        assert (found.name, found.cloze, found.css, found.time) == (
            given_type.name,
            given_type.cloze,
            given_type.css,
            T0,
        )


def test_content_tells_what_an_update_replaces_and_nothing_else(shelf: Shelf) -> None:
    first = as_content(shelf.output(T0)[1])
    shelf.write({**every_kind(), "practice": every_kind()["practice"][::-1]})
    second = as_content(shelf.output(T1)[1])

    assert {g: n.content for g, n in first.notes.items()} == {g: n.content for g, n in second.notes.items()}


def test_a_guid_that_two_notes_have_is_named() -> None:
    content = read_bytes(altered(_small(), "UPDATE notes SET guid = 'same'"))

    assert content.repeated == ("same",)
    assert len(content.notes) == 1


def _small() -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return Shelf(Path(folder) / "library").write({"one": [recall("a"), recall("b")]}).package(T0)


def test_a_card_in_a_filtered_deck_counts_where_it_lives() -> None:
    package = altered(_small(), "UPDATE cards SET odid = did, did = 1")

    assert read_bytes(package).decks == ("Lib::One",)


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no zip file"),
        (b"PK\x03\x04 and nothing more", "no zip file"),
        (zipped(readme_txt=b"hello"), "no Anki collection"),
        (zipped(collection_anki2=b""), "collection"),
        (zipped(collection_anki2=b"no database at all" * 100), "collection is damaged"),
        (zipped(collection_anki2=b"SQLite format 3\0" + bytes(5000)), "collection is damaged"),
    ],
)
def test_what_is_no_package_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_a_file_that_is_not_there_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="cannot be read"):
        read_package(tmp_path / "none.apkg")
    with pytest.raises(PackageError, match="cannot be read"):
        read_package(tmp_path)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DROP TABLE notes", "no such table"),
        ("UPDATE col SET models = 'no JSON'", "not as Anki writes it"),
        ("UPDATE col SET models = '[]'", "not as Anki writes it"),
        ("UPDATE col SET models = '{}'", "note type"),
        ("UPDATE col SET decks = '{}'", "not as Anki writes it"),
        ("UPDATE col SET decks = 5", "not as Anki writes it"),
        ("DELETE FROM col", "not as Anki writes it"),
        ("UPDATE notes SET mod = 'yesterday'", "not as Anki writes it"),
        ("UPDATE notes SET mod = -1", "impossible time"),
        ("UPDATE notes SET mod = 1e300", "impossible time"),
        ("UPDATE notes SET mod = 9e999", "holds values"),
        ("UPDATE cards SET did = 99", "not as Anki writes it"),
        (f"UPDATE col SET models = '{'[' * 100_000}'", "not as Anki writes it"),
    ],
)
def test_a_collection_that_no_anki_wrote_is_refused_with_a_sentence(statement: str, words: str) -> None:
    assert words in refusal(altered(_small(), statement))


def test_a_view_in_a_table_s_place_is_refused_before_it_runs() -> None:
    forever = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"
    package = altered(
        _small(),
        "DROP TABLE cards",
        f"CREATE VIEW cards AS {forever} SELECT x AS nid, x AS did, x AS odid, x AS ord FROM r",
    )

    assert "view" in refusal(package)


def test_a_query_that_runs_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "STEPS", 10)
    monkeypatch.setattr(reader, "MAX_STEPS", 2)

    assert "interrupted" in refusal(_small())


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_DATABASE", 100_000)

    assert "100001 bytes; at most 100000" in refusal(zipped(collection_anki2=bytes(100_001)))


def test_a_bomb_that_lies_about_its_size_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = bytearray(zipped(collection_anki2=bytes(1_000_000)))
    size = (1_000_000).to_bytes(4, "little")
    monkeypatch.setattr(reader, "MAX_DATABASE", 100_000)

    refusal(bytes(bomb.replace(size, (1000).to_bytes(4, "little"))))


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_ENTRIES", 1)

    assert "more than 1 files" in refusal(_small())


def test_a_list_of_media_that_is_none_is_refused() -> None:
    entries = entries_of(_small())

    assert "media" in refusal(zipped(**entries | {"media": b"[1, 2]"}))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_package_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    package = bytearray(_PACKAGE)
    if data.draw(st.booleans()):
        entries = entries_of(_PACKAGE)
        database = bytearray(entries["collection_anki2"])
        _scratch(database, data)
        package = bytearray(zipped(**entries | {"collection_anki2": bytes(database)}))
    else:
        _scratch(package, data)
    with contextlib.suppress(PackageError):
        read_bytes(bytes(package))


def _scratch(content: bytearray, data: st.DataObject) -> None:
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))


_PACKAGE = _small()


# --- what Anki itself writes -----------------------------------------------------------------------


def _exported(tmp_path: Path, package: bytes, *, legacy: bool) -> Path:
    from real_anki import RealAnki

    with RealAnki(tmp_path / "learner") as anki:
        anki.import_package(package)
        if legacy:
            return anki.export(tmp_path / "export.apkg")
        return anki.path


def _comparable(content: PackageContent) -> tuple[Any, ...]:
    notes = {guid: (n.fields, n.tags, n.time, dict(n.cards)) for guid, n in content.notes.items()}
    types_ = {t.name: (t.fields, t.templates, t.css, t.cloze, t.time) for t in content.note_types.values()}
    return notes, {name: types_[name] for name in types_ if name.startswith("Lib")}, content.decks


def test_what_anki_exports_for_older_versions_reads_back(shelf: Shelf, tmp_path: Path) -> None:
    package = shelf.package(T0)

    found = _comparable(read_package(_exported(tmp_path, package, legacy=True)))

    assert found == _comparable(read_bytes(package))


def test_anki_s_newest_layout_reads_back(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collection as Anki keeps it has the newest layout; only the compression is left out."""
    package = shelf.package(T0)
    database = _exported(tmp_path, package, legacy=False).read_bytes()
    monkeypatch.setattr(reader, "_zstd", lambda: bytes)
    media = b"\x0a\x07\x0a\x05a.png"

    content = read_bytes(
        zipped(collection_anki21b=database, collection_anki2=b"a note to upgrade", media=media)
    )

    assert _comparable(content) == _comparable(read_bytes(package))
    assert content.media == ("a.png",)


def test_without_zstd_the_newest_format_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)

    assert '"Support older Anki versions"' in refusal(zipped(collection_anki21b=b"", collection_anki2=b""))


class _Broken:
    def decompress(self, _data: bytes, _most: int) -> bytes:
        raise ValueError("not zstd")


class _Huge:
    def decompress(self, _data: bytes, most: int) -> bytes:
        return bytes(most)


@pytest.mark.parametrize(("made", "words"), [(_Broken, "damaged"), (_Huge, "more than")])
def test_bad_compressed_data_is_refused(
    monkeypatch: pytest.MonkeyPatch, made: Callable[[], Any], words: str
) -> None:
    module: Any = types.ModuleType("compression.zstd")
    module.ZstdDecompressor = made
    monkeypatch.setitem(sys.modules, "compression", types.ModuleType("compression"))
    monkeypatch.setitem(sys.modules, "compression.zstd", module)
    monkeypatch.setattr(reader, "MAX_DATABASE", 1000)

    assert words in refusal(zipped(collection_anki21b=b"x"))


def test_names_and_ids_survive_json_of_any_letters(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "library", title="Straße 漢字 “x”").write(
        {"one": [recall("a", "Ünïcode 🎴 \u2028 end")]}
    )
    content = content_of(shelf.output(T0)[1])

    assert content.decks == ("Straße 漢字 “x”::One",)
