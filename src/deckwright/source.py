"""Source files, places in them, and where to find them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

MAX_FILE_BYTES = 80 * 1024 * 1024
"""A larger card file is refused unread: it is a mistake, and reading it would only be slow."""

LIBRARY_FILE = "library.yaml"
DECK_FILE = "deck.yaml"
LOCK_FILE = "deckwright.lock"
SCHEMA_FILE = "deckwright.schema.json"
YAML_SUFFIXES = frozenset({".yaml", ".yml"})


class Span(NamedTuple):
    """A stretch of a source file; lines and columns count characters from 1, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def place(self) -> str:
        """``file:line:column``, which editors and terminals turn into a link."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class SourceFile:
    """One file of card source: its path, the name shown to people, and its text."""

    path: Path
    name: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The text's lines without their ends."""
        return self.text.split("\n")

    def span(self, line: int = 1, column: int = 1) -> Span:
        """A place in this file, one character wide."""
        return Span(self.name, line, column, line, column + 1)


@dataclass(frozen=True, slots=True)
class DeckFolder:
    """A deck's folder as found on disk: its slug, its ``deck.yaml`` and its topic files, sorted."""

    slug: str
    path: Path
    name: str
    deck_file: Path | None
    topics: tuple[Path, ...]
    media: tuple[Path, ...]
    nested: tuple[Path, ...] = ()
    """YAML files in folders below: no topic is read there, and their author should know."""


def display_name(root: Path, path: Path) -> str:
    """The path as a person would type it: under the library's folder as that was given."""
    try:
        return (root / path.relative_to(root)).as_posix()
    except ValueError:
        return path.as_posix()


def find_deck(root: Path, folder: Path) -> DeckFolder:
    """Sort a deck folder's files into deck file, topics and media; hidden files are left out."""
    files = sorted(
        (p for p in folder.iterdir() if not p.name.startswith(".") and p.is_file()),
        key=lambda p: p.name,
    )
    deck_file = next((p for p in files if p.name == DECK_FILE), None)
    topics = tuple(p for p in files if p.suffix.lower() in YAML_SUFFIXES and p.name != DECK_FILE)
    media = tuple(p for p in files if p.suffix.lower() not in YAML_SUFFIXES and not p.name.startswith("_"))
    below = (p for p in folder.glob("*/**/*") if p.suffix.lower() in YAML_SUFFIXES and p.is_file())
    nested = tuple(
        sorted(p for p in below if not any(part.startswith(".") for part in p.relative_to(folder).parts))
    )
    name = display_name(root, folder)
    return DeckFolder(folder.name, folder, name, deck_file, topics, media, nested)


def find_decks(root: Path) -> list[DeckFolder]:
    """Every folder of the library that holds YAML, in name order."""
    folders = sorted((p for p in root.iterdir() if p.is_dir()), key=lambda p: p.name)
    decks = (find_deck(root, p) for p in folders if not p.name.startswith((".", "_")))
    return [d for d in decks if d.deck_file is not None or d.topics]
