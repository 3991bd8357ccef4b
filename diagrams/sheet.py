"""A sheet to draw on, which becomes a small SVG document that looks the same on every screen.

It brings its own light panel, so that it reads in the light and in the night mode of Anki and on Discord's
dark client. Letters are outlines and need no font. Measures are those of the panel, 640 by 360, with y
downwards; a phone shows it half as large, so no letter may be smaller than `SMALLEST`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

from deckwright.render.fonts import UNITS, Style, outline

WIDTH: Final = 640
HEIGHT: Final = 360
EDGE: Final = 10.0
"""No letter comes nearer to the panel's edge."""
SIZE: Final = 20.0
SMALLEST: Final = 18.0

PAPER: Final = "#f8f9fb"
INK: Final = "#1f2937"
QUIET: Final = "#4b5563"
BLUE: Final = "#0b5fa5"
ORANGE: Final = "#a84300"
GREEN: Final = "#006b55"
TEXT_COLOURS: Final = (INK, QUIET, BLUE, ORANGE, GREEN)
"""Each has a contrast of 4.5 or more to the paper and to every tint."""

GREY_TINT: Final = "#e4e8ed"
BLUE_TINT: Final = "#d3e5f6"
ORANGE_TINT: Final = "#fce1cc"
GREEN_TINT: Final = "#cdeadf"
TINTS: Final = (GREY_TINT, BLUE_TINT, ORANGE_TINT, GREEN_TINT)
LINES: Final = "#9aa3ae"
"""For what only guides the eye: grids, contours, connections."""

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]
Shape = Literal["dot", "square", "triangle", "diamond", "cross"]

_SHAPES: Final[dict[Shape, tuple[Point, ...]]] = {
    "square": ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
    "triangle": ((0, -1.15), (1.05, 0.75), (-1.05, 0.75)),
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
}
_SCRIPT: Final = 0.72
_SHIFTS: Final = {"_": -0.2, "^": 0.36}


