"""Single letters of a TrueType font, read where they stand.

fontTools reads all 4,600 letters of such a font to give one, which takes 4 MB for as long as the font is open.
Here it decodes one letter's own bytes; tables of the font stay the bytes they are.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_UNICODE = ((3, 1), (0, 3))
"""Platform and encoding of the maps from characters to letters that are read, the first that is there."""


class Tables(Protocol):
    """The part of fontTools' TTFont that is used here."""

    reader: Mapping[str, bytes]

    def __getitem__(self, table: str) -> Any: ...  # noqa: ANN401  a class of theirs for each table


class _Segment(NamedTuple):
    """Characters that stand together in a map."""

    first: int
    delta: int
    at: int
    """Where its list of letters begins, or 0 where ``delta`` alone says which they are."""


class CharacterMap:
    """Which letter draws a character, from a map of format 4: segments, found by their last character."""

    def __init__(self, table: bytes) -> None:
        (count,) = struct.unpack_from(">H", table, 2)
        starts = {(p, e): at for p, e, at in struct.iter_unpack(">HHL", table[4 : 4 + 8 * count])}
        start = next(starts[each] for each in _UNICODE if each in starts)
        kind, length, _, twice = struct.unpack_from(">4H", table, start)
        if kind != 4:
            raise ValueError(f"a character map of format {kind}")
        self._table = table[start : start + length]
        segments = twice // 2
        shape = f">{segments}H"
        self._last = struct.unpack_from(shape, self._table, 14)
        firsts, deltas, offsets = (
            struct.unpack_from(shape, self._table, 16 + number * twice) for number in (1, 2, 3)
        )
        # An offset counts from its own place.
        places = (
            16 + 3 * twice + 2 * number + offset if offset else 0 for number, offset in enumerate(offsets)
        )
        self._segments = [_Segment(*each) for each in zip(firsts, deltas, places, strict=True)]

    def get(self, code: int) -> int | None:
        """The number of the letter, or None where there is none."""
        number = bisect_left(self._last, code)
        if number == len(self._last) or code < self._segments[number].first:
            return None
        first, delta, at = self._segments[number]
        if not at:
            return (code + delta) & 0xFFFF or None
        (found,) = struct.unpack_from(">H", self._table, at + 2 * (code - first))
        return (found + delta) & 0xFFFF if found else None


class Letter:
    """A letter that draws itself with fontTools' pens."""

    def __init__(self, outlines: Outlines, number: int) -> None:
        self.width, self._bearing = outlines.measures(number)
        self._outlines = outlines
        self._glyph = outlines.decoded(number)

    def draw(self, pen: object) -> None:
        """Draw with a pen, which asks the font for a letter's parts itself."""
        self._glyph.draw(pen, self._outlines, self._bearing - getattr(self._glyph, "xMin", self._bearing))


class Outlines:
    """The letters of a font by their numbers, for fontTools' pens and its glyphs a set of glyphs by their names."""

    extended = False
    """fontTools asks whether this is the table with wider numbers, which no font here has."""

    def __init__(self, font: Tables) -> None:
        self._decode: Callable[[bytes], Any] = import_module("fontTools.ttLib.tables._g_l_y_f").Glyph
        self._shapes = font.reader["glyf"]
        self._places = font["loca"].locations
        self._measures = font.reader["hmtx"]
        self._measured: int = font["hhea"].numberOfHMetrics

    def __getitem__(self, number: int) -> Letter:
        return Letter(self, number)

    def getGlyphName(self, number: int) -> int:  # noqa: N802  asked by fontTools for the parts of a letter
        """A letter's name is its number."""
        return number

    def decoded(self, number: int) -> Any:  # noqa: ANN401  a glyph of fontTools
        """A letter's outline, or the letters it is put together from."""
        glyph = self._decode(self._shapes[self._places[number] : self._places[number + 1]])
        glyph.expand(self)
        return glyph

    def measures(self, number: int) -> tuple[int, int]:
        """How far the next letter stands, and how far the outline from this one's place."""
        if number < self._measured:
            advance, bearing = struct.unpack_from(">Hh", self._measures, 4 * number)
        else:
            # The letters at the end all have the last one's width.
            (advance,) = struct.unpack_from(">H", self._measures, 4 * (self._measured - 1))
            (bearing,) = struct.unpack_from(
                ">h", self._measures, 4 * self._measured + 2 * (number - self._measured)
            )
        return advance, bearing
