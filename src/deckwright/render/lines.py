"""Words, inline formulas and displayed ones set into lines of a given width."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from typing import Final, Protocol, assert_never

from deckwright.render.blocks import Break, MathsRun, Run, TextRun
from deckwright.render.fonts import UNITS, Style, outline
from deckwright.render.formula import FormulaFailure
from deckwright.render.formula_box import FormulaBox, formula_box

INK: Final = "#1f2328"
SHADE: Final = "#eef0f3"

MAX_PIXELS: Final = 4096
"""No side of a picture is longer, at two pixels to one of ours."""
MAX_SIDE: Final = MAX_PIXELS // 2
_MAX_LETTERS: Final = 20_000
_MAX_FORMULAS: Final = 150

TEXT_SIZE: Final = 16.0
CODE_SIZE: Final = 14.0
# MathJax's letters are lower than FiraGO's at the same size.
_MATHS_SIZE: Final = 18.5
LINE: Final = (17.0, 7.0)
# Formulas down to the first factor shrink before they break; below the second nobody could read them.
_SHRINK: Final = 0.8
_ILLEGIBLE: Final = 0.4


class Formulas(Protocol):
    """What draws a formula; `FormulaEngine` does."""

    def svg(self, latex: str, *, display: bool, em: float, ink: str, room: float) -> str | FormulaFailure:
        """Draw one formula as an SVG document, or say why not."""
        ...


# --- boxes ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Box:
    """Something laid out: its size, how far below its top the first line stands, and its shapes from (0, 0)."""

    width: float
    height: float
    first: float
    svg: str


@dataclass(frozen=True, slots=True)
class Atom:
    """What stands on a line and is not torn: shapes from its left end of the baseline."""

    width: float
    ascent: float
    descent: float
    svg: str
    code: bool = False
    text: TextRun | None = None
    maths: MathsRun | None = None


# The shade behind code reaches a little further than its letters.
_EDGE: Final = Atom(2.5, *LINE, "", code=True)


@dataclass(slots=True)
class Word:
    """Atoms without a place to break between them, and the space before them if they share a line."""

    atoms: list[Atom]
    space: Atom | None = None
    newline: bool = False

    @property
    def width(self) -> float:
        """How wide the atoms are together."""
        return sum(atom.width for atom in self.atoms)


class RefusedError(Exception):
    """The input cannot become a picture."""

    def __init__(self, message: str, *, lasting: bool = True) -> None:
        super().__init__(message)
        self.lasting = lasting


def number_text(value: float) -> str:
    """Write a length."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def placed(x: float, y: float, svg: str) -> str:
    """Move shapes."""
    if not svg or not (x or y):
        return svg
    return f'<g transform="translate({number_text(x)} {number_text(y)})">{svg}</g>'


def rect(x: float, y: float, width: float, height: float, *, radius: float = 4, fill: str = SHADE) -> str:
    """Draw a rectangle with round corners."""
    sides = f'width="{number_text(width)}" height="{number_text(height)}"'
    return f'<rect x="{number_text(x)}" y="{number_text(y)}" {sides} rx="{radius:g}" fill="{escape(fill)}"/>'


def text_atom(text: str, style: Style, size: float = TEXT_SIZE) -> Atom:
    """Draw a piece of a line."""
    drawn = outline(text, style)
    scale = size / UNITS
    svg = f'<g transform="scale({scale:g} {-scale:g})">{drawn.svg}</g>' if drawn.svg else ""
    return Atom(drawn.width * scale, *LINE, svg, style.code)


# --- words ----------------------------------------------------------------------------------------

_SPACE = re.compile(r"([ \t\n\r\f\v]+)")
# A long word may break after these, if a letter follows.
_AFTER = re.compile(r"(?<=[-–—/_])(?=\w)")


def _style(run: TextRun) -> Style:
    return Style(run.bold, run.italic, run.code)


