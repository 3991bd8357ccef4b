"""The page's web server: a few fixed files, events and actions.

Nothing a request says becomes a path, and nothing of it is trusted: whoever has no secret, comes by another
name than ours (a rebound one) or from another page was sent away at the door.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import Counter
from pathlib import Path
from typing import Final

from aiohttp import web

from deckwright_bot.sandbox.driver import Member
from deckwright_bot.sandbox.events import Event
from deckwright_bot.sandbox.model import Json
from deckwright_bot.trial import assets, words
from deckwright_bot.trial.acting import Acting
from deckwright_bot.trial.asking import NotUnderstoodError, RefusedError, number_in
from deckwright_bot.trial.behind import Behind
from deckwright_bot.trial.cards import CardPages
from deckwright_bot.trial.door import HEADERS, HIDDEN, Door
from deckwright_bot.trial.group import TrialGroup
from deckwright_bot.trial.moving import EVERYBODY, Goal, Mover, NothingDueError, QuizRunsError
from deckwright_bot.trial.players import Players
from deckwright_bot.trial.scene import Feed, Scene

log = logging.getLogger(__name__)

PORT: Final = 8420
MAX_BODY: Final = 64 * 1024
MAX_LISTENERS: Final = 16
MAX_AT_WORK: Final = 32
"""Actions that wait for the bot at the same time."""
BREATH: Final = 0.1
"""Real seconds between two looks at what is new: more would be for nobody's eyes."""
ALIVE: Final = 10.0
"""Real seconds after which a page in a quiet group is written to."""
FOR_A_PLACE: Final = 2.0
"""Real seconds that one page more than there may be waits for another to go."""


class PageServer:
    """Serves the page of one group until it is closed."""

    def __init__(self, group: TrialGroup, packages: Path, cards: CardPages) -> None:
        self._door = Door()
        self._group = group
        self._packages = packages
        self._cards = cards
        self._changed = asyncio.Event()
        self._closing = False
        self._places = asyncio.Semaphore(MAX_LISTENERS)
        self._at_work = 0
        self._watching: Counter[int] = Counter()
        self.mover = Mover(group, self._moved, self._watched)
        self._behind = Behind(group, self._changed.set)
        self._scene = Scene(group, self.mover, self._behind, assets.decks(packages))
        self._acting = Acting(group)
        self._players = Players(group, self._watched)
        self._runner: web.AppRunner | None = None
        self._waiting: set[asyncio.Event] = set()
        self._end = group.sandbox.core.hub.subscribe(self._hear)
        self._telling: asyncio.Task[None] | None = None

    # -- starting and stopping ------------------------------------------------------------------------

    async def start(self, port: int = PORT) -> None:
        """Listen on loopback: on the wanted port, the next free one, or any; 0 is any."""
        app = web.Application(middlewares=[self._door.guard], client_max_size=MAX_BODY)
        base = f"/{self._door.secret}"
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
        await web.SockSite(self._runner, self._door.listen(port)).start()
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
        return self._door.address

    @property
    def port(self) -> int:
        """The port it listens on; 0 before it does."""
        return self._door.port

    @property
    def secret(self) -> str:
        """What the address holds, new at every start."""
        return self._door.secret

    # -- who asks ---------------------------------------------------------------------------------------

    def _viewer(self, request: web.Request) -> Member:
        """As whom the page looks and acts; a person of the group."""
        number = request.query.get("as", "")
        if number == "owner":
            return self._group.owner
        found = self._group.member(number_in(number))
        if found is None:
            raise web.HTTPBadRequest
        return found

    # -- fixed files --------------------------------------------------------------------------------------

    async def _index(self, _request: web.Request) -> web.Response:
        return assets.page()

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in assets.names():
            raise web.HTTPNotFound
        return assets.given(name)

    async def _deck(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in {each["name"] for each in assets.decks(self._packages)}:
            raise web.HTTPNotFound
        return web.FileResponse(self._packages / name, headers=assets.download(name))

    async def _file(self, request: web.Request) -> web.Response:
        """A file of a message, for those who see the message."""
        viewer = self._viewer(request)
        channel = self._group.sandbox.core.world.channels.get(number_in(request.match_info["channel"]))
        message = (
            channel.messages.get(number_in(request.match_info["message"])) if channel is not None else None
        )
        if channel is None or message is None or message not in viewer.sees(channel):
            raise web.HTTPNotFound
        number = number_in(request.match_info["file"])
        found = next((each for each in message.attachments if each.id == number), None)
        if found is None:
            raise web.HTTPNotFound
        if found.content_type == "image/png":
            return web.Response(body=found.content, content_type="image/png")
        return web.Response(
            body=found.content,
            content_type="application/octet-stream",
            headers=assets.download(found.filename),
        )

    async def _show_cards(self, _request: web.Request) -> web.Response:
        """Lead to the preview of all cards, which begins at the first call."""
        return web.Response(status=303, headers={"Location": await self._cards.address()})

    # -- what is new --------------------------------------------------------------------------------------

    def _hear(self, _event: Event) -> None:
        self._changed.set()

    def _watched(self, person: int) -> bool:
        """Whether somebody looks through that person's eyes."""
        return self._watching[person] > 0

    def _moved(self) -> None:
        self._changed.set()

    async def _tell(self) -> None:
        """Wake every page soon after something happened, at most a few times a second."""
        while not self._closing:
            await self._changed.wait()
            await asyncio.sleep(BREATH)
            self._changed.clear()
            try:
                await self._behind.settle()
                if self.mover.move is None:
                    self._scene.next_post = await self.mover.next_post()
                    self._scene.zone = await self.mover.zone()
            except Exception:
                log.exception("the page could not look behind the scenes")
            for waiting in self._waiting:
                waiting.set()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: everything this person sees, then whatever changes."""
        viewer = self._viewer(request)
        # A page that has gone is noticed when it is written to, and its place is free then.
        self._changed.set()
        try:
            await asyncio.wait_for(self._places.acquire(), FOR_A_PLACE)
        except TimeoutError:
            raise web.HTTPServiceUnavailable from None
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
            self._places.release()
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
                answering = wanted.get("answering") is True
                begun = await self.mover.start(Goal(goal), answering=answering)
            except QuizRunsError:
                return _refused(words.QUIZ_RUNS)
            except NothingDueError:
                return _refused(words.NOTHING_OPEN if goal == Goal.CLOSE else words.NOTHING_DUE)
            if not begun:
                return _refused(words.MOVING)
            self._behind.moved(_move(Goal(goal), answering=answering))
        self._changed.set()
        return web.json_response({})


def _move(goal: Goal, *, answering: bool) -> str:
    """A move of the clock in words."""
    what = words.MOVES[goal]
    if not answering:
        return what
    return (words.ALL_ANSWER if goal in EVERYBODY else words.OTHERS_ANSWER).format(what=what)


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
    """What Discord would refuse: an answer like any other, for a browser calls every other status an error."""
    return web.json_response({"refused": text, "code": code, "about": about or {}})
