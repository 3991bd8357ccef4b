"""Pictures of text and formulas: they wrap, stay on their panel, come out the same everywhere, ask for nothing."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from deckwright import markup
from deckwright.render.formula import FormulaEngine
from deckwright.render.formula_box import Bounds, bounds, matrix
from deckwright.render.layout import (
    INK,
    MAX_PIXELS,
    PAPER,
    Block,
    Break,
    CodeBlock,
    ImageBlock,
    MathsRun,
    Options,
    Paragraph,
    PictureFailure,
    Run,
    TableBlock,
    TextRun,
    picture,
)
from deckwright.render.png import png, size

pytest.importorskip("quickjs")
pytest.importorskip("resvg_py")

ROOT = Path(__file__).parent.parent
SVG = "{http://www.w3.org/2000/svg}"
BOUND = (
    r"\mathcal{L}(\theta, \phi; x) = \mathbb{E}_{q_\phi(z \mid x)}\left[\log p_\theta(x \mid z)\right]"
    r" - D_{\mathrm{KL}}\left(q_\phi(z \mid x) \,\|\, p(z)\right) \le \log p_\theta(x)"
    r" = \log \int p_\theta(x \mid z) p(z) \, \mathrm{d}z"
)
SHAPES = {"svg", "g", "path", "rect", "line", "ellipse", "circle", "polygon", "polyline"}


@pytest.fixture(scope="module")
def engine() -> Iterator[FormulaEngine]:
    with FormulaEngine() as started:
        yield started


def text(*runs: str | Run, **options: Any) -> Paragraph:
    return Paragraph(tuple(TextRun(run) if isinstance(run, str) else run for run in runs), **options)


def shipped_formulas() -> list[tuple[str, bool]]:
    """Every formula of the shipped cards, wherever in a card it stands."""
    found: dict[tuple[str, bool], None] = {}

    def visit(value: Any, key: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                visit(inner, name)
        elif isinstance(value, list):
            for inner in value:
                visit(inner, key)
        elif isinstance(value, str) and key == "formula":
            found[markup.tidy_latex(markup.reveal(value)), True] = None
        elif isinstance(value, str):
            found.update(dict.fromkeys(markup.formulas(value)))

    for path in sorted((ROOT / "cards").rglob("*.yaml")):
        visit(yaml.safe_load(path.read_text("utf-8")), "")
    return list(found)


def sample_formulas() -> list[tuple[str, bool]]:
    rows = yaml.safe_load((ROOT / "tests" / "data" / "formulas.yaml").read_text("utf-8"))["shown"]
    return [(row["latex"], not row.get("inline")) for row in rows]


def drawn(blocks: Sequence[Block], engine: FormulaEngine, width: int = 560) -> str:
    svg = picture(blocks, width=width, engine=engine)
    assert isinstance(svg, str), svg
    return svg


def refused(blocks: list[Block], engine: FormulaEngine) -> str:
    failure = picture(blocks, engine=engine)
    assert isinstance(failure, PictureFailure), failure
    return failure.message


def ink(svg: str) -> Bounds:
    """Measure everything but the panel itself."""
    root = ET.fromstring(svg)
    root.remove(root[0])
    found = bounds(root)
    assert found is not None
    return found


def outside(svg: str) -> str:
    """Say what leaves the panel's inside, if anything does."""
    width, height = size(svg)
    box = ink(svg)
    inside = box.left >= 14 and box.top >= 8 and box.right <= width - 14 and box.bottom <= height - 8
    return "" if inside else f"{box} in {width} × {height}"


def baselines(svg: str) -> list[float]:
    """Give the heights at which glyphs stand."""
    found: set[float] = set()

    def visit(node: ET.Element, y: float) -> None:
        step = matrix(node.get("transform", ""))
        if "-0." in node.get("transform", ""):
            found.add(round(y, 1))
            return
        for child in node:
            visit(child, y + step.f)

    visit(ET.fromstring(svg), 0)
    return sorted(found)


def png_size(content: bytes) -> tuple[int, int]:
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def tiny_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x40\x80\xc0" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def drawing(inside: str, head: str = "") -> bytes:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'{head}<svg {names} viewBox="0 0 40 20">{inside}<rect width="30" height="10"/></svg>'.encode()


