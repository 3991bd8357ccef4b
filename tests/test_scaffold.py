"""New libraries build, new cards say what is missing, missing ids are written in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from deckwright.compiler import cards_of
from deckwright.fixing import add_missing_ids, slug_for
from deckwright.kinds import KINDS
from deckwright.scaffold import ScaffoldError, new_card, new_library
from libraries import codes, compiled, library, topic, write


def test_a_new_library_holds_every_kind_and_has_no_problems(tmp_path: Path) -> None:
    new_library(tmp_path / "cards", "My cards")
    compilation = compiled(tmp_path / "cards", maths=True)

    assert [p.message for p in compilation.problems] == []
    assert compilation.library is not None
    assert {card.kind for card in cards_of(compilation.library)} == set(KINDS)


def test_two_new_libraries_have_different_namespaces(tmp_path: Path) -> None:
    new_library(tmp_path / "a", "My cards")
    new_library(tmp_path / "b", "My cards")
    spaces = [(tmp_path / name / "library.yaml").read_text("utf-8").split("namespace: ")[1] for name in "ab"]

    assert spaces[0] != spaces[1]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(ScaffoldError, match="not empty"):
        new_library(tmp_path, "My cards")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_card_says_by_itself_what_to_fill_in(kind: str, tmp_path: Path) -> None:
    root = library(tmp_path, "- {id: first, front: a, back: b}")
    path, line = new_card(root, kind, "main", "topic")
    found = compiled(root).problems

    assert path.read_text("utf-8").split("\n")[line - 1].startswith("  - id:")
    assert {p.code.name for p in found} <= {"empty-text", "missing-field", "wrong-value", "fields-clash"}
    assert found
    assert all(p.span.line >= line for p in found)


def test_new_cards_have_ids_of_their_own(tmp_path: Path) -> None:
    root = library(tmp_path, "- {id: first, front: a, back: b}")
    for _ in range(2):
        new_card(root, "recall", "main", "fresh")

    assert "duplicate-id" not in codes(compiled(root))
    assert (root / "main/fresh.yaml").read_text("utf-8").startswith("# yaml-language-server:")


@pytest.mark.parametrize(
    ("kind", "deck", "name", "word"),
    [("recal", "main", "t", "kind"), ("recall", "mian", "t", "deck"), ("recall", "main", "../x", "topic")],
)
def test_a_new_card_in_no_place_is_refused(
    kind: str, deck: str, name: str, word: str, tmp_path: Path
) -> None:
    root = library(tmp_path, "- {id: first, front: a, back: b}")

    with pytest.raises(ScaffoldError, match=word):
        new_card(root, kind, deck, name)


def test_missing_ids_are_added_and_nothing_else_changes(tmp_path: Path) -> None:
    cards = """
    # a comment that stays
    - front: Why does dropout help?   # and this one
      back: It averages.
    - {front: "Why, again?", back: b}
    - id: has-one
      front: c
      back: d
    -
      front: Why does dropout help?
      back: e
    """
    root = library(tmp_path, cards)
    added = add_missing_ids(root)
    text = (root / "main/topic.yaml").read_text("utf-8")

    assert [a.id for a in added] == ["dropout-help-2", "again", "dropout-help"]
    assert codes(compiled(root)) == []
    kept = [line for line in text.split("\n") if "id:" not in line]
    assert "# a comment that stays" in text
    assert "# and this one" in text
    assert "  front: Why does dropout help?   # and this one" in [
        line.replace("- ", "  ")[2:] for line in kept
    ]


def test_adding_ids_twice_adds_them_once(tmp_path: Path) -> None:
    root = library(tmp_path, "- {front: a, back: b}")
    add_missing_ids(root)
    before = (root / "main/topic.yaml").read_bytes()

    assert add_missing_ids(root) == []
    assert (root / "main/topic.yaml").read_bytes() == before


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_adding_an_id_or_a_card_keeps_the_ends_of_lines(mark: str, tmp_path: Path) -> None:
    root = library(tmp_path, "- {id: a, front: a, back: b}\n- front: c\n  back: d")
    path = root / "main/topic.yaml"
    path.write_bytes(mark.encode() + path.read_bytes().replace(b"\n", b"\r\n"))
    add_missing_ids(root)
    new_card(root, "recall", "main", "topic")
    text = path.read_bytes()

    assert text.startswith(f"{mark}topic:".encode())
    assert text.count(b"\r\n") == text.count(b"\n") > 10
    assert set(codes(compiled(root))) == {"empty-text"}


@pytest.mark.parametrize(
    "cards",
    [
        "- &x\n  front: a\n  back: b",
        "- &x {front: a, back: b}\n- *x",
        "- front: |\n    a\n  back: b\n- !!map {front: c, back: d}\n- &y\n  front: c\n  back: d",
    ],
)
def test_a_card_that_cannot_be_given_an_id_safely_is_left_alone(cards: str, tmp_path: Path) -> None:
    root = library(tmp_path, cards)
    before = (root / "main/topic.yaml").read_bytes()

    assert add_missing_ids(root) == []
    assert (root / "main/topic.yaml").read_bytes() == before


def test_a_made_id_is_neither_an_alias_nor_one_that_was_released(tmp_path: Path) -> None:
    root = library(tmp_path, "- {id: a, aliases: [sky], front: a, back: b}\n- {front: sea, back: b}")
    lock = (
        'deckwright-lock 1\nnamespace test\ncard sea first="sea" guid="g" kind="recall" deck="main" gaps=[] '
    )
    lock += 'retired=false source="" output="" time="2024-01-01T00:00:00Z" gone=true\n'
    write(root, {"deckwright.lock": lock, "main/more.yaml": topic("- {front: sky, back: b}", "more")})

    assert sorted(each.id for each in add_missing_ids(root)) == ["sea-2", "sky-2"]


def test_a_file_that_is_not_utf8_is_a_sentence_and_no_obstacle(tmp_path: Path) -> None:
    root = write(
        library(tmp_path, "- {front: a, back: b}"), {"main/latin.yaml": "title: größe\n".encode("latin-1")}
    )

    assert len(add_missing_ids(root)) == 1
    assert new_card(root, "recall", "main", "topic")[1] > 1
    with pytest.raises(ScaffoldError, match="UTF-8"):
        new_card(root, "recall", "main", "latin")


def test_a_file_with_a_syntax_error_is_left_alone(tmp_path: Path) -> None:
    root = write(library(tmp_path, "- {front: a, back: b}"), {"main/broken.yaml": "topic: [\n"})
    add_missing_ids(root)

    assert (root / "main/broken.yaml").read_text("utf-8") == "topic: [\n"


def test_a_slug_is_a_slug_whatever_the_text() -> None:
    assert slug_for("Warum Übermaß? 你好 $\\sigma$", set()) == "warum-uberma"
    assert slug_for("你好", set()) == "card"
    assert slug_for("2 + 2?", {"card-2-2"}) == "card-2-2-2"


def test_a_topic_without_cards_gets_its_first_card(tmp_path: Path) -> None:
    root = write(library(tmp_path, "- {id: a, front: a, back: b}"), {"main/other.yaml": topic("[]", "other")})

    new_card(root, "recall", "main", "third")
    assert "missing-id" not in codes(compiled(root))


@pytest.mark.parametrize(
    "text",
    [
        "topic: topic\ntitle: T\ncards:\n- {id: a, front: a, back: b}\n",
        "cards:\n  - id: a\n    front: a\n    back: b\n\n# a comment\ntopic: topic\ntitle: T\n",
        "cards:\n    - id: a\n      front: |\n        a\n\n        b\n      back: c\ntopic: topic\ntitle: T\n",
        "topic: topic\ntitle: T\ncards:\n",
    ],
)
def test_a_new_card_fits_into_any_layout_of_a_file(text: str, tmp_path: Path) -> None:
    root = write(library(tmp_path, "[]"), {"main/topic.yaml": text})
    path, line = new_card(root, "recall", "main", "topic")
    found = compiled(root).problems

    assert "id: topic-recall-1" in path.read_text("utf-8").split("\n")[line - 1]
    assert {p.code.name for p in found} <= {"empty-text", "missing-field"}
    assert all(p.card in (None, "topic-recall-1") for p in found)


@pytest.mark.parametrize("cards", ["[]", "[{id: a, front: a, back: b}]", "{a: b}"])
def test_a_new_card_where_none_can_go_is_refused_and_nothing_changes(cards: str, tmp_path: Path) -> None:
    root = write(library(tmp_path, "[]"), {"main/topic.yaml": f"topic: topic\ntitle: T\ncards: {cards}\n"})
    before = (root / "main/topic.yaml").read_bytes()

    with pytest.raises(ScaffoldError, match="expected"):
        new_card(root, "recall", "main", "topic")
    assert (root / "main/topic.yaml").read_bytes() == before


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    root = write(
        library(tmp_path, "[]"),
        {"main/topic.yaml": b"topic: topic\r\ntitle: T\r\ncards:\r\n  - front: Why rain?\r\n    back: b\r\n"},
    )
    add_missing_ids(root)
    text = (root / "main/topic.yaml").read_bytes()

    assert text.count(b"\n") == text.count(b"\r\n") == 6
    assert codes(compiled(root)) == []


def test_a_card_behind_an_anchor_is_left_for_its_author(tmp_path: Path) -> None:
    root = library(tmp_path, "- &one\n  front: a\n  back: b\n- *one\n")
    before = (root / "main/topic.yaml").read_bytes()

    assert add_missing_ids(root) == []
    assert (root / "main/topic.yaml").read_bytes() == before
