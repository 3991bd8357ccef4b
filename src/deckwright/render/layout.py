"""Words, formulas, code, tables and options laid out into one SVG picture.

The picture brings its own light panel, so it reads on Discord's dark and light client alike. Every letter is
an outline and every formula shapes, so it needs no font and comes out the same on any machine.
Input that cannot be drawn is a `PictureFailure`, not an exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Final, Protocol, assert_never

from deckwright.render.fonts import UNITS, MissingLetterError, Style, outline
from deckwright.render.formula import FormulaFailure
from deckwright.render.formula_box import FormulaBox, formula_box
from deckwright.render.image_file import ImageError, image_file

VERSION = 1
"""Raised whenever the same blocks would give another picture; part of every cache key."""

PAPER: Final = "#ffffff"
INK: Final = "#1f2328"
_SHADE: Final = "#eef0f3"
_BORDER: Final = "#c9ced6"

MAX_PIXELS: Final = 4096
"""No side of a picture is longer, at two pixels to one of ours."""
_MAX_SIDE: Final = MAX_PIXELS // 2
_MAX_LETTERS: Final = 20_000
_MAX_FORMULAS: Final = 150
_MAX_COLUMNS: Final = 20
_MAX_DEPTH: Final = 6
_MAX_IMAGES: Final = 4
_IMAGE_HEIGHT: Final = 640.0

_TEXT: Final = 16.0
_CODE: Final = 14.0
# MathJax's letters are lower than FiraGO's at the same size.
_MATHS: Final = 18.5
_LINE: Final = (17.0, 7.0)
_PADDING: Final = 18.0
_GAP: Final = 11.0
_INDENT: Final = 24.0
_BADGE: Final = 26.0
# Formulas down to the first factor shrink before they break; below the second nobody could read them.
_SHRINK: Final = 0.8
_ILLEGIBLE: Final = 0.4
_CONTINUED: Final = "↪"


@dataclass(frozen=True, slots=True)
class TextRun:
    """Some words in one style; spaces count as in HTML, but for code."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class MathsRun:
    """A formula among words, or one that stands on its own line."""

    latex: str
    display: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line as the author set it."""


Run = TextRun | MathsRun | Break


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; with a bullet (`•`, `2.`) an item of a list, `indent` levels in."""

    runs: tuple[Run, ...]
    indent: int = 0
    bullet: str | None = None


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines of code as they are; lines that are too long go on below, behind a mark."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Rows of cells, the first row as header; `aligned` names each column's side (left, center, right)."""

    rows: tuple[tuple[tuple[Run, ...], ...], ...]
    header: bool = True
    aligned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageBlock:
    """A PNG, JPEG, GIF, WebP or SVG file, by its path or its content."""

    source: Path | bytes


@dataclass(frozen=True, slots=True)
class Options:
    """Answers to choose from, each behind its letter: runs, or whole blocks."""

    items: tuple[tuple[str, tuple[Run, ...] | tuple[Block, ...]], ...]


Block = Paragraph | CodeBlock | TableBlock | ImageBlock | Options


@dataclass(frozen=True, slots=True)
class PictureFailure:
    """Why there is no picture: in lower case and without full stop. Not ``lasting``: try another day."""

    message: str
    lasting: bool = True


class Formulas(Protocol):
    """What draws a formula; `FormulaEngine` does."""

    def svg(self, latex: str, *, display: bool, em: float, ink: str, room: float) -> str | FormulaFailure:
        """Draw one formula as an SVG document, or say why not."""
        ...


def picture(blocks: Sequence[Block], *, width: int = 560, engine: Formulas) -> str | PictureFailure:
    """Draw the blocks below each other on a panel `width` pixels wide; equal blocks give equal text."""
    if not 160 <= width <= _MAX_SIDE:
        raise ValueError(f"a picture is 160 to {_MAX_SIDE} pixels wide, not {width}")
    try:
        inside = _Setter(engine).stack(blocks, width - 2 * _PADDING, 0)
    except _RefusedError as refusal:
        return PictureFailure(str(refusal), refusal.lasting)
    except (MissingLetterError, ImageError) as error:
        return PictureFailure(str(error))
    height = int(inside.height + 2 * _PADDING) + 1
    if height > _MAX_SIDE:
        return PictureFailure(f"picture would be {2 * height} pixels high, more than {MAX_PIXELS}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10" '
        f'fill="{PAPER}" stroke="{_BORDER}"/>'
        f'<g fill="{INK}">{_placed(_PADDING, _PADDING, inside.svg)}</g></svg>'
    )


