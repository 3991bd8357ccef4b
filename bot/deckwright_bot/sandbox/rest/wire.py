"""One REST request and its answer, and the table of routes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from deckwright_bot.sandbox.core import Core
from deckwright_bot.sandbox.errors import ApiError
from deckwright_bot.sandbox.model import Json, Upload

FILE_FIELD = re.compile(r"files\[(\d+)\]")
PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass
class Call:
    """A request, taken apart."""

    core: Core
    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    body: Any = None
    files: list[Upload] = field(default_factory=list)

    def number(self, name: str) -> int:
        """An id from the path."""
        return int(self.params[name])

    def flag(self, name: str) -> bool:
        """A yes or no from the query."""
        return self.query.get(name, "").lower() in ("1", "true")

    def json(self) -> Json:
        """The body as an object; 50035 for anything else."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise ApiError(400, 50035, "Invalid Form Body")
        found: Json = self.body
        return found


@dataclass
class Reply:
    """An answer; without a body it is 204."""

    body: object = None
    status: int = 0

    def __post_init__(self) -> None:
        self.status = self.status or (204 if self.body is None else 200)


Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """A method, a path with named places, and who answers."""

    template: str
    method: str
    pattern: re.Pattern[str]
    handler: Handler
    limited: bool
    authorised: bool


class Routes:
    """The routes of one area."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def add(
        self, method: str, path: str, *, limited: bool = True, authorised: bool = True
    ) -> Callable[[Handler], Handler]:
        """Let a function answer a route; ids are digits, everything else is a word."""

        def place(match: re.Match[str]) -> str:
            words = match[1] in ("token", "name", "code")
            return f"(?P<{match[1]}>{'[^/]+' if words else '[0-9]+'})"

        pattern = re.compile(PARAMETER.sub(place, path) + "$")

        def keep(handler: Handler) -> Handler:
            self.all.append(Route(f"{method} {path}", method, pattern, handler, limited, authorised))
            return handler

        return keep

    def include(self, other: Routes) -> None:
        """Take over another area's routes."""
        self.all += other.all

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route for a request."""
        for route in self.all:
            if route.method == method and (match := route.pattern.match(path)):
                return route, match.groupdict()
        return None


async def read_body(request: web.Request) -> tuple[object, list[Upload]]:
    """The JSON of a request and its files, from either kind of body."""
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    raw = await request.read()
    if not raw:
        return None, []
    try:
        return json.loads(raw), []
    except ValueError as error:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from error


async def _read_multipart(request: web.Request) -> tuple[object, list[Upload]]:
    body: object = {}
    files: list[Upload] = []
    form = await request.post()
    for name, value in form.items():
        if isinstance(value, web.FileField):
            if match := FILE_FIELD.fullmatch(name):
                files.append(Upload(int(match[1]), value.filename, value.file.read(), value.content_type))
            value.file.close()
        elif name == "payload_json":
            body = json.loads(value)
    return body, sorted(files, key=lambda one: one.index)
