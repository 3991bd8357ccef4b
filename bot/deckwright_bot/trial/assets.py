"""The page's own files, and the packages that can be taken along."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from aiohttp import web

from deckwright_bot.sandbox.model import Json

POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
KINDS: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PACKAGE: Final = ".apkg"
INDEX: Final = "index.html"


@cache
def names() -> frozenset[str]:
    """The files beside the page itself; what is no file of the folder is not given out, whatever it is called."""
    folder = files(__package__) / "static"
    kinds = (each.name for each in folder.iterdir() if Path(each.name).suffix in KINDS)
    return frozenset(kinds) - {INDEX}


def page() -> web.Response:
    """The page itself."""
    response = given(INDEX)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def given(name: str) -> web.Response:
    """One of the page's own files."""
    return web.Response(body=static(name), content_type=KINDS[Path(name).suffix], charset="utf-8")


@cache
def static(name: str) -> bytes:
    """What stands in one of the page's own files."""
    return (files(__package__) / "static" / name).read_bytes()


def decks(folder: Path) -> list[Json]:
    """The packages that were built, the largest first: it has everything."""
    found = [(path.stat().st_size, path.name) for path in folder.glob(f"*{PACKAGE}") if path.is_file()]
    ordered = sorted(found, key=lambda one: (-one[0], one[1]))
    return [{"name": name, "bytes": size} for size, name in ordered]


def download(name: str) -> dict[str, str]:
    """The header that keeps a browser from opening a file."""
    plain = "".join(sign for sign in name if sign.isascii() and (sign.isalnum() or sign in "._-")) or "file"
    return {"Content-Disposition": f'attachment; filename="{plain}"'}