EVERYTHING: list[Block] = [
    text(
        "Words, ",
        TextRun("bold", bold=True),
        ", ",
        TextRun("slanted", italic=True),
        " and ",
        MathsRun(r"\frac{1}{2}"),
        ".",
    ),
    text("An item with ", TextRun("code()", code=True), ".", bullet="•"),
    text("An item within", bullet="1.", indent=1),
    text("A line", Break(), "and another: ", MathsRun(BOUND, display=True), " after it."),
    CodeBlock("def f(x):\n\treturn x  # " + "long " * 30, "python"),
    TableBlock(
        (
            ((TextRun("Measure"),), (TextRun("Formula"),)),
            (
                (TextRun("Recall, in so many words that they have to wrap " * 3),),
                (MathsRun(r"\frac{TP}{TP+FN}"),),
            ),
        ),
        aligned=("right", "center"),
    ),
    ImageBlock(tiny_png(3, 2)),
    ImageBlock(drawing("<text x='2' y='12' font-size='9'>αβγ</text>")),
    Options(
        (
            ("A", (TextRun("A short one"),)),
            ("B", (MathsRun(BOUND),)),
            ("C", (text("Blocks"), CodeBlock("x = 1"))),
            ("D", (MathsRun(r"\mathbb{1}[x > 0]", display=True),)),
        )
    ),
]


# --- layout ---------------------------------------------------------------------------------------


def test_words_wrap_at_the_width(engine: FormulaEngine) -> None:
    words = text("one word after another goes on and on " * 4)

    wide, narrow = drawn([words], engine, 560), drawn([words], engine, 300)

    assert len(baselines(wide)) > 1
    assert len(baselines(narrow)) > len(baselines(wide))
    assert outside(wide) == outside(narrow) == ""


def test_a_line_is_as_high_as_its_formula(engine: FormulaEngine) -> None:
    plain = drawn([text("a b")], engine)
    high = drawn([text("a ", MathsRun(r"\begin{pmatrix} a \\ b \\ c \\ d \end{pmatrix}"), " b")], engine)

    assert size(high)[1] > size(plain)[1] + 40
    assert outside(high) == ""


def test_an_inline_formula_stands_on_the_baseline_of_its_words(engine: FormulaEngine) -> None:
    """The letter x has no part below the line, in words as in a formula."""
    word, formula = ink(drawn([text("x")], engine)), ink(drawn([text(MathsRun("x"), " ")], engine))

    assert formula.bottom == pytest.approx(word.bottom, abs=0.4)


@pytest.mark.parametrize("width", [320, 560, 900])
def test_nothing_leaves_the_panel(engine: FormulaEngine, width: int) -> None:
    assert outside(drawn(EVERYTHING, engine, width)) == ""


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.text(st.characters(max_codepoint=0x24F, categories=["L", "N", "P", "Zs"]), max_size=60), max_size=6
    ),
    st.integers(160, 700),
    st.booleans(),
)
def test_no_words_leave_the_panel_whatever_they_are(pieces: list[str], width: int, code: bool) -> None:  # noqa: FBT001
    runs = tuple(TextRun(piece, code=code, bold=bool(number % 2)) for number, piece in enumerate(pieces))
    blocks: list[Block] = [
        Paragraph((TextRun("x"), *runs)),
        CodeBlock("".join(pieces)),
        TableBlock(((runs, runs),)),
    ]
    with FormulaEngine() as engine:
        svg = picture(blocks, width=width, engine=engine)

    assert isinstance(svg, PictureFailure) or outside(svg) == ""


def test_a_wide_formula_is_broken_and_not_cut(engine: FormulaEngine) -> None:
    display = [text(MathsRun(BOUND, display=True))]

    one_line, lines = drawn(display, engine, 1200), drawn(display, engine, 400)

    assert size(lines)[1] > 2 * size(one_line)[1] - 40
    assert outside(lines) == ""


def test_a_formula_without_places_to_break_is_made_smaller(engine: FormulaEngine) -> None:
    formula = r"\sqrt{" + "+".join("abcdefghijklmnopqrstuvwx") + "}"

    assert outside(drawn([text(MathsRun(formula, display=True))], engine)) == ""


def test_a_norm_is_as_high_as_an_absolute_value(engine: FormulaEngine) -> None:
    norm = ink(drawn([text(MathsRun(r"\left\|w\right\|"))], engine))
    value = ink(drawn([text(MathsRun(r"\left|w\right|"))], engine))

    assert norm.bottom - norm.top == pytest.approx(value.bottom - value.top, abs=0.5)


