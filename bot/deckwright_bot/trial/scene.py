"""What each person sees, as JSON in parts: a part is sent again only when it has changed.

Nothing here decides what somebody may see; the sandbox does, as it does for the people of tests.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from deckwright_bot.sandbox.driver import Member
from deckwright_bot.sandbox.events import Event, MessageCreated, MessageDeleted, MessageEdited
from deckwright_bot.sandbox.model import (
    THREADS,
    Attachment,
    Channel,
    ChannelType,
    Json,
    Message,
    MessageFlag,
    MessageType,
)
from deckwright_bot.sandbox.outcome import DriverError
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.sandbox.snowflake import time_of
from deckwright_bot.trial.behind import Behind, Entry, command_of, titled
from deckwright_bot.trial.group import TrialGroup
from deckwright_bot.trial.moving import Mover
from deckwright_bot.trial.words import RULES

SHOWN: Final = 150
"""Messages of a channel; older ones are left out."""
THREADS_LISTED: Final = 3
"""Newest threads of a channel in the list; older ones are reached from their messages, as in Discord."""
SUBCOMMAND, SUBGROUP = 1, 2
EXACT: Final = 1 << 53
STAMP: Final = re.compile(r"<t:(\d{1,12})(?=[:>])")
LATEST_STAMP: Final = 250_000_000_000
PEOPLE_S_TIME: Final = timedelta(minutes=15)
PNG: Final = b"\x89PNG\r\n\x1a\n"

Parts = dict[str, str]
"""JSON by the name of the part; messages are named ``m:CHANNEL:ID``."""


class Scene:
    """The group as its people see it."""

    def __init__(self, group: TrialGroup, mover: Mover, behind: Behind, decks: list[Json]) -> None:
        self._group = group
        self._mover = mover
        self._behind = behind
        self._decks = decks
        self._world = group.sandbox.core.world
        self._made: dict[int, str] = {}
        self.next_post: datetime | None = None
        """When the next post comes; whoever moves the clock keeps it up to date."""
        self._end = group.sandbox.core.hub.subscribe(self._hear)

    def close(self) -> None:
        """Listen no more."""
        self._end()

    def _hear(self, event: Event) -> None:
        if isinstance(event, MessageCreated | MessageEdited | MessageDeleted):
            self._made.pop(event.message.id, None)

    def parts(self, viewer: Member) -> Parts:
        """Everything this person sees."""
        channels = list(self._channels(viewer))
        found = {
            "group": _text(self._about()),
            "people": _text([self._person(each.member) for each in self._group.people]),
            "channels": _text([self._channel(each, viewer) for each in channels]),
            "names": _text(self._names(channels)),
            "commands": _text(self._commands(viewer)),
            "clock": _text(self._clock()),
            "steps": _text(self._steps(viewer)),
            "decks": _text(self._decks),
        }
        for channel in channels:
            for message in viewer.sees(channel)[-SHOWN:]:
                found[f"m:{channel.id}:{message.id}"] = self._message(message)
        for entry in self._behind.entries:
            found[f"b:{entry.number}"] = _text(self._entry(entry))
        return found

    # -- the group ------------------------------------------------------------------------------

    def _about(self) -> Json:
        bot = self._world.bot
        return {
            "name": self._group.owner.guild.name,
            "bot": {"id": str(bot.id), "name": bot.name},
            "rules": RULES,
        }

    def _person(self, member: Member) -> Json:
        owner = member.user.id == self._group.owner.guild.owner_id
        return {"id": str(member.user.id), "name": member.user.name, "owner": owner}

    def _channels(self, viewer: Member) -> Iterator[Channel]:
        """The channels, each with its threads below it, then the direct messages with the bot."""
        guild = self._group.owner.guild
        seen = [each for each in guild.channels.values() if self._world.can_see(viewer.user.id, each)]
        for channel in seen:
            if channel.type is ChannelType.TEXT:
                yield channel
                yield from (each for each in seen if each.type in THREADS and each.parent_id == channel.id)
        for channel in self._world.channels.values():
            if channel.type is ChannelType.DM and channel.recipient_id == viewer.user.id and channel.messages:
                yield channel

    def _channel(self, channel: Channel, viewer: Member) -> Json:
        may = self._world.permissions_in(channel, viewer.user.id)
        needed = Permission.SEND_MESSAGES_IN_THREADS if channel.thread else Permission.SEND_MESSAGES
        direct = channel.type is ChannelType.DM
        return {
            "id": str(channel.id),
            "name": self._world.bot.name if direct else channel.name,
            "kind": "direct" if direct else "thread" if channel.thread else "text",
            "parent": str(channel.parent_id) if channel.thread else None,
            "writable": direct or needed in may,
            "private": not direct and self._hidden(channel),
            "listed": channel.thread is None or channel in self._newest_threads(channel.parent_id),
        }

    def _newest_threads(self, parent: int | None) -> list[Channel]:
        channels = self._group.owner.guild.channels.values()
        return [each for each in channels if each.thread and each.parent_id == parent][-THREADS_LISTED:]

    def _hidden(self, channel: Channel) -> bool:
        """Whether everybody is kept out unless a rule lets them in."""
        rule = channel.overwrites.get(channel.guild_id or 0)
        return rule is not None and Permission.VIEW_CHANNEL in rule.deny

    def _names(self, channels: list[Channel]) -> Json:
        guild = self._group.owner.guild
        return {
            "users": {str(each.id): each.display_name or each.name for each in self._world.users.values()},
            "channels": {str(each.id): each.name for each in channels if each.name},
            "texts": {str(each.id): each.name for each in channels if each.type is ChannelType.TEXT},
            "roles": {str(each.id): each.name.removeprefix("@") for each in guild.roles.values()},
        }

    def _commands(self, viewer: Member) -> Json:
        """The commands that are offered in the server and, where there is one, in the direct messages."""
        found: Json = {"server": self._offered(viewer, viewer.home), "direct": []}
        for channel in self._world.channels.values():
            if channel.type is ChannelType.DM and channel.recipient_id == viewer.user.id:
                found["direct"] = self._offered(viewer, channel)
        return found

    def _offered(self, viewer: Member, channel: Channel) -> list[Json]:
        try:
            commands = viewer.commands(channel)
        except DriverError:
            return []
        return [leaf for one in commands if one["type"] == 1 for leaf in _leaves(one, "")]

    # -- time, and how far somebody has come ------------------------------------------------------

    def _clock(self) -> Json:
        clock, move = self._group.clock, self._mover.move
        now = clock.now()
        return {
            # What is shown minus what the machine shows: a page goes on by itself in between.
            "ahead": round((now - clock.to_real(now)) / _MILLISECOND),
            "moving": None
            if move is None
            else {"goal": move.goal.value, "until": _instant(move.until), "done": round(move.done(now), 3)},
            "next": _instant(self.next_post) if self.next_post is not None else None,
            "open": bool(self._group.crowd.open_posts),
        }

    def _steps(self, viewer: Member) -> Json:
        """What has been done of the tour."""
        crowd = self._group.crowd
        return {
            "set-up": crowd.posted > 0,
            "answered": crowd.anybody_answered,
            "mine": any(crowd.has_answered(each, viewer) for each in crowd.open_posts),
            "closed": crowd.closed > 0,
        }

    def _entry(self, entry: Entry) -> Json:
        return {
            "number": entry.number,
            "at": _instant(entry.at),
            "who": entry.who,
            "what": entry.what,
            "rules": entry.rules,
            "answer": entry.answer,
            "milliseconds": entry.milliseconds,
            "again": entry.again,
            "more": entry.more,
            "rows": [
                {
                    "table": row.table,
                    "how": row.how,
                    "values": [[name, self._value(value)] for name, value in row.values.items()],
                }
                for row in entry.rows
            ],
        }

    def _value(self, value: object) -> str:
        """A value of a row in a few letters; an id of somebody or something here by its name."""
        if isinstance(value, int) and value in self._world.users:
            return self._world.users[value].name
        if isinstance(value, int) and value in self._world.channels:
            return f"#{self._world.channels[value].name}"
        if value == self._group.owner.guild.id:
            return self._group.owner.guild.name
        if value is None:
            return "—"
        text = str(value)
        return text if len(text) <= 60 else f"{text[:59]}…"

    # -- messages ---------------------------------------------------------------------------------

    def _message(self, message: Message) -> str:
        made = self._made.get(message.id)
        if made is None:
            made = self._made[message.id] = _text(self._described(message))
        return made

    def _described(self, message: Message) -> Json:
        files = {each.url: each for each in message.attachments}
        embeds = [self._embed(each, files, message) for each in message.embeds]
        return {
            "id": str(message.id),
            "channel": str(message.channel_id),
            "author": str(message.author_id),
            "at": _instant(message.created_at),
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
            return f"<t:{int(self._group.clock.from_real(real).timestamp())}"

        return STAMP.sub(moved, value)

    def _context(self, message: Message) -> Json:
        """Whose command it answers, or which message it is a reply to."""
        about = message.interaction or {}
        who, used = (about.get("user") or {}).get("id"), None
        asked = self._group.sandbox.core.interactions.by_id.get(int(about.get("id") or 0))
        if about.get("name") and asked is not None:
            used = command_of(asked.data)
        found: Json = {"used": {"who": str(who), "what": used} if used and who else None, "reply": None}
        if message.type in (MessageType.REPLY, MessageType.PINNED) and message.reference is not None:
            channel = self._world.channels.get(message.reference[0])
            target = channel.messages.get(message.reference[1]) if channel is not None else None
            if target is not None:
                found["reply"] = {"who": str(target.author_id), "what": titled(target), "id": str(target.id)}
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


class Feed:
    """What one page was sent, and so what is new for it."""

    def __init__(self) -> None:
        self._sent: Parts = {}

    def patch(self, parts: Parts) -> str | None:
        """The changes as JSON: parts to set and parts that are gone; None where nothing changed."""
        changed = {name: text for name, text in parts.items() if self._sent.get(name) != text}
        gone = [name for name in self._sent if name not in parts]
        if not changed and not gone:
            return None
        self._sent = dict(parts)
        inner = ",".join(f"{json.dumps(name)}:{text}" for name, text in changed.items())
        return f'{{"set":{{{inner}}},"drop":{json.dumps(gone)}}}'


def for_browsers(value: object) -> object:
    """The same with large numbers as text: a browser's numbers lose the last digits of an id."""
    if isinstance(value, dict):
        return {key: for_browsers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [for_browsers(each) for each in value]
    return str(value) if isinstance(value, int) and value >= EXACT else value


_MILLISECOND = datetime.resolution * 1000


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _instant(moment: datetime) -> int:
    """Milliseconds since 1970, as browsers count."""
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / _MILLISECOND)


def _leaves(command: Json, before: str) -> Iterator[Json]:
    """A command, or each of its subcommands, with its options."""
    name = f"{before} {command['name']}".strip()
    options = command.get("options") or []
    inner = [one for one in options if one["type"] in (SUBCOMMAND, SUBGROUP)]
    for one in inner:
        yield from _leaves(one, name)
    if not inner:
        yield {"name": name, "about": command["description"], "options": [_option(one) for one in options]}


def _option(option: Json) -> Json:
    kept = ("name", "description", "type", "required", "choices", "autocomplete", "channel_types")
    return {key: option[key] for key in kept if key in option}


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
