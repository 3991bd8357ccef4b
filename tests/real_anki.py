"""A harness around the real Anki, the judge of what an import does.

It is AGPL and no dependency: where it is missing the tests that need it are skipped, but never in CI.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection as Many, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

try:
    from anki.collection import (
        Collection,
        ExportAnkiPackageOptions,
        ImportAnkiPackageOptions,
        ImportAnkiPackageRequest,
    )
except ImportError as error:  # pragma: no cover
    if os.environ.get("CI"):
        raise
    pytest.skip(f"the real Anki is not installed: {error}", allow_module_level=True)

IF_NEWER: Any = 0
ALWAYS: Any = 1
UNREPLACED = re.compile(
    r"\{\{|has a problem:|there is no field called|card is blank|<!-- (foot|back|report) -->"
)
"""What a card shows whose template or text went wrong."""
GROUPS = (
    "new",
    "updated",
    "duplicate",
    "conflicting",
    "first_field_match",
    "missing_notetype",
    "missing_deck",
    "empty_first_field",
)


@dataclass(frozen=True)
class ImportLog:
    """What Anki said about an import: GUIDs by group, empty groups left out."""

    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many notes each group has."""
        return {name: len(guids) for name, guids in self.groups.items()}

    def __getitem__(self, group: str) -> set[str]:
        return set(self.groups.get(group, ()))


