"""The library's guide: a Markdown page that is read beside the cards, and points at them.

It points at what the library holds with links of its own: ``[words](card:ID)``, ``[words](deck:DECK)``,
``[words](topic:DECK/TOPIC)``. They are checked like everything else, and are written out for readers, who
get the page alone: no program that shows Markdown could follow them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deckwright.checks import WEB_LINK, Loaded
from deckwright.diagnostics import Problems, did_you_mean, shorten
from deckwright.markup import parse
from deckwright.model import Card, Library
from deckwright.source import SourceFile, Span
from deckwright.syntax import read_source

_CODE = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\s*\n).)*?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
"""Code in a line; in blocks it may stand indented in a list, which the parser knows."""
_LINE_END = re.compile(r"(\r\n?|\n)")
"""As the parser of Markdown counts lines."""
_POINTER = re.compile(r"\[(?P<words>[^\[\]]*)\]\((?P<target>(?P<kind>card|deck|topic):(?P<name>[^()\s]+))\)")
_TARGET = re.compile(
    r"(?<!\\)\]\(\s*<?(?P<inline>[^()\s<>]*)|^ {0,3}\[[^\[\]]+\]:\s*<?(?P<defined>[^\s<>]+)", re.MULTILINE
)
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<title>.+?)[ \t]*#*$", re.MULTILINE)
_FORMS = "[words](card:ID), [words](deck:DECK) or [words](topic:DECK/TOPIC)"


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide as readers get it: the name of its file, and its Markdown without the library's own links."""

    file: str
    text: str

    @property
    def content(self) -> bytes:
        """What stands in the file."""
        return self.text.encode()


def read_guide(name: str, at: Span, folder: Path, problems: Problems) -> SourceFile | None:
    """Read the guide ``name`` of the library in ``folder``.

    ``at`` is where the library names it; None if there is nothing to read, with the reason in ``problems``.
    """
    path = folder / name
    # It is published with the packages: no path may lead it out of the library.
    if Path(name).name != name or path.is_symlink() or not path.is_file():
        beside = sorted(each.name for each in folder.glob("*.md"))
        problems.add(
            "unreadable-file",
            at,
            f"expected a file beside library.yaml, found none named {shorten(name)}",
            hint=did_you_mean(name, beside) or "a guide is a Markdown file in the library's own folder",
        )
        return None
    read = read_source(path, path.as_posix(), problems, too_large="nobody reads so long a page")
    if read is not None and not read.text.strip():
        problems.add("empty-text", read.span(), "expected a guide, found an empty file")
        return None
    return read


def check(loaded: Loaded, problems: Problems) -> None:
    """Everything the guide points at is there: cards, decks, topics, headings of its own, web pages."""
    if loaded.guide is None:
        return
    text = loaded.guide.text
    plain = _without_code(text)
    pointers = {found.start("target"): found for found in _POINTER.finditer(plain)}
    anchors = _anchors(text, plain)
    for found in _TARGET.finditer(plain):
        group = "inline" if found["inline"] is not None else "defined"
        start, target = found.start(group), found[group]
        span = _span(loaded.guide, start, max(1, len(target)))
        if (pointer := pointers.get(start)) is not None:
            _check_pointer(pointer["kind"], pointer["name"], span, loaded, problems)
        elif re.match("card:|deck:|topic:", target):
            message = f"expected a link in one piece, found {shorten(target)} in another form"
            problems.add("broken-link", span, message, hint=f"write {_FORMS}")
        elif target.startswith("#"):
            if target[1:] not in anchors:
                hint = did_you_mean(target[1:], anchors) or "a heading's anchor is its words in small letters"
                message = f"expected the anchor of a heading of this page, found {shorten(target)}"
                problems.add("broken-link", span, message, hint=hint)
        elif not WEB_LINK.fullmatch(target):
            problems.add(
                "broken-link",
                span,
                f"expected a link to a web page, found {shorten(target)}",
                hint=f"the guide is read alone; begin a link with https://, or write {_FORMS}",
            )


