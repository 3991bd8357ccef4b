"""SVG into PNG, by resvg: no browser, no system fonts, nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_ROOT: Final = re.compile(r"<svg\b[^>]*>")
_SIDES: Final = {side: re.compile(rf'\s{side}="([0-9.]+)(?:px)?"') for side in ("width", "height")}


class PngUnavailableError(RuntimeError):
    """The package that turns SVG into PNG is not installed."""


def png(svg: str, *, scale: float = 2.0) -> bytes:
    """Draw one of our own SVG documents as PNG; equal documents give equal bytes. Text needs to be outlines."""
    return _drawn(svg, scale, ())


def png_with_fonts(svg: str, *, scale: float, fonts: Sequence[Path]) -> bytes:
    """Draw a foreign but cleaned SVG document whose text is set in these fonts, whatever it asks for."""
    return _drawn(svg, scale, [str(font) for font in fonts])


def size(svg: str) -> tuple[float, float]:
    """Width and height in pixels, as the root of the document states them."""
    root = _ROOT.search(svg)
    found = {side: pattern.search(root[0]) for side, pattern in _SIDES.items()} if root else {}
    width, height = found.get("width"), found.get("height")
    if width is None or height is None:
        raise ValueError("an SVG document without width and height in pixels")
    return float(width[1]), float(height[1])


def _drawn(svg: str, scale: float, fonts: Sequence[str]) -> bytes:
    try:
        # Heavy, and needed by few commands.
        import resvg_py
    except ImportError as error:
        raise PngUnavailableError(f"pictures need the package resvg-py: {error}") from error
    return resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=scale,
        skip_system_fonts=True,
        font_files=list(fonts),
        font_family="FiraGO",
        serif_family="FiraGO",
        sans_serif_family="FiraGO",
        cursive_family="FiraGO",
        fantasy_family="FiraGO",
        monospace_family="Fira Mono",
    )
