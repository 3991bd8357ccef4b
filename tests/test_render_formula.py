"""The formula engine: Anki's verdict on every sample, bounded work, pictures made of shapes only.

`data/formulas.yaml` was compared with the MathJax of Anki 26.9.3 in Chromium, formula by formula.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from deckwright.render import formula as engine_module
from deckwright.render.formula import FormulaEngine, FormulaEngineUnavailableError, FormulaFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("quickjs")

NESTED_IN_BRACES = "{" * 2_400 + "x" + "}" * 2_400
SHAPES = {"svg", "g", "path", "rect", "line", "ellipse", "circle", "polygon", "polyline", "text"}


@dataclass(frozen=True)
class Sample:
    """A formula of the data file; `says` is what our message holds when it is refused."""

    name: str
    latex: str
    says: str = ""
    inline: bool = False


def samples(verdict: str) -> list[Any]:
    """Read one list of the data file as parameters, named as in the file."""
    path = Path(__file__).parent / "data" / "formulas.yaml"
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))[verdict]
    return [pytest.param(Sample(**row), id=row["name"]) for row in rows]


@pytest.fixture(scope="module")
def engine() -> Iterator[FormulaEngine]:
    """Give one engine for all tests here: that no formula disturbs the next is part of the promise."""
    with FormulaEngine() as started:
        yield started


def drawn(engine: FormulaEngine, latex: str, **options: Any) -> ET.Element:
    """Draw and parse; parsing is half the claim, for HTML would not parse as XML."""
    picture = engine.svg(latex, display=True, **options)
    assert isinstance(picture, str), picture
    return ET.fromstring(picture)


def refusal(engine: FormulaEngine, latex: str) -> str:
    """Give the message of a formula that must be refused."""
    verdict = engine.check(latex, display=True)
    assert isinstance(verdict, FormulaFailure), f"expected a failure for {latex[:60]!r}"
    return verdict.message


# --- verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", samples("shown"))
def test_a_formula_anki_shows_passes_and_can_be_drawn(engine: FormulaEngine, sample: Sample) -> None:
    verdict = engine.check(sample.latex, display=not sample.inline)
    picture = engine.svg(sample.latex, display=not sample.inline)

    assert verdict is None
    assert isinstance(picture, str)
    ET.fromstring(picture)


@pytest.mark.parametrize("sample", samples("refused"))
def test_a_formula_anki_shows_red_or_raw_fails_and_says_why(engine: FormulaEngine, sample: Sample) -> None:
    verdict = engine.check(sample.latex, display=not sample.inline)

    assert isinstance(verdict, FormulaFailure)
    assert sample.says in verdict.message
    assert engine.svg(sample.latex, display=not sample.inline) == verdict


def test_messages_fit_among_our_diagnostics(engine: FormulaEngine) -> None:
    message = refusal(engine, r"\fraq{1}{2}")

    assert message == r"undefined control sequence \fraq"


@pytest.mark.parametrize(
    ("definition", "use"),
    [
        (r"\def\mine{x}", r"\mine"),
        (r"\newcommand{\mine}{x}", r"\mine"),
        (r"\newenvironment{mine}{a}{b}", r"\begin{mine} x \end{mine}"),
        (r"\DeclareMathOperator{\mine}{m}", r"\mine"),
        (r"\DeclarePairedDelimiter{\mine}{|}{|}", r"\mine{x}"),
        (r"\let\mine=\alpha", r"\mine"),
        (r"\require{physics}", r"\dv{f}{x}"),
    ],
)
def test_a_definition_ends_with_its_formula(engine: FormulaEngine, definition: str, use: str) -> None:
    assert engine.check(definition + use, display=True) is None
    assert engine.check(use, display=True) is not None


def test_a_redefined_command_is_itself_again_in_the_next_formula(engine: FormulaEngine) -> None:
    engine.check(r"\renewcommand{\frac}[1]{#1} \def\alpha{\undefinedhere}", display=True)

    assert engine.check(r"\frac{1}{2} \alpha", display=True) is None


def test_a_label_may_be_used_again_in_another_formula(engine: FormulaEngine) -> None:
    labelled = r"\begin{equation} a \label{eq:same} \end{equation}"

    assert engine.check(labelled, display=True) is None
    assert engine.check(labelled, display=True) is None


def test_asking_for_leniency_does_not_hide_an_unknown_command(engine: FormulaEngine) -> None:
    assert r"\nosuch" in refusal(engine, r"\require{noundefined} \require{noerrors} \nosuch")


# --- hostile input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "says"),
    [
        pytest.param(r"\def\x{\x\x}\x", "macro", id="doubling macro"),
        pytest.param("{" * 1_000_000, "characters", id="a megabyte of braces"),
        pytest.param("{" * 10_000 + "}" * 10_000, "characters", id="ten thousand pairs of braces"),
        pytest.param(NESTED_IN_BRACES, "too deep", id="as many braces as the length allows"),
        pytest.param("{" * 4_900, "missing close brace", id="braces never closed"),
        pytest.param(r"\left(" * 800, r"\left", id="fences never closed"),
        pytest.param(r"\sqrt{" * 700 + "x" + "}" * 700, "too deep", id="nested roots"),
        pytest.param(r"\text{$" * 500 + "$}" * 500, "too deep", id="nested text"),
        pytest.param(r"\rule{1000000000em}{1em}", "too large", id="a rule as wide as a country"),
        pytest.param(r"a \\[999999999cm] b", "too large", id="a gap as high as a mountain"),
        pytest.param(r"\hspace{-99999999in} x", "too large", id="a leap to the left"),
        pytest.param("a\0b", "not text", id="null character"),
        pytest.param("\ud800", "not text", id="half a character"),
    ],
)
def test_hostile_input_is_refused_and_the_engine_lives_on(
    engine: FormulaEngine, latex: str, says: str
) -> None:
    assert says in refusal(engine, latex)
    assert engine.svg(latex, display=True) == engine.check(latex, display=True)
    assert engine.check(r"\frac{1}{2}", display=True) is None


def test_twenty_levels_of_fractions_are_not_too_deep(engine: FormulaEngine) -> None:
    drawn(engine, r"\frac{1}{1+" * 20 + "x" + "}" * 20)


def test_a_formula_out_of_time_is_refused_and_the_next_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_CPU_SECONDS", 0.05)
    rows = r"\begin{array}{c}" + r"a \\" * 600 + r"\end{array}"

    with FormulaEngine() as engine:
        assert "seconds" in refusal(engine, rows)
        assert engine.check("x", display=True) is None


def test_a_formula_out_of_memory_is_refused_and_the_next_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "_MEMORY_BYTES", 16 * 1024 * 1024)
    cells = r"\begin{matrix}" + "&" * 4_900 + r"\end{matrix}"

    with FormulaEngine() as engine:
        assert "memory" in refusal(engine, cells)
        assert engine.check("x", display=True) is None


def test_a_long_run_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_MEMORY_BYTES", 24 * 1024 * 1024)
    monkeypatch.setattr(engine_module, "_FORMULAS_A_MACHINE", 100)

    with FormulaEngine() as engine:
        verdicts = {engine.check("x", display=True) for _ in range(400)}

    assert verdicts == {None}


def test_many_threads_may_share_one_engine(engine: FormulaEngine) -> None:
    def verdict(number: int) -> bool:
        return engine.check(rf"x_{{{number}}}" + "}" * (number % 2), display=True) is None

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(verdict, range(40))) == [number % 2 == 0 for number in range(40)]


# --- pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "latex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{background: url(http://example.org/a)}{x} \class{a}{b} \cssId{c}{d}",
        r"\color{url(http://example.org/a)}{x} \colorbox{url(#a)}{y}",
        r"\mmlToken{mi}[href='javascript:alert(1)' style='fill: url(#a)']{x}",
        r"\text{<script>alert(1)</script>} \text{&quot; onload=}",
        r"\bbox[5px, border: 2px dotted red]{x} \mathtip{x}{y} \texttip{x}{y}",
        r"\begin{align} a \tag{1} \\ b \label{q} \end{align}",
        r"\unicode{x0} \unicode{xD800} \unicode{x1F600}",
    ],
)
def test_a_picture_holds_shapes_and_nothing_that_acts_or_asks(engine: FormulaEngine, latex: str) -> None:
    root = drawn(engine, latex)

    for element in root.iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in SHAPES
        values = " ".join(element.attrib.values())
        assert not re.search(r"url|script|//|#a", values)
        assert not {"href", "id", "class", "onload"} & set(element.attrib)
        assert element is root or "style" not in element.attrib


@pytest.mark.parametrize(
    "latex",
    [
        r"a = b \tag{1}",
        r"\begin{align} a &= b \tag{1} \\ c &= d &&\text{wide} \end{align}",
        r"\begin{multline} a \\ b \end{multline}",
        r"\begin{flalign} a & b \\ c & d \end{flalign}",
    ],
)
def test_a_picture_has_a_size_even_where_a_page_would_use_its_whole_width(
    engine: FormulaEngine, latex: str
) -> None:
    root = drawn(engine, latex)

    assert 10 < float(root.attrib["width"]) < 300
    assert 10 < float(root.attrib["height"]) < 100


def test_a_tag_stands_to_the_right_of_its_formula(engine: FormulaEngine) -> None:
    plain = float(drawn(engine, "a = b").attrib["width"])
    tagged = float(drawn(engine, r"a = b \tag{1}").attrib["width"])

    assert tagged > plain + 2 * 16


def test_size_follows_em(engine: FormulaEngine) -> None:
    small, large = drawn(engine, "x", em=10), drawn(engine, "x", em=20)

    assert float(large.attrib["width"]) == pytest.approx(2 * float(small.attrib["width"]), abs=0.01)


def test_ink_replaces_the_colour_of_the_page_and_no_other(engine: FormulaEngine) -> None:
    picture = engine.svg(r"x + \color{red}{y}", display=True, ink="#eeeeee")

    assert isinstance(picture, str)
    assert "currentColor" not in picture
    assert 'fill="#eeeeee"' in picture
    assert 'fill="red"' in picture


def test_ink_must_be_a_colour(engine: FormulaEngine) -> None:
    with pytest.raises(ValueError, match="ink must be a colour"):
        engine.svg("x", display=True, ink='"/><script>')


def test_a_formula_in_a_line_is_lower_than_one_that_stands_alone(engine: FormulaEngine) -> None:
    inline = engine.svg(r"\sum_{i=1}^n i", display=False)
    alone = drawn(engine, r"\sum_{i=1}^n i")

    assert isinstance(inline, str)
    inline_root = ET.fromstring(inline)
    assert float(inline_root.attrib["height"]) < float(alone.attrib["height"])


def test_the_lines_of_a_table_are_drawn_without_a_style_sheet(engine: FormulaEngine) -> None:
    root = drawn(engine, r"\begin{array}{c|c} a & b \\ \hdashline c & d \end{array}")
    lines = [element for element in root.iter() if element.tag.endswith("}line")]

    assert {line.attrib["stroke-width"] for line in lines} == {"70"}
    assert any("stroke-dasharray" in line.attrib for line in lines)


def test_the_same_formula_gives_the_same_picture(engine: FormulaEngine) -> None:
    latex = r"\begin{cases} a & \text{if } b \\ c & \text{else} \end{cases} \tag{1}"
    first = engine.svg(latex, display=True)
    engine.svg(r"\Huge \sum_{i} \begin{pmatrix} a \\ b \end{pmatrix}", display=True)

    assert engine.svg(latex, display=True) == first


# --- the engine itself ---------------------------------------------------------------------------


def test_the_version_names_mathjax_and_is_known_before_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "_WHEEL", "no-such-package")

    with FormulaEngine() as engine:
        assert re.fullmatch(r"mathjax-3\.2\.2-deckwright-\d+", engine.version)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_WHEEL", "no-such-package")

    with (
        FormulaEngine() as engine,
        pytest.raises(FormulaEngineUnavailableError, match="no-such-package"),
    ):
        engine.check("x", display=True)


def test_another_release_of_mathjax_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MATHJAX_VERSION", "3.0.0")

    with (
        FormulaEngine() as engine,
        pytest.raises(FormulaEngineUnavailableError, match=r"expected MathJax 3\.0\.0, found 3\.2\.2"),
    ):
        engine.check("x", display=True)


def test_a_closed_engine_answers_no_more() -> None:
    engine = FormulaEngine()
    engine.close()

    with pytest.raises(RuntimeError):
        engine.check("x", display=True)
