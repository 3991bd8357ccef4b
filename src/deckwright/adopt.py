"""A first lock for decks that people already study: old notes are paired with the library's cards.

The lock then holds the old GUIDs, note types, decks and times, so that the next release updates the
notes that learners have, in place and with their history, and adds only what is new.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import starmap

from deckwright import builder, history, identity
from deckwright.anki.notes import Note, all_notes
from deckwright.anki.notetypes import NoteType
from deckwright.anki.reader import PackageContent, PackageNote, PackageNoteType
from deckwright.compiler import Compilation
from deckwright.diagnostics import Problems, did_you_mean, shorten
from deckwright.diff import plain_text
from deckwright.kinds import KINDS
from deckwright.lock import Lock, LockedCard, LockedDeck, LockedNoteType, Release, release_name
from deckwright.model import Library
from deckwright.source import Span

HINTS = 20
"""For how many notes that found no card a similar one is looked up."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """The lock, or None where a problem forbids one; which card took over which GUID."""

    lock: Lock | None
    paired: Mapping[str, str]
    """Card ids to GUIDs."""
    dropped: tuple[str, ...]
    """GUIDs of the old notes that the library leaves to themselves."""
    problems: Problems


def adopt(
    compilation: Compilation,
    package: PackageContent,
    *,
    drop: Collection[str] = (),
    name: str = "the old package",
) -> Adoption:
    """Pair a package's notes with the library's cards and make the lock that records it.

    ``drop`` holds GUIDs or first fields of old notes that have no card any more. ``name`` is how
    problems call the package.

    Raises:
        ValueError: if the compilation has no library.
    """
    if compilation.library is None:
        raise ValueError("there is no library to adopt for")
    problems = Problems()
    at = Span(name, 1, 1, 1, 2)
    made = builder.output(compilation, 0, lock=None)
    notes = {note.card_id: note for note in all_notes(made.decks)}
    dropped = _dropped(package, drop, at, problems)
    for guid in package.repeated:
        problems.add(
            "old-note-ambiguous",
            at,
            f"expected one note with the GUID {shorten(guid)}, found more",
            card=guid,
        )
    old = {guid: note for guid, note in package.notes.items() if guid not in dropped}
    pairs = _Pairing(compilation.library, notes, package, old).pairs(at, problems)
    types = _note_types(compilation.library, made.note_types, notes, package, pairs, at, problems)
    if problems.failed():
        return Adoption(None, {}, dropped, problems)
    decks = _decks(compilation.library, notes, pairs)
    homes = {deck.name: slug for slug, deck in decks.items()}
    cards = {}
    for card_id, before in pairs.items():
        cards[card_id] = _card(notes[card_id], before, types, package, homes)
    newest = max([*(c.time for c in cards.values()), *(t.time for t in types.values())], default=0)
    releases = (Release(newest, len(cards), 0),) if cards else ()
    lock = Lock(compilation.library.namespace, cards, types, decks, releases)
    return Adoption(lock, {name: note.guid for name, note in pairs.items()}, dropped, problems)


def _dropped(package: PackageContent, drop: Collection[str], at: Span, problems: Problems) -> tuple[str, ...]:
    """GUIDs of the notes that ``drop`` names."""
    by_text: dict[str, list[str]] = {}
    for guid, note in package.notes.items():
        by_text.setdefault(comparable(note.fields[0]), []).append(guid)
    found = []
    for named in drop:
        guids = [named] if named in package.notes else by_text.get(comparable(named), [])
        if not guids:
            problems.add(
                "unknown-drop",
                at,
                f"expected the GUID or first field of an old note to drop, found {shorten(named)}",
                hint=did_you_mean(named, by_text),
            )
        found += guids
    return tuple(dict.fromkeys(found))


def comparable(field: str) -> str:
    """A field as texts are compared: plain, white space folded, also between braces.

    The compiler spaces doubled braces in maths, and an old deck need not.
    """
    text = re.sub(r"(?<=[{}])\s+(?=[{}])", "", plain_text(field))
    return re.sub(r"(?<=\\[(\[])\s+|\s+(?=\\[)\]])", "", text)


class _Pairing:
    """Finds the card of each old note: by GUID, by the Id field, by an equal first field."""

    def __init__(
        self,
        library: Library,
        notes: Mapping[str, Note],
        package: PackageContent,
        old: Mapping[str, PackageNote],
    ) -> None:
        self._package = package
        self._old = old
        self._by_guid: dict[str, str] = {}
        self._by_id: dict[str, str] = {}
        self._by_text: dict[str, list[str]] = {}
        for card in library.cards:
            for name in (card.id, *card.aliases):
                self._by_id[name] = card.id
                self._by_guid.setdefault(identity.guid(library.namespace, name), card.id)
        for card in library.cards:
            if card.guid is not None:
                self._by_guid[card.guid] = card.id
            self._by_text.setdefault(comparable(notes[card.id].fields[0]), []).append(card.id)

    def pairs(self, at: Span, problems: Problems) -> dict[str, PackageNote]:
        """Each paired card's old note."""
        found: dict[str, list[PackageNote]] = {}
        for guid, note in self._old.items():
            card_id = self._by_guid.get(guid) or self._by_id.get(self._id_field(note))
            if card_id is not None:
                found.setdefault(card_id, []).append(note)
        sure = set(found)
        paired = {note.guid for notes in found.values() for note in notes}
        for note in self._old.values():
            if note.guid in paired:
                continue
            cards = [card for card in self._by_text.get(comparable(note.fields[0]), ()) if card not in sure]
            if len(cards) == 1:
                found.setdefault(cards[0], []).append(note)
                paired.add(note.guid)
            elif cards:
                self._ambiguous(note, cards, at, problems)
                paired.add(note.guid)
        self._report_unpaired([note for note in self._old.values() if note.guid not in paired], at, problems)
        for card_id, notes in found.items():
            if len(notes) > 1:
                listed = ", ".join(shorten(note.guid) for note in notes)
                problems.add(
                    "old-note-ambiguous",
                    at,
                    f'expected one old note for the card "{card_id}", found {len(notes)}: {listed}',
                    hint="keep one of them and name the others with --drop",
                    card=card_id,
                )
        return {card_id: notes[0] for card_id, notes in found.items()}

    def _id_field(self, note: PackageNote) -> str:
        return comparable(self._package.named_field(note, "Id") or "")

    def _ambiguous(self, note: PackageNote, cards: Sequence[str], at: Span, problems: Problems) -> None:
        problems.add(
            "old-note-ambiguous",
            at,
            f"expected one card for the old note {shorten(comparable(note.fields[0]))}, "
            f"found {', '.join(cards)}",
            hint=f"write `guid: '{note.guid}'` on the right one",
            card=note.guid,
        )

    def _report_unpaired(self, notes: Sequence[PackageNote], at: Span, problems: Problems) -> None:
        for number, note in enumerate(notes):
            text = comparable(note.fields[0])
            close = did_you_mean(text, self._by_text) if number < HINTS else None
            hint = f"{close} Then " if close else ""
            problems.add(
                "old-note-unpaired",
                at,
                f"expected a card for the old note {shorten(text)}, found none",
                hint=f"{hint}write `guid: '{note.guid}'` on its card, or leave it out with --drop '{note.guid}'",
                card=note.guid,
            )


