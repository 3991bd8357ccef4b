"""Releases: what goes into the lock, and what refuses to."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from deckwright import history
from deckwright.anki.notes import Note, all_notes, released
from deckwright.builder import Output
from deckwright.compiler import Compilation
from deckwright.diagnostics import Diagnostic, Problems
from deckwright.lock import Lock, LockedCard, LockedDeck, LockedNoteType, Release, stamp
from deckwright.source import LIBRARY_FILE, LOCK_FILE, Span

MAX_RENDERER_SHARE = 0.1
"""A larger share of released cards changed by the tool alone needs to be accepted."""
GIT_SECONDS = 20
EARLIEST = 1_000_000_000
"""September 2001; a clock before that was never set."""


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What a release would record; ``problems`` say why it may not."""

    lock: Lock
    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]
    note_types: tuple[str, ...]
    """Note types whose look or schema this release changes (new ones are not named)."""
    migrated: tuple[str, ...]
    """Note types whose schema changes: learners import once with "merge note types" and "always"."""
    problems: Problems
    empty: bool
    """Whether there is nothing to record."""


def plan(
    compilation: Compilation,
    made: Output,
    now: int,
    *,
    accept: Collection[str] = (),
) -> ReleasePlan:
    """What releasing ``made`` at ``now`` (seconds since 1970) would record.

    ``accept`` holds ``CODE:ID`` for changes that are wanted. ``made`` must have been rendered with the
    compilation's lock.

    Raises:
        ValueError: if the compilation has no library.
    """
    library = compilation.library
    if library is None:
        raise ValueError("there is no library to release")
    old = compilation.lock or Lock(library.namespace)
    problems = Problems()
    problems.extend(d for d in compilation.problems if not _accepted(d, accept))
    by_id = library.by_id
    notes = list(all_notes(made.decks))
    locked = {note.card_id: released(old, by_id[note.card_id]) for note in notes}
    _check_renderer(compilation, notes, locked, accept, problems)
    migrated = tuple(
        key
        for key, note_type in made.note_types.items()
        if (known_type := old.note_types.get(key)) is not None
        and [name for name, _ in known_type.fields] != [name for name, _ in note_type.fields]
    )
    known = {before.id for before in locked.values() if before is not None}
    cards = {name: _gone(card) for name, card in old.cards.items() if name not in known}
    added, changed, retired = [], [], []
    for note in notes:
        before = locked[note.card_id]
        if before is None:
            added.append(note.card_id)
        elif not note.released:
            changed.append(note.card_id)
        if by_id[note.card_id].retired is not None and before is not None and not before.retired:
            retired.append(note.card_id)
        is_new = before is None or not note.released or note.kind in migrated
        cards[note.card_id] = _locked_card(
            note,
            before,
            now if is_new else note.time,
            gaps=made.note_types[note.kind].cloze,
            retired=by_id[note.card_id].retired is not None,
        )
    types = dict(old.note_types)
    moved = []
    for key, note_type in made.used_types(made.decks).items():
        earlier = old.note_types.get(key)
        if earlier is not None and earlier.output != note_type.output:
            moved.append(key)
        types[key] = LockedNoteType(
            key,
            note_type.id,
            note_type.name,
            note_type.fields,
            (note_type.template,),
            note_type.cloze,
            note_type.output,
            earlier.time if earlier is not None and earlier.output == note_type.output else now,
        )
    decks = dict(old.decks) | {
        deck.deck.slug: LockedDeck(
            deck.deck.slug, _deck_id(library.namespace, deck.deck.slug), deck.full_name
        )
        for deck in made.decks
    }
    decks = {slug: deck for slug, deck in decks.items() if any(deck.slug == d.deck.slug for d in made.decks)}
    lock = Lock(
        library.namespace,
        cards,
        types,
        decks,
        (*old.releases, Release(now, len(added), len(changed))),
    )
    empty = compilation.lock is not None and _facts(lock) == _facts(old)
    if not empty:
        _check_clock(compilation.root, old, now, problems)
    return ReleasePlan(
        lock,
        tuple(added),
        tuple(changed),
        tuple(retired),
        tuple(moved),
        migrated,
        problems,
        empty=empty,
    )


def unreleased(compilation: Compilation, made: Output) -> Problems:
    """Everything a build would hold that no release has recorded, for ``check --locked``."""
    problems = Problems()
    library = compilation.library
    if library is None:
        return problems
    lock = compilation.lock
    if lock is None:
        at = Span((compilation.root / LIBRARY_FILE).as_posix(), 1, 1, 1, 2)
        hint = "`deckwright release` makes it"
        problems.add("unreleased", at, "expected a lock, found none: nothing was released yet", hint=hint)
        return problems
    for note in all_notes(made.decks):
        if not note.released:
            before = released(lock, library.by_id[note.card_id])
            problems.add(
                "unreleased",
                compilation.origins[note.card_id].span("id"),
                f"expected the card as released, found {'a new card' if before is None else 'it changed'}",
                hint="`deckwright release` records it",
                card=note.card_id,
            )
    library_file = Span((compilation.root / LIBRARY_FILE).as_posix(), 1, 1, 1, 2)
    for key, note_type in made.used_types(made.decks).items():
        locked = lock.note_types.get(key)
        if locked is None or locked.output != note_type.output:
            problems.add(
                "unreleased",
                library_file,
                f'expected the note type "{key}" as released, found '
                f"{'a new one' if locked is None else 'it changed'}",
                hint="`deckwright release` records it",
                card=key,
            )
    for deck in made.decks:
        if deck.deck.slug not in lock.decks:
            problems.add(
                "unreleased", library_file, f'expected a released deck, found the new one "{deck.deck.slug}"'
            )
    return problems


