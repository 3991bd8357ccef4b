"""What importing a newer package does to people who have an older one, and touched nothing since.

The rules are Anki's own, with the desktop's defaults: notes are matched by GUID, note types by id,
decks by name; a later time wins; nothing is ever removed.
"""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields as dataclass_fields
from typing import Any

from deckwright.anki.notes import TAG_ROOT
from deckwright.anki.reader import PackageContent, PackageNote, PackageNoteType

RETIRED = f"{TAG_ROOT}::retired"
BOOKKEEPING = frozenset({"Id", "Released"})
"""Fields that say what the note is, not what it asks."""
SHOWN = 20
"""How many notes of a group a description names."""
WIDTH = 64
INLINE = frozenset({
    "a", "abbr", "b", "big", "code", "em", "font", "i", "kbd", "mark", "s", "small", "span", "strike",
    "strong", "sub", "sup", "tt", "u",
})  # fmt: skip
"""Tags that part no words."""
MAX_WORDS = 2_000
"""Longer fields are not compared word by word."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field whose text differs; plain text, cut around the difference."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class NoteChange:
    """A note of the newer package (or, where it is gone, of the older one)."""

    guid: str
    name: str
    """The card's id where the note's Id field tells it, else the start of its first field."""
    fields: tuple[FieldChange, ...] = ()
    cards: tuple[int, ...] = ()
    """Ordinals of the cards this is about."""
    decks: tuple[str, ...] = ()
    """Where the cards are, then where the newer package has them."""


@dataclass(frozen=True, slots=True)
class TypeChange:
    """A note type, by id and name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class DeckRename:
    """A deck that got another name: Anki makes a second deck, and old cards stay in the first."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What an import would do. Each note is in exactly one of the first five groups or ``gone``."""

    new: tuple[NoteChange, ...] = ()
    updated: tuple[NoteChange, ...] = ()
    unchanged: tuple[NoteChange, ...] = ()
    stale: tuple[NoteChange, ...] = ()
    """Changed, but with a time that is not newer: the change silently does not arrive."""
    conflicting: tuple[NoteChange, ...] = ()
    """Frozen: the note's type has another id or schema than the one it was imported with."""
    gone: tuple[NoteChange, ...] = ()
    """In the older package only: they stay, with their cards."""
    retired: tuple[NoteChange, ...] = ()
    """Those of the updated that get the retired tag."""
    moved: tuple[NoteChange, ...] = ()
    """Cards that the newer package has in another deck: they stay where they are."""
    added_gaps: tuple[NoteChange, ...] = ()
    """Notes that get more cards."""
    empty_gaps: tuple[NoteChange, ...] = ()
    """Notes with cards the newer package no longer has: they stay, and are empty if updated."""
    types_new: tuple[TypeChange, ...] = ()
    types_updated: tuple[TypeChange, ...] = ()
    types_stale: tuple[TypeChange, ...] = ()
    """Changed templates or style with a time that is not newer: they do not arrive."""
    types_forked: tuple[TypeChange, ...] = ()
    """Another schema under the same id: a second note type appears beside the first."""
    decks_new: tuple[str, ...] = ()
    decks_renamed: tuple[DeckRename, ...] = ()

    @property
    def harmless(self) -> bool:
        """Whether everything the newer package holds arrives, and nothing is left broken."""
        return not (
            self.stale or self.conflicting or self.empty_gaps or self.types_stale or self.types_forked
            or self.decks_renamed
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Every group as lists and mappings; unchanged notes are only counted."""
        made: dict[str, Any] = {
            each.name: [_plain(item) for item in getattr(self, each.name)]
            for each in dataclass_fields(self)
            if each.name != "unchanged"
        }
        return made | {"unchanged": len(self.unchanged), "harmless": self.harmless}


def _plain(item: object) -> object:
    if isinstance(item, str):
        return item
    names = [each.name for each in dataclass_fields(item)]  # type: ignore[arg-type]  # one of the classes above
    values = {name: getattr(item, name) for name in names}
    return {
        name: [_plain(each) if not isinstance(each, int) else each for each in value]
        if isinstance(value, tuple)
        else value
        for name, value in values.items()
        if value != ()
    }


def diff(old: PackageContent, new: PackageContent) -> Difference:
    """What importing ``new`` does to a collection that imported ``old`` and changed nothing since."""
    forked = {
        ident
        for ident, made in new.note_types.items()
        if ident in old.note_types and old.note_types[ident].schema != made.schema
    }
    groups: dict[str, list[NoteChange]] = {}
    for guid, note in new.notes.items():
        before = old.notes.get(guid)
        group = _verdict(before, note, forked)
        change = NoteChange(guid, _name(new, note))
        if before is None or group == "conflicting":
            groups.setdefault(group, []).append(change)
            continue
        if group in ("updated", "stale"):
            change = NoteChange(guid, change.name, tuple(_field_changes(old, before, new, note)))
        groups.setdefault(group, []).append(change)
        if group == "updated" and RETIRED in note.tags and RETIRED not in before.tags:
            groups.setdefault("retired", []).append(change)
        for name, found in _card_changes(before, note, change.name):
            groups.setdefault(name, []).append(found)
    gone = [NoteChange(guid, _name(old, note)) for guid, note in old.notes.items() if guid not in new.notes]
    types = {name: tuple(found) for name, found in _type_changes(old, new, forked).items()}
    renamed = _renamed_decks(old, new)
    known = {*old.decks, *(deck.after for deck in renamed)}
    return Difference(
        **{name: tuple(found) for name, found in groups.items()},  # type: ignore[arg-type]  # names of its fields
        gone=tuple(gone),
        **types,  # type: ignore[arg-type]  # names of its fields
        decks_new=tuple(name for name in new.decks if name not in known),
        decks_renamed=renamed,
    )


def _verdict(before: PackageNote | None, note: PackageNote, forked: set[int]) -> str:
    if before is None:
        return "new"
    if note.note_type != before.note_type or note.note_type in forked:
        return "conflicting"
    if note.time > before.time:
        return "updated"
    return "unchanged" if note.content == before.content else "stale"


def _card_changes(before: PackageNote, note: PackageNote, name: str) -> Iterator[tuple[str, NoteChange]]:
    added = tuple(sorted(set(note.cards) - set(before.cards)))
    if added:
        yield "added_gaps", NoteChange(note.guid, name, cards=added)
    left = tuple(sorted(set(before.cards) - set(note.cards)))
    if left:
        yield "empty_gaps", NoteChange(note.guid, name, cards=left)
    moved = sorted(o for o in set(before.cards) & set(note.cards) if before.cards[o] != note.cards[o])
    if moved:
        decks = (before.cards[moved[0]], note.cards[moved[0]])
        yield "moved", NoteChange(note.guid, name, cards=tuple(moved), decks=decks)


def _type_changes(old: PackageContent, new: PackageContent, forked: set[int]) -> dict[str, list[TypeChange]]:
    groups: dict[str, list[TypeChange]] = {}
    for ident, made in new.note_types.items():
        group = _type_verdict(old.note_types.get(ident), made, forked)
        if group is not None:
            groups.setdefault(group, []).append(TypeChange(ident, made.name))
    return groups


def _type_verdict(before: PackageNoteType | None, made: PackageNoteType, forked: set[int]) -> str | None:
    if before is None:
        return "types_new"
    if made.id in forked:
        return "types_forked"
    if made.look == before.look:
        return None
    return "types_updated" if made.time > before.time else "types_stale"


def _renamed_decks(old: PackageContent, new: PackageContent) -> tuple[DeckRename, ...]:
    """Decks of the older package alone whose cards all have one deck of the newer package alone."""
    targets: dict[str, set[str]] = {}
    for guid, note in new.notes.items():
        before = old.notes.get(guid)
        for ordinal, deck in note.cards.items():
            if before is not None and ordinal in before.cards:
                targets.setdefault(before.cards[ordinal], set()).add(deck)
    return tuple(
        DeckRename(name, next(iter(found)))
        for name, found in sorted(targets.items())
        if name not in new.decks and len(found) == 1 and next(iter(found)) not in old.decks
    )


def _name(content: PackageContent, note: PackageNote) -> str:
    ident = content.named_field(note, "Id")
    return ident or _cut(plain_text(note.fields[0])) or note.guid


# --- before and after ------------------------------------------------------------------------------


def plain_text(field: str) -> str:
    """A field as plain text: tags and comments out, entities decoded, white space folded."""
    text = re.sub(r"<!--.*?-->", " ", field, flags=re.DOTALL)
    text = re.sub(
        r"</?([a-zA-Z][a-zA-Z0-9]*)[^<>]*>", lambda tag: "" if tag[1].lower() in INLINE else " ", text
    )
    return " ".join(html.unescape(text).split())


def _field_changes(
    old: PackageContent, before: PackageNote, new: PackageContent, note: PackageNote
) -> Iterator[FieldChange]:
    names = new.note_types[note.note_type].field_names
    for name, value in zip(names, note.fields, strict=False):
        earlier = old.named_field(before, name) or ""
        if value != earlier and name not in BOOKKEEPING:
            was, now = around(plain_text(earlier), plain_text(value))
            yield FieldChange(name, was, now)
    if sorted(before.tags) != sorted(note.tags):
        lost, got = set(before.tags) - set(note.tags), set(note.tags) - set(before.tags)
        yield FieldChange("Tags", " ".join(sorted(lost)), " ".join(sorted(got)))


def around(before: str, after: str) -> tuple[str, str]:
    """The parts of two texts that differ, with a few words around them."""
    a, b = before.split(), after.split()
    if len(a) + len(b) > MAX_WORDS:
        return _cut(before), _cut(after)
    blocks = [o for o in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if o[0] != "equal"]
    if not blocks:
        return _cut(before), _cut(after)
    _, a1, _, b1, _ = blocks[0]
    _, _, a2, _, b2 = blocks[-1]
    return _window(a, a1, a2), _window(b, b1, b2)


def _window(words: Sequence[str], start: int, end: int) -> str:
    low, high = max(0, start - 3), min(len(words), end + 3)
    return _cut(("… " if low else "") + " ".join(words[low:high]) + (" …" if high < len(words) else ""))


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


# --- for people ------------------------------------------------------------------------------------

_SAID: Mapping[str, str] = {
    "new": "new: they arrive as new cards",
    "updated": "updated: all fields and tags are replaced",
    "retired": "retired: they get the retired tag",
    "added_gaps": "more cards: added as new",
    "stale": "NOT updated: changed, but the package's time for them is not newer",
    "conflicting": "NOT updated: their note type has another id or other fields than before",
    "empty_gaps": "cards that are left over: they stay, without a question",
    "moved": "in another deck now: cards that are there already stay in their old deck",
    "gone": "no longer in the package: they stay, with their cards",
    "types_new": "note types that are new",
    "types_updated": "note types with a new look",
    "types_stale": "note types NOT updated: changed, but the package's time for them is not newer",
    "types_forked": 'note types that split: a second one, "+", appears beside the first',
    "decks_new": "decks that are new",
    "decks_renamed": "decks under another name: a second deck appears, old cards stay in the first",
}


def describe(found: Difference) -> str:
    """The difference as plain lines, grouped; what needs no action is counted."""
    lines: list[str] = []
    for name, said in _SAID.items():
        items = getattr(found, name)
        if items:
            lines.append(f"{len(items)} {said}")
            lines += _shown(items)
    if found.unchanged:
        lines.append(f"{len(found.unchanged)} unchanged")
    return "\n".join(lines) or "nothing: both are empty"


def _shown(items: Sequence[object]) -> Iterator[str]:
    for item in items[:SHOWN]:
        yield from _item_lines(item)
    if len(items) > SHOWN:
        yield f"  … and {len(items) - SHOWN} more"


def _item_lines(item: object) -> Iterable[str]:
    match item:
        case NoteChange(name=name, fields=fields, cards=cards, decks=decks):
            numbers = f" (card {', '.join(str(ordinal + 1) for ordinal in cards)})" if cards else ""
            where = f": {decks[0]} -> {decks[1]}" if decks else ""
            yield f"  {_one_line(name)}{numbers}{_one_line(where)}"
            for field in fields:
                yield f"    {_one_line(field.field)}:"
                yield f"      - {_one_line(field.before)}"
                yield f"      + {_one_line(field.after)}"
        case TypeChange(name=name):
            yield f"  {_one_line(name)}"
        case DeckRename(before, after):
            yield f"  {_one_line(before)} -> {_one_line(after)}"
        case _:
            yield f"  {_one_line(str(item))}"


def _one_line(text: str) -> str:
    """Text from a package, without anything that could steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
