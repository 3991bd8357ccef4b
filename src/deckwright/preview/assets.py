"""The page's own files, the rules a browser must keep while it shows them, and MathJax."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from deckwright.anki.notetypes import NoteType, style

PAGE_FILES = ("page.css", "page.js", "search.js", "view.js", "frame.css", "frame.js", "chat.js")
FRAME_PARTS = frozenset({"frame.css", "frame.js", "chat.js", "mathjax.js", "fonts.css"})
"""What a card frame loads: nothing of these is anybody's own."""
HIDDEN = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""For what is data or a picture: opened by itself it can do nothing."""

_WHEEL = "sphinx-mathjax-offline"
_MATHJAX = f"{_WHEEL}/static/mathjax"
_FONT = re.compile(
    r'"@font-face /\* \d+ \*/":\{"font-family":"([A-Z0-9-]+)",src:\'url\("%%URL%%/([A-Za-z0-9_-]+\.woff)"\)'
)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_COMMON = "default-src 'none'; base-uri 'none'; form-action 'none'"

# The page builds itself from elements and text alone; it has no inline style and no inline script.
PAGE_POLICY = (
    f"{_COMMON}; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; frame-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def frame_policy(note_types: Iterable[NoteType]) -> str:
    """The card frame's policy: our scripts, and of inline ones only those our own templates hold.

    Styles may be inline: MathJax writes a style element and each formula's widths, Markdown tables
    write their alignment, and the note type's style is a style element in Anki too. A style can run
    nothing and, with pictures and fonts limited to our own, can ask for nothing.
    """
    scripts = {
        script for made in note_types for side in (made.front, made.back) for script in _SCRIPT.findall(side)
    }
    known = "".join(f" 'sha256-{_sha256(script)}'" for script in sorted(scripts))
    return (
        f"{_COMMON}; script-src 'self'{known}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src data:"
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page(*, title: str, language: str) -> str:
    """The page's HTML."""
    from html import escape

    text = _static("index.html")
    return (
        text.replace("{{page-policy}}", escape(PAGE_POLICY))
        .replace("{{language}}", escape(language))
        .replace("{{title}}", escape(title))
    )


def frame(policy: str) -> str:
    """The card frame's HTML."""
    from html import escape

    return _static("frame.html").replace("{{frame-policy}}", escape(policy))


@cache
def page_files() -> dict[str, bytes]:
    """Every file of the page that is the same for all libraries, by its name."""
    made = {name: _static(name).encode() for name in PAGE_FILES}
    return made | {"card.css": style().encode(), "mathjax.js": mathjax(), "fonts.css": fonts()}


def _static(name: str) -> str:
    return (files(__package__) / "static" / name).read_text("utf-8")


@cache
def mathjax() -> bytes:
    """The file of MathJax that Anki ships as well.

    Raises:
        OSError: if the package that carries it is not installed.
    """
    return _carried("tex-chtml-full.js")


@cache
def fonts() -> bytes:
    """MathJax's fonts as a style sheet that holds them: a sandboxed frame may fetch no font."""
    faces = [
        f"@font-face{{font-family:{family};src:url(data:font/woff;base64,"
        f'{base64.b64encode(_carried(f"output/chtml/fonts/woff-v2/{file}")).decode()}) format("woff")}}'
        for family, file in _FONT.findall(mathjax().decode())
    ]
    return "\n".join(faces).encode()


def _carried(name: str) -> bytes:
    try:
        path = metadata.distribution(_WHEEL).locate_file(f"{_MATHJAX}/{name}")
    except metadata.PackageNotFoundError as error:
        raise OSError(f"maths needs the package {_WHEEL}, which is not installed") from error
    return Path(str(path)).read_bytes()


def content_type(name: str) -> str:
    """The type of a file that is served, by its suffix."""
    return _TYPES.get(Path(name).suffix.lower(), "application/octet-stream")


_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