class Sheet:
    """A picture being drawn: what is drawn later lies above."""

    def __init__(self, title: str, description: str) -> None:
        """``title`` names the picture, ``description`` says in words what it shows."""
        self.title = title
        self.description = description
        self._body: list[str] = []
        self._glyphs: dict[tuple[str, bool, bool], str] = {}
        self._defs: list[str] = []
        self._clips = 0

    def svg(self) -> str:
        """The document; the same drawing gives the same text."""
        defs = "".join(f"{line}\n" for line in self._defs)
        body = "".join(f"{line}\n" for line in self._body)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title desc">\n'
            f'<title id="title">{escape(self.title)}</title>\n'
            f'<desc id="desc">{escape(self.description)}</desc>\n'
            f"<defs>\n{defs}</defs>\n"
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="14" fill="{PAPER}"/>\n'
            f"{body}</svg>\n"
        )

    # letters

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = SIZE,
        colour: str = INK,
        anchor: Anchor = "start",
        bold: bool = False,
        italic: bool = False,
        upwards: bool = False,
        halo: bool = False,
    ) -> float:
        """Write one line, its baseline at ``y``, and return its width; `x_1`, `10^{6}` set small letters.

        ``upwards`` turns it so that it reads from below; a ``halo`` of paper keeps off the lines behind it.
        """
        if size < SMALLEST:
            raise ValueError(f"letters of {size:g} are too small for a phone: {words}")
        uses, width = self._set(words, size, Style(bold=bold, italic=italic))
        offset = {"start": 0.0, "middle": -width / 2, "end": -width}[anchor]
        start, end = (y - offset - width, y - offset) if upwards else (x + offset, x + offset + width)
        if start < EDGE - 1 or end > (HEIGHT if upwards else WIDTH) - EDGE + 1:
            raise ValueError(f"{words!r} reaches from {start:.0f} to {end:.0f}, over the edge")
        place = (
            f"translate({_n(x)} {_n(y - offset)}) rotate(-90)"
            if upwards
            else f"translate({_n(x + offset)} {_n(y)})"
        )
        if halo:
            self._body.append(
                f'<g class="halo" fill="{PAPER}" stroke="{PAPER}" stroke-width="420" stroke-linejoin="round" '
                f'transform="{place}">{"".join(uses)}</g>'
            )
        name = quoteattr(words)
        self._body.append(
            f'<g class="text" data-text={name} fill="{colour}" transform="{place}">{"".join(uses)}</g>'
        )
        return width

    def lines(
        self, x: float, y: float, words: str, *, step: float = 1.3, size: float = SIZE, **look: object
    ) -> None:
        """Write several lines below each other; ``look`` is what `text` takes."""
        for number, line in enumerate(words.split("\n")):
            self.text(x, y + number * step * size, line, size=size, **look)  # type: ignore[arg-type]

    def _set(self, words: str, size: float, style: Style) -> tuple[list[str], float]:
        uses: list[str] = []
        x = 0.0
        for part, shift in _scripts(words):
            scale = size / UNITS * (_SCRIPT if shift else 1.0)
            inside: list[str] = []
            along = 0.0
            for char in part:
                drawn = outline(char, style)
                if drawn.svg:
                    at = f' x="{_n(along)}"' if along else ""
                    inside.append(f'<use href="#{self._glyph(char, style, drawn.svg)}"{at}/>')
                along += drawn.width
            moved = f"translate({_n(x)} {_n(-shift * size)}) " if x or shift else ""
            uses.append(f'<g transform="{moved}scale({scale:.4f} {-scale:.4f})">{"".join(inside)}</g>')
            x += along * scale
        return uses, x

    def _glyph(self, char: str, style: Style, svg: str) -> str:
        key = (char, style.bold, style.italic)
        if key not in self._glyphs:
            self._glyphs[key] = name = f"g{len(self._glyphs)}"
            self._defs.append(f'<g id="{name}">{svg.replace(chr(10), " ")}</g>')
        return self._glyphs[key]

    # lines and areas

    def line(
        self,
        points: Sequence[Point],
        *,
        colour: str = INK,
        width: float = 2.0,
        dash: str = "",
        closed: bool = False,
        fill: str = "none",
    ) -> None:
        """Draw a line through the points; ``dash`` such as ``"6 5"``."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._body.append(
            f'<path d="{_path(points, closed=closed)}" fill="{fill}" stroke="{colour}" stroke-width="{_n(width)}" '
            f'stroke-linejoin="round" stroke-linecap="round"{dashes}/>'
        )

    def area(self, points: Sequence[Point], fill: str) -> None:
        """Fill the area within the points."""
        self._body.append(f'<path d="{_path(points, closed=True)}" fill="{fill}"/>')

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = GREY_TINT,
        stroke: str = "none",
        radius: float = 6,
        dash: str = "",
    ) -> None:
        """Draw a box from its upper left corner."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        edge = f' stroke="{stroke}" stroke-width="2"{dashes}' if stroke != "none" else ""
        self._body.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}" '
            f'fill="{fill}"{edge}/>'
        )

    def labelled(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        words: str,
        *,
        fill: str = GREY_TINT,
        stroke: str = "none",
        colour: str = INK,
        size: float = SIZE,
        bold: bool = False,
        dash: str = "",
    ) -> None:
        """Draw a box with its words in the middle, one or more lines."""
        self.box(x, y, width, height, fill=fill, stroke=stroke, dash=dash)
        count = words.count("\n") + 1
        first = y + height / 2 + size * 0.35 - (count - 1) * size * 0.6
        self.lines(
            x + width / 2, first, words, step=1.2, size=size, colour=colour, anchor="middle", bold=bold
        )

    def circle(
        self, x: float, y: float, radius: float, *, fill: str = "none", stroke: str = "none", width: float = 2
    ) -> None:
        """Draw a circle."""
        edge = f' stroke="{stroke}" stroke-width="{_n(width)}"' if stroke != "none" else ""
        self._body.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}"{edge}/>')

    def arrow(
        self,
        points: Sequence[Point],
        *,
        colour: str = INK,
        width: float = 2.0,
        dash: str = "",
        head: float = 10.0,
    ) -> None:
        """Draw a line that ends in an arrow's head."""
        (x, y), (tip_x, tip_y) = points[-2], points[-1]
        length = math.hypot(tip_x - x, tip_y - y)
        along_x, along_y = (tip_x - x) / length, (tip_y - y) / length
        neck = (tip_x - along_x * head, tip_y - along_y * head)
        half = head * 0.45
        self.line([*points[:-1], neck], colour=colour, width=width, dash=dash)
        self.area(
            [
                (tip_x, tip_y),
                (neck[0] - along_y * half, neck[1] + along_x * half),
                (neck[0] + along_y * half, neck[1] - along_x * half),
            ],
            colour,
        )

    def marks(
        self,
        points: Sequence[Point],
        *,
        shape: Shape = "dot",
        colour: str = INK,
        radius: float = 4.0,
        hollow: bool = False,
    ) -> None:
        """Mark each point; ``hollow`` leaves the paper inside."""
        if not points:
            return
        if shape == "dot" and not hollow:
            path = "".join(f"M{_n(x)} {_n(y)}h.01" for x, y in points)
            self._body.append(
                f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{_n(2 * radius)}" stroke-linecap="round"/>'
            )
            return
        if shape == "dot":
            r, across = _n(radius), _n(2 * radius)
            path = "".join(
                f"M{_n(x - radius)} {_n(y)}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0 -{across} 0z"
                for x, y in points
            )
        elif shape == "cross":
            d = radius * 0.85
            path = "".join(
                f"M{_n(x - d)} {_n(y - d)}L{_n(x + d)} {_n(y + d)}M{_n(x - d)} {_n(y + d)}L{_n(x + d)} {_n(y - d)}"
                for x, y in points
            )
        else:
            path = "".join(
                _path([(x + dx * radius, y + dy * radius) for dx, dy in _SHAPES[shape]], closed=True)
                for x, y in points
            )
        if shape == "cross" or hollow:
            fill = "none" if shape == "cross" else PAPER
            self._body.append(f'<path d="{path}" fill="{fill}" stroke="{colour}" stroke-width="2"/>')
        else:
            self._body.append(f'<path d="{path}" fill="{colour}"/>')

    def brace(self, start: float, end: float, y: float, *, colour: str = INK, height: float = 8.0) -> None:
        """Draw a flat bracket below what stands between two places, open upwards."""
        self.line(
            [(start, y - height), (start, y), (end, y), (end, y - height)],
            colour=colour,
        )

    @contextmanager
    def within(self, x: float, y: float, width: float, height: float) -> Iterator[None]:
        """Draw only what lies within this box."""
        name = f"c{self._clips}"
        self._clips += 1
        self._defs.append(
            f'<clipPath id="{name}"><rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"/></clipPath>'
        )
        self._body.append(f'<g clip-path="url(#{name})">')
        yield
        self._body.append("</g>")


