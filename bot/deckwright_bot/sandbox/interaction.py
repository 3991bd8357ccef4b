"""One interaction: what a member did, how far its answer is, and how it looks on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from deckwright_bot.sandbox import message_payloads, payloads
from deckwright_bot.sandbox.events import Event
from deckwright_bot.sandbox.messages import MAX_FILE
from deckwright_bot.sandbox.model import Channel, Json, Message, MessageFlag, User
from deckwright_bot.sandbox.state import World


class InteractionType(IntEnum):
    """What the member did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Callback(IntEnum):
    """What the bot may answer first."""

    PONG = 1
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


MESSAGES = {Callback.MESSAGE, Callback.DEFERRED_MESSAGE}
UPDATES = {Callback.UPDATE, Callback.DEFERRED_UPDATE}


@dataclass(eq=False)
class Interaction:
    """One thing a member did, and how far the answer is."""

    id: int
    token: str
    type: InteractionType
    user: User
    channel: Channel
    guild_id: int | None
    data: Json
    created_at: datetime
    source: Message | None = None
    installed_for: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)
    callback: Callback | None = None
    original: Message | None = None
    follow_ups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    payload: Json = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:  # noqa: ASYNC109
        """Wait for the bot's next move until the condition holds; False when time is up."""
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return condition()
        return True

    @property
    def acknowledged(self) -> bool:
        """Has the bot answered at all?"""
        return self.callback is not None

    @property
    def settled(self) -> bool:
        """Has the bot answered, and is nothing left that says "is thinking"?"""
        waiting = self.original is not None and MessageFlag.LOADING in self.original.flags
        return self.acknowledged and not waiting


@dataclass(frozen=True)
class InteractionSent(Event):
    """A member did something that the bot has to answer."""

    interaction: Interaction


@dataclass(frozen=True)
class InteractionAnswered(Event):
    """The bot gave its first answer."""

    interaction: Interaction


def metadata(interaction: Interaction) -> Json:
    """What a message tells of the interaction that it answers."""
    made: Json = {
        "id": str(interaction.id),
        "type": int(interaction.type),
        "user": payloads.user(interaction.user),
        "authorizing_integration_owners": interaction.installed_for,
    }
    if interaction.type is InteractionType.COMMAND:
        return made | {"name": interaction.data["name"], "command_type": interaction.data["type"]}
    if interaction.type is InteractionType.COMPONENT and interaction.source:
        return made | {"interacted_message_id": str(interaction.source.id)}
    if interaction.type is InteractionType.MODAL:
        opener = interaction.data.pop("opener", None)
        return made | {"triggering_interaction_metadata": opener}
    return made


def payload(interaction: Interaction, world: World) -> Json:
    """The interaction as the gateway brings it."""
    user, channel = interaction.user, interaction.channel
    guild = world.guilds.get(interaction.guild_id or 0)
    mine = world.permissions_in(channel, user.id)
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(world.bot.id),
        "type": int(interaction.type),
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel": payloads.partial_channel(channel, world, user.id),
        "channel_id": str(channel.id),
        "locale": user.locale,
        "app_permissions": str(int(world.permissions_in(channel, world.bot.id))),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "attachment_size_limit": MAX_FILE,
        "authorizing_integration_owners": interaction.installed_for,
        "context": 1 if guild is None else 0,
    }
    if interaction.source is not None:
        payload["message"] = message_payloads.message(interaction.source, world)
    if guild is None:
        return payload | {"user": payloads.user(user)}
    member = payloads.member(guild.members[user.id])
    return payload | {
        "guild_id": str(guild.id),
        "guild_locale": guild.locale,
        "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
        "member": member | {"permissions": str(int(mine))},
    }
