"""What `diff` announces is what the real Anki does, note by note."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from deckwright.anki.reader import PackageContent, read_bytes
from deckwright.builder import Output
from deckwright.diff import RETIRED, Difference, describe, diff
from deckwright.lock import write_file
from deckwright.source import LOCK_FILE
from real_anki import RealAnki, guids
from release_helpers import T0, T1, T2, Shelf, as_content, as_package, cloze, recall, with_times

DECKS = ("one", "two")
OLD_TITLE, NEW_TITLE = "Two", "Second"


@dataclass(frozen=True)
class State:
    """A card as one of the two libraries has it."""

    deck: str
    text: str
    gaps: tuple[int, ...]
    retired: bool
    time: int

    def card(self, name: str, old_name: str | None = None) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if self.retired:
            more["retired"] = {"since": "2023-01-01", "reason": "Old."}
        if old_name is not None and old_name != name:
            more["aliases"] = [old_name]
        if self.gaps:
            text = " ".join(f"{{{{c{gap}::{self.text} {gap}}}}}" for gap in self.gaps)
            return cloze(name, text, **more)
        return recall(name, self.text, **more)


@dataclass(frozen=True)
class Life:
    """A card before and after; None where a library lacks it."""

    old: State | None
    new: State | None
    renamed: bool


@dataclass(frozen=True)
class Case:
    """Two libraries of one author."""

    lives: tuple[Life, ...]
    fork: str
    look: str
    types_time: int
    deck_renamed: bool


@st.composite
def _lives(draw: st.DrawFn) -> Life:
    gaps = draw(st.sampled_from([(), (), (1,), (1, 2), (1, 2, 3)]))
    times = st.sampled_from([T0, T1, T2])
    decks, texts = st.sampled_from(DECKS), st.sampled_from(["Yes", "No"])
    other = draw(st.sampled_from([gaps, (1,), (2, 3), (1, 2, 3)])) if gaps else ()
    old = State(draw(decks), draw(texts), gaps, draw(st.booleans()), T1)
    new = State(draw(decks), draw(texts), other, old.retired or draw(st.booleans()), draw(times))
    where = draw(st.sampled_from(["both", "both", "both", "old", "new"]))
    return Life(
        old if where != "new" else None,
        new if where != "old" else None,
        where == "both" and draw(st.booleans()),
    )


_CASES = st.builds(
    Case,
    lives=st.lists(_lives(), min_size=1, max_size=7).map(tuple),
    fork=st.sampled_from(["", "", "", "schema", "id"]),
    look=st.sampled_from(["", "style", "front"]),
    types_time=st.sampled_from([T0, T1, T2]),
    deck_renamed=st.booleans(),
)


def _packages(case: Case, root: Path) -> tuple[Output, Output]:
    """Release the old library, then render the new one with that lock; times as the case has them."""
    shelf = Shelf(root, titles={"two": OLD_TITLE})
    old_cards: dict[str, list[Mapping[str, Any]]] = {deck: [] for deck in DECKS}
    new_cards: dict[str, list[Mapping[str, Any]]] = {deck: [] for deck in DECKS}
    old_times, new_times = {}, {}
    for number, life in enumerate(case.lives):
        name, new_name = f"card-{number}", f"card-{number}{'-renamed' if life.renamed else ''}"
        if life.old is not None:
            old_cards[life.old.deck].append(life.old.card(name))
            old_times[name] = life.old.time
        if life.new is not None:
            new_cards[life.new.deck].append(life.new.card(new_name, name))
            new_times[new_name] = life.new.time
    shelf.write(old_cards)
    write_file(root / LOCK_FILE, shelf.plan(T0).lock)
    old = with_times(shelf.output(T1)[1], old_times, T1)
    shelf.titles["two"] = NEW_TITLE if case.deck_renamed else OLD_TITLE
    shelf.write(new_cards)
    new = with_times(shelf.output(T1)[1], new_times, case.types_time)
    return old, Output(new.decks, _changed_types(case, new))


def _changed_types(case: Case, made: Output) -> dict[str, Any]:
    types = dict(made.note_types)
    for key, each in types.items():
        if case.look == "style":
            types[key] = replace(each, css=each.css + ".new { color: red }")
        elif case.look == "front":
            types[key] = replace(each, front=f"{each.front}<p>new</p>")
    if case.fork == "schema":
        fields = (*types["recall"].fields[:-1], ("Another", 77))
        types["recall"] = replace(types["recall"], fields=fields)
    elif case.fork == "id":
        types["recall"] = replace(types["recall"], id=1_500_000_000_000)
    return types


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(case=_CASES)
def test_what_diff_announces_is_what_the_real_anki_does(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        old_made, new_made = _packages(case, Path(folder) / "library")
        old_package, new_package = as_package(old_made), as_package(new_made)
        old, new = read_bytes(old_package), read_bytes(new_package)
        found = diff(old, new)
        with RealAnki(Path(folder) / "learner") as anki:
            assert anki.import_package(old_package)["new"] == set(old.notes)
            before, decks_before = anki.cards(), _decks(anki)
            log = anki.import_package(new_package)

            assert log["new"] == guids(found.new)
            assert log["updated"] == guids(found.updated)
            assert log["duplicate"] == guids(found.unchanged) | guids(found.stale)
            assert log["conflicting"] == guids(found.conflicting)
            assert set(before) <= set(anki.cards())
            assert set(anki.contents()) - set(new.notes) == guids(found.gone)
            _check_notes(anki, found, old, new)
            _check_cards(anki, found, before, new)
            _check_types(anki, found, new)
            added = {*found.decks_new, *(deck.after for deck in found.decks_renamed)}
            assert _decks(anki) - decks_before - {"Lib"} == added


def _decks(anki: RealAnki) -> set[str]:
    return {deck.name for deck in anki.col.decks.all_names_and_ids()}


def _check_notes(anki: RealAnki, found: Difference, old: PackageContent, new: PackageContent) -> None:
    arrived = guids(found.new) | guids(found.updated)
    for guid, (fields, tags) in anki.contents().items():
        source = (new if guid in arrived else old).notes[guid]
        assert tuple(fields.split("\x1f")) == source.fields
        assert sorted(tags.split()) == sorted(source.tags)
    for change in found.stale:
        assert new.notes[change.guid].content != old.notes[change.guid].content
    for change in found.retired:
        assert RETIRED in anki.note(change.guid).tags


def _check_cards(
    anki: RealAnki, found: Difference, before: Mapping[tuple[str, int], str], new: PackageContent
) -> None:
    after = anki.cards()
    expected = {(each.guid, ordinal) for each in found.added_gaps for ordinal in each.cards}
    expected |= {(each.guid, ordinal) for each in found.new for ordinal in new.notes[each.guid].cards}
    assert set(after) - set(before) == expected
    assert {key: after[key] for key in before} == before
    for each in found.moved:
        for ordinal in each.cards:
            assert after[each.guid, ordinal] == each.decks[0] != new.notes[each.guid].cards[ordinal]
    empty = {anki.guid_by_id[note.note_id] for note in anki.col.get_empty_cards().notes}
    left = guids(found.empty_gaps) & guids(found.updated)
    # Text that does not arrive leaves the cards of its own gaps without one.
    left |= guids(found.added_gaps) & guids(found.stale)
    assert empty == left


def _check_types(anki: RealAnki, found: Difference, new: PackageContent) -> None:
    for each in found.types_updated:
        made = anki.col.models.get(each.id)
        assert (made["css"], made["tmpls"][0]["qfmt"]) == (
            new.note_types[each.id].css,
            new.note_types[each.id].templates[0].front,
        )
    for each in found.types_stale:
        made = anki.col.models.get(each.id)
        assert (made["css"], made["tmpls"][0]["qfmt"]) != (
            new.note_types[each.id].css,
            new.note_types[each.id].templates[0].front,
        )
    names = [made["name"] for made in anki.col.models.all()]
    for each in found.types_forked:
        assert f"{each.name}+" in names


def test_each_note_is_in_exactly_one_group(tmp_path: Path) -> None:
    states = [State("one", "Yes", (), retired=False, time=T1), State("one", "No", (), retired=False, time=T2)]
    lives = [
        Life(states[0], states[0], renamed=False),
        Life(states[0], states[1], renamed=True),
        Life(None, states[1], renamed=False),
    ]
    old, new = (
        read_bytes(as_package(each))
        for each in _packages(Case(tuple(lives), "", "", T1, deck_renamed=False), tmp_path)
    )
    found = diff(old, new)

    groups = (found.new, found.updated, found.unchanged, found.stale, found.conflicting)
    assert [len(group) for group in groups] == [1, 1, 1, 0, 0]
    assert set().union(*map(guids, groups)) == set(new.notes)


def test_a_description_names_cards_by_id_and_shows_what_changes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "library")
    words = " ".join(f"word{i}" for i in range(30))
    shelf.write({"one": [recall("a", f"{words} old {words}"), recall("b"), recall("c"), cloze("d")]})
    shelf.release(T0)
    old = as_content(shelf.output(T0)[1])
    cards = [
        recall("a", f"{words} new {words}"),
        recall("b", "Late."),
        cloze("d", "{{c1::x}} {{c3::y}}"),
        recall("e"),
    ]
    shelf.write({"one": cards})
    new = as_content(with_times(shelf.output(T1)[1], {"b": T0}))
    found = diff(old, new)

    assert describe(found).splitlines() == [
        "1 new: they arrive as new cards",
        "  e",
        "2 updated: all fields and tags are replaced",
        "  a",
        "    Back:",
        "      - … word27 word28 word29 old word0 word1 word2 …",
        "      + … word27 word28 word29 new word0 word1 word2 …",
        "  d",
        "    Text:",
        "      - d: A {{c1::stump}} has {{c2::one}} split.",
        "      + d: {{c1::x}} {{c3::y}}",
        "1 more cards: added as new",
        "  d (card 3)",
        "1 NOT updated: changed, but the package's time for them is not newer",
        "  b",
        "    Back:",
        "      - Because.",
        "      + Late.",
        "1 cards that are left over: they stay, without a question",
        "  d (card 2)",
        "1 no longer in the package: they stay, with their cards",
        "  c",
    ]
    assert not found.harmless


def test_json_holds_every_group_and_counts_the_unchanged(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "library").write({"one": [recall("a"), recall("b")]})
    shelf.release(T0)
    old = as_content(shelf.output(T0)[1])
    shelf.write({"one": [recall("a", "New."), recall("b")]})
    made = diff(old, as_content(shelf.output(T1)[1])).to_json()

    assert json.loads(json.dumps(made)) == made
    assert (made["unchanged"], made["harmless"], made["new"]) == (1, True, [])
    assert made["updated"] == [
        {
            "guid": shelf.guids()["a"],
            "name": "a",
            "fields": [{"field": "Back", "before": "Because.", "after": "New."}],
        }
    ]


def test_a_description_lets_no_control_character_of_a_package_through(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "library").write({"one": [recall("a")]})
    content = as_content(shelf.output(T0)[1])
    notes = {
        guid: replace(note, fields=tuple("\x1b]0;bad\x07\nx" for _ in note.fields))
        for guid, note in content.notes.items()
    }

    said = describe(diff(PackageContent(), replace(content, notes=notes)))

    assert all(char.isprintable() or char == "\n" for char in said)
    assert len(said.splitlines()) == 6


def test_two_equal_packages_do_nothing() -> None:
    assert describe(diff(PackageContent(), PackageContent())) == "nothing: both are empty"
    assert diff(PackageContent(), PackageContent()).harmless
