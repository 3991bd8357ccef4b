"""One card as the page needs it: plain data, made once and kept until the card changes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from deckwright.anki.html import HtmlRenderer, escape
from deckwright.anki.notes import Note, released
from deckwright.anki.notetypes import NoteType
from deckwright.kinds import KindCard
from deckwright.lock import Lock
from deckwright.markup import mark_gaps, unmark
from deckwright.model import Choice, Deck, Topic
from deckwright.preview.released import Released
from deckwright.preview.template import both_sides

Json: TypeAlias = dict[str, Any]

TITLE = 140


@dataclass(frozen=True, slots=True)
class Subject:
    """All that a card's page depends on; equal subjects look the same."""

    card: KindCard
    deck: Deck
    topic: Topic
    media: Mapping[str, str]
    files: Mapping[str, Path]
    lock: Lock | None

    @property
    def key(self) -> tuple[object, ...]:
        """What is compared, without the neighbours that deck and topic also hold."""
        locked = released(self.lock, self.card)
        topic = (self.topic.slug, self.topic.title)
        return self.card, self.deck.slug, topic, self.media, locked, self.lock is not None


def entry(subject: Subject, note: Note, made: NoteType, old: Released | None) -> Json:
    """The card's facts, both sides of each of its Anki cards, and what a chat would know of it."""
    card = subject.card
    fields = dict(zip((name for name, _ in made.fields), note.fields, strict=False))
    change = _change(subject, note)
    before = old.sides(note, made) if old is not None else None
    if old is not None and subject.lock is None:
        change = "new" if before is None else "changed" if before.differs else "same"
    prompts = card.prompts(subject.topic.cards)
    return {
        "id": card.id,
        "kind": card.kind,
        "level": card.level,
        "core": card.core,
        "retired": card.retired is not None,
        "options": any(isinstance(prompt.form, Choice) for prompt in prompts),
        "tags": list(card.tags),
        "deck": subject.deck.slug,
        "topic": subject.topic.slug,
        "title": title(card),
        "change": change,
        "sides": [_side(fields, made, ordinal) for ordinal in note.ordinals],
        "prompts": [prompt.ordinal for prompt in prompts],
        "points": _points(card, HtmlRenderer(subject.media)),
        "old": before.sides if before is not None and before.differs else [],
    }


def _side(fields: Mapping[str, str], made: NoteType, ordinal: int) -> Json:
    front, back = both_sides(made.front, made.back, fields, ordinal, cloze=made.cloze)
    return {"ordinal": ordinal, "front": front, "back": back}


def _change(subject: Subject, note: Note) -> str:
    if subject.lock is None:
        return ""
    if note.released:
        return "same"
    return "new" if released(subject.lock, subject.card) is None else "changed"


def title(card: KindCard) -> str:
    """The question in one line of plain text, for lists."""
    text = unmark(mark_gaps(card.question), lambda _number, _hidden, hint: f"[{hint or '…'}]")
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(
        r"\\([a-zA-Z]+)", _letter, re.sub(r"\$|\\[()\[\]{},;! ]|[*`{}]|^>", " ", text, flags=re.MULTILINE)
    )
    line = " ".join(text.split())
    return line if len(line) <= TITLE else f"{line[: TITLE - 1]}…"


def _letter(found: re.Match[str]) -> str:
    name = found[1]
    kind = "SMALL" if name.islower() else "CAPITAL"
    try:
        return unicodedata.lookup(f"GREEK {kind} LETTER {name.removeprefix('var').upper()}")
    except KeyError:
        return f" {name} "


def _points(card: KindCard, renderer: HtmlRenderer) -> str:
    """Key points and red flags with the words people use for them, as HTML for a card frame."""
    parts = []
    rows = [(point.say, None, point.words) for point in card.key_points]
    flags = [(flag.claim, flag.why, flag.words) for flag in card.red_flags]
    for heading, items in (("Key points", rows), ("Red flags", flags)):
        if items:
            lines = "".join(_row(renderer, *item) for item in items)
            parts.append(
                f'<div class="part"><h2 class="label">{heading}</h2><ul class="items">{lines}</ul></div>'
            )
    return f'<div class="page back">{"".join(parts)}</div>' if parts else ""


def _row(renderer: HtmlRenderer, lead: str, note: str | None, words: tuple[str, ...]) -> str:
    told = f'<div class="note">{renderer.inline(note)}</div>' if note else ""
    said = f'<div class="note">In words: {escape(", ".join(words))}</div>' if words else ""
    return f'<li><div class="lead">{renderer.inline(lead)}</div>{told}{said}</li>'
