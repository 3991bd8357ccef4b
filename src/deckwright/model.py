"""Cards, decks and libraries as frozen values, without places, files or output.

The models are pydantic's: one call validates a card and names every problem in it. What the
types cannot say (a gap that must exist, exactly one right option) is checked by the kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, NewType, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from deckwright.syntax import Bare

CardId = NewType("CardId", str)
DeckSlug = NewType("DeckSlug", str)

SLUG = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
GAP = r"^c[1-9][0-9]?$"
NOT_EMPTY = r"\S"
# A day of the calendar, leap years included, so that the JSON Schema says exactly what we accept.
DATE = (
    r"^(?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
    r"|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)$"
)
TAG = r"^[^\s\"]+$"


def _word(value: object) -> object:
    # A number or a boolean is no slug, whatever its letters; the schema says the same.
    return [value] if isinstance(value, Bare) else value


def _flag(value: object) -> object:
    if isinstance(value, Bare) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def _integer(value: object) -> object:
    if isinstance(value, Bare):
        try:
            number = float(value)
        except ValueError:
            return str(value)
        return int(number) if number.is_integer() else number
    return value


def _number(value: object) -> object:
    if isinstance(value, Bare):
        try:
            return float(value)
        except ValueError:
            return str(value)
    return value


class Role(StrEnum):
    """What a text field holds, so that checks and renderers know how to read it."""

    MARKDOWN = "markdown"
    LATEX = "latex"
    CODE = "code"
    PLAIN = "plain"


# A bare number or boolean counts as the text that was typed; the pattern applies to strings only.
_TEXT = WithJsonSchema({"type": ["string", "number", "boolean"], "pattern": NOT_EMPTY})
_FILLED = Field(pattern=NOT_EMPTY)

Text = Annotated[str, _FILLED, _TEXT, Role.MARKDOWN]
"""Markdown with maths between ``$`` or ``\\(`` and ``\\)``."""
Latex = Annotated[str, _FILLED, _TEXT, Role.LATEX]
"""LaTeX without delimiters."""
Code = Annotated[str, _FILLED, _TEXT, Role.CODE]
"""Program text, shown as it stands and never run by the compiler."""
Plain = Annotated[str, _FILLED, _TEXT, Role.PLAIN]
"""Words without markup."""

Slug = Annotated[str, Field(pattern=SLUG, max_length=80), BeforeValidator(_word)]
Date = Annotated[str, Field(pattern=DATE), BeforeValidator(_word)]
Tag = Annotated[
    str, Field(pattern=TAG), WithJsonSchema({"type": ["string", "number", "boolean"], "pattern": TAG})
]
Flag = Annotated[bool, BeforeValidator(_flag)]
Number = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_number)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), BeforeValidator(_number)]
Count = Annotated[int, Field(gt=0), BeforeValidator(_integer)]
Gap = Annotated[str, Field(pattern=GAP)]
Level: TypeAlias = Literal["easy", "medium", "hard"]
LEVELS: tuple[Level, ...] = ("easy", "medium", "hard")


class Model(BaseModel):
    """The base of all that is read from YAML: frozen, strict, no field but those declared."""

    # A validator is built when it is first needed: most runs read cards of a few kinds only.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class KeyPoint(Model):
    """Something an open answer should say, and the words people use for it."""

    say: Text
    words: tuple[Plain, ...] = Field(default=(), strict=False)


class RedFlag(Model):
    """A typical wrong claim in an open answer, the words people use for it, and what is wrong."""

    claim: Text
    words: tuple[Plain, ...] = Field(default=(), strict=False)
    why: Text | None = None


class Distractor(Model):
    """A wrong option: a misconception somebody has, and why it is one."""

    text: Text
    why: Text | None = None


class Retired(Model):
    """A card taken out of study: it stays in every build, tagged and last in order."""

    since: Date
    reason: Text


Distractors = Annotated[tuple[Distractor, ...], Field(min_length=1, max_length=3, strict=False)]


class Card(Model):
    """What every kind of card has. The kinds add their own fields."""

    id: Slug
    kind: str
    level: Level = "medium"
    core: Flag = False
    tags: tuple[Tag, ...] = Field(default=(), strict=False)
    sources: tuple[Text, ...] = Field(default=(), strict=False)
    needs: tuple[Slug, ...] = Field(default=(), strict=False)
    aliases: tuple[Slug, ...] = Field(default=(), strict=False)
    retired: Retired | None = None
    volatile: Date | None = None
    guid: Plain | None = None
    key_points: tuple[KeyPoint, ...] = Field(default=(), strict=False)
    red_flags: tuple[RedFlag, ...] = Field(default=(), strict=False)

    @property
    def card_id(self) -> CardId:
        """The card's id with its own type."""
        return CardId(self.id)


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice, with the reason that is shown after answering."""

    text: str
    right: bool
    why: str | None = None
    always: bool = False
    """Whether a question that draws from many wrong options always shows this one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Asked by options, exactly one of them right."""

    options: tuple[Option, ...]
    draw: int
    """How many wrong options a question shows."""


@dataclass(frozen=True, slots=True)
class Open:
    """Answered in one's own words and compared with key points."""

    key_points: tuple[KeyPoint, ...]
    red_flags: tuple[RedFlag, ...]