def made(loaded: Loaded) -> Guide | None:
    """The guide for readers; None for a library without one."""
    if loaded.guide is None:
        return None
    return Guide(f"{loaded.library.namespace}-guide.md", written_out(loaded.guide.text, loaded.library))


def written_out(text: str, library: Library) -> str:
    """The Markdown with links to cards, decks and topics as words; a card's id follows in code.

    With the id a reader finds the card: in Anki by ``Id:…``, in the bot by ``/card``. Words that say no more
    than the id does are left out.
    """
    parts: list[str] = []
    at = 0
    for found in _POINTER.finditer(_without_code(text)):
        start, end = found.span("words")
        words = text[start:end].strip()
        if found["kind"] == "card":
            card = library.by_id.get(found["name"])
            name = card.id if card is not None else found["name"]
            plain = "-".join(words.strip("`").lower().split())
            words = f"`{name}`" if plain in ("", name) else f"{words} (`{name}`)"
        parts += [text[at : found.start()], words or found["name"]]
        at = found.end()
    return "".join([*parts, text[at:]])


def _check_pointer(kind: str, name: str, span: Span, loaded: Loaded, problems: Problems) -> None:
    # What could not be read may well hold it: one problem makes no others.
    if not loaded.all_files:
        return
    known = _known(kind, loaded)
    if name not in known:
        message = f"expected {_WHAT[kind]}, found {shorten(name)}"
        problems.add("unknown-reference", span, message, hint=did_you_mean(name, known) or _HOW[kind])
    elif (card := known[name]) is not None and card.retired is not None:
        message = f"expected a card that is studied, found {shorten(name)}, which is retired"
        problems.add("unknown-reference", span, message, hint=f"retired because: {card.retired.reason}")


_WHAT: Mapping[str, str] = {
    "card": "the id of a card",
    "deck": "the folder of a deck",
    "topic": "a deck and a topic in it",
}
_HOW: Mapping[str, str] = {
    "card": "cards are named by their id",
    "deck": "decks are named by their folder, as in library.yaml",
    "topic": "topics are named by the deck's folder and the `topic` of their file, as in deck/topic",
}


def _known(kind: str, loaded: Loaded) -> Mapping[str, Card | None]:
    """The names of a kind; a card that could be read comes with its name."""
    library = loaded.library
    names: Iterable[str]
    if kind == "card":
        return {**dict.fromkeys(loaded.known_ids), **library.by_id}
    if kind == "deck":
        names = (deck.slug for deck in library.decks)
    else:
        names = (f"{deck.slug}/{topic.slug}" for deck in library.decks for topic in deck.topics)
    return dict.fromkeys(names)


def _without_code(text: str) -> str:
    """The text with spaces in the place of code, in which nothing is a link or a heading."""
    lines = _LINE_END.split(text)  # every other one is what ended the line before
    for block in parse(text):
        if block.type in ("fence", "code_block") and block.map is not None:
            for number in range(*block.map):
                lines[2 * number] = " " * len(lines[2 * number])
    return _CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), "".join(lines))


def _anchors(text: str, plain: str) -> set[str]:
    """The anchors that headings get where Markdown is shown as GitHub shows it."""
    found: dict[str, int] = {}
    for heading in _HEADING.finditer(plain):
        title = text[heading.start("title") : heading.end("title")].lower()
        anchor = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        found[anchor] = found.get(anchor, -1) + 1
    return {f"{anchor}-{n}" if n else anchor for anchor, last in found.items() for n in range(last + 1)}


def _span(guide: SourceFile, start: int, length: int) -> Span:
    line = guide.text.count("\n", 0, start) + 1
    column = start - guide.text.rfind("\n", 0, start)
    return Span(guide.name, line, column, line, column + length)
