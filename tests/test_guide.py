"""The guide: read with the library, checked with it, and written out for people who get it alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import libraries
from deckwright.builder import build
from deckwright.compiler import Compilation, compile_library
from deckwright.report import SourceLines

CARDS = """
    - id: stump
      front: What is a stump?
      back: A tree with one split
      aliases: [small-tree]
"""
HEAD = libraries.LIBRARY + "guide: guide.md\n"
NOW = 1_790_000_000


def with_guide(root: Path, text: str | bytes, *, cards: str = CARDS) -> Path:
    """A library of one card with this guide."""
    libraries.library(root, cards, head=HEAD)
    (root / "guide.md").write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def guide_of(root: Path) -> str:
    """The guide as readers get it, of a library without problems."""
    compilation = libraries.compiled(root)
    assert libraries.codes(compilation) == []
    assert compilation.guide is not None
    return compilation.guide.text


def messages(compilation: Compilation) -> list[str]:
    """The problems found, each with its place."""
    return [f"{p.code.name} {p.span.line}:{p.span.column} {p.message}" for p in compilation.problems]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("See [the stump](card:stump).", "See the stump (`stump`)."),
        ("[Stump](card:stump)", "`stump`"),
        ("See [the\nstump](card:stump).", "See the\nstump (`stump`)."),
        ("Once [small](card:small-tree).", "Once small (`stump`)."),
        ("[stump](card:stump), [`stump`](card:stump), [](card:stump)", "`stump`, `stump`, `stump`"),
        ("[A topic](topic:main/topic) of [Main](deck:main)", "A topic of Main"),
        ("[`topic`](topic:main/topic)", "`topic`"),
        ("In code: `[x](card:stump)`", "In code: `[x](card:stump)`"),
        ("~~~\n[x](card:stump)\n~~~\n[y](card:stump)", "~~~\n[x](card:stump)\n~~~\ny (`stump`)"),
        ("A lone ` and\n\n[y](card:stump) and `", "A lone ` and\n\ny (`stump`) and `"),
        ("Old\rends:\r~~~\r[x](card:stump)\r~~~", "Old\rends:\r~~~\r[x](card:stump)\r~~~"),
        (
            "1. Do\n\n   ```python\n   a = b[0](c)\n\n   d = e[1](f)\n   ```\n\n2. [y](card:stump)",
            "1. Do\n\n   ```python\n   a = b[0](c)\n\n   d = e[1](f)\n   ```\n\n2. y (`stump`)",
        ),
        (
            "Indented:\n\n    a[0](b)\n\nEscaped: \\[no\\](link)",
            "Indented:\n\n    a[0](b)\n\nEscaped: \\[no\\](link)",
        ),
        (
            "[web](https://example.org), [up](#top)\n\n# Top",
            "[web](https://example.org), [up](#top)\n\n# Top",
        ),
    ],
)
def test_readers_get_words_in_place_of_the_library_s_own_links(
    tmp_path: Path, written: str, read: str
) -> None:
    """A card's id follows its words, as that is what people look it up by; nothing else changes."""
    assert guide_of(with_guide(tmp_path, written)) == read


def test_a_line_that_windows_ends_and_a_byte_order_mark_are_no_text(tmp_path: Path) -> None:
    """An editor's habits do not reach readers."""
    assert guide_of(with_guide(tmp_path, b"\xef\xbb\xbf# Guide\r\n\r\nText\r\n")) == "# Guide\n\nText\n"


def test_a_problem_is_shown_with_its_line(tmp_path: Path) -> None:
    """The place is a line and column of the guide's file, which the report can show."""
    compilation = libraries.compiled(with_guide(tmp_path, "# Guide\n\nSee [it](card:stumps).\n"))
    (problem,) = compilation.problems

    assert problem.span.place == f"{(tmp_path / 'guide.md').as_posix()}:3:10"
    assert SourceLines()(problem.span.file)[problem.span.line - 1] == "See [it](card:stumps)."


def test_a_missing_guide_names_one_that_is_there(tmp_path: Path) -> None:
    """A typing error in the name is put right by the hint."""
    root = with_guide(tmp_path, "# Guide\n")
    (root / "guide.md").rename(root / "guides.md")
    (problem,) = libraries.compiled(root).problems

    assert (problem.code.name, problem.hint) == ("unreadable-file", 'did you mean "guides.md"?')


def test_no_link_leads_a_guide_out_of_the_library(tmp_path: Path) -> None:
    """It is published: a file from elsewhere on the machine must not come along."""
    root = with_guide(tmp_path / "library", "# Guide\n")
    (tmp_path / "secret.md").write_text("secret")
    (root / "guide.md").unlink()
    (root / "guide.md").symlink_to(tmp_path / "secret.md")
    compilation = libraries.compiled(root)

    assert libraries.codes(compilation) == ["unreadable-file"]
    assert compilation.guide is None


def test_a_guide_that_is_not_text_is_a_problem_of_its_own(tmp_path: Path) -> None:
    """Nothing is guessed about its bytes, and nothing of it is shipped."""
    compilation = libraries.compiled(with_guide(tmp_path, b"# Guide\ncaf\xe9\n"))

    assert messages(compilation) == ["not-utf8 2:1 expected UTF-8 text, found byte 0xe9"]
    assert compilation.guide is None


