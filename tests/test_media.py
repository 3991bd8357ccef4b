"""Images beside the cards: whatever a file is called, the card that names it shows it."""

from __future__ import annotations

import io
import json
import sqlite3
import unicodedata
import zipfile
from pathlib import Path

import pytest

from deckwright.builder import build
from libraries import codes, compiled, library

NOW = 1_790_000_000
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("roc.svg", "roc.svg"),
        ("größe.svg", "größe.svg"),
        ("grösse.svg", "gr%C3%B6sse.svg"),
        (unicodedata.normalize("NFD", "é.svg"), "é.svg"),
        ("é.svg", unicodedata.normalize("NFD", "é.svg")),
        ("two words.svg", "<two words.svg>"),
        ("two words.svg", "two%20words.svg"),
        ("図.svg", "図.svg"),
    ],
)
def test_an_image_of_any_name_is_in_the_package_and_on_the_card(
    file: str, written: str, tmp_path: Path
) -> None:
    root = library(tmp_path / "cards", f"- id: a\n  front: 'See ![it]({written})'\n  back: b\n")
    (root / "main" / file).write_bytes(PICTURE)
    compilation = compiled(root)

    assert codes(compilation) == []
    build(compilation, tmp_path / "out", NOW)
    with zipfile.ZipFile(io.BytesIO((tmp_path / "out" / "test.apkg").read_bytes())) as archive:
        (name,) = json.loads(archive.read("media")).values()
        (tmp_path / "collection").write_bytes(archive.read("collection.anki2"))
    connection = sqlite3.connect(tmp_path / "collection")
    ((fields,),) = connection.execute("SELECT flds FROM notes")
    connection.close()
    assert f'<img src="{name}"' in fields
