"""Interactions: a token, 3 seconds for the first answer, 15 minutes for the rest, and all kinds of answers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from deckwright_bot.sandbox.errors import ApiError, already_acknowledged, empty_message, invalid_form, unknown
from deckwright_bot.sandbox.interaction import (
    MESSAGES,
    UPDATES,
    Callback,
    Interaction,
    InteractionAnswered,
    InteractionSent,
    InteractionType,
    metadata,
    payload,
)
from deckwright_bot.sandbox.messages import Messages, has_content, number_components
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
        interaction.metadata = metadata(interaction)
        interaction.payload = payload(interaction, self.world)
        self.by_id[number] = self.by_token[token] = interaction
        self.world.hub.emit(InteractionSent(interaction))
        return interaction

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
            if not waiting and not (files or has_content(data)):
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
        interaction.changed.set()

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
        about = interaction.metadata
        if interaction.original is not None:
            about = about | {"original_response_message_id": str(interaction.original.id)}
        return self.messages.post(
            interaction.channel,
            self.world.bot.id,
            body,
            files,
            kind=kind,
            visible_to=interaction.user.id if ephemeral else None,
            interaction=about,
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
        if not (files or has_content(body)):
            raise empty_message()
        original = interaction.original
        if original is not None and MessageFlag.LOADING in original.flags:
            self.edit(interaction, original, body, files)
            return original
        if "0" not in interaction.installed_for and len(interaction.follow_ups) >= FOLLOW_UPS_WITHOUT_BOT:
            raise ApiError(
                400, 40094, "This interaction has reached the maximum number of follow-up messages."
            )
        message = self._post(interaction, body, files)
        interaction.follow_ups.append(message)
        interaction.changed.set()
        return message

    def edit(self, interaction: Interaction, message: Message, body: Json, files: Sequence[Upload]) -> None:
        """Edit the answer or a follow-up."""
        self.messages.edit(message, body, files)
        interaction.changed.set()

    def delete(self, interaction: Interaction, message: Message) -> None:
        """Delete the answer or a follow-up; a deleted "is thinking" thinks no more."""
        message.flags &= ~MessageFlag.LOADING
        self.messages.delete(message)
        interaction.changed.set()