# --- boxes ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Box:
    """Something laid out: its size, how far below its top the first line stands, and its shapes from (0, 0)."""

    width: float
    height: float
    first: float
    svg: str


@dataclass(frozen=True, slots=True)
class _Atom:
    """What stands on a line and is not torn: shapes from its left end of the baseline."""

    width: float
    ascent: float
    descent: float
    svg: str
    code: bool = False
    text: TextRun | None = None


# The shade behind code reaches a little further than its letters.
_EDGE: Final = _Atom(2.5, *_LINE, "", code=True)


# A word: atoms without a place to break between them. `space` is what stands before it on a line.
@dataclass(slots=True)
class _Word:
    atoms: list[_Atom]
    space: _Atom | None = None
    newline: bool = False

    @property
    def width(self) -> float:
        return sum(atom.width for atom in self.atoms)


class _RefusedError(Exception):
    """The input cannot become a picture."""

    def __init__(self, message: str, *, lasting: bool = True) -> None:
        super().__init__(message)
        self.lasting = lasting


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _placed(x: float, y: float, svg: str) -> str:
    if not svg or not (x or y):
        return svg
    return f'<g transform="translate({_number(x)} {_number(y)})">{svg}</g>'


def _rect(x: float, y: float, width: float, height: float, *, radius: float = 4, fill: str = _SHADE) -> str:
    sides = f'width="{_number(width)}" height="{_number(height)}"'
    return f'<rect x="{_number(x)}" y="{_number(y)}" {sides} rx="{radius:g}" fill="{escape(fill)}"/>'


def _text(text: str, style: Style, size: float = _TEXT) -> _Atom:
    drawn = outline(text, style)
    scale = size / UNITS
    svg = f'<g transform="scale({scale:g} {-scale:g})">{drawn.svg}</g>' if drawn.svg else ""
    return _Atom(drawn.width * scale, *_LINE, svg, style.code)


# --- words ----------------------------------------------------------------------------------------

_SPACE = re.compile(r"([ \t\n\r\f\v]+)")
# A long word may break after these, if a letter follows.
_AFTER = re.compile(r"(?<=[-–—/_])(?=\w)")


def _style(run: TextRun) -> Style:
    return Style(run.bold, run.italic, run.code)


def _run_atom(run: TextRun) -> _Atom:
    return replace(_text(run.text, _style(run), _CODE if run.code else _TEXT), text=run)


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


