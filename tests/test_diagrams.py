"""The library's own pictures: drawn by `diagrams`, used by cards, readable on a phone and by a screen reader."""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from deckwright.compiler import compile_library
from deckwright.render.png import png
from diagrams.__main__ import write_all
from diagrams.gallery import PICTURES
from diagrams.sheet import PAPER, SMALLEST, TEXT_COLOURS, TINTS, Sheet

pytest.importorskip("resvg_py")

CARDS = Path(__file__).parent.parent / "cards"
SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {"svg", "title", "desc", "defs", "g", "use", "path", "rect", "circle", "clipPath"}
PHONE = 0.5
"""A phone shows a picture 320 pixels wide."""

Colour = tuple[int, int, int]
each_picture = pytest.mark.parametrize("name", PICTURES)


@cache
def drawn(name: str) -> Sheet:
    return PICTURES[name]()


@cache
def shipped(name: str) -> str:
    return (CARDS / name).read_text("utf-8")


@cache
def used() -> set[str]:
    media = compile_library(CARDS, check_maths=False).media
    return {f"{deck}/{file.path.name}" for deck, files in media.items() for file in files.values()}


def pixels(svg: str) -> list[list[Colour]]:
    """Every row of a drawing as a phone shows it, on black."""
    content = png(svg, scale=PHONE)
    width, height, depth, kind = struct.unpack(">IIBB", content[16:26])
    assert (depth, kind) == (8, 6)
    data, at = b"", 8
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        if content[at + 4 : at + 8] == b"IDAT":
            data += content[at + 8 : at + 8 + length]
        at += 12 + length
    raw, rows = zlib.decompress(data), []
    above = bytearray(4 * width)
    for number in range(height):
        start = number * (4 * width + 1)
        row = bytearray(raw[start + 1 : start + 1 + 4 * width])
        _unfilter(raw[start], row, above)
        rows.append([(row[i], row[i + 1], row[i + 2]) for i in range(0, 4 * width, 4)])
        above = row
    return rows


def _unfilter(kind: int, row: bytearray, above: bytearray) -> None:
    for i in range(len(row) if kind else 0):
        left, corner = (row[i - 4], above[i - 4]) if i >= 4 else (0, 0)
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = above[i]
        elif kind == 3:
            guess = (left + above[i]) // 2
        else:
            steps = (abs(above[i] - corner), abs(left - corner), abs(left + above[i] - 2 * corner))
            guess = (left, above[i], corner)[steps.index(min(steps))]
        row[i] = (row[i] + guess) & 255


def rgb(colour: str) -> Colour:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """WCAG's contrast ratio."""

    def light(colour: Colour) -> float:
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@each_picture
def test_redrawing_gives_the_picture_that_is_shipped(name: str) -> None:
    assert drawn(name).svg() == shipped(name), f"{name} is not what the script draws: make diagrams"


def test_the_scripts_draw_every_svg_and_every_one_is_on_a_card() -> None:
    files = {path.relative_to(CARDS).as_posix() for path in CARDS.glob("*/*.svg")}

    assert files == set(PICTURES)
    assert set(PICTURES) - used() == set()


@each_picture
def test_the_card_says_in_words_what_the_picture_shows(name: str) -> None:
    sheet, file = drawn(name), Path(name).name
    cards = "\n".join(path.read_text("utf-8") for path in (CARDS / name).parent.glob("*.yaml"))
    alternatives = re.findall(rf"!\[([^\]]*)\]\({re.escape(file)}\)", cards)

    assert alternatives == [sheet.description]
    assert len(sheet.description.split()) >= 15
    assert sheet.title not in sheet.description


@each_picture
def test_a_picture_is_shapes_only_small_and_named_for_screen_readers(name: str) -> None:
    root = ET.fromstring(shipped(name))

    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= SHAPES
    assert (root.get("width"), root.get("height")) == ("640", "360")
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == drawn(name).title
    assert root.findtext(f"{SVG}desc") == drawn(name).description
    assert len(shipped(name).encode()) < 60_000


@each_picture
def test_a_picture_is_not_blank(name: str) -> None:
    counts = Counter(colour for row in pixels(shipped(name)) for colour in row)

    assert counts[rgb(PAPER)] > 0
    assert sum(counts.values()) - counts[rgb(PAPER)] > 0.04 * sum(counts.values())


@each_picture
def test_every_word_stands_out_from_what_lies_behind_it(name: str) -> None:
    """Pixel by pixel: where a word is drawn, the picture without words must differ from it enough."""
    words, behind = ET.fromstring(shipped(name)), ET.fromstring(shipped(name))
    texts = [node for node in words if node.get("class") == "text"]
    looks = [(node.get("data-text") or "", rgb(node.get("fill") or "")) for node in texts]
    for node in list(words):
        if node not in texts and node.tag != f"{SVG}defs":
            words.remove(node)
    for number, node in enumerate(texts):
        node.set("fill", f"#{8 * (number + 1):02x}ff00")
        node.set("shape-rendering", "crispEdges")
    for node in [node for node in behind if node.get("class") == "text"]:
        behind.remove(node)
    found: dict[int, list[Colour]] = {number: [] for number in range(len(texts))}
    marked = pixels(ET.tostring(words, encoding="unicode"))
    for row, back in zip(marked, pixels(ET.tostring(behind, encoding="unicode")), strict=True):
        for (red, green, _), colour in zip(row, back, strict=True):
            if green == 255 and red % 8 == 0:
                found[red // 8 - 1].append(colour)

    assert len(texts) < 32
    for number, (text, colour) in enumerate(looks):
        clear = sum(contrast(colour, other) >= 4.5 for other in found[number])
        assert found[number], text
        assert clear >= 0.97 * len(found[number]), f"{text!r} cannot be read where it stands"


def test_every_colour_for_words_has_contrast_on_the_paper_and_on_every_tint() -> None:
    for colour in TEXT_COLOURS:
        for ground in (PAPER, *TINTS):
            assert contrast(rgb(colour), rgb(ground)) >= 4.5, (colour, ground)


def test_letters_too_small_for_a_phone_and_over_the_edge_are_refused() -> None:
    sheet = Sheet("A sheet", "Nothing yet")

    with pytest.raises(ValueError, match="too small"):
        sheet.text(100, 100, "tiny", size=SMALLEST - 1)
    with pytest.raises(ValueError, match="over the edge"):
        sheet.text(600, 100, "too far to the right")


def test_writing_changes_only_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def plain() -> Sheet:
        return Sheet("A sheet", "Nothing yet")

    monkeypatch.setattr("diagrams.__main__.PICTURES", {"theory/one.svg": plain, "theory/two.svg": plain})
    (tmp_path / "theory").mkdir()
    (tmp_path / "theory" / "two.svg").write_text(plain().svg())

    assert write_all(tmp_path) == [tmp_path / "theory" / "one.svg"]
    assert write_all(tmp_path) == []
    assert sorted(path.name for path in (tmp_path / "theory").iterdir()) == ["one.svg", "two.svg"]
