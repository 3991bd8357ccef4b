"""The explanations are true: a wrong sample shows its code, a right one does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deckwright import identity
from deckwright.compiler import compile_library
from deckwright.diagnostics import CODES
from deckwright.explanations import explanation, parse
from deckwright.kinds import KindCard
from deckwright.lock import Lock, LockedCard, LockedDeck
from deckwright.model import Library

EXPLAIN = Path(__file__).parents[1] / "src" / "deckwright" / "explain"

NOT_COMPILED = {
    "no-library": "the samples are listings of a folder",
    "file-too-large": "80 MiB of YAML do not fit on a page",
    "not-utf8": "the page itself is UTF-8",
    "too-many-aliases": "the sample is shortened and stays under the limit; test_problems.py shows the real one",
    "note-type-fork": "it is about the tool's note types, not about a source",
    "unreleased": "a release raises it: tests/test_release.py",
    "clock-behind": "a release raises it: tests/test_release.py",
    "renderer-changed": "a release raises it: tests/test_release.py",
    "nested-topic": "needs a folder in a folder: tests/problems/nested-topic",
    "off-main-branch": "a release raises it: tests/test_release.py",
    "old-note-unpaired": "comes from an old package, shown in tests/test_adopt.py",
    "old-note-ambiguous": "comes from an old package, shown in tests/test_adopt.py",
    "old-note-type": "comes from an old package, shown in tests/test_adopt.py",
    "unknown-drop": "comes from an old package, shown in tests/test_adopt.py",
}
"""Codes whose samples are read and not compiled, and why."""

AGAINST_THE_RIGHT = {
    "released-card-deleted",
    "gap-vanished",
    "kind-changed",
    "guid-changed",
    "namespace-changed",
    "deck-renamed",
    "card-moved",
    "retired-id-reused",
}
"""Codes about released cards: the right sample counts as what was released."""

NEEDS_MATHJAX = {"maths-does-not-compile"}

_FILE = re.compile(r"^# ((?:[a-z-]+/)?[\w-]+\.(?:yaml|md|png|lock))\n", re.MULTILINE)
CARDS = "theory/sample.yaml"


def files(sample: str) -> dict[str, str]:
    """The sample's files; one without the name of a file is a list of cards."""
    parts = _FILE.split(sample)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    return found or {CARDS: sample}


def install(sample: str, root: Path) -> None:
    """Put a sample on disk, with what every library has and samples leave out."""
    found = files(sample)
    folders = list(dict.fromkeys(name.split("/")[0] for name in found if "/" in name)) or ["theory"]
    library = found.get("library.yaml", "")
    for key, value in {
        "decks": f"[{', '.join(folders)}]",
        "namespace": "my-cards",
        "title": "My cards",
    }.items():
        if not re.search(rf"^{key}:", library, re.MULTILINE):
            library = f"{key}: {value}\n{library}"
    found["library.yaml"] = library
    for folder in folders:
        found.setdefault(f"{folder}/deck.yaml", f"title: {folder.title()}\n")
    for name, text in found.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        head = f"topic: {path.stem}\ntitle: Sample\ncards:\n" if text.startswith("- ") else ""
        path.write_text(head + text, "utf-8")


def codes(root: Path, *, check_maths: bool = False) -> set[str]:
    """The codes of all problems of the library in ``root``."""
    return {
        problem.code.name
        for problem in compile_library(root, check_maths=check_maths, for_chat=True).problems
    }


def released(library: Library) -> Lock:
    """A lock as a release of this library would write it, as far as checks read it."""
    cards = {}
    for deck in library.decks:
        for card in deck.cards:
            assert isinstance(card, KindCard)
            guid = card.guid or identity.guid(library.namespace, card.id)
            retired = card.retired is not None
            cards[card.id] = LockedCard(
                card.id, card.id, guid, card.kind, deck.slug, card.gaps, retired, "0", "0", 1_790_000_000
            )
    decks = {str(d.slug): LockedDeck(d.slug, 1, library.full_deck_name(d)) for d in library.decks}
    return Lock(library.namespace, cards, {}, decks)


COMPILED = [code for code in CODES if code not in NOT_COMPILED]


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_why_and_shows_both(code: str) -> None:
    """Every code has a page with a heading, two to seven sentences, and two samples that differ."""
    page = explanation(code)

    assert page is not None
    assert (EXPLAIN / f"{code}.md").read_text("utf-8").startswith(f"# {code}\n\n")
    assert page.title == CODES[code].title
    assert 2 <= len(re.findall(r"[.)](?=\s|$)", page.body)) <= 8
    assert page.wrong.strip() != page.right.strip()


def test_every_page_is_about_a_code() -> None:
    """No page is left of a code that is gone."""
    assert {path.stem for path in EXPLAIN.glob("*.md")} == set(CODES)


def test_a_word_that_is_no_code_has_no_explanation() -> None:
    """An unknown code, even one that looks like a path, gives None."""
    assert [explanation(word) for word in ("nonsense", "", "../explain/bad-id")] == [None, None, None]


def test_a_page_without_a_sample_is_a_bug() -> None:
    """A page must have both samples."""
    with pytest.raises(ValueError, match="expected"):
        parse("title", "# code\n\nOnly words.\n")


@pytest.mark.parametrize("code", COMPILED)
def test_the_samples_are_true(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong sample shows the code; the right one shows no problem at all."""
    page = explanation(code)
    assert page is not None
    maths = code in NEEDS_MATHJAX
    install(page.wrong, tmp_path / "wrong")
    install(page.right, tmp_path / "right")
    if code in AGAINST_THE_RIGHT:
        library = compile_library(tmp_path / "right", check_maths=False).library
        assert library is not None
        lock = released(library)
        monkeypatch.setattr("deckwright.history.read_lock", lambda _root, _problems: lock)
        monkeypatch.setattr("deckwright.history._lock_lines", lambda _root: [])

    assert code in codes(tmp_path / "wrong", check_maths=maths)
    assert codes(tmp_path / "right", check_maths=maths) == set()
