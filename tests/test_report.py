"""Problems as text: golden files for each format, and what must never reach a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from deckwright.diagnostics import CODES, Diagnostic, Related
from deckwright.report import SourceLines, as_github, as_json, as_text, safe, summary, window
from deckwright.source import Span

GOLDEN = Path(__file__).parent / "golden" / "report"
LONG = f"    back: {'word ' * 40}$\\mu of all {'word ' * 40}".rstrip()
SOURCES: dict[str, Sequence[str]] = {
    "cards/nlp.yaml": [
        "topic: nlp",
        "title: Words",
        "cards:",
        "  - id: stump",
        "    front: What is a stump?",
        "    bakc: A tree with one split",
        LONG,
        "\tback: a tab",
        "    back: 日本語のテキスト",
        "    back: red \x1b[31m and \u202ereversed",
        "    back: |",
        "      A block.",
    ]
}


def lines(file: str) -> Sequence[str]:
    """The lines of the files of these tests."""
    return SOURCES.get(file, ())


def problem(
    code: str,
    place: tuple[int, int, int, int],
    message: str,
    hint: str | None = None,
    related: tuple[Related, ...] = (),
    *,
    file: str = "cards/nlp.yaml",
) -> Diagnostic:
    """A problem at line, column, end line and end column."""
    return Diagnostic(CODES[code], Span(file, *place), message, hint, related, card="stump")


FIRST = Related(Span("cards/trees.yaml", 4, 9, 4, 14), "the first one is here")
PROBLEMS = [
    problem("duplicate-id", (4, 9, 4, 14), 'expected an id of its own, found "stump" again', None, (FIRST,)),
    problem(
        "unknown-field",
        (6, 5, 6, 9),
        'expected a field of a recall card, found "bakc"',
        'did you mean "back"?',
    ),
    problem("unbalanced-maths", (7, 211, 7, 221), "expected the end of the maths, found none"),
    problem("unknown-field", (8, 2, 8, 6), "a tab is four cells"),
    problem("broken-link", (9, 13, 9, 15), "a wide character is two cells"),
    problem("bad-media", (10, 15, 10, 16), "found \x1b[2J in a message", "100%, or \u202eless"),
    problem("policy-long-answer", (11, 11, 13, 1), "a block is marked where it begins"),
    problem("unused-media", (1, 1, 1, 1), "an image has no lines", file="cards/a\x1bb.png"),
]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> object:
    """Compare a text with a golden file; ``--update-golden`` writes it instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, "utf-8")

        assert path.read_text("utf-8") == text

    return compare


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("text.txt", f"{as_text(PROBLEMS, lines, width=60).plain}\n"),
        ("narrow.txt", f"{as_text(PROBLEMS[2:3], lines, width=10).plain}\n"),
        ("json.txt", f"{as_json(PROBLEMS[:2])}\n"),
        ("github.txt", f"{as_github(PROBLEMS)}\n"),
    ],
)
def test_a_format_reads_as_its_golden_file(name: str, made: str, golden: object) -> None:
    """Each format has one small file that shows it whole."""
    assert callable(golden)
    golden(name, made)


def test_no_control_character_gets_through() -> None:
    """Whatever stands in names, messages and sources, nothing can steer the terminal."""
    for text in (as_text(PROBLEMS, lines).plain, as_json(PROBLEMS), as_github(PROBLEMS)):
        assert [char for char in text if not char.isprintable() and char != "\n"] == []


def test_no_snippet_is_wider_than_the_terminal() -> None:
    """Source lines and carets fit, however narrow the terminal and wherever the span is."""
    for width in range(24, 90):
        shown = as_text(PROBLEMS, lines, width=width).plain.split("\n")
        assert [line for line in shown if " | " in line and cell_len(line) > width] == []


@pytest.mark.parametrize("width", [16, 17, 20, 33, 80])
def test_the_carets_stand_under_what_they_mark(width: int) -> None:
    """In the window of a long line, the cells that are marked hold the marked text."""
    for start in range(len(LONG) - 2):
        text, before, marked = window(LONG, start, start + 2, width)
        expected = LONG[start : start + 2]

        assert marked == len(expected)
        assert text[before : before + marked].ljust(marked) == expected


def test_a_span_beyond_the_line_is_marked_at_its_end() -> None:
    """What is missing is marked behind what is there."""
    assert window("abc", 3, 4, 40) == ("abc", 3, 1)


def test_a_giant_line_is_not_measured_whole() -> None:
    """A line of millions of characters costs no more than the window around the span."""
    text, before, marked = window("x" * 20_000_000, 10_000_000, 10_000_003, 40)

    assert (cell_len(text), marked) == (40, 3)
    assert 0 < before < len(text)


def test_colour_is_left_to_the_console() -> None:
    """A console without colour gets none, one with colour does, and brackets are no markup."""
    plain, coloured = StringIO(), StringIO()
    text = as_text(PROBLEMS[1:2], lines)
    Console(file=plain, width=40).print(text, soft_wrap=True, end="")
    Console(file=coloured, force_terminal=True, color_system="standard").print(text, soft_wrap=True)

    assert plain.getvalue() == text.plain
    assert "error[unknown-field]" in plain.getvalue()
    assert "\x1b[" in coloured.getvalue()


def test_the_sum_knows_one_from_many() -> None:
    """Errors, warnings and files are counted, each with its own plural."""
    error, warning = PROBLEMS[0], PROBLEMS[-1]

    assert summary([]) == "no problems"
    assert summary([error]) == "1 error in 1 file"
    assert summary([warning]) == "1 warning in 1 file"
    assert summary([error, error, warning]) == "2 errors, 1 warning in 2 files"


def test_nothing_is_said_about_no_problems() -> None:
    """Without problems each format is empty in its own way."""
    assert (as_text([], lines).plain, as_json([]), as_github([])) == ("", "[]", "")


def test_json_keys_keep_their_order() -> None:
    """Tools and diffs can rely on the order of the keys."""
    expected = ["file", "line", "column", "end_line", "end_column", "severity", "code", "message", "hint",
                "card", "related"]  # fmt: skip

    assert [list(found) for found in json.loads(as_json(PROBLEMS))] == [expected] * len(PROBLEMS)


def test_an_annotation_cannot_be_broken_out_of() -> None:
    """A file name or message with GitHub's own marks stays a name and a message."""
    nasty = problem("unused-media", (1, 1, 1, 2), "50%\n::error::x", file="a,b:c%\n::d.yaml")

    assert as_github([nasty]) == (
        "::warning file=a%2Cb%3Ac%25%0A%3A%3Ad.yaml,line=1,col=1,endLine=1,endColumn=2,"
        "title=unused-media::50%25%0A::error::x"
    )


def test_lines_come_from_disk_once_and_only_for_sources(tmp_path: Path) -> None:
    """Sources are read when asked for and kept; images and files that are gone have no lines."""
    source, image = tmp_path / "a.yaml", tmp_path / "a.png"
    source.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: \xff\r\n")
    image.write_bytes(b"\x89PNG\x1b[31m")
    read = SourceLines()
    first = read(str(source))
    source.unlink()

    assert first == ["a: 1", "b: \ufffd", ""]
    assert read(str(source)) is first
    assert [list(read(str(path))) for path in (image, tmp_path / "gone.yaml", tmp_path)] == [[], [], []]
    assert list(read("nul\0.yaml")) == []


def test_harmless_characters_stay() -> None:
    """Accents, scripts, emoji and their joiners are text like any other."""
    for text in ("café", "日本語", "👩\u200d💻", "naïve — yes"):
        assert safe(text) == text
