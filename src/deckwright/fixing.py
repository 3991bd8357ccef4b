"""Repairs that are safe to make for an author: ids for cards that have none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as AnyMapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deckwright.builder import write_all
from deckwright.diagnostics import Problems
from deckwright.history import read_lock
from deckwright.source import find_decks
from deckwright.syntax import Document, Mapping, Scalar, Sequence as Items, parse, read_document, to_data

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

    Files with syntax errors are left alone, and so is one whose ids would have to be put in by hand.

    Raises:
        OSError: if a file cannot be written.
    """
    if not root.is_dir():
        return []
    documents = [
        (path, read_document(path, f"{deck.name}/{path.name}", Problems()))
        for deck in find_decks(root)
        for path in deck.topics
    ]
    taken = _taken(root, [document for _, document in documents])
    added: list[AddedId] = []
    for path, document in documents:
        if all("id" in card.values for card in _cards(document)):
            continue
        text, found = _with_ids(document, taken)
        if _only_ids_are_new(document, text, found):
            write_all(path.parent, {path.name: text.encode()})
            added += found
            taken.update(each.id for each in found)
    return added


def _taken(root: Path, documents: Sequence[Document]) -> set[str]:
    """Ids that no new card may have: those in the files, old ones, and all that were ever released."""
    lock = read_lock(root, Problems())
    taken = set() if lock is None else {name for c in lock.cards.values() for name in (c.id, c.first_id)}
    for document in documents:
        for card in _cards(document):
            names = [card.values.get("id")]
            if isinstance(aliases := card.values.get("aliases"), Items):
                names += aliases.items
            taken |= {str(name.value) for name in names if isinstance(name, Scalar)}
    return taken


def _with_ids(document: Document, taken: set[str]) -> tuple[str, list[AddedId]]:
    """The file's text with an id on each card, everything else as it stands.

    The ends of lines stay too; a file that mixes two sorts of them has one afterwards.
    """
    raw = document.source.path.read_bytes().decode()
    end = "\r\n" if "\r\n" in raw else "\n"
    lines = list(document.source.lines)
    found: list[AddedId] = []
    new: set[str] = set()
    # From the end, so that what is inserted moves nothing that is still to be found.
    for card in reversed(list({id(card): card for card in _cards(document)}.values())):
        if "id" in card.values:
            continue
        made = slug_for(_naming_text(card), taken | new)
        new.add(made)
        span = document.span(card)
        row, column = span.line - 1, span.column - 1
        line = lines[row]
        if line[column : column + 1] == "{":
            lines[row] = f"{line[: column + 1]}id: {made}, {line[column + 1 :].lstrip()}"
        else:
            lines[row : row + 1] = [f"{line[:column]}id: {made}", " " * column + line[column:]]
        found.append(AddedId(document.source.name, span.line, made))
    mark = "\ufeff" if raw.startswith("\ufeff") else ""
    return mark + end.join(lines), found[::-1]


def _only_ids_are_new(document: Document, text: str, added: Sequence[AddedId]) -> bool:
    """Whether the new text reads as the old one with these ids: an anchor or a comment may be in the way."""
    source = replace(document.source, text=text.removeprefix("\ufeff").replace("\r\n", "\n"))
    after = parse(source, problems := Problems())
    if problems.failed() or document.root is None or after.root is None:
        return False
    ids = {each.id for each in added}
    found = [to_data(card, []) for card in _cards(after)]
    cards = [{k: v for k, v in card.items() if k != "id" or v not in ids} for card in found]
    return cards == [to_data(card, []) for card in _cards(document)] and all("id" in card for card in found)


def _cards(document: Document) -> list[Mapping]:
    root = document.root
    cards = root.values.get("cards") if isinstance(root, Mapping) else None
    return [card for card in cards.items if isinstance(card, Mapping)] if isinstance(cards, Items) else []


def _naming_text(card: Mapping) -> str:
    for name in _NAMING_FIELDS:
        value = card.values.get(name)
        if isinstance(value, Scalar) and value.value:
            return value.value
    return ""
