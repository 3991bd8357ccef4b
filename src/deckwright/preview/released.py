"""Cards as an older package shows them, to stand beside today's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deckwright.anki.notes import Note, all_notes
from deckwright.anki.notetypes import NoteType
from deckwright.anki.reader import PackageContent, PackageNote, PackageNoteType
from deckwright.builder import Output
from deckwright.diff import BOOKKEEPING, plain_text
from deckwright.preview.template import both_sides


@dataclass(frozen=True, slots=True)
class OldSides:
    """What a package shows for a note, and whether its text is another than today's."""

    sides: list[dict[str, Any]]
    differs: bool


@dataclass(frozen=True, slots=True)
class Released:
    """A package that learners have."""

    name: str
    content: PackageContent

    def sides(self, note: Note, made: NoteType) -> OldSides | None:
        """The package's sides of a note of today, or None where it has none."""
        before = self.content.notes.get(note.guid)
        if before is None or before.note_type not in self.content.note_types:
            return None
        kind = self.content.note_types[before.note_type]
        fields = dict(zip(kind.field_names, before.fields, strict=False))
        today = dict(zip((name for name, _ in made.fields), note.fields, strict=False))
        names = (fields.keys() | today.keys()) - BOOKKEEPING
        differs = any(fields.get(name, "") != today.get(name, "") for name in names)
        differs |= sorted(before.tags) != sorted(note.tags)
        return OldSides(_sides(before, kind, fields) if differs else [], differs)

    def gone(self, made: Output) -> list[str]:
        """Names of the package's notes that today's library has no more."""
        now = {note.guid for note in all_notes(made.decks)}
        return [self._name(note) for guid, note in self.content.notes.items() if guid not in now]

    def _name(self, note: PackageNote) -> str:
        return self.content.named_field(note, "Id") or plain_text(note.fields[0])[:80] or note.guid

    def styles(self) -> dict[str, str]:
        """The style sheets of the package's note types, by the types' ids."""
        return {str(ident): kind.css for ident, kind in self.content.note_types.items()}


def _sides(note: PackageNote, kind: PackageNoteType, fields: dict[str, str]) -> list[dict[str, Any]]:
    made = []
    for ordinal in sorted(note.cards):
        # A cloze has one template for all its cards.
        at = 0 if kind.cloze else ordinal
        if at < len(kind.templates):
            template = kind.templates[at]
            front, back = both_sides(template.front, template.back, fields, ordinal, cloze=kind.cloze)
            made.append({"ordinal": ordinal, "front": front, "back": back, "style": str(kind.id)})
    return made
