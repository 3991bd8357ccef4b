"""Letters read one by one are the letters that fontTools reads from the whole font."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import Any

import pytest

from deckwright.render import fonts
from deckwright.render.truetype import CharacterMap, Outlines

pytest.importorskip("pymupdf_fonts")
# fontTools brings no types.
ControlBoundsPen: Any = pytest.importorskip("fontTools.pens.boundsPen").ControlBoundsPen
SVGPathPen: Any = pytest.importorskip("fontTools.pens.svgPathPen").SVGPathPen
TTFont: Any = pytest.importorskip("fontTools.ttLib").TTFont

TRUETYPE = ("figo", "figbo", "figit", "figbi", "notos")
STEP = 7
"""Every so many letters are drawn; all of them take a second a font."""


def drawn(letters: Any, name: Any) -> tuple[str, object, float]:
    shape, bounds, letter = SVGPathPen(letters), ControlBoundsPen(letters), letters[name]
    letter.draw(shape)
    letter.draw(bounds)
    return shape.getCommands(), bounds.bounds, letter.width


@pytest.mark.parametrize("key", TRUETYPE)
def test_every_letter_is_the_one_that_fonttools_gives(key: str) -> None:
    content = fonts._font_bytes(key)
    whole, single = (TTFont(BytesIO(content), lazy=True) for _ in range(2))
    names, letters = whole.getBestCmap(), whole.getGlyphSet()
    characters, outlines = CharacterMap(single.reader["cmap"]), Outlines(single)

    there = {code for code in range(0x11000) if characters.get(code) is not None}
    assert there == set(names)
    assert {whole.getGlyphID(name): code for code, name in names.items()} == {
        characters.get(code): code for code in names
    }
    for code in sorted(names)[::STEP]:
        assert drawn(outlines, characters.get(code)) == drawn(letters, names[code]), hex(code)


def test_a_letter_after_the_last_with_a_width_of_its_own_has_the_last_one_s() -> None:
    font = TTFont(BytesIO(fonts._font_bytes("notos")), lazy=True)
    outlines = Outlines(font)
    widths = font["hmtx"]
    names = font.getGlyphOrder()
    assert len(names) > font["hhea"].numberOfHMetrics, "this font has such letters"

    for number in range(font["hhea"].numberOfHMetrics - 2, len(names)):
        assert outlines.measures(number) == tuple(widths[names[number]])


def test_a_font_does_not_stay_in_memory_as_a_module() -> None:
    fonts._face.cache_clear()
    fonts._face("figo")

    assert [name for name in sys.modules if name.startswith("pymupdf_fonts.")] == []
    assert not [
        name for name, value in vars(sys.modules["pymupdf_fonts"]).items() if isinstance(value, bytes)
    ]
    assert fonts._font_bytes("figo") == fonts._font_bytes("figo")
