"""What the real Anki makes of our packages, on the day they come and when a newer release follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deckwright.anki import notetypes
from deckwright.anki.notes import GAP_STRIDE
from deckwright.kinds import KINDS
from real_anki import RealAnki
from release_helpers import DAY, T0, T1, T2, Shelf, as_content, cloze, every_kind, picture, recall


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A library of every kind, with a picture, gaps and a retired card."""
    made = Shelf(tmp_path / "library")
    picture(made)
    return made.write(every_kind())


@pytest.fixture
def anki(tmp_path: Path) -> Iterator[RealAnki]:
    """A learner's empty collection."""
    with RealAnki(tmp_path / "learner") as made:
        yield made


# --- the first import ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lib.apkg", "lib-theory.apkg", "lib-practice.apkg"])
def test_every_package_imports_whole_and_without_a_flaw(
    shelf: Shelf, anki: RealAnki, tmp_path: Path, name: str
) -> None:
    shelf.release(T0)
    wanted = {note.guid: note for note in as_content(shelf.output(T0)[1]).notes.values()}
    log = anki.import_package(shelf.packages(tmp_path / "out", T0)[name])

    assert set(log.groups) == {"new"}
    assert all(anki.fields(guid)["Id"] for guid in log["new"])
    assert set(anki.cards()) == {(guid, ordinal) for guid in log["new"] for ordinal in wanted[guid].cards}
    assert anki.flaws() == []
    if name == "lib.apkg":
        assert log["new"] == set(wanted)
        assert len(anki.note_types()) == len(KINDS)


def test_a_second_import_of_the_same_package_changes_nothing(shelf: Shelf, anki: RealAnki) -> None:
    package = shelf.package(T0)
    anki.import_package(package)
    before = anki.contents(), anki.schedule(), anki.mods(), anki.note_types()

    log = anki.import_package(package)

    assert set(log.groups) == {"duplicate"}
    assert (anki.contents(), anki.schedule(), anki.mods(), anki.note_types()) == before


def test_deck_packages_and_the_whole_library_s_make_no_duplicates(
    shelf: Shelf, anki: RealAnki, tmp_path: Path
) -> None:
    shelf.release(T0)
    packages = shelf.packages(tmp_path / "out", T0)
    for name in ("lib-practice.apkg", "lib.apkg", "lib-theory.apkg"):
        anki.import_package(packages[name])

    assert sorted(anki.contents()) == sorted(shelf.guids().values())
    assert len(anki.note_types()) == len(KINDS)
    assert anki.flaws() == []


def test_new_learners_meet_core_cards_first_gaps_far_apart_and_retired_cards_last(
    anki: RealAnki, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path / "library")
    retired = {"since": "2023-01-01", "reason": "Old."}
    shelf.write(
        {"one": [recall("gone", retired=retired), cloze("gaps"), recall("plain"), recall("core", core=True)]}
    )
    anki.import_package(shelf.package(T0))
    ids = {guid: name for name, guid in shelf.guids().items()}

    queue = [(ids[guid], ordinal) for guid, ordinal in anki.new_queue("Lib")]

    assert queue == [("core", 0), ("gaps", 0), ("plain", 0), ("gone", 0), ("gaps", 1)]
    assert anki.schedule()[shelf.guids()["gaps"], 1][3] == 2 + GAP_STRIDE


def test_a_card_is_found_by_its_id(shelf: Shelf, anki: RealAnki) -> None:
    anki.import_package(shelf.package(T0))

    for name, guid in shelf.guids().items():
        found = anki.col.find_notes(f'"Id:{name}"')
        assert [anki.guid_by_id[each] for each in found] == [guid]


# --- a newer release -------------------------------------------------------------------------------


def _studied(count: int = 40) -> list[dict[str, Any]]:
    return [recall(f"card-{number:02}") for number in range(count)]


Change = Callable[[Shelf, pytest.MonkeyPatch], None]


