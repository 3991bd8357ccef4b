"""Interactions: a token, 3 seconds for the first answer, 15 minutes for the rest, and all kinds of answers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from deckwright_bot.sandbox import message_payloads, payloads
from deckwright_bot.sandbox.errors import ApiError, already_acknowledged, empty_message, invalid_form, unknown
from deckwright_bot.sandbox.events import Event
from deckwright_bot.sandbox.messages import MAX_FILE, Messages, number_components
from deckwright_bot.sandbox.model import (
    Channel,
    ChannelType,
    Json,
    Message,
    MessageFlag,
    MessageType,
    Upload,
    User,
)
from deckwright_bot.sandbox.state import World

FIRST_ANSWER = timedelta(seconds=3)
TOKEN_LIFE = timedelta(minutes=15)
FOLLOW_UPS_WITHOUT_BOT = 5
CHAT_INPUT = 1


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


class Interactions:
    """All interactions of the sandbox."""

    def __init__(self, world: World, messages: Messages) -> None:
        self.world = world
        self.messages = messages
        self.by_id: dict[int, Interaction] = {}
        self.by_token: dict[str, Interaction] = {}

    def send(
        self, kind: InteractionType, user: User, channel: Channel, data: Json, source: Message | None = None
    ) -> Interaction:
        """A member did something: tell the bot."""
        token = secrets.token_urlsafe(32)
        number = self.world.ids.new()
        interaction = Interaction(
            number, token, kind, user, channel, channel.guild_id, data, self.world.clock.now()
        )
        interaction.source = source
        guild = self.world.guilds.get(channel.guild_id or 0)
        if guild is None:
            interaction.installed_for = {"0": "0", "1": str(user.id)}
        elif self.world.bot.id in guild.members:
            interaction.installed_for = {"0": str(guild.id)}
        else:
            interaction.installed_for = {"1": str(user.id)}
        interaction.metadata = self._metadata(interaction)
        interaction.payload = self._payload(interaction)
        self.by_id[number] = self.by_token[token] = interaction
        self.world.hub.emit(InteractionSent(interaction))
        return interaction

    def _metadata(self, interaction: Interaction) -> Json:
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

    def _payload(self, interaction: Interaction) -> Json:
        world, user, channel = self.world, interaction.user, interaction.channel
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

    # -- the first answer ---------------------------------------------------------------------

    def find(self, interaction_id: int, token: str) -> Interaction:
        """The interaction to acknowledge; 10062 when it is unknown or 3 seconds have gone by."""
        found = self.by_id.get(interaction_id)
        if found is None or found.token != token:
            raise unknown("Interaction")
        if not found.acknowledged and self.world.clock.now() - found.created_at > FIRST_ANSWER:
            raise unknown("Interaction")
        return found

    def acknowledge(
        self, interaction: Interaction, kind: Callback, data: Json, files: Sequence[Upload]
    ) -> None:
        """Take the first answer; there is only one."""
        if interaction.acknowledged:
            raise already_acknowledged()
        self._check_kind(interaction, kind)
        if kind in MESSAGES:
            waiting = kind is Callback.DEFERRED_MESSAGE
            if not waiting and not _has_content(data, files):
                raise empty_message()
            body = {key: data[key] for key in ("flags",) if key in data} if waiting else data
            interaction.original = self._post(interaction, body, files, loading=waiting)
        elif kind in UPDATES:
            interaction.original = interaction.source
            if kind is Callback.UPDATE and interaction.source is not None:
                self.messages.edit(interaction.source, data, files)
        elif kind is Callback.MODAL:
            number_components(data["components"])
            interaction.modal = data
        elif kind is Callback.CHOICES:
            interaction.choices = data.get("choices") or []
        interaction.callback = kind
        self.world.hub.emit(InteractionAnswered(interaction))

    def _check_kind(self, interaction: Interaction, kind: Callback) -> None:
        autocomplete = interaction.type is InteractionType.AUTOCOMPLETE
        refused = (
            (kind is Callback.CHOICES) is not autocomplete
            or (kind is Callback.MODAL and interaction.type is InteractionType.MODAL)
            or (kind in UPDATES and interaction.source is None)
            or kind is Callback.PONG
        )
        if refused:
            raise invalid_form(
                ("type",), "INTERACTION_RESPONSE_TYPE_INVALID", "Interaction response type is invalid"
            )

    def _post(
        self, interaction: Interaction, body: Json, files: Sequence[Upload], *, loading: bool = False
    ) -> Message:
        ephemeral = MessageFlag.EPHEMERAL in MessageFlag(int(body.get("flags") or 0))
        kind, reference = self._kind(interaction)
        metadata = interaction.metadata
        if interaction.original is not None:
            metadata = metadata | {"original_response_message_id": str(interaction.original.id)}
        return self.messages.post(
            interaction.channel,
            self.world.bot.id,
            body,
            files,
            kind=kind,
            visible_to=interaction.user.id if ephemeral else None,
            interaction=metadata,
            reference=reference,
            loading=loading,
        )

    def _kind(self, interaction: Interaction) -> tuple[MessageType, tuple[int, int] | None]:
        target = interaction.original or interaction.source
        if target is not None:
            return MessageType.REPLY, (target.channel_id, target.id)
        if interaction.type is InteractionType.COMMAND and interaction.data["type"] != CHAT_INPUT:
            return MessageType.CONTEXT_MENU, None
        return MessageType.SLASH_COMMAND, None

    # -- the rest -----------------------------------------------------------------------------

    def of_webhook(self, application_id: int, token: str) -> Interaction:
        """The interaction whose token is used as a webhook's; 15 minutes long, and not before the first answer."""
        found = self.by_token.get(token)
        if application_id != self.world.bot.id or found is None or not found.acknowledged:
            raise unknown("Webhook")
        if self.world.clock.now() - found.created_at > TOKEN_LIFE:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        return found

    def message(self, interaction: Interaction, name: str) -> Message:
        """``@original`` or one of the follow-ups; 404 when it is gone or never was."""
        channel = interaction.channel
        if channel.type is not ChannelType.DM:
            self.world.channel(channel.id)
        for message in (interaction.original, *interaction.follow_ups):
            named = message is not None and name in ("@original", str(message.id))
            if message is not None and named and message.id in channel.messages:
                return message
        raise unknown("Message")

    def follow_up(self, interaction: Interaction, body: Json, files: Sequence[Upload]) -> Message:
        """A further message; the first after a deferral takes the place of "is thinking"."""
        self.world.channel(interaction.channel.id)
        if not _has_content(body, files):
            raise empty_message()
        original = interaction.original
        if original is not None and MessageFlag.LOADING in original.flags:
            self.messages.edit(original, body, files)
            return original
        if "0" not in interaction.installed_for and len(interaction.follow_ups) >= FOLLOW_UPS_WITHOUT_BOT:
            raise ApiError(
                400, 40094, "This interaction has reached the maximum number of follow-up messages."
            )
        message = self._post(interaction, body, files)
        interaction.follow_ups.append(message)
        return message


def _has_content(body: Json, files: Sequence[Upload]) -> bool:
    parts = ("content", "embeds", "components", "sticker_ids", "poll", "attachments")
    return bool(files) or any(body.get(key) for key in parts)
