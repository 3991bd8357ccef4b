"""Releases: what they refuse, what they record, and that builds after them never waver."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from deckwright import release
from deckwright.anki import notetypes
from deckwright.anki.html import HtmlRenderer
from deckwright.builder import BuildReport, build, output
from deckwright.diagnostics import Problems
from deckwright.lock import (
    Lock,
    LockedCard,
    LockedDeck,
    LockedNoteType,
    LockError,
    Release,
    parse_text,
    stamp,
    write_file,
    write_text,
)
from deckwright.source import LOCK_FILE
from release_helpers import DAY, T0, T1, T2, Shelf, cloze, every_kind, notes_of, picture, recall

Edit = Callable[[Shelf], object]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A library of two decks, released at T0."""
    made = Shelf(tmp_path / "library").write(
        {"one": [recall("a"), recall("b"), cloze("c")], "two": [recall("d")]}
    )
    made.release(T0)
    return made


def rewrite(shelf: Shelf, one: list[Any] | None = None, two: list[Any] | None = None) -> Shelf:
    """Change the library of the fixture."""
    first = [recall("a"), recall("b"), cloze("c")] if one is None else one
    return shelf.write({"one": first, "two": [recall("d")] if two is None else two})


def git(root: Path, *arguments: str, at: int = T0) -> None:
    """Run git with the commit time given."""
    who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    when = {"GIT_AUTHOR_DATE": f"{at} +0000", "GIT_COMMITTER_DATE": f"{at} +0000"}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(
        ["git", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
        env=os.environ | who | when | alone,
    )


# --- refusals --------------------------------------------------------------------------------------


def _namespace(shelf: Shelf) -> None:
    shelf.namespace = "other"
    rewrite(shelf)


def _title(shelf: Shelf) -> None:
    shelf.titles["two"] = "Another"
    rewrite(shelf)


@pytest.mark.parametrize(
    ("code", "ident", "edit"),
    [
        ("released-card-deleted", "b", lambda s: rewrite(s, [recall("a"), cloze("c")])),
        (
            "gap-vanished",
            "c",
            lambda s: rewrite(s, [recall("a"), recall("b"), cloze("c", "Only {{c1::stump}}.")]),
        ),
        ("deck-renamed", "two", _title),
        ("namespace-changed", "other", _namespace),
    ],
)
def test_a_release_that_would_hurt_learners_is_refused_until_it_is_accepted(
    shelf: Shelf, code: str, ident: str, edit: Edit
) -> None:
    edit(shelf)
    assert code in shelf.codes(T1)
    assert shelf.plan(T1).problems.failed()
    assert code in shelf.codes(T1, f"{code}:somebody-else")
    assert code not in shelf.codes(T1, f"{code}:{ident}")

    shelf.release(T1, f"{code}:{ident}")

    assert code not in shelf.codes(T2)
    assert shelf.plan(T2).empty


def test_a_build_refuses_what_a_release_refuses(shelf: Shelf, tmp_path: Path) -> None:
    rewrite(shelf, [recall("a"), cloze("c")])

    with pytest.raises(ValueError, match="errors"):
        build(shelf.compile(), tmp_path / "out", T1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("now", [T0, T0 - 1, 0, -5])
def test_a_clock_that_is_not_after_the_last_release_is_refused(shelf: Shelf, now: int) -> None:
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")])

    assert "clock-behind" in shelf.codes(now)
    assert "clock-behind" in shelf.codes(now, "clock-behind:all")


def test_a_clock_that_was_never_set_is_refused_at_the_first_release(tmp_path: Path) -> None:
    assert "clock-behind" in Shelf(tmp_path / "new").write({"one": [recall("a")]}).codes(0)


def test_a_clock_before_the_newest_commit_is_refused(shelf: Shelf) -> None:
    git(shelf.root, "init", "-q", "-b", "main")
    git(shelf.root, "add", "-A")
    git(shelf.root, "commit", "-q", "-m", "all", at=T1)
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")])

    assert release.newest_commit(shelf.root) == T1
    assert "clock-behind" in shelf.codes(T1 - 1)
    assert shelf.codes(T1) == set()


def test_a_release_off_the_main_branch_is_warned_about(shelf: Shelf) -> None:
    def warned() -> list[str]:
        problems = Problems()
        release.check_branch(shelf.root, problems)
        assert not problems.failed()
        return [problem.code.name for problem in problems]

    assert warned() == []
    git(shelf.root, "init", "-q", "-b", "main")
    assert warned() == []
    git(shelf.root, "checkout", "-q", "-b", "my-idea")
    assert warned() == ["off-main-branch"]


def test_a_note_type_with_a_new_field_is_refused_until_it_is_accepted(shelf: Shelf) -> None:
    lock = shelf.lock
    types = {key: replace(each, fields=each.fields[1:]) for key, each in lock.note_types.items()}
    write_file(shelf.root / LOCK_FILE, replace(lock, note_types=types))
    assert "note-type-fork" in shelf.codes(T1)
    assert "note-type-fork" in shelf.codes(T1, "note-type-fork:recall")

    plan = shelf.release(T1, "note-type-fork:recall", "note-type-fork:cloze")

    assert set(plan.migrated) == {"recall", "cloze"}
    # Every note of a migrated type gets a new time: a merge gives all notes the time of the import.
    assert {card.time for card in plan.lock.cards.values()} == {T1}
    assert {type_.time for type_ in plan.lock.note_types.values()} == {T1}
    assert shelf.codes(T2) == set()


def test_a_field_that_is_no_longer_used_and_another_order_are_no_fork(shelf: Shelf) -> None:
    lock = shelf.lock
    before = lock.note_types["recall"]
    fields = (*reversed(before.fields), ("Old", 7))
    types = {**lock.note_types, "recall": replace(before, fields=fields)}
    write_file(shelf.root / LOCK_FILE, replace(lock, note_types=types))

    assert shelf.codes(T1) == set()
    assert shelf.plan(T1).migrated == ()
    assert shelf.output(T1)[1].note_types["recall"].fields == fields


def test_more_than_a_tenth_changed_by_the_tool_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = [recall(f"card-{i}", "**Now**." if i < 3 else "Plain.") for i in range(20)]
    shelf = Shelf(tmp_path / "library").write({"one": cards})
    shelf.release(T0)
    whole = HtmlRenderer.block

    def other(self: HtmlRenderer, text: str, *, gaps: bool = False) -> str:
        return whole(self, text, gaps=gaps).replace("<strong>", "<b>").replace("</strong>", "</b>")

    monkeypatch.setattr(HtmlRenderer, "block", other)

    assert shelf.codes(T1) == {"renderer-changed"}
    assert shelf.codes(T1, "renderer-changed:all") == set()
    cards[:2] = [recall("card-0", "**Then**."), recall("card-1", "**Then**.")]
    shelf.write({"one": cards})
    assert shelf.codes(T1) == set(), "cards whose source changed are the author's"


def test_a_moved_card_is_a_warning_only_and_once(shelf: Shelf) -> None:
    rewrite(shelf, [recall("a"), cloze("c")], [recall("d"), recall("b")])
    plan = shelf.plan(T1)
    assert [(p.code.name, p.card) for p in plan.problems] == [("card-moved", "b")]
    assert plan.changed == ("b",), "its topic's tag is another"

    shelf.release(T1)

    assert shelf.codes(T2) == set()
    assert shelf.lock.cards["b"].deck == "two"


def test_the_id_of_a_deleted_card_is_never_given_to_another(shelf: Shelf) -> None:
    rewrite(shelf, [recall("a"), cloze("c")])
    shelf.release(T1, "released-card-deleted:b")
    assert shelf.lock.cards["b"].gone

    rewrite(shelf)

    assert "retired-id-reused" in shelf.codes(T2)


def test_two_released_cards_cannot_become_one(shelf: Shelf) -> None:
    rewrite(shelf, [recall("a", aliases=["b"]), cloze("c")])

    assert "retired-id-reused" in shelf.codes(T1)
    assert shelf.plan(T1, "retired-id-reused:a").problems.failed()
    assert shelf.plan(T1, "retired-id-reused:None").problems.failed()


def test_the_first_id_of_a_renamed_card_is_spent_for_ever(shelf: Shelf) -> None:
    """A second card under it would get the GUID of the first."""
    rewrite(shelf, [recall("aa", aliases=["a"]), recall("b"), cloze("c")])
    shelf.release(T1)
    rewrite(shelf, [recall("aa"), recall("a"), recall("b"), cloze("c")])

    assert shelf.plan(T1 + 1, "retired-id-reused:a").problems.failed()


# --- what is recorded ------------------------------------------------------------------------------


def test_only_changed_cards_get_the_release_s_time(shelf: Shelf) -> None:
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")], [recall("d"), recall("e")])
    plan = shelf.release(T1)

    assert (plan.added, plan.changed) == (("e",), ("a",))
    assert {name: card.time for name, card in plan.lock.cards.items()} == {
        "a": T1,
        "b": T0,
        "c": T0,
        "d": T0,
        "e": T1,
    }
    assert plan.lock.releases == (Release(T0, 4, 0), Release(T1, 1, 1))


def test_times_only_rise_even_where_a_card_goes_back_to_what_it_was(shelf: Shelf) -> None:
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")])
    shelf.release(T1)
    rewrite(shelf)
    shelf.release(T2)

    assert shelf.lock.cards["a"].time == T2
    assert shelf.lock.cards["b"].time == T0


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.lists(st.sampled_from(["x", "y", "z"]), min_size=3, max_size=3), min_size=1, max_size=4)
)
def test_no_card_s_time_ever_falls(tmp_path_factory: pytest.TempPathFactory, steps: list[list[str]]) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("library"))
    earlier: dict[str, LockedCard] = {}
    for number, texts in enumerate(steps):
        shelf.write({"one": [recall(f"card-{i}", text) for i, text in enumerate(texts)]})
        now = T0 + number * DAY
        cards = shelf.release(now, "renderer-changed:all").lock.cards
        for name, card in cards.items():
            before = earlier.get(name)
            same = before is not None and before.output == card.output
            assert card.time == (before.time if same and before is not None else now)
        earlier = dict(cards)


