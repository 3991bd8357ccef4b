"""The lock: what has been released, and when each piece of it last changed.

Only a release writes it; builds and checks read it. It is text, one fact a line, sorted, so that
a diff of it reads as a list of what a release changed.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

_Json: TypeAlias = Any

HEADER = "deckwright-lock 1"


@dataclass(frozen=True, slots=True)
class LockedCard:
    """A released card. Times are seconds since 1970, UTC; hashes are hexadecimal.

    ``source`` is the hash of what the author wrote, ``output`` of what Anki was given: where only
    the second moved, the tool changed the card. ``gone`` marks a card whose deletion was accepted:
    its line stays, so that nobody takes its id or GUID for another card.
    """

    id: str
    first_id: str
    guid: str
    kind: str
    deck: str
    gaps: tuple[int, ...]
    retired: bool
    source: str
    output: str
    time: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class LockedNoteType:
    """A released note type: its schema is frozen, its look may change with a newer time."""

    key: str
    id: int
    name: str
    fields: tuple[tuple[str, int], ...]
    templates: tuple[tuple[str, int], ...]
    cloze: bool
    output: str
    time: int


@dataclass(frozen=True, slots=True)
class LockedDeck:
    """A released deck; Anki knows it by its full name alone."""

    slug: str
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Release:
    """One release: its time, and how many notes it added and changed."""

    time: int
    added: int
    changed: int


@dataclass(frozen=True, slots=True)
class Lock:
    """Everything that was ever released."""

    namespace: str
    cards: Mapping[str, LockedCard] = field(default_factory=dict)
    note_types: Mapping[str, LockedNoteType] = field(default_factory=dict)
    decks: Mapping[str, LockedDeck] = field(default_factory=dict)
    releases: tuple[Release, ...] = ()

    @property
    def newest(self) -> int:
        """The newest time anywhere in the lock, 0 in an empty one."""
        times = [c.time for c in self.cards.values()] + [t.time for t in self.note_types.values()]
        return max([*times, *(r.time for r in self.releases)], default=0)


class LockError(Exception):
    """The lock's text cannot be understood: which line, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def release_name(time: int) -> str:
    """A release as readers see it: its day, UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


def stamp(time: int) -> str:
    """A time as the lock writes it."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


def _line(kind: str, name: str, /, **facts: object) -> str:
    written = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in facts.items())
    return f"{kind} {name} {written}".rstrip()


def write_text(lock: Lock) -> str:
    """The lock as text: header, namespace, then releases, decks, note types and cards, sorted."""
    lines = [HEADER, _line("namespace", lock.namespace)]
    lines += [
        _line("release", stamp(r.time), added=r.added, changed=r.changed)
        for r in sorted(lock.releases, key=lambda r: r.time)
    ]
    lines += [_line("deck", d.slug, id=d.id, name=d.name) for _, d in sorted(lock.decks.items())]
    for _, t in sorted(lock.note_types.items()):
        lines.append(
            _line(
                "note-type", t.key, id=t.id, name=t.name, cloze=t.cloze, output=t.output, time=stamp(t.time)
            )
        )
        lines += [
            _line("field", t.key, number=i, name=name, id=ident) for i, (name, ident) in enumerate(t.fields)
        ]
        lines += [
            _line("template", t.key, number=i, name=name, id=ident)
            for i, (name, ident) in enumerate(t.templates)
        ]
    lines += [
        _line(
            "card",
            c.id,
            first=c.first_id,
            guid=c.guid,
            kind=c.kind,
            deck=c.deck,
            gaps=list(c.gaps),
            retired=c.retired,
            source=c.source,
            output=c.output,
            time=stamp(c.time),
            **({"gone": True} if c.gone else {}),
        )
        for _, c in sorted(lock.cards.items())
    ]
    return "\n".join(lines).rstrip() + "\n"


def parse_text(text: str) -> Lock:
    """Read a lock's text.

    Raises:
        LockError: if a line is not one a lock holds, such as a merge conflict's mark.
    """
    lines = text.split("\n")
    if not lines or lines[0].strip() != HEADER:
        raise LockError(1, f'expected "{HEADER}", found "{lines[0][:60] if lines else ""}"')
    namespace = ""
    releases: list[Release] = []
    decks: dict[str, LockedDeck] = {}
    note_types: dict[str, LockedNoteType] = {}
    parts: dict[tuple[str, str], list[tuple[str, int]]] = {}
    cards: dict[str, LockedCard] = {}
    guids: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            kind, name, facts = _read_line(line)
            match kind:
                case "namespace":
                    namespace = name
                case "release":
                    releases.append(Release(_time(name), int(facts["added"]), int(facts["changed"])))
                case "deck":
                    decks[name] = LockedDeck(name, int(facts["id"]), str(facts["name"]))
                case "note-type":
                    note_types[name] = LockedNoteType(
                        key=name,
                        id=int(facts["id"]),
                        name=str(facts["name"]),
                        fields=(),
                        templates=(),
                        cloze=bool(facts["cloze"]),
                        output=str(facts["output"]),
                        time=_time(str(facts["time"])),
                    )
                case "field" | "template":
                    parts.setdefault((kind, name), []).append((str(facts["name"]), int(facts["id"])))
                case "card":
                    if name in cards:
                        raise LockError(number, f'expected the card "{name}" once, found it again')
                    if (owner := guids.setdefault(str(facts["guid"]), name)) != name:
                        raise LockError(number, f'expected a GUID of its own, found that of "{owner}"')
                    cards[name] = LockedCard(
                        id=name,
                        first_id=str(facts["first"]),
                        guid=str(facts["guid"]),
                        kind=str(facts["kind"]),
                        deck=str(facts["deck"]),
                        gaps=tuple(int(gap) for gap in facts["gaps"]),
                        retired=bool(facts["retired"]),
                        source=str(facts["source"]),
                        output=str(facts["output"]),
                        time=_time(str(facts["time"])),
                        gone=bool(facts.get("gone", False)),
                    )
                case _:
                    raise LockError(number, f'expected a fact of a lock, found "{kind[:40]}"')
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise LockError(number, f"expected a complete fact, found one that is not: {error}") from error
    if not namespace:
        raise LockError(2, "expected a namespace, found none")
    whole = {
        key: LockedNoteType(
            t.key,
            t.id,
            t.name,
            tuple(parts.get(("field", key), ())),
            tuple(parts.get(("template", key), ())),
            t.cloze,
            t.output,
            t.time,
        )
        for key, t in note_types.items()
    }
    return Lock(namespace, cards, whole, decks, tuple(releases))


def _read_line(line: str) -> tuple[str, str, dict[str, _Json]]:
    kind, _, rest = line.partition(" ")
    name, _, rest = rest.partition(" ")
    decoder = json.JSONDecoder()
    facts: dict[str, _Json] = {}
    at = 0
    while at < len(rest):
        equals = rest.index("=", at)
        value, end = decoder.raw_decode(rest, equals + 1)
        facts[rest[at:equals]] = value
        at = end + 1
    return kind, name, facts


def write_file(path: Path, lock: Lock) -> None:
    """Replace the lock file in one step: a crash leaves the old one or the new one, whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(write_text(lock))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
