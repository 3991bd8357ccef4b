"""Sessions of the gateway, which outlive their sockets, and the sockets."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from deckwright_bot.sandbox.compression import Frames
from deckwright_bot.sandbox.intents import Dispatch
from deckwright_bot.sandbox.model import Json

DISPATCH = 0
KEPT_EVENTS = 2000


@dataclass(eq=False)
class Connection:
    """One socket; payloads leave it in order through a queue."""

    socket: web.WebSocketResponse
    frames: Frames
    transport: asyncio.Transport | None
    queue: asyncio.Queue[Json | int] = field(default_factory=asyncio.Queue)
    received: deque[float] = field(default_factory=deque)
    session: Session | None = None

    def send(self, op: int, data: object = None, name: str | None = None, seq: int | None = None) -> None:
        """Queue a payload."""
        self.queue.put_nowait({"op": op, "d": data, "s": seq, "t": name})

    def close(self, code: int) -> None:
        """Close with a code, after what is queued."""
        self.queue.put_nowait(code)

    async def write(self) -> None:
        """Send what is queued until the socket closes."""
        while not self.socket.closed:
            item = await self.queue.get()
            if isinstance(item, int):
                await self.socket.close(code=item)
                return
            packed = self.frames.pack(json.dumps(item, separators=(",", ":")))
            try:
                await (
                    self.socket.send_bytes(packed)
                    if isinstance(packed, bytes)
                    else self.socket.send_str(packed)
                )
            except (ConnectionError, RuntimeError):
                return


@dataclass(eq=False)
class Session:
    """What IDENTIFY began: a numbered stream of events that RESUME can go on with."""

    id: str
    shard: tuple[int, int]
    intents: int
    connection: Connection | None
    seq: int = 0
    sent: deque[tuple[int, str, Json]] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))

    def push(self, name: str, data: Json) -> None:
        """Number an event, keep it for a RESUME and send it if a socket is there."""
        self.seq += 1
        self.sent.append((self.seq, name, data))
        if self.connection is not None:
            self.connection.send(DISPATCH, data, name, self.seq)

    def hears(self, what: Dispatch) -> bool:
        """Is the event for this shard and its intents?"""
        count = self.shard[1]
        shard = (what.guild_id >> 22) % count if what.guild_id else 0
        return shard == self.shard[0] and (not what.intent or bool(what.intent & self.intents))