def test_nothing_new_is_an_empty_release(shelf: Shelf) -> None:
    assert shelf.plan(T1).empty
    rewrite(shelf, [recall("a", key_points=[]), recall("b"), cloze("c")])
    assert shelf.plan(T1).empty, "a source that gives the same note is no news to learners"


def test_a_deletion_that_is_accepted_is_something_to_record(shelf: Shelf) -> None:
    rewrite(shelf, [recall("a"), cloze("c")])

    assert not shelf.plan(T1, "released-card-deleted:b").empty


def test_a_build_with_unreleased_changes_gives_them_the_build_s_time_and_says_so(
    shelf: Shelf, tmp_path: Path
) -> None:
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")])
    _, made = shelf.output(T1)
    report: BuildReport = build(shelf.compile(), tmp_path / "out", T1)

    assert {note.card_id: note.time for note in notes_of(made)} == {"a": T1, "b": T0, "c": T0, "d": T0}
    assert report.unreleased == 1


def test_check_locked_names_what_is_unreleased_and_nothing_after_the_release(shelf: Shelf) -> None:
    def found() -> list[str | None]:
        return [problem.card for problem in release.unreleased(*shelf.output(T1))]

    assert found() == []
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")], [recall("d"), recall("e")])
    assert sorted(map(str, found())) == ["a", "e"]
    shelf.release(T1)
    assert found() == []


