"""The way of every request: route, token, rate limit, faults, description, limits, work, headers."""

from __future__ import annotations

import asyncio
import json
import traceback

from aiohttp import web

from deckwright_bot.sandbox.core import Core, RequestRecord
from deckwright_bot.sandbox.errors import ApiError
from deckwright_bot.sandbox.faults import Fault, Kind
from deckwright_bot.sandbox.ratelimits import RateLimited
from deckwright_bot.sandbox.rest.wire import Call, Reply, Route, Routes, read_body

VIA = {"Via": "1.1 sandbox"}
BEFORE = {Kind.SLOW, Kind.RUN, Kind.CUT, Kind.REFUSE}


class Cut(Exception):  # noqa: N818 (it is no error of ours)
    """End the connection instead of answering."""


class Pipeline:
    """Answers everything below the API's base."""

    def __init__(self, core: Core, routes: Routes) -> None:
        self.core = core
        self.routes = routes

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        path = "/" + request.match_info["path"]
        body: object = None
        headers = dict(VIA)
        reply: Reply
        try:
            body, files = await read_body(request)
            call = Call(self.core, request.method, path, {}, dict(request.query), body, files)
            reply = await self._work(call, request, headers)
        except ApiError as error:
            reply = _refusal(error, headers)
            if error.code == 50035:
                self.core.violate("limit", f"{request.method} {path}: {json.dumps(error.errors)}")
        except Cut:
            self.core.requests.append(RequestRecord(request.method, path, 0, body))
            if request.transport is not None:
                request.transport.close()
            return web.Response(status=500)
        except Exception:  # noqa: BLE001 (a bug of the sandbox must be seen, not hang the bot)
            self.core.violate("crash", f"{request.method} {path}\n{traceback.format_exc()}")
            reply = Reply({"message": "500: the sandbox itself failed", "code": 0}, 500)
        self.core.requests.append(RequestRecord(request.method, path, reply.status, body))
        self._check_answer(request.method, path, reply)
        headers = {name: value for name, value in headers.items() if value}
        if reply.status == 204:
            return web.Response(status=204, headers=headers)
        # discord.py takes only exactly this content type for JSON
        headers["Content-Type"] = "application/json"
        return web.Response(status=reply.status, body=json.dumps(reply.body).encode(), headers=headers)

    async def _work(self, call: Call, request: web.Request, headers: dict[str, str]) -> Reply:
        found = self.routes.find(call.method, call.path)
        if found is None:
            self.core.violate("route", f"{call.method} {call.path}: the sandbox does not know this route")
            raise ApiError(404, 0, "404: Not Found")
        route, call.params = found
        if route.authorised and request.headers.get("Authorization") != f"Bot {self.core.options.token}":
            raise ApiError(401, 0, "401: Unauthorized")
        if route.limited:
            headers |= self.core.rate_limits.count(route.template, call.params)
        struck = self.core.faults.of_request(f"{call.method} {call.path}")
        for fault in struck:
            if fault.kind in BEFORE:
                await _strike(fault, headers)
        self._check_question(call)
        reply = self._answer(route, call)
        for fault in struck:
            if fault.kind not in BEFORE:
                await _strike(fault, headers)
        return reply

    def _answer(self, route: Route, call: Call) -> Reply:
        return route.handler(call)

    def _check_question(self, call: Call) -> None:
        if self.core.schema is not None and call.method != "GET":
            for problem in self.core.schema.request_problems(call.method, call.path, call.body):
                self.core.violate("schema", problem)

    def _check_answer(self, method: str, path: str, reply: Reply) -> None:
        if self.core.schema is not None and reply.status < 400:
            for problem in self.core.schema.response_problems(method, path, reply.status, reply.body):
                self.core.violate("response", problem)


async def _strike(fault: Fault, headers: dict[str, str]) -> None:
    fault.struck += 1
    match fault.kind:
        case Kind.SLOW | Kind.DONE_BUT_SLOW:
            await asyncio.sleep(fault.seconds)
        case Kind.RUN:
            if fault.action is not None:
                fault.action()
        case Kind.CUT | Kind.DONE_BUT_CUT:
            raise Cut
        case _:
            headers |= fault.headers
            assert fault.error is not None
            struck = ApiError(fault.error.status, fault.error.code, fault.error.text)
            struck.extra = fault.extra
            raise struck


def _refusal(error: ApiError, headers: dict[str, str]) -> Reply:
    if isinstance(error, RateLimited):
        headers |= error.headers
        error.extra = {"retry_after": round(error.retry_after, 3), "global": error.everywhere}
    return Reply(error.body() | error.extra, error.status)