def test_a_newer_release_reaches_learners_and_takes_nothing_from_them(
    tmp_path: Path, anki: RealAnki, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "library")
    kinds = every_kind()
    picture(shelf)
    shelf.write({**kinds, "studied": _studied()})
    shelf.release(T0)
    guids = shelf.guids()
    anki.import_package(shelf.package(T0))

    # The learner's ten days.
    studied = anki.study(30)
    assert len(studied) == 30
    mine, leech = guids["card-01"], guids["card-02"]
    anki.edit(mine, "Back", "My own words")
    anki.edit(guids["short"], "Back", "My own words, which the next change of this card replaces")
    anki.tag(guids["card-03"], "mine")
    anki.move(guids["card-04"], "My deck")
    anki.move(guids["card-05"], "My deck")
    anki.suspend(guids["card-06"])
    anki.suspend(guids["card-07"])
    anki.fail(leech)
    assert "leech" in anki.note(leech).tags
    anki.age(T0 + 2 * DAY)
    before, mods = anki.contents(), anki.mods()
    schedule, history, types = anki.schedule(), anki.history(), anki.note_types()

    # The author's ten days.
    theory = {card["id"]: card for card in kinds["theory"]}
    theory["short"]["back"] = "Yes, indeed."
    theory["gaps"]["text"] += " And {{c3::another}} gap."
    theory["pick"]["retired"] = {"since": "2023-11-20", "reason": "Superseded."}
    cards = _studied()
    for number in (2, 3, 5, 7):
        cards[number]["back"] = "Better."
    shelf.write({**kinds, "studied": [*cards, recall("brand-new")]})
    picture(shelf, size=7)
    style = notetypes.style()
    real_templates = notetypes.templates
    monkeypatch.setattr(notetypes, "style", lambda: f"{style}\n.fresh {{ color: teal; }}")
    monkeypatch.setattr(
        notetypes,
        "templates",
        lambda key, url: (
            f'<div class="fresh">{real_templates(key, url)[0]}</div>',
            real_templates(key, url)[1],
        ),
    )
    plan = shelf.release(T1)
    changed = {"short", "gaps", "pick", "long", "card-02", "card-03", "card-05", "card-07"}
    assert set(plan.changed) == changed
    assert plan.added == ("brand-new",)
    log = anki.import_package(shelf.package(T1))

    # Exactly the changed notes are touched.
    touched = {guids[name] for name in changed}
    fresh = shelf.guids()["brand-new"]
    assert log["updated"] == touched
    assert log["new"] == {fresh}
    assert log["duplicate"] == set(before) - touched
    assert set(log.groups) == {"new", "updated", "duplicate"}
    after = anki.contents()
    assert {guid: after[guid] for guid in before if guid not in touched} == {
        guid: content for guid, content in before.items() if guid not in touched
    }
    assert {guid: time for guid, time in anki.mods().items() if guid not in touched | {fresh}} == {
        guid: time for guid, time in mods.items() if guid not in touched
    }
    for guid in touched:
        assert anki.fields(guid)["Released"] == "2023-11-24"
    assert anki.fields(guids["short"])["Back"] == "<p>Yes, indeed.</p>"
    assert anki.fields(mine)["Back"] == "My own words"
    assert "deckwright::retired" in anki.note(guids["pick"]).tags

    # History and schedule of every card that was there are exactly what they were.
    assert anki.history() == history
    assert {key: row for key, row in anki.schedule().items() if key in schedule} == schedule
    assert set(anki.schedule()) - set(schedule) == {(guids["gaps"], 2), (fresh, 0)}
    assert anki.cards()[guids["card-05"], 0] == "My deck"

    # The new look is there, under the old note types.
    assert anki.note_types().keys() == types.keys()
    for name in types:
        made = anki.note_type(name)
        assert ".fresh" in made["css"]
        assert made["tmpls"][0]["qfmt"].startswith('<div class="fresh">')

    # The new picture is shown; the old file is left, which nothing refers to any more.
    flaws = anki.flaws()
    assert [flaw.split("-")[0] for flaw in flaws] == ["unused file roc"]


def test_a_touch_after_the_release_is_the_learner_s_and_stays(shelf: Shelf, anki: RealAnki) -> None:
    shelf.release(T0)
    guid = shelf.guids()["short"]
    anki.import_package(shelf.package(T0))
    anki.edit(guid, "Back", "Mine")
    anki.age(T1 + DAY)
    kinds = every_kind()
    kinds["theory"][0]["back"] = "New."
    shelf.write(kinds)
    shelf.release(T1)

    assert guid in anki.import_package(shelf.package(T1))["duplicate"]
    assert anki.fields(guid)["Back"] == "Mine"
    kinds["theory"][0]["back"] = "Newer."
    shelf.write(kinds)
    shelf.release(T2)
    assert anki.import_package(shelf.package(T2))["updated"] == {guid}


