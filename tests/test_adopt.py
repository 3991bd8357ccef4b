"""Decks that people already study are taken over: their notes are updated in place."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deckwright.adopt import Adoption, adopt, comparable
from deckwright.anki.reader import PackageContent, read_bytes
from deckwright.lock import write_file
from deckwright.source import LOCK_FILE
from real_anki import RealAnki
from release_helpers import DAY, T0, T1, T2, Shelf, cloze, every_kind, picture, recall

Make = Callable[[RealAnki], object]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Where the library goes."""
    return Shelf(tmp_path / "library")


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[RealAnki]:
    """Somebody who studies the old deck."""
    with RealAnki(tmp_path / "learner") as made:
        yield made


@pytest.fixture
def author(tmp_path: Path) -> Iterator[RealAnki]:
    """Somebody who wrote the old deck in Anki itself."""
    with RealAnki(tmp_path / "author") as made:
        yield made


def export(author: RealAnki, *, ids: bool = True) -> bytes:
    """The author's package; older Anki and genanki gave fields and templates no ids."""
    author.col.db.execute("UPDATE notes SET mod = ?", T0)
    author.col.db.execute("UPDATE notetypes SET mtime_secs = ?", T0)
    package = author.export(author.path.with_name("old.apkg")).read_bytes()
    if ids:
        return package
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as archive, zipfile.ZipFile(out, "w") as made:
        for name in archive.namelist():
            content = archive.read(name)
            made.writestr(name, _without_ids(content) if name == "collection.anki21" else content)
    return out.getvalue()


def _without_ids(database: bytes) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(database)
    ((models,),) = connection.execute("SELECT models FROM col")
    parsed = json.loads(models)
    for model in parsed.values():
        for part in (*model["flds"], *model["tmpls"]):
            del part["id"]
    connection.execute("UPDATE col SET models = ?", (json.dumps(parsed),))
    connection.commit()
    made = connection.serialize()
    connection.close()
    return made


def adopted(shelf: Shelf, package: bytes, *drop: str) -> Adoption:
    """Adopt and keep the lock, as the command does."""
    made = adopt(shelf.compile(), read_bytes(package), drop=drop)
    if made.lock is not None:
        write_file(shelf.root / LOCK_FILE, made.lock)
    return made


def found(made: Adoption) -> list[str]:
    """The codes of the problems."""
    assert (made.lock is None) == made.problems.failed()
    return [problem.code.name for problem in made.problems]


# --- pairing ---------------------------------------------------------------------------------------


def test_notes_are_paired_by_guid_by_derived_guid_and_by_equal_first_field(
    shelf: Shelf, author: RealAnki
) -> None:
    from deckwright.identity import guid

    author.add_type("Basic X", ["Front", "Back"])
    first = author.add_note("Basic X", "Lib::One", "Something else", "x")
    second = author.add_note("Basic X", "Lib::One", "Nothing like it", "x")
    third = author.add_note("Basic X", "Lib::One", "<div>What&nbsp;is <b>c</b>?</div>", "x")
    author.col.db.execute("UPDATE notes SET guid = ? WHERE guid = ?", guid("lib", "b"), second)
    shelf.write({"one": [recall("a", guid=first), recall("b"), recall("c"), recall("new")]})

    made = adopted(shelf, export(author))

    assert found(made) == []
    assert made.paired == {"a": first, "b": guid("lib", "b"), "c": third}
    assert made.lock is not None
    assert {card.time for card in made.lock.cards.values()} == {T0}
    assert {name: shelf.guids()[name] for name in made.paired} == made.paired


def test_an_old_note_without_a_card_is_an_error_with_what_to_write(shelf: Shelf, author: RealAnki) -> None:
    author.add_type("Basic X", ["Front", "Back"])
    guid = author.add_note("Basic X", "Lib::One", "What is aa?", "x")
    shelf.write({"one": [recall("a")]})

    made = adopted(shelf, export(author))

    assert found(made) == ["old-note-unpaired"]
    problem = next(iter(made.problems))
    assert problem.hint is not None
    assert 'did you mean "What is a?"' in problem.hint
    assert f"guid: '{guid}'" in problem.hint


