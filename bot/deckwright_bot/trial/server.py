"""The page's web server: this computer only, a secret in the address, a few fixed files, events and actions.

Nothing a request says becomes a path, and nothing of it is trusted: whoever has no secret, comes by another
name than ours (a rebound one) or from another page is sent away.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from aiohttp import web

from deckwright_bot.sandbox.driver import Member
from deckwright_bot.sandbox.events import Event
from deckwright_bot.sandbox.model import Json
from deckwright_bot.trial import words
from deckwright_bot.trial.acting import Acting, NotUnderstoodError, RefusedError
from deckwright_bot.trial.behind import Behind
from deckwright_bot.trial.cards import CardPages
from deckwright_bot.trial.group import TrialGroup
from deckwright_bot.trial.moving import Goal, Mover, NothingDueError
from deckwright_bot.trial.players import Players
from deckwright_bot.trial.scene import Feed, Scene

log = logging.getLogger(__name__)

ADDRESS: Final = "127.0.0.1"
PORT: Final = 8420
TRIED: Final = 20
"""Ports after the wanted one that are tried before any free one is taken."""
MAX_BODY: Final = 64 * 1024
MAX_LISTENERS: Final = 16
MAX_AT_WORK: Final = 32
"""Actions that wait for the bot at the same time."""
BREATH: Final = 0.1
"""Real seconds between two looks at what is new: more would be for nobody's eyes."""
ALIVE: Final = 10.0