class _Setter:
    """Lays out the blocks of one picture, and counts what they cost."""

    def __init__(self, engine: Formulas) -> None:
        self._engine = engine
        self._letters = 0
        self._formulas: dict[tuple[str, bool, float], FormulaBox] = {}
        self._images = 0

    # --- blocks -------------------------------------------------------------------------------

    def stack(self, blocks: Sequence[Block], width: float, depth: int) -> _Box:
        """Put blocks below each other."""
        if depth > _MAX_DEPTH:
            raise _RefusedError("picture is nested too deeply")
        y = 0.0
        first: float | None = None
        out: list[str] = []
        for number, block in enumerate(blocks):
            if number:
                y += self._gap(blocks[number - 1], block)
            box = self._block(block, width, depth)
            out.append(_placed(0, y, box.svg))
            first = box.first if first is None else first
            y += box.height
            self._check_height(y)
        return _Box(width, y, _LINE[0] if first is None else first, "".join(out))

    def _check_height(self, height: float) -> None:
        if height > _MAX_SIDE:
            raise _RefusedError(f"picture would be more than {MAX_PIXELS} pixels high")

    def _gap(self, above: Block, below: Block) -> float:
        items = isinstance(above, Paragraph) and isinstance(below, Paragraph)
        if items and isinstance(below, Paragraph) and below.bullet is not None:
            return _GAP / 2
        return _GAP * 1.3 if isinstance(below, Options) else _GAP

    def _block(self, block: Block, width: float, depth: int) -> _Box:
        match block:
            case Paragraph():
                return self._paragraph(block, width)
            case CodeBlock():
                return self._code(block, width)
            case TableBlock():
                return self._table(block, width)
            case ImageBlock():
                return self._image(block, width)
            case Options():
                return self._options(block, width, depth)
            case _:
                assert_never(block)

    def _paragraph(self, block: Paragraph, width: float) -> _Box:
        if not 0 <= block.indent <= _MAX_DEPTH * 2:
            raise _RefusedError("list is nested too deeply")
        left = min(block.indent * _INDENT, width / 3)
        if block.bullet is None:
            box = self._lines(block.runs, width - left)
            return _Box(width, box.height, box.first, _placed(left, 0, box.svg))
        self._count(block.bullet)
        bullet = _text(block.bullet, Style())
        hang = min(max(_INDENT, bullet.width + 10), width / 3)
        box = self._lines(block.runs, width - left - hang)
        mark = _placed(left + hang - 8 - bullet.width, box.first, bullet.svg)
        return _Box(width, box.height, box.first, mark + _placed(left + hang, 0, box.svg))

    def _options(self, block: Options, width: float, depth: int) -> _Box:
        y = 0.0
        out: list[str] = []
        first: float | None = None
        indent = _BADGE + 12
        for letter, content in block.items:
            self._count(letter)
            badge = _text(letter, Style(bold=True), 15)
            inside = self.stack(_as_blocks(content), width - indent, depth + 1)
            # The letter stands on the first line of its option, however high that line is.
            down = max(0.0, 18.5 - inside.first)
            line = y + down + inside.first
            side = max(_BADGE, badge.width + 10)
            if side > indent - 4:
                raise _RefusedError("option's letter is too long")
            out.append(_rect(0, line - 18.5, side, _BADGE, radius=6))
            out.append(_placed((side - badge.width) / 2, line, badge.svg))
            out.append(_placed(indent, y + down, inside.svg))
            first = line if first is None else first
            y = max(y + down + inside.height, line - 18.5 + _BADGE) + _GAP
            self._check_height(y)
        return _Box(width, max(0.0, y - _GAP), first or _LINE[0], "".join(out))

    def _code(self, block: CodeBlock, width: float) -> _Box:
        self._count(block.text)
        cell = 0.6 * _CODE
        columns = max(8, int((width - 24) / cell) - 2)
        y = 10.0
        out: list[str] = []
        for line in block.text.expandtabs(4).rstrip("\n").split("\n"):
            rest, number = line.rstrip(), 0
            while rest or not number:
                # Once wrapped, a line begins behind the mark.
                room = columns if not number else columns - 2
                fits = len(rest) <= room + (2 if not number else 0)
                cut = len(rest) if fits else _code_cut(rest, room)
                here, rest = rest[:cut], rest[cut:]
                if number:
                    mark = _text(_CONTINUED, Style(code=True), _CODE)
                    out.append(_placed(12, y + 15, mark.svg))
                atom = _text(here, Style(code=True), _CODE)
                out.append(_placed(12 + (2 * cell if number else 0), y + 15, atom.svg))
                y += 20
                number += 1
                self._check_height(y)
        height = y + 10
        return _Box(width, height, 25, _rect(0, 0, width, height, radius=6) + "".join(out))

    def _image(self, block: ImageBlock, width: float) -> _Box:
        self._images += 1
        if self._images > _MAX_IMAGES:
            raise _RefusedError(f"more than {_MAX_IMAGES} images in a picture")
        try:
            content = block.source if isinstance(block.source, bytes) else block.source.read_bytes()
        except OSError as error:
            raise _RefusedError(f"image cannot be read ({error.strerror})", lasting=False) from None
        image = image_file(content, room=(width, _IMAGE_HEIGHT))
        factor = min(1.0, width / image.width, _IMAGE_HEIGHT / image.height)
        wide, high = image.width * factor, image.height * factor
        sides = f'width="{_number(wide)}" height="{_number(high)}"'
        svg = f'<image x="{_number((width - wide) / 2)}" y="0" {sides} href="{image.address}"/>'
        return _Box(width, high, min(high, _LINE[0]), svg)

    def _table(self, block: TableBlock, width: float) -> _Box:
        columns = max((len(row) for row in block.rows), default=0)
        if not columns:
            return _Box(width, 0, 0, "")
        if columns > _MAX_COLUMNS:
            raise _RefusedError(f"table of {columns} columns, more than {_MAX_COLUMNS}")
        margin = 9.0 if columns < 8 else 4.0
        rows = [
            [
                _bolder(cell) if block.header and not number else cell
                for cell in (*row, *((),) * (columns - len(row)))
            ]
            for number, row in enumerate(block.rows)
        ]
        widths = self._column_widths(rows, columns, width - 2 * margin * columns)
        total = sum(widths) + 2 * margin * columns
        out: list[str] = []
        lines: list[float] = []
        y = 0.0
        for number, row in enumerate(rows):
            sides = [block.aligned[i] if i < len(block.aligned) else "left" for i in range(columns)]
            boxes = [self._lines(cell, widths[i], side=sides[i]) for i, cell in enumerate(row)]
            first = max(box.first for box in boxes)
            height = max(first - box.first + box.height for box in boxes) + 10
            if block.header and not number:
                out.append(_rect(0, 0, total, height, radius=0))
            x = 0.0
            for i, box in enumerate(boxes):
                out.append(_placed(x + margin, y + 5 + first - box.first, box.svg))
                x += widths[i] + 2 * margin
            y += height
            lines.append(y)
            self._check_height(y)
        edges = [0.0]
        for each in widths:
            edges.append(edges[-1] + each + 2 * margin)
        grid = "".join(f"M0 {_number(line)}H{_number(total)}" for line in (0.0, *lines))
        grid += "".join(f"M{_number(edge)} 0V{_number(y)}" for edge in edges)
        out.append(f'<path d="{grid}" fill="none" stroke="{_BORDER}"/>')
        # A narrow table stands in the middle.
        return _Box(width, y, _LINE[0] + 5, _placed(max(0.0, (width - total) / 2), 0, "".join(out)))

    def _column_widths(self, rows: list[list[tuple[Run, ...]]], columns: int, room: float) -> list[float]:
        """Give each column what it wants, or at least its longest word and a fair part of the rest."""
        wants, needs = [0.0] * columns, [0.0] * columns
        for row in rows:
            for i, cell in enumerate(row):
                whole, longest = self._measured(cell)
                wants[i], needs[i] = max(wants[i], whole), max(needs[i], longest)
        if sum(wants) <= room:
            return wants
        if sum(needs) >= room:
            return [max(20.0, need * room / sum(needs)) for need in needs]
        spare, asked = room - sum(needs), sum(wants) - sum(needs)
        return [need + (want - need) * spare / asked for want, need in zip(wants, needs, strict=True)]

    def _measured(self, cell: tuple[Run, ...]) -> tuple[float, float]:
        whole, longest, line = 0.0, 0.0, 0.0
        for part in self._parts(cell):
            if isinstance(part, MathsRun):
                box = self._formula(part.latex, display=True)
                whole, longest, line = max(whole, box.width), max(longest, box.width), 0.0
                continue
            line = part.width if part.newline else line + (part.space.width if part.space else 0) + part.width
            whole, longest = max(whole, line), max(longest, part.width)
        return whole + 0.5, longest + 0.5

    # --- lines --------------------------------------------------------------------------------

    def _lines(self, runs: tuple[Run, ...], width: float, side: str = "left") -> _Box:
        """Fill lines with words; displayed formulas stand between them."""
        y = 0.0
        first: float | None = None
        out: list[str] = []
        line: list[_Atom] = []
        used = 0.0

        def finish(*, even_empty: bool = False) -> None:
            nonlocal y, first, used
            if not line and not even_empty:
                return
            ascent = max([_LINE[0], *(atom.ascent + 2 for atom in line if not atom.text)])
            descent = max([_LINE[1], *(atom.descent + 2 for atom in line if not atom.text)])
            if first is None:
                first = y + ascent
            shift = {"center": (width - used) / 2, "right": width - used}.get(side, 0.0)
            out.append(_placed(shift, y + ascent, _line_svg(line)))
            y += ascent + descent
            self._check_height(y)
            line.clear()
            used = 0.0

        for part in self._parts(runs):
            if isinstance(part, MathsRun):
                finish()
                box = self._fitted(part.latex, display=True, width=width)
                y += 5 if y else 0
                if first is None:
                    first = y + box.ascent
                out.append(_placed((width - box.width) / 2, y + box.ascent, box.svg))
                y += box.ascent + box.descent + 5
                self._check_height(y)
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
        return _Box(width, y, _LINE[0] if first is None else first, "".join(out))

    def _parts(self, runs: tuple[Run, ...]) -> list[_Word | MathsRun]:
        """Give the words of some runs, with displayed formulas between them as they are."""
        parts: list[_Word | MathsRun] = []
        word = _Word([])

        def flush() -> None:
            nonlocal word
            if word.atoms:
                parts.append(word)
            word = _Word([])

        for run in runs:
            match run:
                case Break():
                    flush()
                    word.newline = True
                    word.atoms.append(_Atom(0, *_LINE, ""))
                case MathsRun(display=True):
                    flush()
                    parts.append(run)
                case MathsRun():
                    box = self._formula(run.latex, display=False)
                    word.atoms.append(_maths_atom(box, run))
                case TextRun():
                    self._count(run.text)
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

    def _torn(self, atoms: list[_Atom], width: float) -> Iterable[_Atom]:
        """Give a word that is wider than a line in letters; a formula, broken or smaller."""
        for atom in atoms:
            if atom.width <= width:
                yield atom
            elif isinstance(atom, _MathsAtom):
                box = self._fitted(atom.run.latex, display=False, width=width)
                yield _maths_atom(box, atom.run)
            elif atom.text is not None:
                for letter in re.findall(r".[\u0300-\u036f]*", atom.text.text):
                    yield _run_atom(replace(atom.text, text=letter))

    # --- formulas -----------------------------------------------------------------------------

    def _fitted(self, latex: str, *, display: bool, width: float) -> FormulaBox:
        """Give a formula no wider than `width`: as it is, a little smaller, or in several lines."""
        box = self._formula(latex, display=display)
        if box.width * _SHRINK > width:
            box = self._formula(latex, display=display, room=width)
        if box.width <= width:
            return box
        if width / box.width < _ILLEGIBLE:
            raise _RefusedError("formula is too wide to be read in a picture")
        return box.scaled(width / box.width)

    def _formula(self, latex: str, *, display: bool, room: float = 0.0) -> FormulaBox:
        key = (latex, display, room)
        if key in self._formulas:
            return self._formulas[key]
        if len(self._formulas) == _MAX_FORMULAS:
            raise _RefusedError(f"more than {_MAX_FORMULAS} different formulas in a picture")
        drawn = self._engine.svg(latex, display=display, em=_MATHS, ink=INK, room=room)
        if isinstance(drawn, FormulaFailure):
            raise _RefusedError(drawn.message, lasting=drawn.lasting)
        try:
            box = formula_box(drawn, _MATHS)
        except RecursionError:
            raise _RefusedError("formula is nested too deeply to be drawn") from None
        self._check_height(box.ascent + box.descent)
        self._formulas[key] = box
        return box

    def _count(self, text: str) -> None:
        self._letters += len(text)
        if self._letters > _MAX_LETTERS:
            raise _RefusedError(f"more than {_MAX_LETTERS} letters in a picture")