@pytest.mark.parametrize("by_guid", [True, False])
def test_a_note_that_was_named_as_dropped_is_left_out(shelf: Shelf, author: RealAnki, by_guid: bool) -> None:  # noqa: FBT001
    author.add_type("Basic X", ["Front", "Back"])
    guid = author.add_note("Basic X", "Lib::One", "Is <i>it</i> old?", "x")
    author.add_note("Basic X", "Lib::One", "What is a?", "x")
    shelf.write({"one": [recall("a")]})

    made = adopted(shelf, export(author), guid if by_guid else "Is it old?")

    assert found(made) == []
    assert made.dropped == (guid,)


def test_a_name_to_drop_that_fits_nothing_is_an_error(shelf: Shelf, author: RealAnki) -> None:
    author.add_type("Basic X", ["Front", "Back"])
    author.add_note("Basic X", "Lib::One", "What is a?", "x")
    shelf.write({"one": [recall("a")]})

    assert found(adopted(shelf, export(author), "What is aa?")) == ["unknown-drop"]


def test_what_fits_twice_is_never_guessed(shelf: Shelf, author: RealAnki) -> None:
    author.add_type("Basic X", ["Front", "Back"])
    guids = [author.add_note("Basic X", "Lib::One", "What is a?", text) for text in "xy"]
    author.add_note("Basic X", "Lib::One", "Same", "x")
    twins = [{"id": name, "front": "Same", "back": "No."} for name in ("twin-one", "twin-two")]
    shelf.write({"one": [recall("a"), *twins]})
    package = export(author)

    assert found(adopted(shelf, package)) == ["old-note-ambiguous"] * 2
    shelf.write({"one": [recall("a"), *twins[:1]]})
    assert found(adopted(shelf, package, guids[0])) == []


def test_an_old_basic_note_cannot_become_a_cloze_card(shelf: Shelf, author: RealAnki) -> None:
    author.add_type("Basic X", ["Front", "Back"])
    guid = author.add_note("Basic X", "Lib::One", "x", "y")
    shelf.write({"one": [cloze("a", guid=guid)]})

    assert found(adopted(shelf, export(author))) == ["kind-changed"]


def test_a_note_type_with_two_templates_is_refused(shelf: Shelf, author: RealAnki) -> None:
    author.add_type("Both ways", ["Front", "Back"], templates=2)
    author.add_note("Both ways", "Lib::One", "What is a?", "y")
    shelf.write({"one": [recall("a")]})

    assert found(adopted(shelf, export(author))) == ["old-note-type"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<div>a</div>\n<div> b</div>", "<p>a b</p>"),
        ("a &lt; b &amp; c", "a < b & c"),
        (r"\( \frac{a}{b^{2}} \)", r"\(\frac{a}{b^{2} }\)"),
        ("<!-- note -->a", "a"),
    ],
)
def test_first_fields_are_compared_as_plain_text(old: str, new: str) -> None:
    assert comparable(old) == comparable(new)


# --- our own packages ------------------------------------------------------------------------------


def test_a_lost_lock_is_made_again_from_the_last_package(shelf: Shelf) -> None:
    picture(shelf)
    kinds = every_kind()
    shelf.write(kinds)
    shelf.release(T0)
    kinds["theory"][0]["back"] = "New."
    shelf.write(kinds)
    shelf.release(T1)
    lost, package = shelf.lock, shelf.package(T1)
    (shelf.root / LOCK_FILE).unlink()

    made = adopted(shelf, package)

    assert found(made) == []
    assert made.lock is not None
    assert made.lock.cards == lost.cards
    assert made.lock.note_types == lost.note_types
    assert made.lock.decks == lost.decks
    assert shelf.plan(T2).empty


