"""Where cards stand in their files: the lines an author wrote, also while they are broken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deckwright.decode import Origin


@dataclass(frozen=True, slots=True)
class Place:
    """A card's lines in its file; ``line`` is the number of the first."""

    file: str
    line: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        """The number of the last line."""
        return self.line + len(self.lines) - 1


@dataclass(slots=True)
class Places:
    """The places of all cards; those in files that have not changed are not looked for again."""

    _known: dict[str, tuple[str, dict[str, Place]]] = field(default_factory=dict)

    def of(self, origins: Mapping[str, Origin]) -> dict[str, Place]:
        """Each card's place by its id."""
        by_file: dict[str, list[str]] = {}
        for card, origin in origins.items():
            by_file.setdefault(origin.document.source.name, []).append(card)
        known: dict[str, tuple[str, dict[str, Place]]] = {}
        for file, cards in by_file.items():
            source = origins[cards[0]].document.source
            before = self._known.get(file)
            if before is not None and before[0] == source.text and before[1].keys() == set(cards):
                known[file] = before
                continue
            lines = source.lines
            known[file] = source.text, {card: _place(file, lines, origins[card]) for card in cards}
        self._known = known
        return {card: place for _, places in known.values() for card, place in places.items()}


def _place(file: str, lines: Sequence[str], origin: Origin) -> Place:
    span = origin.span()
    last = min(span.end_line, len(lines))
    # A mapping ends where the next thing begins, which may be the dash of the next card.
    if last > span.line and not lines[last - 1][: span.end_column - 1].strip():
        last -= 1
    # Remarks after a card belong to the next one.
    while last > span.line and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    return Place(file, span.line, tuple(lines[span.line - 1 : last]))


def search(card: str, file: str, lines: Sequence[str]) -> Place | None:
    """A card's place by its id's line alone, for a file that cannot be parsed at present."""
    wanted = re.compile(rf"""(\s*)-\s+(?:\w+:.*)?\bid:\s*["']?{re.escape(card)}["']?\s*(?:#.*)?""")
    for at, line in enumerate(lines):
        if found := wanted.fullmatch(line):
            sibling = re.compile(rf"{found[1]}-\s")
            last = next((i for i in range(at + 1, len(lines)) if sibling.match(lines[i])), len(lines))
            while last > at + 1 and not lines[last - 1].strip():
                last -= 1
            return Place(file, at + 1, tuple(lines[at:last]))
    return None


def at_line(file: str, line: int, places: Iterable[tuple[str, Place]]) -> str | None:
    """The card whose lines hold this one."""
    return next((card for card, p in places if p.file == file and p.line <= line <= p.last), None)