def test_code_keeps_its_lines_and_marks_where_one_goes_on(engine: FormulaEngine) -> None:
    short = drawn([CodeBlock("a\n\nb")], engine)
    long = drawn([CodeBlock("a" * 200)], engine)

    assert baselines(short)[1] - baselines(short)[0] == pytest.approx(40)
    assert len(baselines(long)) == 4
    assert outside(long) == ""


# --- look -----------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ground", [PAPER, "#eef0f3"])
def test_the_contrast_is_at_least_seven_to_one(ground: str) -> None:
    assert (luminance(ground) + 0.05) / (luminance(INK) + 0.05) >= 7


def test_the_shades_behind_text_are_the_ones_whose_contrast_is_known(engine: FormulaEngine) -> None:
    fills = set(re.findall(r'fill="([^"]+)"', drawn(EVERYTHING, engine)))

    assert fills == {PAPER, "#eef0f3", INK, "none"}


# --- the same everywhere --------------------------------------------------------------------------


def test_equal_blocks_give_equal_bytes(engine: FormulaEngine) -> None:
    first, second = drawn(EVERYTHING, engine), drawn(EVERYTHING, engine)

    assert first == second
    assert png(first) == png(second)


def test_another_process_gives_the_same_bytes(engine: FormulaEngine) -> None:
    code = (
        "import hashlib, test_render_layout as here\n"
        "from deckwright.render.formula import FormulaEngine\n"
        "with FormulaEngine() as engine:\n"
        "    svg = here.drawn(here.EVERYTHING, engine)\n"
        "print(hashlib.sha256(svg.encode()).hexdigest(), hashlib.sha256(here.png(svg)).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    svg = drawn(EVERYTHING, engine)

    assert done.stdout.split() == [hashlib.sha256(part).hexdigest() for part in (svg.encode(), png(svg))]


def test_a_png_has_two_pixels_for_each_of_ours(engine: FormulaEngine) -> None:
    svg = drawn([text("words")], engine)
    width, height = size(svg)

    assert png_size(png(svg)) == (2 * width, 2 * height)
    assert png_size(png(svg, scale=1)) == (width, height)


def test_the_module_itself_loads_no_heavy_part() -> None:
    code = (
        "import sys, deckwright.render.layout, deckwright.render.png;"
        "print([name for name in ('fontTools', 'resvg_py', 'pymupdf_fonts', 'quickjs') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


# --- formulas -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("latex", "display"), shipped_formulas())
def test_every_shipped_formula_draws(engine: FormulaEngine, latex: str, display: bool) -> None:  # noqa: FBT001
    svg = drawn([text("Here: ", MathsRun(latex, display=display), ".")], engine)

    assert outside(svg) == ""
    assert "<text" not in svg


@pytest.mark.parametrize(("latex", "display"), sample_formulas())
def test_every_sample_draws_or_names_the_letter_that_is_missing(
    engine: FormulaEngine,
    latex: str,
    display: bool,  # noqa: FBT001
) -> None:
    svg = picture([text("Here: ", MathsRun(latex, display=display), ".")], engine=engine)
    if isinstance(svg, PictureFailure):
        assert "学" in latex
        assert "U+5B66" in svg.message
        return

    assert outside(svg) == ""
    assert "<text" not in svg


def test_a_blackboard_one_is_drawn(engine: FormulaEngine) -> None:
    one, letter = (ink(drawn([text(MathsRun(rf"\mathbb{{{each}}}"))], engine)) for each in "1E")

    assert one.bottom - one.top == pytest.approx(letter.bottom - letter.top, abs=1.5)


# --- hostile input --------------------------------------------------------------------------------


def test_the_document_asks_for_nothing(engine: FormulaEngine) -> None:
    hostile = text(
        '<script>alert(1)</script> & "quotes" url(#x) https://example.org',
        TextRun("]]><a href='x'>", code=True),
    )
    svg = drawn([hostile, text(MathsRun(r"\href{javascript:alert(1)}{x}\class{a}{b}"))], engine)
    names = {node.tag.removeprefix(SVG) for node in ET.fromstring(svg).iter()}
    traits = {name for node in ET.fromstring(svg).iter() for name in node.attrib}

    assert names <= SHAPES
    assert not {trait for trait in traits if "href" in trait or trait.startswith("on") or trait == "style"}


def test_an_embedded_image_is_pixels_and_nothing_else(engine: FormulaEngine) -> None:
    svg = drawn([ImageBlock(tiny_png(3, 2)), ImageBlock(drawing("<script>alert(1)</script>"))], engine)
    addresses = [
        value for node in ET.fromstring(svg).iter() for name, value in node.attrib.items() if "href" in name
    ]

    assert len(addresses) == 2
    assert all(re.fullmatch(r"data:image/png;base64,[A-Za-z0-9+/=]+", address) for address in addresses)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<image xlink:href='file:///etc/hostname' width='9' height='9'/>",
        "<image href='https://example.org/x.png' width='9' height='9'/>",
        "<style>@import url(https://example.org/x.css);</style>",
        "<foreignObject><p>x</p></foreignObject>",
        "<rect fill='url(https://example.org/x.svg#a)' width='9' height='9' visibility='hidden'/>",
    ],
)
def test_what_a_drawing_asks_for_is_left_out(engine: FormulaEngine, inside: str) -> None:
    assert drawn([ImageBlock(drawing(inside))], engine) == drawn([ImageBlock(drawing(""))], engine)


