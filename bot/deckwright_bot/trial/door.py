"""The page's door: this computer only, a secret in the address, and nobody in but our own page."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from deckwright_bot.trial import words

log = logging.getLogger(__name__)

ADDRESS: Final = "127.0.0.1"
TRIED: Final = 20
"""Ports that are tried, from the wanted one on, before any free one is taken."""
HIDDEN: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""For what is data or a file: opened by itself it can do nothing."""
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """Knows the secret, and lets requests in by it."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(18)
        self.port = 0

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{ADDRESS}:{self.port}/{self.secret}/"

    def listen(self, port: int) -> socket.socket:
        """A listening socket; see `free_socket`."""
        made = free_socket(port)
        self.port = int(made.getsockname()[1])
        return made

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nobody in but our own page, and put the headers on every answer, also on that to a fault of ours."""
        response: web.StreamResponse
        if not self._ours(request):
            response = web.Response(status=403, text=words.NOT_THIS_ADDRESS)
        else:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = web.Response(status=error.status, text=f"{error.reason}\n")
            except ConnectionError:
                raise  # the page was closed; there is nobody to answer
            except Exception:
                # Without the path: it holds the secret.
                log.exception("a request of the page failed")
                response = web.Response(status=500, text=words.BROKEN)
        if not response.prepared:
            response.headers.update(HEADERS)
            response.headers.setdefault("Content-Security-Policy", HIDDEN)
        return response

    def _ours(self, request: web.Request) -> bool:
        """Whether Host names this server, no other page asks, and the secret is there."""
        hosts = {f"{name}:{self.port}" for name in (ADDRESS, "localhost")}
        host, origin = request.headers.get("Host"), request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site", "none")
        known = secrets.compare_digest(request.path.split("/")[1].encode(), self.secret.encode())
        own = origin == f"http://{host}" or (origin is None and request.method == "GET")
        # Another page may lead here by a link, but it may ask for nothing in the background.
        led = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.method == "GET"
        return known and host in hosts and own and (site in ("same-origin", "none") or led)


def free_socket(port: int) -> socket.socket:
    """A listening socket on loopback: on that port, on one of the next, or on any.

    Raises:
        OSError: if no port at all is free.
    """
    wanted = range(port, min(port + TRIED, 65536)) if port else ()
    for number in (*wanted, 0):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":
            # A port that was ours a moment ago is ours again; elsewhere the option would take away another's.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((ADDRESS, number))
            made.listen(128)
        except OSError:
            made.close()
            if number == 0:
                raise
        else:
            return made
    raise AssertionError("any port is the last that is tried")