@dataclass(frozen=True, slots=True)
class _MathsAtom(_Atom):
    """An inline formula, which may have to be drawn anew for a narrow line."""

    run: MathsRun = MathsRun("")


def _maths_atom(box: FormulaBox, run: MathsRun) -> _MathsAtom:
    return _MathsAtom(box.width, box.ascent, box.descent, box.svg, run=run)


def _last(word: _Word) -> str:
    text = word.atoms[-1].text
    return text.text[-1:] if text else ""


def _line_svg(line: list[_Atom]) -> str:
    """Write the atoms of a line, with one shade behind code that stands together."""
    out: list[str] = []
    x, begin = 0.0, None
    for atom in [*line, None]:
        if atom is not None and atom.code and begin is None:
            begin = x
        if (atom is None or not atom.code) and begin is not None:
            out.insert(0, _rect(begin, -14, x - begin, 19))
            begin = None
        if atom is not None:
            out.append(_placed(x, 0, atom.svg))
            x += atom.width
    return "".join(out)


def _code_cut(line: str, room: int) -> int:
    """Where a line of code is broken: after a space or a mark in its second half, else at the edge."""
    for at in range(room, room // 2, -1):
        if line[at - 1] in " ,;(/|" and line[:at].strip():
            return at
    return room


def _bolder(cell: tuple[Run, ...]) -> tuple[Run, ...]:
    return tuple(replace(run, bold=True) if isinstance(run, TextRun) else run for run in cell)


def _as_blocks(content: tuple[Run, ...] | tuple[Block, ...]) -> list[Block]:
    """Give an option's blocks; runs are one paragraph."""
    blocks: list[Block] = []
    runs: list[Run] = []
    for each in content:
        if isinstance(each, TextRun | MathsRun | Break):
            runs.append(each)
        else:
            blocks.append(each)
    return [Paragraph(tuple(runs)), *blocks] if runs else blocks
