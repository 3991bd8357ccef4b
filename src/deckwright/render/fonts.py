"""Text as outlines, from fonts that come as a Python package, so that no machine draws it otherwise.

`pymupdf-fonts` carries FiraGO, Fira Mono and the symbols of Noto (SIL Open Font License); fontTools reads
their outlines. What they have no letter for is an error with the letter's name, never an empty box.
Scripts whose letters must be joined or turned (Arabic, Hebrew, Devanagari, Thai) count as not covered.
"""

from __future__ import annotations

import sys
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from deckwright.render.truetype import CharacterMap, Outlines, Tables

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = "pymupdf-fonts-1"
"""What a kept picture depends on."""

_PACKAGE = "pymupdf_fonts"

UNITS = 1000
"""All numbers here are thousandths of an em, as in the fonts themselves."""

_SANS = {(False, False): "figo", (True, False): "figbo", (False, True): "figit", (True, True): "figbi"}
_MONO = {False: "fimo", True: "fimbo"}
_FALLBACKS = ("figo", "notos", "math", "symbol2", "symbol1")
_MONO_ADVANCE = 600
_X_HEIGHT = 527
_UNSHAPED = ("DEVANAGARI", "THAI")


class FontsUnavailableError(RuntimeError):
    """The packages with the fonts, or for reading them, are not installed."""


class MissingLetterError(ValueError):
    """No font here can draw a letter of the text."""

    def __init__(self, letter: str) -> None:
        name = unicodedata.name(letter, "a character without a name").lower()
        super().__init__(f"pictures have no letter for U+{ord(letter):04X} ({name})")


class Style(NamedTuple):
    """How text looks."""

    bold: bool = False
    italic: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Glyph:
    """One letter's outline as path data with y upwards, and how far the next letter stands."""

    advance: float
    shape: str
    left: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Outline:
    """A piece of text on one line: its width and the paths that draw it, y upwards from the baseline."""

    width: float
    svg: str


@lru_cache(maxsize=8192)
def outline(text: str, style: Style = Style()) -> Outline:  # noqa: B008 (a constant)
    """Draw text without line breaks; raises `MissingLetterError`."""
    x = 0.0
    out: list[str] = []
    before: tuple[Glyph, float] | None = None
    for char in unicodedata.normalize("NFC", text):
        if _invisible(char):
            continue
        glyph = _glyph(char, style)
        if "\u0300" <= char <= "\u036f" and before is not None:
            base, at = before
            middle = at + (base.left + base.right) / 2 - (glyph.left + glyph.right) / 2
            _draw(out, glyph, middle, max(0.0, base.top - _X_HEIGHT))
            continue
        if style.code:
            # A letter from another font keeps the grid.
            squeeze = min(1.0, _MONO_ADVANCE / glyph.advance) if glyph.advance else 1.0
            _draw(out, glyph, x + (_MONO_ADVANCE - glyph.advance * squeeze) / 2, 0, squeeze)
            before = (glyph, x)
            x += _MONO_ADVANCE
        else:
            _draw(out, glyph, x, 0)
            before = (glyph, x)
            x += glyph.advance
    return Outline(x, "".join(out))


def font_files() -> Iterator[tuple[str, bytes]]:
    """The text fonts as files, for a renderer of foreign drawings that wants such."""
    for key in (*_SANS.values(), *_MONO.values(), "math"):
        yield key, _font_bytes(key)


def _draw(out: list[str], glyph: Glyph, x: float, y: float, squeeze: float = 1.0) -> None:
    if not glyph.shape:
        return
    moved = f"translate({x:g} {y:g})" if y else f"translate({x:g})"
    scaled = f" scale({squeeze:.3f} 1)" if squeeze != 1 else ""
    out.append(f'<path transform="{moved}{scaled}" d="{glyph.shape}"/>')


