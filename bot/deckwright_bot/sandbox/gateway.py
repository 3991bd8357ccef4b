"""The gateway: who is let in, what is heard, what is resumed, and the faults of a connection."""

from __future__ import annotations

import asyncio
import json
import secrets
import time

from aiohttp import WSMsgType, web

from deckwright_bot.sandbox import message_payloads, payloads
from deckwright_bot.sandbox.compression import frames
from deckwright_bot.sandbox.core import Core
from deckwright_bot.sandbox.events import Event
from deckwright_bot.sandbox.faults import Kind
from deckwright_bot.sandbox.intents import CONTENT, GUILDS, MEMBERS, Dispatch, dispatches
from deckwright_bot.sandbox.member_chunks import member_chunks, wants_all
from deckwright_bot.sandbox.model import Json
from deckwright_bot.sandbox.session import DISPATCH, Connection, Session

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 1, 2, 3, 4, 6
RECONNECT, MEMBERS_REQUEST, INVALID_SESSION, HELLO, ACK = 7, 8, 9, 10, 11
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
EVENTS_A_MINUTE = 120
MAX_PAYLOAD = 4096


class Gateway:
    """All sessions of the bot."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.presence: Json = {}
        self.identifies = 0
        self.resumes = 0
        self._late: set[asyncio.TimerHandle] = set()
        core.hub.subscribe(self._on_event)

    def open_sessions(self) -> list[Session]:
        """The sessions that have a socket at the moment."""
        return [one for one in self.sessions.values() if one.connection is not None]

    # -- faults --------------------------------------------------------------------------------

    def drop(self) -> None:
        """Cut all sockets without a word; the sessions live on."""
        for connection in tuple(self.connections):
            self._detach(connection)
            if connection.transport is not None:
                connection.transport.abort()

    def close(self, code: int = 4000) -> None:
        """Close all sockets with a code."""
        for connection in tuple(self.connections):
            connection.close(code)

    def ask_reconnect(self) -> None:
        """Send op 7: the client comes back and resumes."""
        for connection in tuple(self.connections):
            connection.send(RECONNECT)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send op 9; unless resumable the sessions are forgotten."""
        for connection in tuple(self.connections):
            if not resumable and connection.session is not None:
                self.sessions.pop(connection.session.id, None)
                connection.session = None
            connection.send(INVALID_SESSION, resumable)

    def forget_sessions(self) -> None:
        """Make every later RESUME fail."""
        self.sessions.clear()

    # -- events out ----------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        for what in dispatches(event, self.core.world):
            self._strike(what)

    def _strike(self, what: Dispatch) -> None:
        """Deliver an event, or do to it what the faults say."""
        struck = self.core.faults.of_event(what.name)
        if any(fault.kind is Kind.LOSE for fault in struck):
            return
        late = max((fault.seconds for fault in struck if fault.kind is Kind.DELAY), default=0.0)
        for _ in range(1 + sum(fault.kind is Kind.DUPLICATE for fault in struck)):
            if late:
                loop = asyncio.get_running_loop()
                self._late = {handle for handle in self._late if handle.when() > loop.time()}
                self._late.add(loop.call_later(late, self._deliver, what))
            else:
                self._deliver(what)

    def _deliver(self, what: Dispatch) -> None:
        for session in self.sessions.values():
            if session.hears(what):
                blank = what.content and not session.intents & CONTENT
                session.push(what.name, message_payloads.without_content(what.data) if blank else what.data)

    # -- sockets -------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Handle one socket from HELLO to its end."""
        socket = web.WebSocketResponse(max_msg_size=1 << 20, compress=False, timeout=2.0)
        await socket.prepare(request)
        transport = request.transport if isinstance(request.transport, asyncio.Transport) else None
        connection = Connection(socket, frames(request.query.get("compress")), transport)
        self.connections.add(connection)
        writer = asyncio.create_task(connection.write())
        seconds = self.core.options.heartbeat_seconds
        connection.send(HELLO, {"heartbeat_interval": round(seconds * 1000), "_trace": ["sandbox"]})
        try:
            while not socket.closed:
                message = await socket.receive(timeout=seconds * 2)
                if message.type is not WSMsgType.TEXT:
                    break
                self._receive(connection, message.data)
        except TimeoutError:
            await socket.close(code=4009)
        finally:
            self._detach(connection)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    def _detach(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if connection.session is not None and connection.session.connection is connection:
            connection.session.connection = None

    async def shut(self) -> None:
        """Close everything."""
        for handle in self._late:
            handle.cancel()
        for connection in tuple(self.connections):
            await connection.socket.close(code=1001)

    # -- payloads in ---------------------------------------------------------------------------

    def _receive(self, connection: Connection, text: str) -> None:
        now = time.monotonic()
        connection.received.append(now)
        while now - connection.received[0] > 60:
            connection.received.popleft()
        if len(connection.received) > EVENTS_A_MINUTE:
            self.core.violate("limit", "gateway: more than 120 events in 60 s")
            return connection.close(4008)
        try:
            payload = json.loads(text)
            op, data = int(payload["op"]), payload.get("d")
        except (ValueError, KeyError, TypeError):
            return connection.close(4002)
        if len(text.encode()) > MAX_PAYLOAD:
            return connection.close(4002)
        if op == HEARTBEAT:
            return connection.send(ACK)
        if op == IDENTIFY:
            return self._identify(connection, data)
        if op == RESUME:
            return self._resume(connection, data)
        if connection.session is None:
            return connection.close(4003)
        if op == PRESENCE:
            self.presence = data
        elif op == MEMBERS_REQUEST:
            self._send_members(connection.session, data)
        elif op != VOICE:
            connection.close(4001)
        return None

    def _identify(self, connection: Connection, data: Json) -> None:
        self.identifies += 1
        self.core.identifies_left -= 1
        shard = tuple(data.get("shard") or (0, 1))
        intents = int(data.get("intents") or 0)
        if connection.session is not None:
            return connection.close(4005)
        if data.get("token") != self.core.options.token:
            return connection.close(4004)
        if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            return connection.close(4010)
        if intents & PRIVILEGED & ~self.core.options.allowed_privileged:
            return connection.close(4014)
        session = Session(secrets.token_hex(16), (shard[0], shard[1]), intents, connection)
        for old in [
            one for one in self.sessions.values() if one.shard == session.shard and one.connection is None
        ]:
            del self.sessions[old.id]
        self.sessions[session.id] = session
        connection.session = session
        self._welcome(session)
        return None

    def _welcome(self, session: Session) -> None:
        """READY, then one GUILD_CREATE per guild."""
        world = self.core.world
        mine = [
            guild
            for guild in world.bot_guilds()
            if session.hears(Dispatch("GUILD_CREATE", {}, guild.id, GUILDS))
        ]
        session.push(
            "READY",
            {
                "v": 10,
                "user": payloads.own_user(world.bot),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in mine],
                "session_id": session.id,
                "resume_gateway_url": self.core.gateway_url,
                "session_type": "normal",
                "shard": list(session.shard),
                "application": {"id": str(world.bot.id), "flags": 0},
                "private_channels": [],
                "relationships": [],
            },
        )
        for guild in mine:
            if not guild.unavailable:
                session.push("GUILD_CREATE", payloads.guild_create(guild, world) | {"unavailable": False})

    def _resume(self, connection: Connection, data: Json) -> None:
        self.resumes += 1
        if data.get("token") != self.core.options.token:
            return connection.close(4004)
        session = self.sessions.get(str(data.get("session_id")))
        seq = int(data.get("seq") or 0)
        oldest = session.sent[0][0] if session and session.sent else 1
        if session is None or seq < oldest - 1:
            return connection.send(INVALID_SESSION, data=False)
        if seq > session.seq:
            return connection.close(4007)
        if session.connection is not None:
            session.connection.close(4000)
        session.connection = connection
        connection.session = session
        for number, name, payload in session.sent:
            if number > seq:
                connection.send(DISPATCH, payload, name, number)
        session.push("RESUMED", {"_trace": ["sandbox"]})
        return None

    def _send_members(self, session: Session, data: Json) -> None:
        guild = self.core.world.guilds.get(int(data["guild_id"]))
        if guild is None:
            return
        if wants_all(data) and not session.intents & MEMBERS:
            self.core.violate("limit", "gateway: all members requested without the members intent")
            return
        for chunk in member_chunks(guild, data):
            session.push("GUILD_MEMBERS_CHUNK", chunk)