def test_the_text_of_a_drawing_needs_no_font_of_the_machine(engine: FormulaEngine) -> None:
    words = drawing("<text x='2' y='18' font-size='6' font-family='Arial'>words</text>")

    assert drawn([ImageBlock(words)], engine) != drawn([ImageBlock(drawing(""))], engine)


BOMB = "<g id='a0'/>" + "".join(
    f"<g id='a{n}'>" + f"<use href='#a{n - 1}'/>" * 10 + "</g>" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("block", "says"),
    [
        (text("word " * 3_000), "4096"),
        (text("x" * 30_000), "letters"),
        (CodeBlock("x\n" * 500), "4096"),
        (text(*[Break()] * 1_000), "4096"),
        (TableBlock((((TextRun("x"),),) * 50,)), "50 columns"),
        (TableBlock((((TextRun("x"),),),) * 500), "4096"),
        (text(*[MathsRun(f"x_{{{n}}}") for n in range(500)]), "formulas"),
        (text(MathsRun(r"\rule{1em}{500em}")), "4096"),
        (text(MathsRun(r"\sqrt{" + "x" * 150 + "}")), "too wide"),
        (text(MathsRun(r"\fraq{1}{2}")), "undefined control sequence"),
        (text("漢字"), "U+6F22"),
        (text("שלום"), "U+05E9"),
        (text("\ue123"), "U+E123"),
        (text("x", indent=99), "nested too deeply"),
        (ImageBlock(b"GARBAGE"), "no PNG"),
        (ImageBlock(b""), "no PNG"),
        (ImageBlock(b"\x89PNG\r\n\x1a\n"), "breaks off"),
        (ImageBlock(b"\xff\xd8\xff"), "breaks off"),
        (
            ImageBlock(
                tiny_png(2, 2).replace(struct.pack(">II", 2, 2), struct.pack(">II", 50_000, 50_000), 1)
            ),
            "too large",
        ),
        (ImageBlock(drawing("", '<!DOCTYPE svg [<!ENTITY a "aaaa">]>')), "entities"),
        (ImageBlock(drawing(BOMB)), "too many shapes"),
        (ImageBlock(drawing("<g id='a'><use href='#a'/></g>")), "refers to itself"),
        (ImageBlock(drawing("<g>" * 500 + "</g>" * 500)), "nested too deeply"),
        (ImageBlock(Path("no such file")), "cannot be read"),
        (Options((("A", (TextRun("x" * 10 + " "),) * 1_800),)), "4096"),
    ],
)
def test_what_cannot_be_a_picture_is_a_value_with_a_reason(
    engine: FormulaEngine, block: Block, says: str
) -> None:
    assert says in refused([block], engine)


def test_options_within_options_end_somewhere(engine: FormulaEngine) -> None:
    block: Block = text("x")
    for _ in range(50):
        block = Options((("A", (block,)),))

    assert "nested too deeply" in refused([block], engine)


def test_no_picture_is_higher_than_the_limit(engine: FormulaEngine) -> None:
    """The highest picture that is drawn and the lowest that is refused lie a line apart."""
    lines = [CodeBlock("\n".join("x" * count)) for count in range(94, 104)]
    heights = [size(svg)[1] for block in lines if isinstance(svg := picture([block], engine=engine), str)]

    assert 0 < len(heights) < len(lines)
    assert max(heights) * 2 <= MAX_PIXELS < max(heights) * 2 + 60


def test_an_impossible_width_is_a_mistake_of_the_caller(engine: FormulaEngine) -> None:
    with pytest.raises(ValueError, match="pixels wide"):
        picture([text("x")], width=10, engine=engine)