def test_the_id_field_pairs_where_the_namespace_is_another(shelf: Shelf) -> None:
    shelf.write({"one": [recall("a"), recall("b")]})
    shelf.release(T0)
    package, guids = shelf.package(T0), shelf.guids()
    (shelf.root / LOCK_FILE).unlink()
    shelf.namespace = "renamed"
    shelf.write(
        {"one": [recall("a", "Another."), {"id": "bee", "aliases": ["b"], "front": "New?", "back": "B."}]}
    )

    made = adopted(shelf, package)

    assert made.paired == {"a": guids["a"], "bee": guids["b"]}
    assert shelf.codes(T1) == set()
    assert shelf.plan(T1).migrated == ()


# --- with the real Anki ----------------------------------------------------------------------------


def _flat(author: RealAnki) -> None:
    """Field names that we do not have, so that the first field is one of theirs."""
    author.add_type("QA", ["Question", "Answer"])
    for name in "abc":
        author.add_note("QA", "Lib::One", f"What is {name}?", "Old answer.", tags=["old"])
    author.add_note("QA", "Lib::One", "Dropped", "Stays.")


def _two_kinds(author: RealAnki) -> None:
    """One note type for what becomes two kinds."""
    author.add_type("Basic X", ["Front", "Back", "Extra"])
    for name in "abc":
        author.add_note("Basic X", "Lib::One", f"What is {name}?", "Old answer.")
    author.add_note("Basic X", "Lib::One", "Write f.", "Old answer.")
    author.add_note("Basic X", "Lib::One", "Dropped", "Stays.")


def _clozes(author: RealAnki) -> None:
    """Clozes as Anki's own type has them."""
    author.add_type("Cloze X", ["Text", "Back Extra"], cloze=True)
    author.add_note("Cloze X", "Lib::One", "gaps: A {{c1::stump}} has {{c2::one}} split.", "Extra.")
    author.add_note("Cloze X", "Lib::One", "Dropped {{c1::gap}}", "Stays.")
    _flat(author)


_CARDS: list[dict[str, Any]] = [
    recall("a"),
    recall("b"),
    recall("c"),
    {"id": "f", "kind": "code", "language": "python", "front": "Write f.", "solution": "f = 1"},
    cloze("gaps"),
]


@pytest.mark.parametrize("ids", [True, False], ids=["with-ids", "without-ids"])
@pytest.mark.parametrize("make", [_flat, _two_kinds, _clozes])
def test_after_one_merging_import_learners_are_on_our_note_types_with_all_their_history(
    shelf: Shelf,
    author: RealAnki,
    learner: RealAnki,
    make: Make,
    ids: bool,  # noqa: FBT001
) -> None:
    make(author)
    package = export(author, ids=ids)
    old = read_bytes(package)
    learner.import_package(package)
    learner.study(3)
    learner.age(T0 + DAY)
    schedule, history, contents = learner.schedule(), learner.history(), learner.contents()
    shelf.write({"one": _CARDS})
    drop = [note.guid for note in old.notes.values() if note.fields[0].startswith("Dropped")]
    made = adopted(shelf, package, *drop)
    assert found(made) == []
    paired = set(made.paired.values())
    assert paired | set(drop) == set(old.notes)

    assert shelf.codes(T1) == {"note-type-fork"}, "learners must know before it comes"
    accept = [f"note-type-fork:{kind}" for kind in ("recall", "code", "cloze")]
    plan = shelf.release(T1, *accept)
    assert plan.migrated
    log = learner.import_package(shelf.package(T1), merge=True, always=True)

    assert log["updated"] == paired
    assert set(log.groups) <= {"new", "updated"}
    guids = shelf.guids()
    assert set(learner.contents()) == set(guids.values()) | set(drop)
    assert {key: row for key, row in learner.schedule().items() if key in schedule} == schedule
    assert learner.history() == history
    _check_arrived(learner, shelf, old, drop, contents)
    assert learner.flaws() == []

    # From now on imports with Anki's defaults do, and touch only what changed.
    shelf.write({"one": [recall("a", "Better."), *_CARDS[1:]]})
    shelf.release(T2)
    log = learner.import_package(shelf.package(T2))
    assert log.counts == {"updated": 1, "duplicate": len(_CARDS) - 1}
    assert learner.fields(guids["a"])["Back"] == "<p>Better.</p>"
    assert learner.flaws() == []