def _note_types(
    library: Library,
    made: Mapping[str, NoteType],
    notes: Mapping[str, Note],
    package: PackageContent,
    pairs: Mapping[str, PackageNote],
    at: Span,
    problems: Problems,
) -> dict[str, LockedNoteType]:
    """For each kind that took over notes, the note type those notes had."""
    used: dict[str, Counter[int]] = {}
    for card_id, note in pairs.items():
        kind = notes[card_id].kind
        if package.note_types[note.note_type].cloze != KINDS[kind].LAYOUT.cloze:
            problems.add(
                "kind-changed",
                at,
                f'expected a note of the sort that a {kind} card makes for "{card_id}", found '
                + ("a cloze note" if not KINDS[kind].LAYOUT.cloze else "one without clozes"),
                hint=f"Anki cannot turn one into the other: --drop '{note.guid}', or write the card as another kind",
                card=card_id,
            )
        used.setdefault(kind, Counter())[note.note_type] += 1
    types: dict[str, LockedNoteType] = {}
    for kind, counted in sorted(used.items()):
        known = [package.note_types[ident] for ident, _ in counted.most_common()]
        for each in known:
            if not each.cloze and len(each.templates) != 1:
                problems.add(
                    "old-note-type",
                    at,
                    f"expected note types with one card template, found {len(each.templates)} in "
                    f"{shorten(each.name)}",
                    hint="every note of ours makes one card (or one a gap); these notes cannot be taken over",
                    card=kind,
                )
        if problems.failed():
            continue
        kept = _same_schema(kind, known[0])
        types[kind] = _adopted_type(library, made[kind], known, kept=kept)
        target = builder.as_released(library, made[kind], types[kind], 0)
        odd = [each for each in known if (kept and each is not known[0]) or not _merges(target, each)]
        if odd:
            problems.add(
                "old-note-type",
                at,
                f"expected the notes of {kind} cards in one note type, found them in {shorten(known[0].name)} "
                f"and {', '.join(shorten(each.name) for each in odd)}",
                hint="Anki could not merge these without losing reviews; drop the notes of all but one",
                card=kind,
            )
    return types