STATIC: Final = (
    "style.css", "app.js", "dom.js", "markdown.js", "messages.js", "composer.js", "options.js",
    "dialogs.js", "behind.js", "tour.js", "wire.js", "icon.svg",
)  # fmt: skip
POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
HIDDEN: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""For what is data or a file: opened by itself it can do nothing."""
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
KINDS: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PACKAGE: Final = ".apkg"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageServer:
    """Serves the page of one group until it is closed."""

    def __init__(self, group: TrialGroup, packages: Path, cards: CardPages) -> None:
        self.secret = secrets.token_urlsafe(18)
        self.port = 0
        self._group = group
        self._packages = packages
        self._cards = cards
        self._changed = asyncio.Event()
        self._closing = False
        self._listeners = 0
        self._at_work = 0
        self.mover = Mover(group, self._moved)
        self._behind = Behind(group.sandbox.core.world, group.data, self._changed.set)
        self._scene = Scene(group, self.mover, self._behind, self._decks())
        self._acting = Acting(group)
        self._watching: Counter[int] = Counter()
        self._players = Players(group, lambda person: self._watching[person] > 0)
        self._runner: web.AppRunner | None = None
        self._waiting: set[asyncio.Event] = set()
        self._end = group.sandbox.core.hub.subscribe(self._hear)
        self._telling: asyncio.Task[None] | None = None

    # -- starting and stopping ------------------------------------------------------------------------

    async def start(self, port: int = PORT) -> None:
        """Listen on loopback: on the wanted port, the next free one, or any; 0 is any."""
        app = web.Application(middlewares=[self._guard], client_max_size=MAX_BODY)
        base = f"/{self.secret}"
        app.router.add_get(f"{base}/", self._index)
        app.router.add_get(f"{base}/events", self._events)
        app.router.add_post(f"{base}/act", self._act)
        app.router.add_post(f"{base}/time", self._time)
        app.router.add_get(f"{base}/files/{{channel}}/{{message}}/{{file}}", self._file)
        app.router.add_get(f"{base}/decks/{{name}}", self._deck)
        app.router.add_get(f"{base}/cards", self._show_cards)
        app.router.add_get(f"{base}/{{name}}", self._static)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        listening = free_socket(port)
        self.port = int(listening.getsockname()[1])
        await web.SockSite(self._runner, listening).start()
        self._telling = asyncio.create_task(self._tell(), name="page")

    async def close(self) -> None:
        """End every stream and let the port go."""
        self._closing = True
        for waiting in self._waiting:
            waiting.set()
        await self.mover.stop()
        await self._players.close()
        if self._telling is not None:
            # Not cancelled: it may be reading the database.
            self._changed.set()
            await self._telling
        if self._runner is not None:
            await self._runner.cleanup()
        self._end()
        self._scene.close()
        self._behind.close()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{ADDRESS}:{self.port}/{self.secret}/"

    def _decks(self) -> list[Json]:
        """The packages that were built, the largest first: it has everything."""
        found = [
            (path.stat().st_size, path.name) for path in self._packages.glob(f"*{PACKAGE}") if path.is_file()
        ]
        return [
            {"name": name, "bytes": size} for size, name in sorted(found, key=lambda one: (-one[0], one[1]))
        ]

    # -- who may ask ------------------------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nobody in but our own page, and put the headers on every answer."""
        response: web.StreamResponse
        if not self._ours(request):
            response = web.Response(status=403, text="only for the page of this server\n")
        else:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = web.Response(status=error.status, text=f"{error.reason}\n")
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

    def _viewer(self, request: web.Request) -> Member:
        """As whom the page looks and acts; a person of the group."""
        number = request.query.get("as", "")
        if number == "owner":
            return self._group.owner
        found = self._group.member(int(number)) if number.isascii() and number.isdigit() else None
        if found is None:
            raise web.HTTPBadRequest
        return found

    # -- fixed files --------------------------------------------------------------------------------------

    async def _index(self, _request: web.Request) -> web.Response:
        response = _given(static("index.html"), "index.html")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in STATIC:
            raise web.HTTPNotFound
        return _given(static(name), name)

    async def _deck(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in {each["name"] for each in self._decks()}:
            raise web.HTTPNotFound
        return web.FileResponse(self._packages / name, headers=_download(name))

    async def _file(self, request: web.Request) -> web.Response:
        """A file of a message, for those who see the message."""
        viewer = self._viewer(request)
        channel = self._group.sandbox.core.world.channels.get(_number(request.match_info["channel"]))
        message = (
            channel.messages.get(_number(request.match_info["message"])) if channel is not None else None
        )
        if channel is None or message is None or message not in viewer.sees(channel):
            raise web.HTTPNotFound
        number = _number(request.match_info["file"])
        found = next((each for each in message.attachments if each.id == number), None)
        if found is None:
            raise web.HTTPNotFound
        if found.content_type == "image/png":
            return web.Response(body=found.content, content_type="image/png")
        return web.Response(
            body=found.content, content_type="application/octet-stream", headers=_download(found.filename)
        )

    async def _show_cards(self, _request: web.Request) -> web.Response:
        """Lead to the preview of all cards, which begins at the first call."""
        return web.Response(status=303, headers={"Location": await self._cards.address()})

    # -- what is new --------------------------------------------------------------------------------------

    def _hear(self, _event: Event) -> None:
        self._changed.set()

    def _moved(self) -> None:
        self._changed.set()

    async def _tell(self) -> None:
        """Wake every page soon after something happened, at most a few times a second."""
        while not self._closing:
            await self._changed.wait()
            await asyncio.sleep(BREATH)
            self._changed.clear()
            try:
                self._behind.collect()
                if self.mover.move is None:
                    self._scene.next_post = await self.mover.next_post()
            except Exception:
                log.exception("the page could not look behind the scenes")
            for waiting in self._waiting:
                waiting.set()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: everything this person sees, then whatever changes."""
        viewer = self._viewer(request)
        if self._listeners >= MAX_LISTENERS:
            raise web.HTTPServiceUnavailable
        self._listeners += 1
        self._watching[viewer.user.id] += 1
        news = asyncio.Event()
        self._waiting.add(news)
        try:
            response = web.StreamResponse(headers={**HEADERS, "Content-Security-Policy": HIDDEN})
            response.content_type = "text/event-stream"
            await response.prepare(request)
            feed = Feed()
            while not self._closing:
                news.clear()
                patch = feed.patch(self._scene.parts(viewer))
                await response.write(f"data: {patch}\n\n".encode() if patch is not None else b": alive\n\n")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), ALIVE)
        except ConnectionError:
            pass  # a page that was closed is no news
        finally:
            self._listeners -= 1
            self._watching[viewer.user.id] -= 1
            self._waiting.discard(news)
        return response

    # -- what people do -------------------------------------------------------------------------------------

    async def _act(self, request: web.Request) -> web.Response:
        viewer, wanted = self._viewer(request), await _body(request)
        if self._at_work >= MAX_AT_WORK:
            raise web.HTTPServiceUnavailable
        self._at_work += 1
        try:
            return web.json_response(await self._acting.act(viewer, wanted))
        except RefusedError as error:
            return _refused(error.text, error.code, error.about)
        except NotUnderstoodError:
            raise web.HTTPBadRequest from None
        finally:
            self._at_work -= 1
            self._changed.set()

    async def _time(self, request: web.Request) -> web.Response:
        """Move the clock, or stop it: the one thing that does not go through the bot."""
        wanted = await _body(request)
        if wanted.get("stop") is True:
            await self.mover.stop()
        else:
            goal = wanted.get("goal")
            if goal not in list(Goal):
                raise web.HTTPBadRequest
            try:
                begun = await self.mover.start(Goal(goal), answering=wanted.get("answering") is True)
            except NothingDueError:
                return _refused(words.NOTHING_OPEN if goal == Goal.CLOSE else words.NOTHING_DUE)
            if not begun:
                return _refused(words.MOVING)
        self._changed.set()
        return web.json_response({})


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


@cache
def static(name: str) -> bytes:
    """One of the page's own files."""
    return (files(__package__) / "static" / name).read_bytes()


def _given(body: bytes, name: str) -> web.Response:
    return web.Response(body=body, content_type=KINDS[Path(name).suffix], charset="utf-8")


def _download(name: str) -> dict[str, str]:
    plain = "".join(sign for sign in name if sign.isascii() and (sign.isalnum() or sign in "._-")) or "file"
    return {"Content-Disposition": f'attachment; filename="{plain}"'}


async def _body(request: web.Request) -> Json:
    """A request's JSON object; a form of a foreign page cannot send that type."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        found = json.loads(await request.text())
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest from None
    if not isinstance(found, dict):
        raise web.HTTPBadRequest
    return found


def _refused(text: str, code: int | None = None, about: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"refused": text, "code": code, "about": about or {}}, status=409)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0