class RealAnki:
    """A collection of a learner, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "collection.anki2"
        self.col: Any = _open(str(self.path))
        config = self.col.decks.get_config(1)
        config["new"]["perDay"] = config["rev"]["perDay"] = 9999
        config["lapse"]["leechFails"] = 1
        self.col.decks.update_config(config)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.col.close()

    # importing

    def import_package(
        self, package: Path | bytes, *, merge: bool = False, always: bool = False
    ) -> ImportLog:
        """Import with the desktop's defaults, unless a learner switched something."""
        with _as_file(package) as path:
            ids = self._guid_by_source_id(path)
            options = ImportAnkiPackageOptions(
                merge_notetypes=merge,
                update_notes=ALWAYS if always else IF_NEWER,
                update_notetypes=IF_NEWER,
                with_scheduling=False,
                with_deck_configs=False,
            )
            request = ImportAnkiPackageRequest(package_path=str(path), options=options)
            log = self.col.import_anki_package(request).log
        found = {}
        for name in GROUPS:
            # A conflicting note is named by its id in the package, any other by its id here.
            where = ids if name == "conflicting" else self.guid_by_id
            found[name] = tuple(where[note.id.nid] for note in getattr(log, name))
        return ImportLog({name: guids for name, guids in found.items() if guids})

    @staticmethod
    def _guid_by_source_id(path: Path) -> dict[int, str]:
        import sqlite3
        import zipfile

        with zipfile.ZipFile(path) as archive:
            data = archive.read("collection.anki2")
        connection = sqlite3.connect(":memory:")
        try:
            connection.deserialize(data)
            return dict(connection.execute("SELECT id, guid FROM notes"))
        finally:
            connection.close()

    def export(self, path: Path) -> Path:
        """Export everything as a learner would for somebody with an older Anki."""
        options = ExportAnkiPackageOptions(with_scheduling=False, with_media=False, legacy=True)
        self.col.export_anki_package(out_path=str(path), options=options, limit=None)
        return path

    # looking

    @property
    def guid_by_id(self) -> dict[int, str]:
        """Every note's GUID."""
        return dict(self.col.db.execute("SELECT id, guid FROM notes"))

    def note(self, guid: str) -> Any:
        """A note by its GUID."""
        return self.col.get_note(self.col.db.scalar("SELECT id FROM notes WHERE guid = ?", guid))

    def fields(self, guid: str) -> dict[str, str]:
        """A note's fields by name."""
        return dict(self.note(guid).items())

    def mods(self) -> dict[str, int]:
        """Every note's time."""
        return dict(self.col.db.execute("SELECT guid, mod FROM notes"))

    def contents(self) -> dict[str, tuple[str, str]]:
        """Every note's fields and tags."""
        return {guid: (f, t) for guid, f, t in self.col.db.execute("SELECT guid, flds, tags FROM notes")}

    def cards(self) -> dict[tuple[str, int], str]:
        """The deck of every card, by GUID and ordinal."""
        rows = self.col.db.execute("SELECT n.guid, c.ord, c.did FROM cards c JOIN notes n ON n.id = c.nid")
        return {(guid, ordinal): self.col.decks.name(did) for guid, ordinal, did in rows}

    def schedule(self) -> dict[tuple[str, int], tuple[int, ...]]:
        """All that Anki knows about when each card comes."""
        rows = self.col.db.execute(
            "SELECT n.guid, c.ord, c.did, c.type, c.queue, c.due, c.ivl, c.factor, c.reps, c.lapses, c.flags"
            " FROM cards c JOIN notes n ON n.id = c.nid"
        )
        return {(row[0], row[1]): tuple(row[2:]) for row in rows}

    def history(self) -> list[tuple[Any, ...]]:
        """The review log."""
        return [tuple(row) for row in self.col.db.execute("SELECT * FROM revlog ORDER BY id")]

    def note_types(self) -> dict[str, int]:
        """The names of note types that have notes, each with how many."""
        counted = {made["name"]: len(self.col.models.nids(made["id"])) for made in self.col.models.all()}
        return {name: count for name, count in counted.items() if count}

    def note_type(self, name: str) -> Any:
        """A note type as the collection has it now; Anki's Python side keeps what it once read."""
        self.col.models._clear_cache()
        return self.col.models.by_name(name)

    def new_queue(self, deck: str) -> list[tuple[str, int]]:
        """The new cards of a deck and its subdecks in the order a learner meets them."""
        self.col.decks.select(self.col.decks.id_for_name(deck))
        queued = self.col.sched.get_queued_cards(fetch_limit=9999).cards
        guids = self.guid_by_id
        return [(guids[each.card.note_id], each.card.template_idx) for each in queued]

    # a learner's life

    def study(self, count: int, rating: int = 4) -> list[tuple[str, int]]:
        """Answer that many cards, deck by deck, as Anki's scheduler hands them out."""
        guids = self.guid_by_id
        done: list[tuple[str, int]] = []
        for deck in self.col.decks.all_names_and_ids(skip_empty_default=True):
            self.col.decks.select(deck.id)
            while len(done) < count and (card := self.col.sched.getCard()) is not None:
                self.col.sched.answerCard(card, rating)
                done.append((guids[card.nid], card.ord))
        return done

    def fail(self, guid: str) -> None:
        """Make the note's first card a leech: it was known, and is forgotten."""
        card = self.note(guid).cards()[0]
        self.col.sched.set_due_date([card.id], "0")
        self.col.decks.select(card.did)
        for _ in range(9999):
            due = self.col.sched.getCard()
            assert due is not None, "the card never came"
            if due.id == card.id:
                self.col.sched.answerCard(due, 1)
                return
            self.col.sched.bury_cards([due.id])

    def edit(self, guid: str, name: str, text: str) -> None:
        """Write into a field."""
        note = self.note(guid)
        note[name] = text
        self.col.update_note(note)

    def tag(self, guid: str, tag: str) -> None:
        """Add a tag."""
        self.col.tags.bulk_add([self.note(guid).id], tag)

    def move(self, guid: str, deck: str) -> None:
        """Move a note's cards to another deck, made if it is new."""
        self.col.set_deck([card.id for card in self.note(guid).cards()], self.col.decks.id(deck))

    def suspend(self, guid: str) -> None:
        """Suspend a note's cards."""
        self.col.sched.suspend_cards([card.id for card in self.note(guid).cards()])

    def age(self, time: int) -> None:
        """Let all that the learner did to notes and note types be done at ``time``, not just now."""
        self.col.db.execute("UPDATE notes SET mod = ? WHERE mod > ?", time, time)

    # an author's life without us

    def add_type(self, name: str, fields: Many[str], *, cloze: bool = False, templates: int = 1) -> None:
        """Make a note type that shows its first field, then its second."""
        models = self.col.models
        made = models.new(name)
        made["type"] = int(cloze)
        for field_name in fields:
            models.add_field(made, models.new_field(field_name))
        first, second = list(fields)[:2]
        for number in range(templates):
            template = models.new_template("Cloze" if cloze else f"Card {number + 1}")
            shown = f"{{{{cloze:{first}}}}}" if cloze else f"{{{{{first if number == 0 else second}}}}}"
            template["qfmt"], template["afmt"] = shown, f"{shown}<hr>{{{{{second}}}}}"
            models.add_template(made, template)
        models.add(made)

    def add_note(self, type_name: str, deck: str, *fields: str, tags: Many[str] = ()) -> str:
        """Write a note; its GUID."""
        note = self.col.new_note(self.note_type(type_name))
        for number, text in enumerate(fields):
            note.fields[number] = text
        note.tags = list(tags)
        self.col.add_note(note, self.col.decks.id(deck))
        return str(note.guid)

    # judging

    def flaws(self) -> list[str]:
        """Everything that is wrong with the collection; empty where all is well."""
        found = [f"database: {problem}" for problem in self.col._backend.check_database()]
        found += self._card_flaws()
        empty = self.col.get_empty_cards()
        found += [f"empty card of note {note.note_id}" for note in empty.notes]
        media = self.col.media.check()
        found += [f"missing file {name}" for name in media.missing]
        found += [f"unused file {name}" for name in media.unused]
        before = self.cards()
        self.col.after_note_updates(list(self.guid_by_id), mark_modified=False)
        found += [f"missing card {card}" for card in self.cards().keys() - before.keys()]
        return found

    def _card_flaws(self) -> Iterator[str]:
        for ident in self.col.find_cards(""):
            card = self.col.get_card(ident)
            for side, text in (("question", card.question()), ("answer", card.answer())):
                shown = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", text, flags=re.DOTALL)
                if UNREPLACED.search(shown):
                    yield f"{side} of card {ident}: {shown[:200]}"
                if not re.sub(r"<[^>]*>|\s|&nbsp;", "", shown):
                    yield f"{side} of card {ident} is empty"


def _open(path: str) -> Any:
    return Collection(path)


@contextmanager
def _as_file(package: Path | bytes) -> Iterator[Path]:
    if isinstance(package, Path):
        yield package
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "package.apkg"
        path.write_bytes(package)
        yield path


def guids(many: Many[Any]) -> set[str]:
    """The GUIDs of a group of a difference."""
    return {each.guid for each in many}