def _merges(target: NoteType, known: PackageNoteType) -> bool:
    """Whether Anki's merge brings notes of this type under ours and leaves ours as it is.

    It compares ids where both sides have them, else names, and moves or adds what stands elsewhere:
    a template added in this way would put new cards in place of the studied ones.
    """
    template = known.templates[0]
    # Templates of cloze types are never merged.
    alike = known.cloze or _matches(target.template, (template.name, template.id))
    pairs = zip(target.fields, known.fields, strict=False)
    return alike and len(known.fields) <= len(target.fields) and all(starmap(_matches, pairs))


def _matches(ours: tuple[str, int], theirs: tuple[str, int | None]) -> bool:
    return ours[0] == theirs[0] if theirs[1] is None else ours[1] == theirs[1]


def _same_schema(kind: str, known: PackageNoteType) -> bool:
    templates = tuple(template.name for template in known.templates)
    layout = KINDS[kind].LAYOUT
    return history.schema_difference(layout, known.field_names, templates, cloze=known.cloze) is None


def _adopted_type(
    library: Library, made: NoteType, known: Sequence[PackageNoteType], *, kept: bool
) -> LockedNoteType:
    """The note type as learners have it; under an id of our own unless its schema can stand.

    With the old id, Anki's merge would give our templates to the notes that were dropped and to
    kinds that shared the type, and would freeze the latter. Under a new one it moves just our notes.
    """
    fields: dict[str, int] = {}
    for each in known:
        for name, ident in each.fields:
            own = identity.part_id(library.namespace, made.key, "field", name)
            fields.setdefault(name, own if ident is None else ident)
    template = known[0].templates[0]
    template_id = made.template[1] if template.id is None else template.id
    same = kept and (known[0].name, known[0].css) == (made.name, made.css)
    same = same and (template.name, template.front, template.back) == (
        made.template[0],
        made.front,
        made.back,
    )
    as_was = replace(made, fields=tuple(fields.items()), template=(template.name, template_id))
    return LockedNoteType(
        key=made.key,
        id=known[0].id if kept else made.id,
        name=known[0].name if kept else made.name,
        fields=tuple(fields.items()),
        templates=((template.name, template_id),),
        cloze=made.cloze,
        output=as_was.output if same else "",
        time=known[0].time,
    )


def _decks(
    library: Library, notes: Mapping[str, Note], pairs: Mapping[str, PackageNote]
) -> dict[str, LockedDeck]:
    """For each deck, the name under which most of its old cards are."""
    names: dict[str, Counter[str]] = {}
    for card_id, note in pairs.items():
        names.setdefault(notes[card_id].deck, Counter()).update(note.cards.values())
    return {
        slug: LockedDeck(slug, identity.deck_id(library.namespace, slug), counted.most_common(1)[0][0])
        for slug, counted in names.items()
        if counted
    }


def _card(
    note: Note,
    before: PackageNote,
    types: Mapping[str, LockedNoteType],
    package: PackageContent,
    homes: Mapping[str, str],
) -> LockedCard:
    home = next(iter(before.cards.values()), None)
    same = types[note.kind].id == before.note_type and _same_note(note, before, package)
    return LockedCard(
        id=note.card_id,
        first_id=note.card_id,
        guid=before.guid,
        kind=note.kind,
        deck=note.deck if home is None else homes.get(home, note.deck),
        gaps=tuple(ordinal + 1 for ordinal in before.ordinals) if types[note.kind].cloze else (),
        retired="deckwright::retired" in before.tags,
        source=note.source if same else "",
        output=note.output if same else "",
        time=before.time,
    )


def _same_note(note: Note, before: PackageNote, package: PackageContent) -> bool:
    """Whether the old note is what a release would write today, so that nothing has to arrive."""
    names: Iterable[str] = KINDS[note.kind].LAYOUT.all_fields
    fields = dict(zip(names, note.fields, strict=True)) | {"Released": release_name(before.time)}
    theirs = {name: package.named_field(before, name) for name in fields}
    return fields == theirs and sorted(note.tags) == sorted(before.tags) and note.ordinals == before.ordinals
