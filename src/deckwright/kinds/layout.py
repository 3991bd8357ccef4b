"""What a note's fields hold, as content that each renderer writes in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from deckwright.model import Card


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown with maths; ``gaps`` says whether ``{{c1::…}}`` in it are gaps or only text."""

    text: str
    gaps: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """A displayed formula, with gaps."""

    latex: str


@dataclass(frozen=True, slots=True)
class Program:
    """Source code to highlight; an empty language leaves it plain."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """A few words that are no markup: an id, a level, a date."""

    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list and, where there is one, a note under it; both Markdown."""

    lead: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """A list of items; ``plain`` lists carry no notes."""

    items: tuple[Item, ...]
    plain: bool = False


@dataclass(frozen=True, slots=True)
class SymbolRow:
    """One symbol of a formula; ``part`` names the gap that hides it on the front."""

    symbol: str
    means: str
    unit: str
    part: str | None


@dataclass(frozen=True, slots=True)
class Symbols:
    """The legend of a formula."""

    rows: tuple[SymbolRow, ...]


@dataclass(frozen=True, slots=True)
class OptionItem:
    """An option as the card shows it."""

    text: str
    right: bool
    why: str | None


@dataclass(frozen=True, slots=True)
class OptionList:
    """The options of a choice card in a fixed order that says nothing about the right one."""

    options: tuple[OptionItem, ...]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A call of a solution and what it gives."""

    call: str
    expect: str


@dataclass(frozen=True, slots=True)
class CaseTable:
    """The cases a solution must pass."""

    rows: tuple[CaseRow, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: what is given, the arithmetic, the result."""

    given: str
    compute: str
    result: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """An empty field."""


Content: TypeAlias = (
    Prose | Formula | Program | Words | Items | Symbols | OptionList | CaseTable | Example | Nothing
)

COMMON_FIELDS = (
    "Level",
    "Topic",
    "Sources",
    "Retired",
    "Released",
    "Id",
    "Spare 1",
    "Spare 2",
    "Spare 3",
    "Spare 4",
)
"""The last fields of every note type; the compiler fills them. Spare fields can be given a use
later without a new note type, which would split learners' notes in two."""


@dataclass(frozen=True, slots=True)
class NoteLayout:
    """A note type's schema: frozen by the first release, for people's reviews hang on it.

    ``fields`` are the kind's own; `COMMON_FIELDS` follow them.
    """

    key: str
    name: str
    fields: tuple[str, ...]
    cloze: bool = False

    @property
    def all_fields(self) -> tuple[str, ...]:
        """Every field name of the note type, in order."""
        return (*self.fields, *COMMON_FIELDS)


Report: TypeAlias = Callable[..., None]
"""``report(code, path, message, hint=None)``: record a problem at the field named by ``path``."""


def prose(text: str | None) -> Content:
    """A Markdown field, empty where there is no text."""
    return Nothing() if text is None else Prose(text)


def key_point_items(card: Card) -> Content:
    """What an answer should say."""
    points = tuple(Item(point.say) for point in card.key_points)
    return Items(points) if points else Nothing()


def red_flag_items(card: Card) -> Content:
    """Typical wrong claims, each with what is wrong with it."""
    flags = tuple(Item(flag.claim, flag.why) for flag in card.red_flags)
    return Items(flags) if flags else Nothing()


Fields: TypeAlias = Mapping[str, Content]
Siblings: TypeAlias = Sequence[Card]