def _invisible(char: str) -> bool:
    """Whether a character only steers its neighbours, which outlines do without."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


@lru_cache(maxsize=8192)
def _glyph(char: str, style: Style) -> Glyph:
    category = unicodedata.category(char)
    drawable = category not in ("Co", "Cn", "Cs") and unicodedata.bidirectional(char) not in ("R", "AL", "AN")
    if category == "Cc":
        char, category = " ", "Zs"
    if drawable and not unicodedata.name(char, "").startswith(_UNSHAPED):
        first = _MONO[style.bold] if style.code else _SANS[style.bold, style.italic]
        for key in (first, *_FALLBACKS):
            glyph = _face(key).glyph(char)
            if glyph is not None:
                return glyph
        if category == "Zs":
            return Glyph(200, "", 0, 0, 0)
    raise MissingLetterError(char)


class _Pen(Protocol):
    """What fontTools draws with."""


class _Outlined(Protocol):
    """A glyph of fontTools."""

    width: float

    def draw(self, pen: _Pen) -> None: ...


class _SvgPen(_Pen, Protocol):
    def getCommands(self) -> str: ...  # noqa: N802 (a method of theirs)


class _BoundsPen(_Pen, Protocol):
    bounds: tuple[float, float, float, float] | None


class _Font(Tables, Protocol):
    """The part of fontTools' TTFont that is used here."""

    def getBestCmap(self) -> Mapping[int, str]: ...  # noqa: N802 (a method of theirs)
    def getGlyphSet(self) -> Mapping[str, _Outlined]: ...  # noqa: N802 (a method of theirs)
    def __contains__(self, table: str) -> bool: ...


class _Face:
    """One font file; outlines are read when asked for."""

    def __init__(self, key: str) -> None:
        try:
            open_font = cast("Callable[..., _Font]", import_module("fontTools.ttLib").TTFont)
            self._svg_pen = cast(
                "Callable[..., _SvgPen]", import_module("fontTools.pens.svgPathPen").SVGPathPen
            )
            pens = import_module("fontTools.pens.boundsPen")
            self._bounds_pen = cast("Callable[..., _BoundsPen]", pens.ControlBoundsPen)
        except ImportError as error:
            raise FontsUnavailableError(f"pictures need the package fonttools: {error}") from error
        font = open_font(BytesIO(_font_bytes(key)), lazy=True)
        assert font["head"].unitsPerEm == UNITS, key
        # Letters have texts for names, or numbers.
        self._name: Callable[[int], Any]
        self._glyphs: Mapping[Any, _Outlined]
        if "glyf" in font:
            self._name = CharacterMap(font.reader["cmap"]).get
            self._glyphs = cast("Mapping[Any, _Outlined]", Outlines(font))
        else:
            self._name, self._glyphs = font.getBestCmap().get, font.getGlyphSet()

    def glyph(self, char: str) -> Glyph | None:
        name = self._name(ord(char))
        if name is None:
            return None
        # fontTools reads its tables on first use and does not expect company.
        with _LOCK:
            found = self._glyphs[name]
            drawing, measuring = self._svg_pen(self._glyphs), self._bounds_pen(self._glyphs)
            found.draw(drawing)
            found.draw(measuring)
        left, _, right, top = measuring.bounds or (0, 0, 0, 0)
        return Glyph(found.width, drawing.getCommands(), left, right, top)


@cache
def _face(key: str) -> _Face:
    return _Face(key)


def _font_bytes(key: str) -> bytes:
    try:
        with _LOADING:
            package = import_module(_PACKAGE)
            font = cast("Callable[[str], bytes]", package.myfont)(key)
            # A font is a module there, and would stay in memory unpacked for as long as the program runs.
            for name in [each for each in sys.modules if each.startswith(f"{_PACKAGE}.")]:
                del sys.modules[name]
                vars(package).pop(name.removeprefix(f"{_PACKAGE}."), None)
    except ImportError as error:
        raise FontsUnavailableError(f"pictures need the package pymupdf-fonts: {error}") from error
    return font


_LOCK = threading.Lock()
_LOADING = threading.Lock()
