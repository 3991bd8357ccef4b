"""What each person sees, as JSON in parts: a part is sent again only when it has changed.

Nothing here decides what somebody may see; the sandbox does, as it does for the people of tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from deckwright_bot.sandbox.driver import Member
from deckwright_bot.sandbox.model import THREADS, Channel, ChannelType, Json
from deckwright_bot.sandbox.outcome import DriverError
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.trial.behind import Behind
from deckwright_bot.trial.browsing import MILLISECOND, instant, text_of
from deckwright_bot.trial.faces import Faces
from deckwright_bot.trial.group import TrialGroup
from deckwright_bot.trial.moving import EVERYBODY, Mover
from deckwright_bot.trial.panel import Panel
from deckwright_bot.trial.words import RULES

SHOWN: Final = 150
"""Messages of a channel; older ones are left out."""
THREADS_LISTED: Final = 3
"""Newest threads of a channel in the list; older ones are reached from their messages, as in Discord."""
SUBCOMMAND, SUBGROUP = 1, 2

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
        self._faces = Faces(group.sandbox.core, group.clock)
        self._panel = Panel(self._world, group.owner.guild)
        self.next_post: datetime | None = None
        """When the next post comes; whoever moves the clock keeps it up to date."""
        self.zone: str | None = None
        """The group's time zone; None before it was set up."""

    def close(self) -> None:
        """Listen no more."""
        self._faces.close()

    def parts(self, viewer: Member) -> Parts:
        """Everything this person sees."""
        channels = list(self._channels(viewer))
        found = {
            "group": text_of(self._about()),
            "people": text_of([self._person(each.member) for each in self._group.people]),
            "channels": text_of([self._channel(each, viewer) for each in channels]),
            "names": text_of(self._names(channels)),
            "commands": text_of(self._commands(viewer)),
            "clock": text_of(self._clock()),
            "steps": text_of(self._steps(viewer)),
            "decks": text_of(self._decks),
        }
        for channel in channels:
            for message in viewer.sees(channel)[-SHOWN:]:
                found[f"m:{channel.id}:{message.id}"] = self._faces.of(message)
        for entry in self._behind.entries:
            found[f"b:{entry.number}"] = self._panel.of(entry)
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
            # Who is not here, as the bot's own developer, is nobody's to choose.
            "users": {
                str(each.id): each.display_name or each.name
                for each in self._world.users.values()
                if each.id in guild.members
            },
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
            "ahead": round((now - clock.to_real(now)) / MILLISECOND),
            "moving": None
            if move is None
            else {"goal": move.goal.value, "until": instant(move.until), "done": round(move.done(now), 3)},
            "next": instant(self.next_post) if self.next_post is not None else None,
            "open": bool(self._group.crowd.open_posts),
            "zone": self.zone,
            # On the way to these also whoever is looked through answers.
            "everybody": sorted(EVERYBODY),
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