def test_check_locked_wants_a_lock(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "library").write({"one": [recall("a")]})

    assert [p.code.name for p in release.unreleased(*shelf.output(T0))] == ["unreleased"]


def test_a_new_look_is_unreleased_and_moves_the_note_type_s_time_alone(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notetypes, "style", lambda: ".card { color: red }")
    assert {p.card for p in release.unreleased(*shelf.output(T1))} == {"recall", "cloze"}

    plan = shelf.release(T1)

    assert set(plan.note_types) == {"recall", "cloze"}
    assert {each.time for each in plan.lock.note_types.values()} == {T1}
    assert {card.time for card in plan.lock.cards.values()} == {T0}


def test_another_picture_under_the_same_name_changes_the_cards_that_show_it(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "library")
    picture(shelf, "one")
    shelf.write({"one": [recall("a", "![curve](roc.svg)"), recall("b")]})
    shelf.release(T0)
    picture(shelf, "one", size=7)

    assert shelf.plan(T1).changed == ("a",)


def test_an_alias_renames_a_card_and_keeps_its_guid(shelf: Shelf) -> None:
    guid = shelf.lock.cards["b"].guid
    rewrite(shelf, [recall("a"), recall("better", aliases=["b"]), cloze("c")])
    assert shelf.codes(T1) == set()
    shelf.release(T1)

    renamed = shelf.lock.cards["better"]
    assert (renamed.guid, renamed.first_id, renamed.time) == (guid, "b", T1)
    assert "b" not in shelf.lock.cards
    rewrite(shelf, [recall("a"), recall("better"), cloze("c")])
    assert shelf.codes(T2) == set(), "the alias is needed for one release"
    assert shelf.guids()["better"] == guid
    rewrite(shelf, [recall("a"), recall("better"), cloze("c"), recall("b")])
    assert shelf.codes(T2) == {"retired-id-reused"}, "the old id still gives the old GUID"


