"""The library as the page shows it: compiled again at every change, the last good state kept.

A card is rendered when it changes and kept otherwise, so that a save of one card in a thousand costs
little more than reading the library. One thread refreshes; any thread may look.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deckwright import builder, report
from deckwright.anki.notes import all_notes
from deckwright.cache import Cache
from deckwright.compiler import Compilation, compile_library
from deckwright.diagnostics import Problems
from deckwright.kinds import KindCard
from deckwright.lock import release_name
from deckwright.maths import CachedMaths
from deckwright.model import Library
from deckwright.preview.assets import frame_policy
from deckwright.preview.entries import Json, Subject, entry
from deckwright.preview.places import Place, Places, at_line, search
from deckwright.preview.released import Released


@dataclass(frozen=True, slots=True)
class Shown:
    """A card's data as the page gets it, and the version that brought it."""

    version: int
    text: str
    subject: Subject
    facts: Json
    place: Place
    stale: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one moment; nothing in it changes."""

    version: int = 0
    head: Json = field(default_factory=dict)
    cards: Mapping[str, Shown] = field(default_factory=dict)
    media: Mapping[str, Path] = field(default_factory=dict)
    """Pictures by their name in packages."""
    policy: str = ""
    failed: bool = True

    def data(self, since: int = -1) -> str:
        """The head, and every card that changed after ``since``, as JSON that is safe in a script too."""
        cards = ",".join(f"{_dump(i)}:{c.text}" for i, c in self.cards.items() if c.version > since)
        return f'{{"version":{self.version},"head":{_dump(self.head)},"cards":{{{cards}}}}}'


def _dump(value: object) -> str:
    # "<" can neither end a script nor begin a comment in one; other risky characters are escaped anyway.
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


class Workshop:
    """Compiles a folder and holds what the page shows of it."""

    def __init__(
        self,
        root: Path,
        now: int,
        *,
        cache: Cache | None = None,
        old: Released | None = None,
        live: bool = False,
    ) -> None:
        self._root = root
        self._now = now
        self._cache = cache
        self._old = old
        self._live = live
        self._maths = CachedMaths(cache)
        self._places = Places()
        self._note_types: Mapping[str, Any] = {}
        self._gone: list[str] = []
        self._fresh = threading.Condition()
        self.problems = Problems()
        self._snapshot = Snapshot()

    @property
    def snapshot(self) -> Snapshot:
        """What is shown now."""
        return self._snapshot

    def wait(self, version: int, seconds: float) -> Snapshot:
        """The snapshot as soon as it is newer than ``version``, or after some seconds as it is."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._snapshot.version > version, seconds)
            return self._snapshot

    def close(self) -> None:
        """Stop what compiles formulas, and let nobody wait any longer."""
        self._maths.close()
        with self._fresh:
            self._fresh.notify_all()

    def refresh(self) -> Snapshot:
        """Compile the folder and show what changed; whatever cannot be read keeps its last good state."""
        before = self._snapshot
        compilation = compile_library(self._root, maths=self._maths, for_chat=True)
        cards = self._cards(compilation, before)
        self.problems = compilation.problems
        problems = _problems(compilation.problems, cards)
        fallback = before.head if compilation.library is None else {}
        head = self._head(compilation, cards, problems, fallback)
        media = {f.packaged: f.path for files in compilation.media.values() for f in files.values()}
        made = Snapshot(
            version=before.version + 1,
            head=head,
            cards=cards,
            media=dict(before.media) | media,
            policy=frame_policy(self._note_types.values()),
            failed=compilation.library is None or compilation.problems.failed(),
        )
        with self._fresh:
            self._snapshot = made
            self._fresh.notify_all()
        return made

    def _cards(self, compilation: Compilation, before: Snapshot) -> dict[str, Shown]:
        version = before.version + 1
        places = self._places.of(compilation.origins)
        subjects = _subjects(compilation)
        facts = self._facts(compilation, subjects, before)
        cards: dict[str, Shown] = {}
        for card, subject in subjects.items():
            known = before.cards.get(card)
            place = places[card]
            if known and known.facts is facts[card] and known.place == place and not known.stale:
                cards[card] = known
            else:
                cards[card] = _shown(version, subject, facts[card], place, stale=False)
        broken = {p.span.file for p in compilation.problems if p.severity.value == "error"}
        lines = report.SourceLines()
        kept: dict[str, Shown] = {}
        for card, known in before.cards.items():
            if card in cards:
                kept[card] = cards.pop(card)
            elif compilation.library is None or known.place.file in broken:
                place = search(card, known.place.file, lines(known.place.file)) or known.place
                same = known.stale and known.place == place
                kept[card] = known if same else _shown(version, known.subject, known.facts, place, stale=True)
        return kept | cards

    def _facts(
        self, compilation: Compilation, subjects: Mapping[str, Subject], before: Snapshot
    ) -> dict[str, Json]:
        """Each card's data, made again only where the card or its note type is another than before."""
        library = compilation.library
        if library is None:
            return {}
        types = builder.output(
            replace(compilation, library=replace(library, decks=())), self._now, lock=compilation.lock
        ).note_types
        looks = {key: (made.front, made.back, made.css) for key, made in types.items()}
        same_looks = looks == {
            key: (made.front, made.back, made.css) for key, made in self._note_types.items()
        }
        self._note_types = types
        facts: dict[str, Json] = {}
        for card, subject in subjects.items():
            known = before.cards.get(card)
            if same_looks and known is not None and known.subject.key == subject.key:
                facts[card] = known.facts
        if self._old is not None:
            whole = builder.output(compilation, self._now, lock=compilation.lock, cache=self._cache)
            self._gone = self._old.gone(whole)
        changed = {card for card in subjects if card not in facts}
        made = builder.output(
            replace(compilation, library=_only(library, changed)),
            self._now,
            lock=compilation.lock,
            cache=self._cache,
        )
        for note in all_notes(made.decks):
            facts[note.card_id] = entry(subjects[note.card_id], note, made.note_types[note.kind], self._old)
        return facts

    def _head(
        self, compilation: Compilation, cards: Mapping[str, Shown], problems: list[Json], fallback: Json
    ) -> Json:
        library = compilation.library
        released = compilation.lock.releases if compilation.lock else ()
        made: Json = {
            "title": library.title if library else fallback.get("title", self._root.name),
            "language": library.language if library else fallback.get("language", "en"),
            "decks": _decks(library, cards) if library else fallback.get("decks", []),
            "style": next((made.css for made in self._note_types.values()), ""),
            "styles": self._old.styles() if self._old else {},
            "against": self._old.name if self._old else None,
            "gone": self._gone,
            "released": release_name(max(r.time for r in released)) if released else None,
            "tracked": compilation.lock is not None or self._old is not None,
            "kept": library is None and bool(cards),
            "problems": problems,
            "live": self._live,
        }
        return made


