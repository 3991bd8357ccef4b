"""Repairs that are safe to make for an author: ids for cards that have none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from pathlib import Path

from deckwright.builder import write_all
from deckwright.diagnostics import Problems
from deckwright.source import find_decks
from deckwright.syntax import Document, Mapping, Scalar, Sequence, read_document

_NAMING_FIELDS = ("front", "name", "text", "question", "find_out")
_FILLERS = frozenset(  # words that say nothing about what is asked
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "do",
        "does",
        "for",
        "from",
        "how",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "that",
        "the",
        "to",
        "was",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "with",
        "would",
        "you",
        "your",
    ]
)
MAX_ID_WORDS = 6


@dataclass(frozen=True, slots=True)
class AddedId:
    """An id written into a file, and the line it stands on."""

    file: str
    line: int
    id: str


def slug_for(text: str, taken: AnyMapping[str, object] | set[str]) -> str:
    """An id from the words of a question, unlike all that are taken."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"\{\{c\d+::|\\[a-z]+", " ", plain)
    words = [word for word in re.findall(r"[a-z0-9]+", plain) if word not in _FILLERS]
    stem = "-".join(words[:MAX_ID_WORDS])[:60].strip("-")
    if not stem or not stem[0].isalpha():
        stem = f"card-{stem}".rstrip("-")
    made, number = stem, 2
    while made in taken:
        made = f"{stem}-{number}"
        number += 1
    return made


def add_missing_ids(root: Path) -> list[AddedId]:
    """Give every card without an id one, in place; nothing else in the files changes.

    Files with syntax errors are left alone.

    Raises:
        OSError: if a file cannot be written.
    """
    documents = [
        (path, read_document(path, f"{deck.name}/{path.name}", Problems()))
        for deck in find_decks(root)
        for path in deck.topics
    ]
    taken = {
        str(identifier.value)
        for _, document in documents
        for card in _cards(document)
        if isinstance(identifier := card.values.get("id"), Scalar)
    }
    added: list[AddedId] = []
    for path, document in documents:
        lines = list(document.source.lines)
        found: list[AddedId] = []
        # From the end, so that what is inserted moves nothing that is still to be found.
        for card in reversed(_cards(document)):
            if not _can_be_fixed(card, lines[document.span(card).line - 1], document.span(card).column):
                continue
            made = slug_for(_naming_text(card), taken)
            taken.add(made)
            span = document.span(card)
            row, column = span.line - 1, span.column - 1
            line = lines[row]
            if line[column : column + 1] == "{":
                lines[row] = f"{line[: column + 1]}id: {made}, {line[column + 1 :].lstrip()}"
            else:
                lines[row : row + 1] = [f"{line[:column]}id: {made}", " " * column + line[column:]]
            found.append(AddedId(document.source.name, span.line, made))
        if found:
            end = "\r\n" if b"\r\n" in path.read_bytes() else "\n"
            write_all(path.parent, {path.name: end.join(lines).encode()})
            added += reversed(found)
    return added


def _can_be_fixed(card: Mapping, line: str, column: int) -> bool:
    """A card without an id that begins with its first field: an anchor in between is the author's to move."""
    return "id" not in card.values and line[column - 1 : column] != "&"


def _cards(document: Document) -> list[Mapping]:
    root = document.root
    cards = root.values.get("cards") if isinstance(root, Mapping) else None
    return [card for card in cards.items if isinstance(card, Mapping)] if isinstance(cards, Sequence) else []


def _naming_text(card: Mapping) -> str:
    for name in _NAMING_FIELDS:
        value = card.values.get(name)
        if isinstance(value, Scalar) and value.value:
            return value.value
    return ""