def _check_arrived(
    learner: RealAnki,
    shelf: Shelf,
    old: PackageContent,
    drop: list[str],
    contents: dict[str, tuple[str, str]],
) -> None:
    names = learner.note_types()
    assert not [name for name in names if name.endswith("+")]
    for name, guid in shelf.guids().items():
        note = learner.note(guid)
        assert learner.fields(guid)["Id"] == name
        assert note.note_type()["name"].startswith("Lib - ")
        assert note.fields[0], "Anki sorts by the first field"
        wanted = 2 if name == "gaps" else 1
        assert len(note.cards()) == wanted
    for guid in drop:
        assert learner.contents()[guid] == contents[guid]
        assert learner.note(guid).note_type()["name"] == old.note_types[old.notes[guid].note_type].name


@pytest.mark.parametrize("ids", [True, False], ids=["with-ids", "without-ids"])
def test_two_old_note_types_for_one_kind_are_merged_only_where_no_review_is_lost(
    shelf: Shelf,
    author: RealAnki,
    learner: RealAnki,
    ids: bool,  # noqa: FBT001
) -> None:
    author.add_type("Basic X", ["Front", "Back", "Extra"])
    author.add_type("Basic Y", ["Front", "Back"])
    guids = {
        author.add_note(f"Basic {'XXY'[i]}", "Lib::One", f"What is {'abc'[i]}?", "Old.") for i in range(3)
    }
    package = export(author, ids=ids)
    learner.import_package(package)
    learner.study(3)
    schedule = learner.schedule()
    shelf.write({"one": [recall("a"), recall("b"), recall("c")]})
    made = adopted(shelf, package)
    if ids:
        assert found(made) == ["old-note-type"]
        return

    shelf.release(T1, "note-type-fork:recall")
    assert learner.import_package(shelf.package(T1), merge=True, always=True)["updated"] == guids
    assert learner.schedule() == schedule
    assert learner.flaws() == []
    assert learner.import_package(shelf.package(T2)).counts == {"duplicate": 3}


def test_two_old_note_types_whose_fields_stand_in_each_other_s_way_are_refused(
    shelf: Shelf, author: RealAnki
) -> None:
    author.add_type("Basic X", ["Front", "Back", "Extra"])
    author.add_type("Basic Y", ["Front", "Back", "Source"])
    for kind, name in ("Xa", "Yb"):
        author.add_note(f"Basic {kind}", "Lib::One", f"What is {name}?", "Old.")
    shelf.write({"one": [recall("a"), recall("b")]})

    assert found(adopted(shelf, export(author, ids=False))) == ["old-note-type"]


def test_who_does_not_merge_keeps_the_old_notes_and_can_merge_later(
    shelf: Shelf, author: RealAnki, learner: RealAnki
) -> None:
    _flat(author)
    package = export(author)
    learner.import_package(package)
    shelf.write({"one": _CARDS})
    made = adopted(shelf, package, "Dropped")
    shelf.release(T1, "note-type-fork:recall")

    log = learner.import_package(shelf.package(T1))
    assert log["conflicting"] == set(made.paired.values())
    assert log["new"] == set(shelf.guids().values()) - set(made.paired.values())
    log = learner.import_package(shelf.package(T1), merge=True, always=True)

    assert log["updated"] == set(made.paired.values())
    assert learner.flaws() == []


def test_decks_and_gaps_that_differ_are_told_by_the_next_check(shelf: Shelf, author: RealAnki) -> None:
    author.add_type("Cloze X", ["Text", "Extra"], cloze=True)
    author.add_note("Cloze X", "My old deck", "gaps: A {{c1::stump}} has {{c2::one}} split.", "x")
    package = export(author)
    guid = next(iter(read_bytes(package).notes))
    shelf.write({"one": [cloze("gaps", "A {{c1::stump}} has one split.", guid=guid)]})
    made = adopted(shelf, package)

    assert made.lock is not None
    assert made.lock.decks["one"].name == "My old deck"
    assert made.lock.cards["gaps"].gaps == (1, 2)
    assert shelf.codes(T1) == {"deck-renamed", "gap-vanished", "note-type-fork"}
