"""Checks against the lock: what a release would do to people who already study the cards."""

from __future__ import annotations

from pathlib import Path

from deckwright import identity
from deckwright.checks import Loaded, deck_span, key_span
from deckwright.diagnostics import Problems, Related, did_you_mean, shorten
from deckwright.kinds import KINDS, KindCard
from deckwright.kinds.layout import NoteLayout
from deckwright.lock import Lock, LockedCard, LockError, parse_text
from deckwright.model import Card, DeckSlug
from deckwright.source import LIBRARY_FILE, LOCK_FILE, Span

ACCEPTABLE = frozenset({
    "released-card-deleted",
    "gap-vanished",
    "namespace-changed",
    "note-type-fork",
    "deck-renamed",
    "card-moved",
    "retired-id-reused",
    "renderer-changed",
})  # fmt: skip
"""What ``release --accept CODE:ID`` can record as wanted."""


def read_lock(root: Path, problems: Problems) -> Lock | None:
    """The library's lock, or None before its first release (or when it cannot be read)."""
    path = root / LOCK_FILE
    name = (root / LOCK_FILE).as_posix()
    try:
        return parse_text(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except LockError as error:
        hint = "the lock is written by `deckwright release` alone; take it back from version control"
        problems.add("lock-unreadable", Span(name, error.line, 1, error.line, 2), error.reason, hint=hint)
    except (OSError, UnicodeDecodeError) as error:
        problems.add("lock-unreadable", Span(name, 1, 1, 1, 2), f"cannot be read: {error}")
    return None


def check(loaded: Loaded, lock: Lock | None, root: Path, problems: Problems) -> None:
    """Everything that would hurt learners of a released library."""
    if lock is None:
        return
    library_file = root / LIBRARY_FILE
    name = library_file.as_posix()
    _check_namespace(loaded, lock, key_span(library_file, name, "namespace"), problems)
    _check_note_types(lock, Span(name, 1, 1, 1, 2), problems)
    _check_decks(loaded, lock, key_span(library_file, name, "decks"), problems)
    _check_cards(loaded, lock, problems)
    _check_vanished(loaded, lock, root, problems)


def _check_namespace(loaded: Loaded, lock: Lock, at: Span, problems: Problems) -> None:
    if loaded.library.namespace != lock.namespace:
        problems.add(
            "namespace-changed",
            at,
            f'expected the released namespace "{lock.namespace}", found "{loaded.library.namespace}"',
            hint="another namespace gives every learner a second copy of every card",
            card=loaded.library.namespace,
        )


def _check_note_types(lock: Lock, at: Span, problems: Problems) -> None:
    for key, kind in KINDS.items():
        locked = lock.note_types.get(key)
        if locked is None:
            continue
        fields, templates = (tuple(name for name, _ in part) for part in (locked.fields, locked.templates))
        difference = schema_difference(kind.LAYOUT, fields, templates, cloze=locked.cloze)
        if difference:
            problems.add(
                "note-type-fork",
                at,
                f'expected the released schema of the note type "{key}", found {difference}',
                hint='Anki would make a second note type "+"; put new content into a spare field',
                card=key,
            )


def schema_difference(
    layout: NoteLayout, fields: tuple[str, ...], templates: tuple[str, ...], *, cloze: bool
) -> str | None:
    """How a kind's note type must change the schema learners have, or None where that can stand.

    Builds keep the released order, template name and any field that is no longer used, so only
    what has to come in makes a difference.
    """
    if layout.cloze != cloze:
        return "a change between cloze and plain"
    missing = [name for name in layout.all_fields if name not in fields]
    if missing:
        return f"the new fields {', '.join(missing)}"
    if len(templates) != 1:
        return f"one template instead of {', '.join(templates)}"
    return None


def _check_decks(loaded: Loaded, lock: Lock, at: Span, problems: Problems) -> None:
    present = {deck.slug: deck for deck in loaded.library.decks}
    for slug, locked in lock.decks.items():
        deck = present.get(DeckSlug(slug))
        if deck is None:
            problems.add(
                "deck-renamed",
                at,
                f'expected the released deck "{slug}", found none of that name',
                hint=did_you_mean(slug, present),
                card=slug,
            )
        elif (name := loaded.library.full_deck_name(deck)) != locked.name:
            problems.add(
                "deck-renamed",
                deck_span(loaded.folders[deck.slug], "title"),
                f'expected the released name "{locked.name}", found "{name}"',
                hint="Anki knows a deck by its name: learners would get a second one for new cards only",
                card=slug,
            )


def _check_cards(loaded: Loaded, lock: Lock, problems: Problems) -> None:
    for deck in loaded.library.decks:
        for card in deck.cards:
            names = [name for name in (card.id, *card.aliases) if name in lock.cards]
            for name in names[:1]:
                _check_card(loaded, card, deck.slug, lock.cards[name], problems)
            for extra in names[1:]:
                problems.add(
                    "retired-id-reused",
                    loaded.origins[card.id].span("aliases"),
                    f'expected one released card, found "{names[0]}" and "{extra}" in one',
                    hint="each released card lives on by itself; retire one of them",
                )


def _check_card(loaded: Loaded, card: Card, deck: str, locked: LockedCard, problems: Problems) -> None:
    origin = loaded.origins[card.id]
    if locked.gone or (locked.retired and card.retired is None):
        problems.add(
            "retired-id-reused",
            origin.span("id"),
            f'expected "{locked.id}" to stay retired, found a card that is not',
            hint="a new card needs a new id; the retired one stays with its text and its `retired:`",
            card=card.id,
        )
    if card.kind != locked.kind:
        problems.add(
            "kind-changed",
            origin.span("kind"),
            f"expected a {locked.kind} card as released, found a {card.kind} card",
            hint="retire this card and write a new one",
            card=card.id,
        )
    elif isinstance(card, KindCard):
        gone = sorted(set(locked.gaps) - set(card.gaps))
        if gone:
            listed = ", ".join(f"c{gap}" for gap in gone)
            problems.add(
                "gap-vanished",
                origin.span(card.gap_field if hasattr(card, "gap_field") else "id"),
                f"expected the released gap {listed}, found it gone",
                hint="learners keep an empty card; keep the number, or retire the card",
                card=card.id,
            )
    if deck != locked.deck:
        problems.add(
            "card-moved",
            origin.span("id"),
            f'expected the card in the deck "{locked.deck}", found it in "{deck}"',
            hint="learners who have it keep it where it is",
            card=card.id,
        )
    if card.guid is not None and card.guid != locked.guid:
        problems.add(
            "guid-changed",
            origin.span("guid"),
            f"expected the released GUID {shorten(locked.guid)}, found {shorten(card.guid)}",
            hint="the lock holds the GUID; leave the field out",
            card=card.id,
        )


def _check_vanished(loaded: Loaded, lock: Lock, root: Path, problems: Problems) -> None:
    present = loaded.known_ids | set(loaded.library.by_id)
    lines = {name: number for number, name in _lock_lines(root)}
    for name, locked in lock.cards.items():
        if loaded.all_files and name not in present and not locked.gone:
            at = lines.get(name, 1)
            problems.add(
                "released-card-deleted",
                Span((root / LOCK_FILE).as_posix(), at, 1, at, 2),
                f'expected the released card "{name}" of "{locked.deck}", found it in no file',
                hint="put it back with `retired: {since: …, reason: …}`, or, if it was renamed, "
                f"write `aliases: [{name}]` on the card",
                card=name,
            )
    guids = {locked.guid: name for name, locked in lock.cards.items()}
    for card in loaded.library.cards:
        if any(name in lock.cards for name in (card.id, *card.aliases)):
            continue
        made = card.guid or identity.guid(loaded.library.namespace, card.id)
        if made in guids:
            problems.add(
                "retired-id-reused",
                loaded.origins[card.id].span("id"),
                f'expected an id that was never released, found one that "{guids[made]}" had first',
                hint="choose another id",
                related=[
                    Related(
                        Span((root / LOCK_FILE).as_posix(), lines.get(guids[made], 1), 1, 1, 2),
                        "it was released as this",
                    )
                ],
            )


def _lock_lines(root: Path) -> list[tuple[int, str]]:
    text = (root / LOCK_FILE).read_text("utf-8")
    return [
        (number, line.split(" ", 2)[1])
        for number, line in enumerate(text.split("\n"), start=1)
        if line.startswith("card ")
    ]