def test_a_card_with_a_problem_is_not_missed_by_the_guide(tmp_path: Path) -> None:
    """One problem makes no others: the guide may point at a card that could not be read."""
    broken = CARDS + "    - {id: leaf, front: What is a leaf?}\n"
    one = libraries.compiled(with_guide(tmp_path / "one", "[a](card:leaf)", cards=broken))
    root = with_guide(tmp_path / "two", "[a](card:leaf), [b](topic:main/leaves)")
    (root / "main" / "leaves.yaml").write_text("topic: [\n")
    two = libraries.compiled(root)

    assert libraries.codes(one) == ["missing-field"]
    assert libraries.codes(two) == ["yaml-syntax"]


def test_headings_of_the_same_name_have_anchors_of_their_own(tmp_path: Path) -> None:
    """The second gets a number, as where Markdown is shown; a heading in code has none."""
    text = "# Day *one*\n# Day one\n```\n# No\n```\n[a](#day-one) [b](#day-one-1) [c](#day-one-2) [d](#no)\n"
    compilation = libraries.compiled(with_guide(tmp_path, text))

    assert [message.split("found ")[1] for message in messages(compilation)] == ['"#day-one-2"', '"#no"']


def test_a_build_writes_the_guide_beside_the_packages(tmp_path: Path) -> None:
    """It is there as readers get it; a build of one deck leaves it alone; nothing half-made is left."""
    root, out = with_guide(tmp_path / "library", "[A stump](card:stump)\n"), tmp_path / "out"
    report = build(libraries.compiled(root), out, NOW)
    (root / "guide.md").write_text("Another\n")
    part = build(libraries.compiled(root), out, NOW, only=["main"])

    assert report.guide == out / "test-guide.md"
    assert (out / "test-guide.md").read_text() == "A stump (`stump`)\n"
    assert part.guide is None
    assert {path.name for path in out.iterdir()} == {"test.apkg", "test-main.apkg", "test-guide.md"}


def test_a_guide_with_a_problem_keeps_all_packages_back(tmp_path: Path) -> None:
    """What was published stays until everything is right."""
    root, out = with_guide(tmp_path / "library", "Fine\n"), tmp_path / "out"
    build(libraries.compiled(root), out, NOW)
    (root / "guide.md").write_text("[x](card:nobody)\n")
    with pytest.raises(ValueError, match="errors"):
        build(libraries.compiled(root), out, NOW)

    assert (out / "test-guide.md").read_text() == "Fine\n"


def test_a_library_without_a_guide_ships_none(tmp_path: Path) -> None:
    """Nothing changes for it."""
    root, out = libraries.library(tmp_path / "library", CARDS), tmp_path / "out"
    (root / "guide.md").write_text("[x](card:nobody)\n")
    compilation = libraries.compiled(root)
    report = build(compilation, out, NOW)

    assert (compilation.guide, report.guide) == (None, None)
    assert not (out / "test-guide.md").exists()


# --- the guide of the shipped library --------------------------------------------------------------

SHIPPED = Path(__file__).parents[1] / "cards"
SECTIONS = [
    "Rounds", "Question kinds", "Formats", "Prepare", "Plans", "Week checklist", "Day", "Communication",
    "Challenges", "Mistakes", "Ask", "Tools", "FAQ", "Not claimed",
]  # fmt: skip


def test_the_shipped_guide_reads_well_as_plain_text() -> None:
    """On a phone it is shown as it is typed: no line is a wall, no table wider than a screen held sideways."""
    guide = compile_library(SHIPPED, check_maths=False).guide
    assert guide is not None
    lines = guide.text.split("\n")

    assert [line for line in lines if len(line) > 300] == []
    assert [line for line in lines if line.startswith("|") and len(line) > 150] == []
    assert not re.search(r"\]\((?:card|deck|topic):", guide.text)


def test_the_shipped_guide_calls_decks_and_topics_by_their_names() -> None:
    """A reader looks for the deck's title and for the topic's own word."""
    library = compile_library(SHIPPED, check_maths=False).library
    assert library is not None
    titles = {str(deck.slug): re.sub(r"^\d+ ", "", deck.title) for deck in library.decks}
    source = (SHIPPED / "guide.md").read_text("utf-8")
    decks = re.findall(r"\[([^\[\]]+)\]\(deck:([a-z-]+)\)", source)
    topics = re.findall(r"\[([^\[\]]+)\]\(topic:[a-z-]+/([a-z-]+)\)", source)

    assert {slug for _, slug in decks} == set(titles)
    assert [words for words, slug in decks if words != titles[slug]] == []
    assert [words for words, slug in topics if words != f"`{slug}`"] == []


def test_the_shipped_guide_has_its_sections() -> None:
    """What points at a section from elsewhere keeps finding it."""
    headings = re.findall(r"^## (.+)$", (SHIPPED / "guide.md").read_text("utf-8"), re.MULTILINE)

    assert headings == SECTIONS