def test_a_retired_card_is_tagged_placed_last_and_cannot_come_back(shelf: Shelf) -> None:
    gone = recall("a", retired={"since": "2023-11-20", "reason": "Wrong."})
    rewrite(shelf, [gone, recall("b"), cloze("c")])
    plan = shelf.release(T1)

    assert (plan.retired, plan.changed) == (("a",), ("a",))
    notes = {note.card_id: note for note in notes_of(shelf.output(T2)[1])}
    assert "deckwright::retired" in notes["a"].tags
    assert notes["a"].position > max(notes["b"].position, notes["c"].position)
    assert shelf.lock.cards["a"].retired
    rewrite(shelf)
    assert shelf.codes(T2) == {"retired-id-reused"}
    rewrite(shelf, [recall("b"), cloze("c")])
    assert shelf.codes(T2) == {"released-card-deleted"}, "a retired card stays in the source"


# --- the lock's text -------------------------------------------------------------------------------

_NAMES = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,5})?", fullmatch=True)
_TEXTS = st.text(max_size=12)
_TIMES = st.integers(0, 4_000_000_000)
_PARTS = st.lists(st.tuples(_TEXTS, st.integers(0, 1 << 53)), max_size=3).map(tuple)


@st.composite
def _locks(draw: st.DrawFn) -> Lock:
    cards = draw(
        st.lists(
            st.builds(
                LockedCard,
                id=_NAMES,
                first_id=_NAMES,
                guid=_TEXTS,
                kind=_NAMES,
                deck=_NAMES,
                gaps=st.lists(st.integers(1, 99), max_size=3).map(tuple),
                retired=st.booleans(),
                source=_TEXTS,
                output=_TEXTS,
                time=_TIMES,
                gone=st.booleans(),
            ),
            max_size=4,
            unique_by=(lambda card: card.id, lambda card: card.guid),
        )
    )
    types = draw(
        st.lists(
            st.builds(
                LockedNoteType,
                key=_NAMES,
                id=st.integers(0, 1 << 50),
                name=_TEXTS,
                fields=_PARTS,
                templates=_PARTS,
                cloze=st.booleans(),
                output=_TEXTS,
                time=_TIMES,
            ),
            max_size=3,
        )
    )
    decks = draw(st.lists(st.builds(LockedDeck, _NAMES, st.integers(0, 1 << 50), _TEXTS), max_size=3))
    times = draw(st.lists(_TIMES, max_size=3, unique=True))
    return Lock(
        draw(_NAMES),
        {card.id: card for card in cards},
        {each.key: each for each in types},
        {deck.slug: deck for deck in decks},
        tuple(Release(time, 1, 2) for time in sorted(times)),
    )


@given(lock=_locks())
def test_a_lock_reads_back_as_it_was_written(lock: Lock) -> None:
    text = write_text(lock)

    assert parse_text(text) == lock
    assert write_text(parse_text(text)) == text
    assert not any(line.endswith(" ") for line in text.split("\n"))


def test_a_change_of_one_card_changes_one_line_and_adds_one_for_the_release(shelf: Shelf) -> None:
    before = shelf.lock_text.splitlines()
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")])
    shelf.release(T1)
    after = shelf.lock_text.splitlines()

    assert sorted(line.split('"')[0] for line in set(after) - set(before)) == [
        "card a first=",
        f"release {stamp(T1)} added=0 changed=1",
    ]
    assert len(after) == len(before) + 1