def _deck_id(namespace: str, slug: str) -> int:
    from deckwright import identity

    return identity.deck_id(namespace, slug)


def _locked_card(
    note: Note, before: LockedCard | None, time: int, *, gaps: bool, retired: bool
) -> LockedCard:
    return LockedCard(
        id=note.card_id,
        first_id=before.first_id if before is not None else note.card_id,
        guid=note.guid,
        kind=note.kind,
        deck=note.deck,
        gaps=tuple(ordinal + 1 for ordinal in note.ordinals) if gaps else (),
        retired=retired,
        source=note.source,
        output=note.output,
        time=time,
    )


def _facts(lock: Lock) -> Lock:
    """What of a lock matters to learners: a source that gives the same note is no news to them."""
    cards = {name: replace(card, source="") for name, card in lock.cards.items()}
    return replace(lock, cards=cards, releases=())


def _gone(card: LockedCard) -> LockedCard:
    return replace(card, gone=True)


def unused_accepts(compilation: Compilation, plan: ReleasePlan, accept: Collection[str]) -> list[str]:
    """What was accepted though nothing of the kind was found: a mistyped code or id."""
    found = {acceptable(problem) for problem in (*compilation.problems, *plan.problems)}
    everywhere = {"renderer-changed:all"}
    return [each for each in accept if each not in found and each not in everywhere]


def acceptable(problem: Diagnostic) -> str | None:
    """What to write behind ``--accept`` for a problem that may be wanted; None for any other."""
    if problem.code.name not in history.ACCEPTABLE or problem.card is None:
        return None
    return f"{problem.code.name}:{problem.card}"


def _accepted(problem: Diagnostic, accept: Collection[str]) -> bool:
    return (
        problem.card is not None
        and problem.code.name in history.ACCEPTABLE
        and f"{problem.code.name}:{problem.card}" in accept
    )


def _check_clock(root: Path, old: Lock, now: int, problems: Problems) -> None:
    at = Span((root / LOCK_FILE).as_posix(), 1, 1, 1, 2)
    if now < EARLIEST:
        problems.add(
            "clock-behind",
            at,
            f"expected a clock after {stamp(EARLIEST)}, found {stamp(now)}",
            hint="set the clock right",
        )
    if old.newest >= now:
        problems.add(
            "clock-behind",
            at,
            f"expected a clock after the last release ({stamp(old.newest)}), found {stamp(now)}",
            hint="set the clock right; an older time would never reach learners",
        )
    commit = newest_commit(root)
    if commit is not None and commit > now:
        problems.add(
            "clock-behind",
            at,
            f"expected a clock after the newest commit ({stamp(commit)}), found {stamp(now)}",
            hint="set the clock right",
        )


def _check_renderer(
    compilation: Compilation,
    notes: list[Note],
    locked: dict[str, LockedCard | None],
    accept: Collection[str],
    problems: Problems,
) -> None:
    known = [(note, before) for note in notes if (before := locked[note.card_id]) is not None]
    by_tool = [n for n, before in known if n.output != before.output and n.source == before.source]
    if len(by_tool) > MAX_RENDERER_SHARE * len(known) and "renderer-changed:all" not in accept:
        problems.add(
            "renderer-changed",
            Span((compilation.root / LOCK_FILE).as_posix(), 1, 1, 1, 2),
            f"expected at most a tenth of {len(known)} cards to change without their source, "
            f"found {len(by_tool)}",
            hint="learners lose what they wrote into those notes; if the new look is worth it: "
            "--accept renderer-changed:all",
        )


def newest_commit(root: Path) -> int | None:
    """The time of the newest commit, seconds since 1970; None where the library is in no repository."""
    text = _git(root, "-c", "log.showSignature=false", "log", "-1", "--format=%ct")
    return int(text) if text is not None and text.isdigit() else None


def branch(root: Path) -> str | None:
    """The branch that is checked out, or None outside a repository or on no branch."""
    return _git(root, "symbolic-ref", "--short", "-q", "HEAD") or None


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603  fixed arguments, no shell
            ["git", "-C", str(root), *arguments],  # noqa: S607  whichever git the author uses
            capture_output=True,
            text=True,
            check=False,
            timeout=GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


MAIN_BRANCHES = frozenset({"main", "master", "trunk"})


def check_branch(root: Path, problems: Problems) -> None:
    """Warn about a release off the main branch: its times would come into the lock out of order."""
    name = branch(root)
    if name is not None and name not in MAIN_BRANCHES:
        problems.add(
            "off-main-branch",
            Span((root / LOCK_FILE).as_posix(), 1, 1, 1, 2),
            f'expected the main branch, found "{name}"',
            hint="merge first and release from there, so that no two branches change the lock",
        )