def _run_atom(run: TextRun) -> Atom:
    return replace(text_atom(run.text, _style(run), CODE_SIZE if run.code else TEXT_SIZE), text=run)


# A sign for what a number counts stays with it.
_UNIT = re.compile(r"(?<=\d) (?=[%‰°€$])")


def _pieces(run: TextRun) -> Iterable[tuple[str, bool]]:
    """Give the words and spaces of a run; of code, every single space is kept."""
    text = run.text if run.code else _UNIT.sub("\u00a0", run.text)
    for number, part in enumerate(_SPACE.split(text)):
        if number % 2:
            yield (re.sub(r"\s", " ", part) if run.code else " "), True
            continue
        for piece in _AFTER.split(part) if "://" not in part else re.split(r"(?<=/)", part):
            if piece:
                yield piece, False


class LineSetter:
    """Sets the lines of one picture, and counts what they cost."""

    def __init__(self, engine: Formulas) -> None:
        self._engine = engine
        self._letters = 0
        self._formulas: dict[tuple[str, bool, float], FormulaBox] = {}

    def check_height(self, height: float) -> None:
        """Refuse what would be higher than a picture may be."""
        if height > MAX_SIDE:
            raise RefusedError(f"picture would be more than {MAX_PIXELS} pixels high")

    def lines(self, runs: tuple[Run, ...], width: float, side: str = "left") -> Box:
        """Fill lines with words; displayed formulas stand between them."""
        y = 0.0
        first: float | None = None
        out: list[str] = []
        line: list[Atom] = []
        used = 0.0

        def finish(*, even_empty: bool = False) -> None:
            nonlocal y, first, used
            if not line and not even_empty:
                return
            ascent = max([LINE[0], *(atom.ascent + 2 for atom in line if not atom.text)])
            descent = max([LINE[1], *(atom.descent + 2 for atom in line if not atom.text)])
            if first is None:
                first = y + ascent
            shift = {"center": (width - used) / 2, "right": width - used}.get(side, 0.0)
            out.append(placed(shift, y + ascent, _line_svg(line)))
            y += ascent + descent
            self.check_height(y)
            line.clear()
            used = 0.0

        for part in self._parts(runs):
            if isinstance(part, MathsRun):
                finish()
                box = self._fitted(part.latex, display=True, width=width)
                y += 5 if y else 0
                if first is None:
                    first = y + box.ascent
                out.append(placed((width - box.width) / 2, y + box.ascent, box.svg))
                y += box.ascent + box.descent + 5
                self.check_height(y)
                continue
            if part.newline:
                finish(even_empty=True)
            space = part.space if line else None
            if line and used + (space.width if space else 0) + part.width > width:
                finish()
                space = None
            if space:
                line.append(space)
                used += space.width
            if part.width <= width - used:
                line += part.atoms
                used += part.width
                continue
            for atom in self._torn(part.atoms, width):
                if line and used + atom.width > width:
                    finish()
                line.append(atom)
                used += atom.width
        finish()
        return Box(width, y, LINE[0] if first is None else first, "".join(out))

    def _parts(self, runs: tuple[Run, ...]) -> list[Word | MathsRun]:
        """Give the words of some runs, with displayed formulas between them as they are."""
        parts: list[Word | MathsRun] = []
        word = Word([])

        def flush() -> None:
            nonlocal word
            if word.atoms:
                parts.append(word)
            word = Word([])

        for run in runs:
            match run:
                case Break():
                    flush()
                    word.newline = True
                    word.atoms.append(Atom(0, *LINE, ""))
                case MathsRun(display=True):
                    flush()
                    parts.append(run)
                case MathsRun():
                    box = self._formula(run.latex, display=False)
                    word.atoms.append(_maths_atom(box, run))
                case TextRun():
                    self.count(run.text)
                    if run.code:
                        word.atoms.append(_EDGE)
                    for number, (piece, blank) in enumerate(_pieces(run)):
                        if blank:
                            flush()
                            word.space = _run_atom(replace(run, text=piece))
                            continue
                        if number and word.atoms and _AFTER.search(f"{_last(word)}{piece[:1]}"):
                            flush()
                        word.atoms.append(_run_atom(replace(run, text=piece)))
                    if run.code:
                        word.atoms.append(_EDGE)
                case _:
                    assert_never(run)
        flush()
        return parts

    def _torn(self, atoms: list[Atom], width: float) -> Iterable[Atom]:
        """Give a word that is wider than a line in letters; a formula, broken or smaller."""
        for atom in atoms:
            if atom.width <= width:
                yield atom
            elif atom.maths is not None:
                box = self._fitted(atom.maths.latex, display=False, width=width)
                yield _maths_atom(box, atom.maths)
            elif atom.text is not None:
                for letter in re.findall(r".[\u0300-\u036f]*", atom.text.text):
                    yield _run_atom(replace(atom.text, text=letter))

    def measured(self, cell: tuple[Run, ...]) -> tuple[float, float]:
        """Give the width of some runs on one line, and of their longest word."""
        whole, longest, line = 0.0, 0.0, 0.0
        for part in self._parts(cell):
            if isinstance(part, MathsRun):
                box = self._formula(part.latex, display=True)
                whole, longest, line = max(whole, box.width), max(longest, box.width), 0.0
                continue
            line = part.width if part.newline else line + (part.space.width if part.space else 0) + part.width
            whole, longest = max(whole, line), max(longest, part.width)
        return whole + 0.5, longest + 0.5

    # --- formulas -----------------------------------------------------------------------------

    def _fitted(self, latex: str, *, display: bool, width: float) -> FormulaBox:
        """Give a formula no wider than `width`: as it is, a little smaller, or in several lines."""
        box = self._formula(latex, display=display)
        if box.width * _SHRINK > width:
            box = self._formula(latex, display=display, room=width)
        if box.width <= width:
            return box
        if width / box.width < _ILLEGIBLE:
            raise RefusedError("formula is too wide to be read in a picture")
        return box.scaled(width / box.width)

    def _formula(self, latex: str, *, display: bool, room: float = 0.0) -> FormulaBox:
        key = (latex, display, room)
        if key in self._formulas:
            return self._formulas[key]
        if len(self._formulas) == _MAX_FORMULAS:
            raise RefusedError(f"more than {_MAX_FORMULAS} different formulas in a picture")
        drawn = self._engine.svg(latex, display=display, em=_MATHS_SIZE, ink=INK, room=room)
        if isinstance(drawn, FormulaFailure):
            raise RefusedError(drawn.message, lasting=drawn.lasting)
        try:
            box = formula_box(drawn, _MATHS_SIZE)
        except RecursionError:
            raise RefusedError("formula is nested too deeply to be drawn") from None
        self.check_height(box.ascent + box.descent)
        self._formulas[key] = box
        return box

    def count(self, text: str) -> None:
        """Refuse more letters than a picture may hold."""
        self._letters += len(text)
        if self._letters > _MAX_LETTERS:
            raise RefusedError(f"more than {_MAX_LETTERS} letters in a picture")


def _maths_atom(box: FormulaBox, run: MathsRun) -> Atom:
    return Atom(box.width, box.ascent, box.descent, box.svg, maths=run)


def _last(word: Word) -> str:
    text = word.atoms[-1].text
    return text.text[-1:] if text else ""


def _line_svg(line: list[Atom]) -> str:
    """Write the atoms of a line, with one shade behind code that stands together."""
    out: list[str] = []
    x, begin = 0.0, None
    for atom in [*line, None]:
        if atom is not None and atom.code and begin is None:
            begin = x
        if (atom is None or not atom.code) and begin is not None:
            out.insert(0, rect(begin, -14, x - begin, 19))
            begin = None
        if atom is not None:
            out.append(placed(x, 0, atom.svg))
            x += atom.width
    return "".join(out)
