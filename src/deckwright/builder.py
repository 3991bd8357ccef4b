"""A compiled library to files: packages in one go, old files untouched until all are made."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from deckwright import identity
from deckwright.anki.notes import DeckNotes, all_notes, deck_notes
from deckwright.anki.notetypes import NoteType, note_types
from deckwright.anki.package import package_bytes
from deckwright.cache import Cache
from deckwright.collector import without_collector
from deckwright.compiler import Compilation
from deckwright.kinds.layout import COMMON_FIELDS
from deckwright.lock import Lock, LockedNoteType
from deckwright.model import Library

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuiltPackage:
    """A package written: its path, its size in bytes, and how many notes and cards it holds."""

    path: Path
    title: str
    size: int
    notes: int
    cards: int


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build wrote, and how many of its notes no release has seen yet."""

    packages: tuple[BuiltPackage, ...]
    unreleased: int
    retired: int
    guide: Path | None


@dataclass(frozen=True, slots=True)
class Output:
    """A library as Anki will see it: notes by deck, and the note types they use."""

    decks: tuple[DeckNotes, ...]
    note_types: Mapping[str, NoteType]

    def used_types(self, decks: Collection[DeckNotes]) -> dict[str, NoteType]:
        """The note types that the given decks' notes use."""
        used = {note.kind for deck in decks for note in deck.notes}
        return {key: made for key, made in self.note_types.items() if key in used}


def output(compilation: Compilation, now: int, *, lock: Lock | None, cache: Cache | None = None) -> Output:
    """Render every note; ``now`` (seconds since 1970) is the time of whatever is unreleased.

    Raises:
        ValueError: if the compilation has no library.
    """
    library = _library(compilation)
    decks = deck_notes(library, lock, now, compilation.media, cache)
    made = note_types(library, lock, now)
    if lock is not None:
        made = {
            key: as_released(library, each, lock.note_types[key], now) if key in lock.note_types else each
            for key, each in made.items()
        }
    return Output(tuple(decks), made)


def as_released(library: Library, made: NoteType, locked: LockedNoteType, now: int) -> NoteType:
    """The note type with the schema that learners have: its order, its template, its leftover fields.

    A field of theirs that we do not have stays, empty: Anki's merge never removes one, and without
    it every later import would find another schema and freeze their notes. Where such a field has
    an id of its own, a field of ours takes its place instead: Anki then renames it.
    """
    theirs = {name for name, _ in locked.fields}
    names = [name for name, _ in made.fields]
    ours = [name for name in names if name not in theirs and name not in COMMON_FIELDS]
    kept = []
    for name, ident in locked.fields:
        foreign = ident != identity.part_id(library.namespace, made.key, "field", name)
        kept.append((ours.pop(0) if ours and foreign and name not in names else name, ident))
    fields = (*kept, *(each for each in made.fields if each[0] not in dict(kept)))
    template = locked.templates[0] if len(locked.templates) == 1 else made.template
    if (fields, template) == (made.fields, made.template):
        return made
    changed = replace(made, fields=fields, template=template)
    return replace(changed, time=locked.time if changed.output == locked.output else now)


def build(
    compilation: Compilation,
    out: Path,
    now: int,
    *,
    only: Collection[str] = (),
    cache: Cache | None = None,
    lock: Lock | None = None,
    progress: Progress = lambda _name: None,
) -> BuildReport:
    """Write one package a deck and one for the whole library into ``out``.

    ``only`` limits the build to some decks (and leaves the whole library's package alone).
    ``lock`` stands in for the compilation's own, for a release that has just made a new one.
    Nothing in ``out`` changes before every package is made.

    Raises:
        ValueError: if the compilation has problems that forbid a build.
        OSError: if the files cannot be written.
    """
    library = _library(compilation)
    if lock is None and compilation.problems.failed():
        raise ValueError("a library with errors cannot be built")
    with without_collector():
        return _build(compilation, library, out, now, only, cache, lock, progress)


def _build(
    compilation: Compilation,
    library: Library,
    out: Path,
    now: int,
    only: Collection[str],
    cache: Cache | None,
    lock: Lock | None,
    progress: Progress,
) -> BuildReport:
    made = output(compilation, now, lock=lock or compilation.lock, cache=cache)
    descriptions = _descriptions(library)
    wanted = [deck for deck in made.decks if not only or deck.deck.slug in only]
    names: dict[str, tuple[str, tuple[DeckNotes, ...]]]
    names = {f"{library.namespace}-{deck.deck.slug}.apkg": (deck.deck.title, (deck,)) for deck in wanted}
    if not only:
        names[f"{library.namespace}.apkg"] = (library.title, tuple(made.decks))
    contents: dict[str, bytes] = {}
    same: dict[tuple[int, ...], bytes] = {}
    for name, (_, decks) in names.items():
        progress(name)
        key = tuple(id(deck) for deck in decks)
        if key not in same:
            same[key] = package_bytes(library.namespace, decks, made.used_types(decks), descriptions)
        contents[name] = same[key]
    guide = None
    if compilation.guide is not None and not only:
        guide = out / compilation.guide.file
        contents[guide.name] = compilation.guide.content
    write_all(out, contents)
    notes = [note for deck in wanted for note in deck.notes]
    packages = tuple(
        BuiltPackage(
            out / name,
            title,
            len(contents[name]),
            sum(len(deck.notes) for deck in decks),
            sum(len(note.ordinals) for note in all_notes(decks)),
        )
        for name, (title, decks) in names.items()
    )
    unreleased = sum(not note.released for note in notes)
    retired = sum(card.retired is not None for deck in wanted for card in deck.deck.cards)
    return BuildReport(packages, unreleased, retired, guide)


def _library(compilation: Compilation) -> Library:
    if compilation.library is None:
        raise ValueError("there is no library to build")
    return compilation.library


def _descriptions(library: Library) -> dict[str, str]:
    from deckwright.anki.html import HtmlRenderer, escape

    renderer = HtmlRenderer()
    licence = f"<p>{escape(library.licence)}</p>" if library.licence else ""
    return {
        library.full_deck_name(deck): renderer.block(deck.description or library.description) + licence
        for deck in library.decks
    }


def write_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files so that a crash leaves each old or new and whole: all are staged before any moves."""
    folder.mkdir(parents=True, exist_ok=True)
    staged: dict[str, Path] = {}
    try:
        for name, content in contents.items():
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            staged[name] = Path(temporary)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            staged[name].chmod(0o644)
        for name in list(staged):
            staged[name].replace(folder / name)
            del staged[name]
    finally:
        for left in staged.values():
            left.unlink(missing_ok=True)