def test_a_fix_written_before_a_learner_s_touch_and_released_after_it_arrives(
    shelf: Shelf, anki: RealAnki
) -> None:
    shelf.release(T0)
    guid = shelf.guids()["short"]
    anki.import_package(shelf.package(T0))
    kinds = every_kind()
    kinds["theory"][0]["back"] = "Written on day one, released on day ten."
    shelf.write(kinds)
    anki.tag(guid, "leech")
    anki.age(T0 + 5 * DAY)
    shelf.release(T1)

    assert anki.import_package(shelf.package(T1))["updated"] == {guid}


def test_a_release_skipped_by_a_learner_is_made_up_for_by_the_next(shelf: Shelf, anki: RealAnki) -> None:
    shelf.release(T0)
    anki.import_package(shelf.package(T0))
    kinds = every_kind()
    kinds["theory"][0]["back"] = "First change."
    shelf.write(kinds)
    shelf.release(T1)
    kinds["practice"][0]["conditions"] = "Second change."
    shelf.write(kinds)
    shelf.release(T2)
    guids = shelf.guids()

    assert anki.import_package(shelf.package(T2))["updated"] == {guids["short"], guids["ratio"]}
    assert anki.flaws() == []


def test_a_renamed_card_stays_one_note(shelf: Shelf, anki: RealAnki) -> None:
    shelf.release(T0)
    guid = shelf.guids()["short"]
    anki.import_package(shelf.package(T0))
    kinds = every_kind()
    kinds["theory"][0] |= {"id": "brief", "aliases": ["short"]}
    shelf.write(kinds)
    shelf.release(T1)

    assert anki.import_package(shelf.package(T1))["updated"] == {guid}
    assert anki.fields(guid)["Id"] == "brief"


def test_a_field_added_and_accepted_arrives_where_the_learner_merges_once(
    tmp_path: Path, anki: RealAnki, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "library").write({"one": _studied(5)})
    layout = KINDS["recall"].LAYOUT
    shelf.release(T0)
    guids = set(shelf.guids().values())
    anki.import_package(shelf.package(T0))
    anki.study(3)
    schedule, history = anki.schedule(), anki.history()
    _replace_layout(monkeypatch, (*layout.fields, "Colour"))
    assert shelf.codes(T1) == {"note-type-fork", "renderer-changed"}
    shelf.release(T1, "note-type-fork:recall", "renderer-changed:all")
    package = shelf.package(T1)

    # Who leaves the import's options as they are keeps the old notes, frozen.
    assert anki.import_package(package)["conflicting"] == guids
    log = anki.import_package(package, merge=True, always=True)

    assert log["updated"] == guids
    assert (anki.schedule(), anki.history()) == (schedule, history)
    assert set(anki.note_types().values()) == {5}
    assert anki.flaws() == []
    cards = _studied(5)
    cards[0]["back"] = "After the migration."
    shelf.write({"one": cards})
    shelf.release(T2)
    log = anki.import_package(shelf.package(T2))
    assert log.counts == {"updated": 1, "duplicate": 4}


def test_a_field_that_the_tool_no_longer_uses_freezes_nobody(
    tmp_path: Path, anki: RealAnki, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "library").write({"one": _studied(3)})
    layout = KINDS["recall"].LAYOUT
    shelf.release(T0)
    anki.import_package(shelf.package(T0))
    _replace_layout(monkeypatch, tuple(name for name in reversed(layout.fields) if name != "Hint"))
    cards = _studied(3)
    cards[0]["back"] = "New."
    shelf.write({"one": cards})
    assert shelf.codes(T1) == {"renderer-changed"}
    shelf.release(T1, "renderer-changed:all")

    assert anki.import_package(shelf.package(T1)).counts == {"updated": 3}
    assert anki.fields(shelf.guids()["card-00"])["Back"] == "<p>New.</p>"
    assert anki.flaws() == []


def _replace_layout(monkeypatch: pytest.MonkeyPatch, fields: tuple[str, ...]) -> None:
    from dataclasses import replace

    kind = KINDS["recall"]
    layout, original = replace(kind.LAYOUT, fields=fields), kind.layout

    def made(self: Any) -> dict[str, Any]:
        own = original(self)
        return {name: own.get(name, own["Hint"]) for name in fields}

    monkeypatch.setattr(kind, "LAYOUT", layout)
    monkeypatch.setattr(kind, "layout", made)