@dataclass(frozen=True, slots=True)
class SelfGraded:
    """Shown, then graded by the learner alone."""


Form: TypeAlias = Choice | Open | SelfGraded


@dataclass(frozen=True, slots=True)
class Prompt:
    """One askable thing: a card and an ordinal (0, or the gap's number), the key of the bot."""

    card: CardId
    ordinal: int
    form: Form
    daily: bool = True
    """Whether the daily question may ask it."""


class Policy(Model):
    """A library's own rules; every one is off until the library sets it."""

    max_front_words: Count | None = None
    max_answer_words: Count | None = None
    max_list_items: Count | None = None
    max_solution_lines: Count | None = None
    banned_front_starts: tuple[Text, ...] = Field(default=(), strict=False)
    banned_phrases: tuple[Text, ...] = Field(default=(), strict=False)
    sources_required: tuple[Slug, ...] = Field(default=(), strict=False)
    """Decks whose cards must cite a source."""
    key_points_required: tuple[str, ...] = Field(default=(), strict=False)
    """Kinds whose cards must name key points."""
    options_share: dict[str, Share] = Field(default_factory=dict)
    """Kind to the least share of its cards that must have options."""
    example_required: Flag = False
    hard_needs: Flag = False
    level_mix: dict[Level, Share] | None = None
    """Level to its share of a deck."""
    level_tolerance: Share = 0.1
    min_deck_for_mix: Count = 10
    min_topic_cards: Count | None = None
    max_front_similarity: Share | None = None
    sound_share: Share | None = None
    right_not_longest: Flag = False


class LibraryFile(Model):
    """``library.yaml``: the library's name, its id namespace, its decks in order, its policy."""

    title: Text
    namespace: Slug
    description: Text | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")] = "en"
    licence: Text | None = None
    report_url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    """Where a reader reports a card; ``{id}`` in it becomes the card's id."""
    guide: Text | None = None
    decks: tuple[Slug, ...] = Field(min_length=1, strict=False)
    policy: Policy = Policy()


class DeckFile(Model):
    """``deck.yaml``: a deck's title, its description, and what its cards are by default."""

    title: Text
    description: Text | None = None
    kind: str = "recall"
    level: Level = "medium"


class TopicHead(Model):
    """The head of a topic file; its cards are validated one by one by their kinds."""

    topic: Slug
    title: Text
    cards: Any = None


@dataclass(frozen=True, slots=True)
class Topic:
    """The cards of one file."""

    slug: str
    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Deck:
    """A folder of topics: one Anki deck."""

    slug: DeckSlug
    title: str
    description: str
    topics: tuple[Topic, ...]

    @property
    def cards(self) -> Iterator[Card]:
        """The deck's cards in source order."""
        return (card for topic in self.topics for card in topic.cards)


@dataclass(frozen=True)
class Library:
    """All decks of one author or team, in the order learners see them."""

    title: str
    namespace: str
    description: str
    language: str
    licence: str
    report_url: str | None
    guide: str | None
    policy: Policy
    decks: tuple[Deck, ...]

    @property
    def cards(self) -> Iterator[Card]:
        """Every card, deck by deck, in source order."""
        return (card for deck in self.decks for card in deck.cards)

    @cached_property
    def by_id(self) -> dict[str, Card]:
        """Cards by id and by each of their old ids."""
        found = {alias: card for card in self.cards for alias in card.aliases}
        found.update({card.id: card for card in self.cards})
        return found

    def full_deck_name(self, deck: Deck) -> str:
        """The deck's name in Anki, the same in every package."""
        return f"{self.title}::{deck.title}"
