"""Messages as the page draws them."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from deckwright_bot.sandbox.core import Core
from deckwright_bot.sandbox.events import Event, MessageCreated, MessageDeleted, MessageEdited
from deckwright_bot.sandbox.model import Attachment, Json, Message, MessageFlag, MessageType
from deckwright_bot.sandbox.snowflake import time_of
from deckwright_bot.trial.browsing import for_browsers, instant, text_of
from deckwright_bot.trial.clock import SettableClock
from deckwright_bot.trial.doing import command_of
from deckwright_bot.trial.plain import LATEST_STAMP, PEOPLE_S_TIME, titled

STAMP: Final = re.compile(r"<t:(\d{1,12})(?=[:>])")
PNG: Final = b"\x89PNG\r\n\x1a\n"


class Faces:
    """What messages look like; drawn again only when they changed."""

    def __init__(self, core: Core, clock: SettableClock) -> None:
        self._world = core.world
        self._interactions = core.interactions
        self._clock = clock
        self._made: dict[int, str] = {}
        self._end = core.hub.subscribe(self._hear)

    def close(self) -> None:
        """Listen no more."""
        self._end()

    def _hear(self, event: Event) -> None:
        if isinstance(event, MessageCreated | MessageEdited | MessageDeleted):
            self._made.pop(event.message.id, None)

    def of(self, message: Message) -> str:
        """A message, drawn once for each of its faces."""
        made = self._made.get(message.id)
        if made is None:
            made = self._made[message.id] = text_of(self._described(message))
        return made

    def _described(self, message: Message) -> Json:
        files = {each.url: each for each in message.attachments}
        embeds = [self._embed(each, files, message) for each in message.embeds]
        return {
            "id": str(message.id),
            "channel": str(message.channel_id),
            "author": str(message.author_id),
            "at": instant(message.created_at),
            "edited": message.edited_at is not None,
            "kind": message.type.name,
            "content": self._on_our_clock(message.content, message),
            "embeds": self._on_our_clock(embeds, message),
            "components": for_browsers(message.components),
            "files": [_file(each, message) for each in message.attachments if not each.embedded],
            "private": message.visible_to is not None,
            "thinking": MessageFlag.LOADING in message.flags,
            "pinned": message.pinned_at is not None,
            "thread": str(message.thread_id) if message.thread_id is not None else None,
            "pings": [str(each) for each in message.notified],
            **self._context(message),
        }

    def _on_our_clock(self, value: object, message: Message) -> object:
        """The same with people's time told by our clock: quizzes are played in it, whatever the clock shows.

        A stamp close to the real instant at which its message was written is people's time; the group's own
        times are hours away from it.
        """
        if isinstance(value, dict):
            return {key: self._on_our_clock(each, message) for key, each in value.items()}
        if isinstance(value, list):
            return [self._on_our_clock(each, message) for each in value]
        if not isinstance(value, str):
            return value
        written = time_of(message.id)

        def moved(found: re.Match[str]) -> str:
            real = datetime.fromtimestamp(min(int(found[1]), LATEST_STAMP), UTC)
            if abs(real - written) > PEOPLE_S_TIME:
                return found[0]
            return f"<t:{int(self._clock.from_real(real).timestamp())}"

        return STAMP.sub(moved, value)

    def _context(self, message: Message) -> Json:
        """Whose command it answers, or which message it is a reply to."""
        about = message.interaction or {}
        who, used = (about.get("user") or {}).get("id"), None
        asked = self._interactions.by_id.get(int(about.get("id") or 0))
        if about.get("name") and asked is not None:
            used = command_of(asked.data)
        found: Json = {"used": {"who": str(who), "what": used} if used and who else None, "reply": None}
        if message.type in (MessageType.REPLY, MessageType.PINNED) and message.reference is not None:
            channel = self._world.channels.get(message.reference[0])
            target = channel.messages.get(message.reference[1]) if channel is not None else None
            if target is not None:
                found["reply"] = {
                    "who": str(target.author_id),
                    "what": titled(target, self._world),
                    "id": str(target.id),
                }
        return found

    def _embed(self, embed: Json, files: Mapping[str, Attachment], message: Message) -> Json:
        """An embed with the addresses of our own pictures; no page loads one from elsewhere."""
        shown = {
            key: embed.get(key)
            for key in ("title", "description", "url", "color", "fields", "footer", "author")
        }
        for key in ("image", "thumbnail"):
            found = files.get(str((embed.get(key) or {}).get("url")))
            shown[key] = _file(found, message) if found is not None else None
        return shown


def _file(attachment: Attachment, message: Message) -> Json:
    """A file by the address under which this server gives it out."""
    size = _size(attachment.content)
    return {
        "name": attachment.filename,
        "address": f"files/{message.channel_id}/{message.id}/{attachment.id}",
        "bytes": len(attachment.content),
        "picture": size is not None,
        "width": size[0] if size is not None else None,
        "height": size[1] if size is not None else None,
        "words": attachment.description or "",
    }


def _size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG; None for anything else."""
    if not content.startswith(PNG) or len(content) < 24:
        return None
    width, height = struct.unpack(">II", content[16:24])
    return int(width), int(height)
