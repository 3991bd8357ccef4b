"""New libraries and new cards: text that compiles, or says by itself what is still missing."""

from __future__ import annotations

import re
import secrets
from importlib.resources import files
from pathlib import Path

from deckwright.builder import write_all
from deckwright.diagnostics import Problems, did_you_mean
from deckwright.kinds import KINDS
from deckwright.schema import HELP, schema_text, topic_schema
from deckwright.source import DECK_FILE, LIBRARY_FILE, SCHEMA_FILE, SourceFile, find_decks
from deckwright.syntax import Mapping, Scalar, Sequence, parse

_ORDER = ("id", "kind", "level")
_NAMES = {
    "recall": "Ideas",
    "cloze": "Sentences",
    "choice": "Choices",
    "formula": "Formulas",
    "red-flag": "Red flags",
    "ask": "Questions to ask",
    "code": "Code",
}


class ScaffoldError(Exception):
    """A new library or card cannot be made there; the message says why and what to do."""


def new_library(root: Path, title: str, namespace: str | None = None) -> list[Path]:
    """Make a library with a deck and an example of each kind, and return the files made.

    Raises:
        ScaffoldError: if the folder already holds something.
    """
    if root.exists() and any(root.iterdir()):
        raise ScaffoldError(f"{root.as_posix()} is not empty; choose a new folder")
    space = namespace or f"{_slug(title)}-{secrets.token_hex(3)}"
    decks = "".join(f"  - {key}\n" for key in _NAMES)
    made = {
        root / LIBRARY_FILE: (
            f"title: {_quoted(title)}\n"
            "# The namespace makes the cards' identities: never change it once people study them.\n"
            f"namespace: {space}\n"
            f"decks:\n{decks}"
        ),
        root / SCHEMA_FILE: schema_text(),
    }
    for number, (key, name) in enumerate(_NAMES.items(), start=1):
        made[root / key / DECK_FILE] = f"title: {number} {name}\nkind: {key}\n"
        made[root / key / "examples.yaml"] = _topic_head("examples", f"Examples: {name}") + _sample(key)
    for path, text in made.items():
        write_all(path.parent, {path.name: text.encode()})
    return list(made)


def new_card(root: Path, kind: str, deck: str, topic: str) -> tuple[Path, int]:
    """Add a card of ``kind`` to a topic (made where there is none); return its file and line.

    The card's fields are empty: a check names each that is still to be filled in.

    Raises:
        ScaffoldError: if there is no such kind or deck, the topic's name is no slug, or its file
            takes no card at its end.
    """
    if kind not in KINDS:
        raise ScaffoldError(f'there is no kind "{kind}"; kinds are {", ".join(KINDS)}')
    folder = root / deck
    if not (folder / DECK_FILE).is_file():
        known = [each.slug for each in find_decks(root)] if root.is_dir() else []
        hint = did_you_mean(deck, known)
        raise ScaffoldError(f'there is no deck "{deck}" in {root.as_posix()}' + (f"; {hint}" if hint else ""))
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", topic):
        raise ScaffoldError(f'a topic is words of a-z and 0-9 joined by hyphens, not "{topic}"')
    path = folder / f"{topic}.yaml"
    title = topic.replace("-", " ").capitalize()
    try:
        raw = path.read_bytes().decode() if path.exists() else _topic_head(topic, title)
    except UnicodeDecodeError:
        raise ScaffoldError(f"{path.as_posix()} is not UTF-8 text; save it as UTF-8") from None
    before = raw.replace("\r\n", "\n").rstrip("\n") + "\n"
    lines, at, indent = _place_for_card(path, before)
    taken = set(re.findall(r"^\s*(?:- )?id: *(\S+)", "\n".join(_topic_texts(root)), re.MULTILINE))
    name, number = f"{topic}-{kind}", 1
    while f"{name}-{number}" in taken:
        number += 1
    card = [f"{indent}{line[2:]}" for line in skeleton(kind, f"{name}-{number}").rstrip("\n").split("\n")]
    gap = [] if lines[at - 1].strip() == "cards:" else [""]
    after = lines[at:]
    text = "\n".join([*lines[:at], *gap, *card, *after]).rstrip("\n") + "\n"
    if _count_cards(path, text) != _count_cards(path, before) + 1:
        raise ScaffoldError(f"{path.as_posix()}: expected a list of cards that another could follow")
    write_all(folder, {path.name: text.replace("\n", "\r\n" if "\r\n" in raw else "\n").encode()})
    return path, at + len(gap) + 1


def _place_for_card(path: Path, text: str) -> tuple[list[str], int, str]:
    """The file's lines, the line before which a card goes, and how far cards are indented.

    Raises:
        ScaffoldError: if the file's cards are not a list with a dash a card.
    """
    lines = text.rstrip("\n").split("\n")
    document = parse(SourceFile(path, path.as_posix(), text), Problems())
    cards = document.root.values.get("cards") if isinstance(document.root, Mapping) else None
    if isinstance(cards, Scalar) and cards.value is None and lines[-1].strip() == "cards:":
        return lines, len(lines), "  "
    if not isinstance(cards, Sequence) or not cards.items:
        raise ScaffoldError(
            f"{path.as_posix()}: expected `cards:` at the end of the file, or a list of cards under it"
        )
    first, last = document.span(cards.items[0]), document.span(cards.items[-1])
    dash = lines[first.line - 1][: first.column - 1]
    if not dash.strip() == "-":
        raise ScaffoldError(f"{path.as_posix()}: expected cards that begin with `- ` on a line of their own")
    at = last.end_line if last.end_column > 1 else last.end_line - 1
    while at > last.line and not lines[at - 1].strip():
        at -= 1
    return lines, min(at, len(lines)), dash[: dash.index("-")]


def _count_cards(path: Path, text: str) -> int:
    root = parse(SourceFile(path, path.name, text.removeprefix("\ufeff")), Problems()).root
    cards = root.values.get("cards") if isinstance(root, Mapping) else None
    return len(cards.items) if isinstance(cards, Sequence) else 0


def skeleton(kind: str, card_id: str) -> str:
    """A card with every field of its kind: the needed ones empty, the others as comments."""
    definition = topic_schema()["$defs"][kind]
    required = [*_ORDER, *(name for name in definition["required"] if name not in _ORDER)]
    values = {"id": card_id, "kind": kind, "level": "medium"}
    lines = [f"    {name}: {values.get(name, _empty(definition['properties'][name]))}" for name in required]
    lines[0] = f"  - {lines[0].strip()}"
    lines += [
        f"    # {name}:  {HELP.get(name, '')}".rstrip()
        for name in definition["properties"]
        if name not in required
    ]
    return "\n".join(lines) + "\n"


def _empty(field: dict[str, object]) -> str:
    return '[{text: "", right: true}, {text: ""}]' if field.get("type") == "array" else '""'


def _topic_texts(root: Path) -> list[str]:
    return [path.read_text("utf-8", errors="replace") for path in root.glob("*/*.yaml")]


def _topic_head(topic: str, title: str) -> str:
    return (
        f"# yaml-language-server: $schema=../{SCHEMA_FILE}\ntopic: {topic}\ntitle: {_quoted(title)}\ncards:\n"
    )


def _sample(kind: str) -> str:
    return (files("deckwright.kinds") / "samples" / f"{kind}.yaml").read_text("utf-8")


def _slug(title: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return slug if slug[:1].isalpha() else f"cards-{slug}".rstrip("-")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
