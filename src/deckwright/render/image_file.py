"""An author's image as something that can stand inside an SVG document: bounded, and asking for nothing.

Pixel formats are embedded as they are, after their size is read from their first bytes. A drawing
(SVG) is cleaned of everything but shapes and text and drawn to pixels, so that no foreign element,
style or address gets into our picture.
"""

from __future__ import annotations

import base64
import re
import struct
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

from deckwright.render.fonts import font_files
from deckwright.render.png import png_with_fonts

_MAX_BYTES = 8 * 1024 * 1024
_MAX_PIXELS = 24_000_000
_MAX_DRAWING_BYTES = 2 * 1024 * 1024
_MAX_SHAPES = 20_000
_MAX_DEPTH = 64

_SVG = "{http://www.w3.org/2000/svg}"
_HREFS = ("href", "{http://www.w3.org/1999/xlink}href")
# Shapes, text, and what paints them. Scripts, links' targets, filters and pictures inside stay out.
_KEPT = frozenset(
    "svg g a defs symbol use title desc path rect circle ellipse line polyline polygon text tspan style "  # noqa: SIM905
    "linearGradient radialGradient stop clipPath mask marker pattern".split()
)
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^'\")]*)['\"]?\s*\)")


class ImageError(ValueError):
    """An image that cannot be shown; its sentence says why."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image ready to be embedded: its size in pixels at scale 1 and its `data:` address."""

    width: float
    height: float
    address: str


def image_file(content: bytes, *, room: tuple[float, float], scale: float = 2.0) -> ImageFile:
    """Read an image that will be shown within `room`; a drawing gets `scale` pixels to each of ours."""
    if len(content) > _MAX_BYTES:
        raise ImageError(f"image of {len(content)} bytes, more than {_MAX_BYTES}")
    found = _pixels(content)
    if found is None:
        return _drawing(content, room, scale)
    kind, width, height = found
    if not width or not height:
        raise ImageError("image without an area")
    if width * height > _MAX_PIXELS:
        raise ImageError(f"image of {width} × {height} pixels is too large")
    return ImageFile(width, height, _address(kind, content))


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _pixels(content: bytes) -> tuple[str, int, int] | None:
    """Read kind and size from the first bytes, or None for what is not of pixels."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return "png", *struct.unpack(">II", content[16:24])
        if content[:6] in (b"GIF87a", b"GIF89a"):
            return "gif", *struct.unpack("<HH", content[6:10])
        if content.startswith(b"\xff\xd8"):
            return "jpeg", *_jpeg_size(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return "webp", *_webp_size(content)
    except (struct.error, IndexError):
        raise ImageError("image breaks off before its size") from None
    return None


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while True:
        marker, length = struct.unpack(">HH", content[at : at + 4])
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        if marker < 0xFF00 or length < 2:
            raise ImageError("image is not a proper JPEG")
        at += 2 + length


def _webp_size(content: bytes) -> tuple[int, int]:
    match content[12:16]:
        case b"VP8X":
            wide, high = content[24:27], content[27:30]
            return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
        case b"VP8L":
            (bits,) = struct.unpack("<I", content[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            width, height = struct.unpack("<HH", content[26:30])
            return width & 0x3FFF, height & 0x3FFF


def _drawing(content: bytes, room: tuple[float, float], scale: float) -> ImageFile:
    if len(content) > _MAX_DRAWING_BYTES:
        raise ImageError(f"drawing of {len(content)} bytes, more than {_MAX_DRAWING_BYTES}")
    try:
        text = content.decode("utf-8-sig")
        if "<!ENTITY" in text:
            raise ImageError("drawing defines entities of its own")
        root = ET.fromstring(text)  # noqa: S314 (entities are refused, expat fetches nothing)
    except (UnicodeDecodeError, ET.ParseError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError("image is no PNG, JPEG, GIF, WebP or SVG file") from None
    if root.tag != f"{_SVG}svg":
        raise ImageError("image is no PNG, JPEG, GIF, WebP or SVG file")
    _clean(root)
    _bounded(root)
    width, height = _drawing_size(root)
    factor = min(1.0, room[0] / width, room[1] / height)
    root.set("width", f"{width * factor:.2f}")
    root.set("height", f"{height * factor:.2f}")
    try:
        drawn = png_with_fonts(ET.tostring(root, encoding="unicode"), scale=scale, fonts=_fonts_on_disk())
    except ValueError:
        raise ImageError("drawing cannot be drawn") from None
    return ImageFile(width * factor, height * factor, _address("png", drawn))


def _clean(node: ET.Element, depth: int = 0) -> None:
    if depth > _MAX_DEPTH:
        raise ImageError("drawing is nested too deeply")
    for name, value in list(node.attrib.items()):
        foreign = name in _HREFS and not value.strip().startswith("#")
        asks = "url(" in _REFERENCE.sub("", value).lower() or "@import" in value.lower() or "\\" in value
        if foreign or asks or name == "filter" or name.lower().startswith("on"):
            del node.attrib[name]
    for child in list(node):
        kept = child.tag.startswith(_SVG) and child.tag.removeprefix(_SVG) in _KEPT
        if child.tag == f"{_SVG}style" and re.search(r"[@\\]|url\(|filter", child.text or "", re.IGNORECASE):
            kept = False
        if kept:
            _clean(child, depth + 1)
        else:
            node.remove(child)


def _bounded(root: ET.Element) -> None:
    """Refuse what grows when its references are followed, or never ends."""
    by_id = {node.get("id"): node for node in root.iter() if node.get("id")}
    counts: dict[int, int] = {}

    def count(node: ET.Element, path: frozenset[int]) -> int:
        key = id(node)
        if key in path:
            raise ImageError("drawing refers to itself")
        if len(path) > 2 * _MAX_DEPTH:
            raise ImageError("drawing is nested too deeply")
        if key not in counts:
            inner = path | {key}
            targets = [value.strip()[1:] for name, value in node.attrib.items() if name in _HREFS]
            for name, value in node.attrib.items():
                if name not in _HREFS:
                    targets += _REFERENCE.findall(value)
            total = 1 + sum(count(child, inner) for child in node)
            total += sum(count(by_id[target], inner) for target in targets if target in by_id)
            if total > _MAX_SHAPES:
                raise ImageError("drawing has too many shapes")
            counts[key] = total
        return counts[key]

    count(root, frozenset())


def _drawing_size(root: ET.Element) -> tuple[float, float]:
    sides = []
    box = [
        float(number) for number in re.findall(r"-?[\d.]+", root.get("viewBox", "")) if number.count(".") < 2
    ]
    for index, side in enumerate(("width", "height")):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(px|pt|mm|cm|in)?\s*", root.get(side, ""))
        if found:
            unit = {"pt": 4 / 3, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}.get(found[2], 1.0)
            sides.append(float(found[1]) * unit)
        elif len(box) == 4:
            sides.append(box[2 + index])
    if len(sides) != 2 or not all(0 < side < 100_000 for side in sides):
        raise ImageError("drawing states no proper width and height")
    if len(box) != 4:
        root.set("viewBox", f"0 0 {sides[0]:g} {sides[1]:g}")
    return sides[0], sides[1]


@cache
def _font_folder() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="deckwright-fonts-")
    for name, content in font_files():
        Path(folder.name, f"{name}.ttf").write_bytes(content)
    return folder


def _fonts_on_disk() -> list[Path]:
    """Give the fonts as files, which resvg reads no other way; they go when the process ends."""
    return sorted(Path(_font_folder().name).iterdir())
