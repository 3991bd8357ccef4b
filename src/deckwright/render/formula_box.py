"""A formula as a box among words: how wide, how far above and below the line, and its shapes.

MathJax's own numbers leave out what leans out of a box (labels at an arrow, a long hat), so the shapes are
measured here. Letters it has no outline for come from our fonts.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from deckwright.render.fonts import Style, outline

_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
_COMMAND = re.compile(r"([MLHVQTCSAZ])([^MLHVQTCSAZ]*)", re.IGNORECASE)
_TRANSFORM = re.compile(r"(translate|scale|rotate|matrix)\(([^)]*)\)")
_HANG = re.compile(r"vertical-align:\s*(-?[\d.]+)px")
_DRAWN = frozenset({"path", "rect", "line", "ellipse", "circle", "polygon", "polyline", "svg", "image"})


class Matrix(NamedTuple):
    """An affine map as SVG writes it."""

    a: float = 1
    b: float = 0
    c: float = 0
    d: float = 1
    e: float = 0
    f: float = 0

    def then(self, inner: Matrix) -> Matrix:
        """Give the map that applies `inner` first."""
        return Matrix(
            self.a * inner.a + self.c * inner.b,
            self.b * inner.a + self.d * inner.b,
            self.a * inner.c + self.c * inner.d,
            self.b * inner.c + self.d * inner.d,
            self.a * inner.e + self.c * inner.f + self.e,
            self.b * inner.e + self.d * inner.f + self.f,
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point comes to lie."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f


class Bounds(NamedTuple):
    """The smallest upright rectangle around some ink."""

    left: float
    top: float
    right: float
    bottom: float

    def around(self, other: Bounds | None) -> Bounds:
        """Give the rectangle around both."""
        if other is None:
            return self
        pairs = zip(self, other, strict=True)
        (left, left2), (top, top2), (right, right2), (bottom, bottom2) = pairs
        return Bounds(min(left, left2), min(top, top2), max(right, right2), max(bottom, bottom2))


@dataclass(frozen=True, slots=True)
class FormulaBox:
    """A formula in pixels; `svg` draws it with its left end of the baseline at the origin."""

    width: float
    ascent: float
    descent: float
    svg: str

    def scaled(self, factor: float) -> FormulaBox:
        """Give the same formula smaller or larger."""
        svg = f'<g transform="scale({factor:.4f})">{self.svg}</g>'
        return FormulaBox(self.width * factor, self.ascent * factor, self.descent * factor, svg)


def formula_box(picture: str, em: float) -> FormulaBox:
    """Read what `FormulaEngine.svg` drew at `em` pixels; raises `MissingLetterError`."""
    root = ET.fromstring(picture)  # noqa: S314 (our own engine wrote it)
    left, top, width, height = (float(number) for number in root.attrib["viewBox"].split())
    _outline_texts(root)
    ink = bounds(root)
    frame = Bounds(left, top, left + width, top + height).around(ink)
    scale = em / 1000
    hang = _HANG.search(root.attrib["style"])
    assert hang is not None
    shapes = "".join(_written(child) for child in root)
    moved = f"scale({scale:.4f}) translate({-frame.left:.1f} 0)"
    return FormulaBox(
        width=(frame.right - frame.left) * scale,
        ascent=-frame.top * scale,
        descent=max(frame.bottom * scale, -float(hang[1])),
        svg=f'<g transform="{moved}">{shapes}</g>',
    )


def bounds(node: ET.Element, outer: Matrix = Matrix()) -> Bounds | None:  # noqa: B008 (a constant)
    """Measure the ink of an element's children, control points included; texts count as nothing."""
    found: Bounds | None = None
    for child in node:
        inner = outer.then(matrix(child.get("transform", "")))
        tag = child.tag.rpartition("}")[2]
        box = _own(tag, child.attrib) if tag in _DRAWN else bounds(child, inner)
        if box is None:
            continue
        if tag in _DRAWN:
            corners = [inner.at(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
            xs, ys = [x for x, _ in corners], [y for _, y in corners]
            box = Bounds(min(xs), min(ys), max(xs), max(ys))
        found = box.around(found)
    return found


@lru_cache(maxsize=2048)
def matrix(text: str) -> Matrix:
    """Read a `transform`."""
    result = Matrix()
    for kind, inside in _TRANSFORM.findall(text):
        numbers = [float(number) for number in _NUMBER.findall(inside)]
        match kind, numbers:
            case "translate", [x, *rest]:
                step = Matrix(e=x, f=rest[0] if rest else 0)
            case "scale", [x, *rest]:
                step = Matrix(a=x, d=rest[0] if rest else x)
            case "rotate", [angle]:
                sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
                step = Matrix(cosine, sine, -sine, cosine)
            case "matrix", [a, b, c, d, e, f]:
                step = Matrix(a, b, c, d, e, f)
            case _:
                continue
        result = result.then(step)
    return result


def _own(tag: str, traits: dict[str, str]) -> Bounds | None:
    def number(name: str) -> float:
        found = _NUMBER.match(traits.get(name, "0"))
        return float(found[0]) if found else 0.0

    match tag:
        case "path":
            return _path_bounds(traits.get("d", ""))
        case "rect" | "svg" | "image":
            x, y = number("x"), number("y")
            return Bounds(x, y, x + number("width"), y + number("height"))
        case "line":
            xs, ys = sorted((number("x1"), number("x2"))), sorted((number("y1"), number("y2")))
            return Bounds(xs[0], ys[0], xs[1], ys[1])
        case "ellipse" | "circle":
            rx, ry = number("rx") or number("r"), number("ry") or number("r")
            return Bounds(number("cx") - rx, number("cy") - ry, number("cx") + rx, number("cy") + ry)
        case _:
            points = [float(each) for each in _NUMBER.findall(traits.get("points", ""))]
            xs, ys = points[::2], points[1::2]
            return Bounds(min(xs), min(ys), max(xs), max(ys)) if xs and ys else None


@lru_cache(maxsize=4096)
def _path_bounds(path: str) -> Bounds | None:
    """Measure a path of absolute commands, which MathJax and fontTools write."""
    xs: list[float] = []
    ys: list[float] = []
    for command, inside in _COMMAND.findall(path):
        numbers = [float(number) for number in _NUMBER.findall(inside)]
        match command:
            case "H":
                xs += numbers
            case "V":
                ys += numbers
            case "A":
                xs += numbers[5::7]
                ys += numbers[6::7]
            case _:
                xs += numbers[::2]
                ys += numbers[1::2]
    return Bounds(min(xs), min(ys), max(xs), max(ys)) if xs and ys else None


def _outline_texts(root: ET.Element) -> None:
    """Replace every text, of which MathJax only guessed the width, by outlines inside that width."""
    for text in list(root.iter("{http://www.w3.org/2000/svg}text")):
        style = Style(
            bold=text.get("font-weight") == "bold",
            italic=text.get("font-style") == "italic",
            code=text.get("font-family") == "monospace",
        )
        drawn = outline(text.text or "", style)
        # MathJax allows 0.6 em to a letter. Its letters are lower than those of our fonts, capitals less so.
        room = 600.0 * len(text.text or "")
        usual = 0.95 if (text.text or "") >= "\u2000" else 0.86
        scale = min(usual, room / drawn.width) if drawn.width else 1.0
        shapes = ET.fromstring(f"<g>{drawn.svg}</g>")  # noqa: S314 (our own)
        margin = (room - drawn.width * scale) / 2
        # The text stood upright in an upturned world; outlines have y upwards themselves.
        shapes.set("transform", f"translate({margin:.1f} 0) scale({scale:.3f} {-scale:.3f})")
        transform = text.get("transform", "")
        text.clear()
        text.tag = "g"
        text.set("transform", transform)
        text.append(shapes)


def _written(node: ET.Element) -> str:
    """Write an element without namespaces, which the document around it has."""
    tag = node.tag.rpartition("}")[2]
    traits = "".join(f" {name}={quoteattr(value)}" for name, value in node.attrib.items())
    inside = "".join(_written(child) for child in node)
    return f"<{tag}{traits}>{inside}</{tag}>" if inside else f"<{tag}{traits}/>"
