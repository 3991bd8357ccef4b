"""Words, formulas, code, tables and options laid out into one SVG picture.

The picture brings its own light panel, so it reads on Discord's dark and light client alike. Every letter is
an outline and every formula shapes, so it needs no font and comes out the same on any machine.
Input that cannot be drawn is a `PictureFailure`, not an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from deckwright.render.blocks import (
    Block,
    Break,
    CodeBlock,
    ImageBlock,
    MathsRun,
    Options,
    Paragraph,
    Run,
    TableBlock,
    TextRun,
)
from deckwright.render.fonts import MissingLetterError, Style
from deckwright.render.image_file import ImageError, image_file
from deckwright.render.lines import (
    CODE_SIZE,
    INK,
    LINE,
    MAX_PIXELS,
    MAX_SIDE,
    Box,
    Formulas,
    LineSetter,
    RefusedError,
    number_text,
    placed,
    rect,
    text_atom,
)

__all__ = [
    "INK",
    "MAX_PIXELS",
    "PAPER",
    "VERSION",
    "Block",
    "Break",
    "CodeBlock",
    "Formulas",
    "ImageBlock",
    "MathsRun",
    "Options",
    "Paragraph",
    "PictureFailure",
    "Run",
    "TableBlock",
    "TextRun",
    "picture",
]

VERSION = 1
"""Raised whenever the same blocks would give another picture; part of every cache key."""

PAPER: Final = "#ffffff"
_BORDER: Final = "#c9ced6"

_MAX_COLUMNS: Final = 20
_MAX_DEPTH: Final = 6
_MAX_IMAGES: Final = 4
_IMAGE_HEIGHT: Final = 640.0

_PADDING: Final = 18.0
_GAP: Final = 11.0
_INDENT: Final = 24.0
_BADGE: Final = 26.0
_CONTINUED: Final = "↪"


@dataclass(frozen=True, slots=True)
class PictureFailure:
    """Why there is no picture: in lower case and without full stop. Not ``lasting``: try another day."""

    message: str
    lasting: bool = True


def picture(blocks: Sequence[Block], *, width: int = 560, engine: Formulas) -> str | PictureFailure:
    """Draw the blocks below each other on a panel `width` pixels wide; equal blocks give equal text."""
    if not 160 <= width <= MAX_SIDE:
        raise ValueError(f"a picture is 160 to {MAX_SIDE} pixels wide, not {width}")
    try:
        inside = _Setter(engine).stack(blocks, width - 2 * _PADDING, 0)
    except RefusedError as refusal:
        return PictureFailure(str(refusal), refusal.lasting)
    except (MissingLetterError, ImageError) as error:
        return PictureFailure(str(error))
    height = int(inside.height + 2 * _PADDING) + 1
    if height > MAX_SIDE:
        return PictureFailure(f"picture would be {2 * height} pixels high, more than {MAX_PIXELS}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10" '
        f'fill="{PAPER}" stroke="{_BORDER}"/>'
        f'<g fill="{INK}">{placed(_PADDING, _PADDING, inside.svg)}</g></svg>'
    )


class _Setter:
    """Lays out the blocks of one picture."""

    def __init__(self, engine: Formulas) -> None:
        self._lines = LineSetter(engine)
        self._images = 0

    def stack(self, blocks: Sequence[Block], width: float, depth: int) -> Box:
        """Put blocks below each other."""
        if depth > _MAX_DEPTH:
            raise RefusedError("picture is nested too deeply")
        y = 0.0
        first: float | None = None
        out: list[str] = []
        for number, block in enumerate(blocks):
            if number:
                y += self._gap(blocks[number - 1], block)
            box = self._block(block, width, depth)
            out.append(placed(0, y, box.svg))
            first = box.first if first is None else first
            y += box.height
            self._lines.check_height(y)
        return Box(width, y, LINE[0] if first is None else first, "".join(out))

    def _gap(self, above: Block, below: Block) -> float:
        items = isinstance(above, Paragraph) and isinstance(below, Paragraph)
        if items and isinstance(below, Paragraph) and below.bullet is not None:
            return _GAP / 2
        return _GAP * 1.3 if isinstance(below, Options) else _GAP

    def _block(self, block: Block, width: float, depth: int) -> Box:
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

    def _paragraph(self, block: Paragraph, width: float) -> Box:
        if not 0 <= block.indent <= _MAX_DEPTH * 2:
            raise RefusedError("list is nested too deeply")
        left = min(block.indent * _INDENT, width / 3)
        if block.bullet is None:
            box = self._lines.lines(block.runs, width - left)
            return Box(width, box.height, box.first, placed(left, 0, box.svg))
        self._lines.count(block.bullet)
        bullet = text_atom(block.bullet, Style())
        hang = min(max(_INDENT, bullet.width + 10), width / 3)
        box = self._lines.lines(block.runs, width - left - hang)
        mark = placed(left + hang - 8 - bullet.width, box.first, bullet.svg)
        return Box(width, box.height, box.first, mark + placed(left + hang, 0, box.svg))

    def _options(self, block: Options, width: float, depth: int) -> Box:
        y = 0.0
        out: list[str] = []
        first: float | None = None
        indent = _BADGE + 12
        for letter, content in block.items:
            self._lines.count(letter)
            badge = text_atom(letter, Style(bold=True), 15)
            inside = self.stack(_as_blocks(content), width - indent, depth + 1)
            # The letter stands on the first line of its option, however high that line is.
            down = max(0.0, 18.5 - inside.first)
            line = y + down + inside.first
            side = max(_BADGE, badge.width + 10)
            if side > indent - 4:
                raise RefusedError("option's letter is too long")
            out.append(rect(0, line - 18.5, side, _BADGE, radius=6))
            out.append(placed((side - badge.width) / 2, line, badge.svg))
            out.append(placed(indent, y + down, inside.svg))
            first = line if first is None else first
            y = max(y + down + inside.height, line - 18.5 + _BADGE) + _GAP
            self._lines.check_height(y)
        return Box(width, max(0.0, y - _GAP), first or LINE[0], "".join(out))

    def _code(self, block: CodeBlock, width: float) -> Box:
        self._lines.count(block.text)
        cell = 0.6 * CODE_SIZE
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
                    mark = text_atom(_CONTINUED, Style(code=True), CODE_SIZE)
                    out.append(placed(12, y + 15, mark.svg))
                atom = text_atom(here, Style(code=True), CODE_SIZE)
                out.append(placed(12 + (2 * cell if number else 0), y + 15, atom.svg))
                y += 20
                number += 1
                self._lines.check_height(y)
        height = y + 10
        return Box(width, height, 25, rect(0, 0, width, height, radius=6) + "".join(out))

    def _image(self, block: ImageBlock, width: float) -> Box:
        self._images += 1
        if self._images > _MAX_IMAGES:
            raise RefusedError(f"more than {_MAX_IMAGES} images in a picture")
        try:
            content = block.source if isinstance(block.source, bytes) else block.source.read_bytes()
        except OSError as error:
            raise RefusedError(f"image cannot be read ({error.strerror})", lasting=False) from None
        image = image_file(content, room=(width, _IMAGE_HEIGHT))
        factor = min(1.0, width / image.width, _IMAGE_HEIGHT / image.height)
        wide, high = image.width * factor, image.height * factor
        sides = f'width="{number_text(wide)}" height="{number_text(high)}"'
        svg = f'<image x="{number_text((width - wide) / 2)}" y="0" {sides} href="{image.address}"/>'
        return Box(width, high, min(high, LINE[0]), svg)

    def _table(self, block: TableBlock, width: float) -> Box:
        columns = max((len(row) for row in block.rows), default=0)
        if not columns:
            return Box(width, 0, 0, "")
        if columns > _MAX_COLUMNS:
            raise RefusedError(f"table of {columns} columns, more than {_MAX_COLUMNS}")
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
            boxes = [self._lines.lines(cell, widths[i], side=sides[i]) for i, cell in enumerate(row)]
            first = max(box.first for box in boxes)
            height = max(first - box.first + box.height for box in boxes) + 10
            if block.header and not number:
                out.append(rect(0, 0, total, height, radius=0))
            x = 0.0
            for i, box in enumerate(boxes):
                out.append(placed(x + margin, y + 5 + first - box.first, box.svg))
                x += widths[i] + 2 * margin
            y += height
            lines.append(y)
            self._lines.check_height(y)
        edges = [0.0]
        for each in widths:
            edges.append(edges[-1] + each + 2 * margin)
        grid = "".join(f"M0 {number_text(line)}H{number_text(total)}" for line in (0.0, *lines))
        grid += "".join(f"M{number_text(edge)} 0V{number_text(y)}" for edge in edges)
        out.append(f'<path d="{grid}" fill="none" stroke="{_BORDER}"/>')
        # A narrow table stands in the middle.
        return Box(width, y, LINE[0] + 5, placed(max(0.0, (width - total) / 2), 0, "".join(out)))

    def _column_widths(self, rows: list[list[tuple[Run, ...]]], columns: int, room: float) -> list[float]:
        """Give each column what it wants, or at least its longest word and a fair part of the rest."""
        wants, needs = [0.0] * columns, [0.0] * columns
        for row in rows:
            for i, cell in enumerate(row):
                whole, longest = self._lines.measured(cell)
                wants[i], needs[i] = max(wants[i], whole), max(needs[i], longest)
        if sum(wants) <= room:
            return wants
        if sum(needs) >= room:
            return [max(20.0, need * room / sum(needs)) for need in needs]
        spare, asked = room - sum(needs), sum(wants) - sum(needs)
        return [need + (want - need) * spare / asked for want, need in zip(wants, needs, strict=True)]


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