def test_a_lock_is_sorted_by_card(shelf: Shelf) -> None:
    rewrite(shelf, [cloze("c"), recall("b"), recall("a")])
    shelf.release(T1, "card-moved:a")
    names = [line.split(" ")[1] for line in shelf.lock_text.splitlines() if line.startswith("card ")]

    assert names == sorted(names)


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("<<<<<<< HEAD", 4),
        ("=======", 4),
        (">>>>>>> my-idea", 4),
        ("card x first=", 4),
        ('card x first="x"', 4),
        ("release 2023-99-99T00:00:00Z added=1 changed=1", 4),
        ("deck d id=1e999 name=1", 4),
        ("deck d id=" + "[" * 100_000, 4),
        ("\0", 4),
    ],
)
def test_a_line_that_is_no_fact_makes_the_lock_unreadable_at_that_line(
    shelf: Shelf, line: str, at: int
) -> None:
    lines = shelf.lock_text.splitlines()
    lines.insert(at - 1, line)
    (shelf.root / LOCK_FILE).write_text("\n".join(lines), "utf-8")
    compilation = shelf.compile()

    assert [(p.code.name, p.span.line) for p in compilation.problems] == [("lock-unreadable", at)]


def test_a_lock_in_which_two_cards_have_one_guid_is_unreadable(shelf: Shelf) -> None:
    lines = shelf.lock_text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("card "))
    lines.insert(at + 1, lines[at].replace("card ", "card another-", 1))
    (shelf.root / LOCK_FILE).write_text("\n".join(lines), "utf-8")

    assert [(p.code.name, p.span.line) for p in shelf.compile().problems] == [("lock-unreadable", at + 2)]


@given(text=st.text(max_size=200))
def test_any_text_is_a_lock_or_a_lock_error(text: str) -> None:
    for given_text in (text, f"deckwright-lock 1\nnamespace x\n{text}"):
        with contextlib.suppress(LockError):
            parse_text(given_text)


def test_a_crash_while_writing_leaves_the_old_lock_whole(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shelf.lock_text
    files = sorted(path.name for path in shelf.root.iterdir())

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(shelf.root / LOCK_FILE, Lock("other"))

    assert shelf.lock_text == before
    assert sorted(path.name for path in shelf.root.iterdir()) == files


def test_a_crash_while_building_leaves_the_old_packages_whole(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    before = {name: path.read_bytes() for name, path in shelf.packages(out, T0).items()}
    calls = iter(range(2))

    def full(_handle: int) -> None:
        if next(calls, None) is None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")])
    with pytest.raises(OSError, match="No space"):
        build(shelf.compile(), out, T1)

    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


# --- bytes -----------------------------------------------------------------------------------------

_BUILD = """
import json, sys
from pathlib import Path
from deckwright.builder import build
from deckwright.compiler import compile_library
root, out, now = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
build(compile_library(root, check_maths=False), out, now)
"""


def test_after_a_release_any_machine_builds_the_same_bytes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "library")
    picture(shelf)
    shelf.write(every_kind())
    shelf.release(T0)
    runs = [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8"},
    ]
    sums = []
    processes = []
    for number, settings_ in enumerate(runs):
        here = tmp_path / f"run-{number}"
        here.mkdir()
        # The second run names the library by a relative path, at another time.
        root = str(shelf.root) if number == 0 else os.path.relpath(shelf.root, here)
        command = [sys.executable, "-c", _BUILD, root, "out", str(T1 + number * DAY)]
        processes.append((here, subprocess.Popen(command, cwd=here, env=os.environ | settings_)))
    for here, process in processes:
        assert process.wait() == 0
        files = sorted((here / "out").iterdir())
        sums.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files})

    assert sums[0] == sums[1]
    here_too = shelf.packages(tmp_path / "here", T2)
    assert sums[0] == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in here_too.items()}


def test_the_packages_of_a_release_are_those_of_the_next_build(shelf: Shelf, tmp_path: Path) -> None:
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")])
    compilation = shelf.compile()
    plan = shelf.plan(T1)
    build(compilation, tmp_path / "release", T1, lock=plan.lock)
    write_file(shelf.root / LOCK_FILE, plan.lock)
    build(shelf.compile(), tmp_path / "build", T2)

    for path in (tmp_path / "release").iterdir():
        assert path.read_bytes() == (tmp_path / "build" / path.name).read_bytes()


def test_a_change_built_with_an_old_date_is_still_newer_than_what_learners_have(shelf: Shelf) -> None:
    """SOURCE_DATE_EPOCH before the last release would keep the change from everybody."""
    rewrite(shelf, [recall("a", "New."), recall("b"), cloze("c")])
    made = output(shelf.compile(), T0 - 1000, lock=shelf.lock)
    times = {note.card_id: note.time for deck in made.decks for note in deck.notes}

    assert times["a"] > shelf.lock.cards["a"].time
    assert times["b"] == shelf.lock.cards["b"].time