def width_of(words: str, *, size: float = SIZE, bold: bool = False, italic: bool = False) -> float:
    """How wide a line of text comes out."""
    style = Style(bold=bold, italic=italic)
    return sum(
        outline(part, style).width * size / UNITS * (_SCRIPT if shift else 1.0)
        for part, shift in _scripts(words)
    )


def _scripts(words: str) -> Iterator[tuple[str, float]]:
    """Cut text at its small letters: pieces, and how far above the line each stands, in sizes."""
    at = 0
    plain = ""
    while at < len(words):
        shift = _SHIFTS.get(words[at])
        if shift is None:
            plain += words[at]
            at += 1
            continue
        if plain:
            yield plain, 0.0
        plain = ""
        if words[at + 1] == "{":
            end = words.index("}", at)
            yield words[at + 2 : end], shift
            at = end + 1
        else:
            yield words[at + 1], shift
            at += 2
    if plain:
        yield plain, 0.0


def _path(points: Sequence[Point], *, closed: bool = False) -> str:
    (x, y), *rest = points
    steps = "".join(f"L{_n(a)} {_n(b)}" for a, b in rest)
    return f"M{_n(x)} {_n(y)}{steps}{'z' if closed else ''}"


def _n(value: float) -> str:
    """A number with one decimal at most: a tenth of a unit is nothing, and rounding hides the machine."""
    short = f"{value:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short