def _subjects(compilation: Compilation) -> dict[str, Subject]:
    library = compilation.library
    made: dict[str, Subject] = {}
    for deck in library.decks if library else ():
        files = compilation.media.get(deck.slug, {})
        media = {name: file.packaged for name, file in files.items()}
        paths = {name: file.path for name, file in files.items()}
        for topic in deck.topics:
            for card in topic.cards:
                if isinstance(card, KindCard):
                    made[card.id] = Subject(card, deck, topic, media, paths, compilation.lock)
    return made


def _only(library: Library, cards: set[str]) -> Library:
    """The library with these cards alone."""
    decks = [
        replace(
            deck,
            topics=tuple(
                replace(topic, cards=tuple(c for c in topic.cards if c.id in cards)) for topic in deck.topics
            ),
        )
        for deck in library.decks
    ]
    return replace(library, decks=tuple(decks))


def _shown(version: int, subject: Subject, facts: Json, place: Place, *, stale: bool) -> Shown:
    told = facts | {"file": place.file, "line": place.line, "yaml": "\n".join(place.lines), "stale": stale}
    return Shown(version, _dump(told), subject, facts, place, stale)


def _decks(library: Library, cards: Mapping[str, Shown]) -> list[Json]:
    """Decks and topics with their cards' ids in source order; kept cards stand where they stood."""
    order: dict[tuple[str, str], list[str]] = {}
    for card, shown in cards.items():
        order.setdefault((shown.facts["deck"], shown.facts["topic"]), []).append(card)
    decks = []
    for deck in library.decks:
        own = {slug: cards for (of, slug), cards in order.items() if of == deck.slug}
        topics = [{"slug": t.slug, "title": t.title, "cards": own.pop(t.slug, [])} for t in deck.topics]
        topics += [{"slug": slug, "title": slug, "cards": left} for slug, left in own.items()]
        decks.append({"slug": deck.slug, "title": deck.title, "topics": topics})
    return decks


def _problems(problems: Problems, cards: Mapping[str, Shown]) -> list[Json]:
    lines = report.SourceLines()
    places = [(card, shown.place) for card, shown in cards.items()]
    found: list[Json] = json.loads(report.as_json(problems))
    for problem, diagnostic in zip(found, problems, strict=True):
        source = lines(diagnostic.span.file)
        at = diagnostic.span.line - 1
        problem["source"] = report.safe(source[at]) if at < len(source) else ""
        problem["title"] = diagnostic.code.title
        owner = diagnostic.card if diagnostic.card in cards else None
        problem["card"] = owner or at_line(diagnostic.span.file, diagnostic.span.line, places)
    return found
