"""People for tests: members who click, choose, write and see what they would see. Owners are in ``owner``."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping, Sequence

from deckwright_bot.sandbox.calls import (
    Field,
    File,
    Resolver,
    Value,
    chosen,
    command_data,
    filled,
    find_command,
)
from deckwright_bot.sandbox.component_limits import SELECTS, walk
from deckwright_bot.sandbox.core import Core
from deckwright_bot.sandbox.interaction import Callback, Interaction, InteractionType
from deckwright_bot.sandbox.interactions import FIRST_ANSWER
from deckwright_bot.sandbox.message_payloads import message as message_payload
from deckwright_bot.sandbox.model import (
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Json,
    Message,
    User,
)
from deckwright_bot.sandbox.outcome import DriverError, Outcome, buttons_of
from deckwright_bot.sandbox.permissions import Permission

LINK = 5


class Member:
    """A person in one guild. ``patience`` bounds every wait, ``settle`` the wait after a silent acknowledgement."""

    def __init__(self, core: Core, user: User, guild: Guild) -> None:
        self.core = core
        self.user = user
        self.guild = guild
        self.patience = 10.0
        self.settle = 0.5

    # -- seeing --------------------------------------------------------------------------------

    @property
    def home(self) -> Channel:
        """The first text channel of the guild that this person sees."""
        for channel in self.guild.channels.values():
            if channel.type is ChannelType.TEXT and self.core.world.can_see(self.user.id, channel):
                return channel
        raise DriverError(f"{self.user.name} sees no channel")

    @property
    def dm(self) -> Channel:
        """The direct-message channel with the bot."""
        return self.core.world.direct_channel(self.user.id)

    def sees(self, at: Channel | None = None) -> list[Message]:
        """The messages this person sees in a channel, ephemeral ones for them too; oldest first."""
        channel = at or self.home
        if not self.core.world.can_see(self.user.id, channel):
            return []
        return [one for one in channel.messages.values() if one.visible_to in (None, self.user.id)]

    async def wait_for(
        self, fits: Callable[[Message], bool] = lambda _: True, at: Channel | None = None
    ) -> Message:
        """The newest message here that fits; waits for one if there is none yet."""
        found: list[Message] = []

        def look() -> bool:
            found[:] = [one for one in self.sees(at) if fits(one)]
            return bool(found)

        if not await self.core.hub.until(look, self.patience):
            raise DriverError(f"{self.user.name} waited {self.patience} s for a message in vain")
        return found[-1]

    def commands(self, channel: Channel) -> list[Json]:
        """The commands that Discord would offer this person here."""
        world = self.core.world
        held = world.permissions_in(channel, self.user.id)
        if Permission.USE_APPLICATION_COMMANDS not in held:
            raise DriverError(f"{self.user.name} may not use commands here")
        context = 1 if channel.guild_id is None else 0
        offered = []
        for one in self.core.commands.usable(channel.guild_id):
            needed = one["default_member_permissions"]
            barred = context == 0 and needed is not None and not _permitted(int(needed), held)
            if not barred and context in (one.get("contexts") or [0, 1, 2]):
                offered.append(one)
        return offered

    # -- acting --------------------------------------------------------------------------------

    async def slash(self, command: str, /, at: Channel | None = None, **options: Value) -> Outcome:
        """Call a slash command, subcommands after a space: ``slash("quiz start", topic="nlp")``."""
        channel = at or self.home
        found, path = find_command(self.commands(channel), command.split())
        resolver = self._resolver(channel)
        data = command_data(found, path, options, resolver)
        return await self._do(InteractionType.COMMAND, channel, data)

    async def autocomplete(
        self, command: str, option: str, typed: str, /, at: Channel | None = None, **others: Value
    ) -> list[Json]:
        """The suggestions while typing into an option."""
        channel = at or self.home
        found, path = find_command(self.commands(channel), command.split())
        values: dict[str, Value] = {**others, option: typed}
        data = command_data(found, path, values, self._resolver(channel), focused=option)
        return (await self._do(InteractionType.AUTOCOMPLETE, channel, data)).choices

    async def menu(self, name: str, target: Message | Member, at: Channel | None = None) -> Outcome:
        """Call a context-menu command on a message or a person."""
        channel = at or self.home
        kind = 3 if isinstance(target, Message) else 2
        found = next((c for c in self.commands(channel) if (c["type"], c["name"]) == (kind, name)), None)
        if found is None:
            raise DriverError(f"there is no menu entry {name}")
        resolver = self._resolver(channel)
        if isinstance(target, Message):
            number = str(target.id)
            resolver.found["messages"] = {number: message_payload(target, self.core.world)}
        else:
            number = resolver.take(target)
        data: Json = {
            "id": found["id"],
            "name": name,
            "type": kind,
            "target_id": number,
            "resolved": resolver.found,
        }
        return await self._do(InteractionType.COMMAND, channel, data)

    async def click(self, message: Message, what: str) -> Outcome:
        """Press a button, named by custom id or label."""
        channel, current = self._current(message)
        button = next(
            (one for one in buttons_of(current) if what in (one.get("custom_id"), one.get("label"))), None
        )
        if button is None:
            there = [one.get("label") or one.get("custom_id") for one in buttons_of(current)]
            raise DriverError(f"there is no button {what!r}; there are: {there}")
        if button.get("disabled") or button["style"] == LINK:
            raise DriverError(f"the button {what!r} cannot be pressed")
        data: Json = {"custom_id": button["custom_id"], "component_type": 2, "id": button["id"]}
        return await self._do(InteractionType.COMPONENT, channel, data, current)

    async def select(self, message: Message, values: Sequence[Value], what: str | None = None) -> Outcome:
        """Choose in a select, named by custom id or placeholder; the only one needs no name."""
        channel, current = self._current(message)
        selects = [one for one in walk(current.components) if one["type"] in SELECTS]
        fits = [one for one in selects if what in (None, one.get("custom_id"), one.get("placeholder"))]
        if len(fits) != 1 or fits[0].get("disabled"):
            raise DriverError(f"there are {len(fits)} open selects {what!r}")
        resolver = self._resolver(channel)
        data: Json = {
            "custom_id": fits[0]["custom_id"],
            "component_type": fits[0]["type"],
            "id": fits[0]["id"],
        }
        data["values"] = chosen(fits[0], values, resolver)
        if resolver.found:
            data["resolved"] = resolver.found
        return await self._do(InteractionType.COMPONENT, channel, data, current)

    async def submit(self, opened: Outcome, fields: Mapping[str, Field]) -> Outcome:
        """Fill in and send the form that an outcome opened; fields go by custom id or label."""
        modal, opener = opened.modal, opened.interaction
        resolver = self._resolver(opener.channel)
        data: Json = {"custom_id": modal["custom_id"], "components": filled(modal, fields, resolver)}
        data["opener"] = opener.metadata
        if resolver.found:
            data["resolved"] = resolver.found
        return await self._do(InteractionType.MODAL, opener.channel, data, opener.source)

    def say(self, text: str, at: Channel | None = None) -> Message:
        """Write an ordinary message."""
        return self.core.messages.post(at or self.home, self.user.id, {"content": text})

    def close_dms(self, *, closed: bool = True) -> None:
        """Take no direct messages any more, or again."""
        self.user.dms_open = not closed

    def leave(self) -> None:
        """Leave the guild."""
        self.core.world.remove_member(self.guild, self.user.id)

    # -- how -----------------------------------------------------------------------------------

    def _resolver(self, channel: Channel) -> Resolver:
        def store(file: File) -> Attachment:
            number = self.core.ids.new()
            url = f"{self.core.base_url}/attachments/{channel.id}/{number}/{file[0]}"
            kind = mimetypes.guess_type(file[0])[0] or "application/octet-stream"
            kept = self.core.uploads[number] = Attachment(number, file[0], file[1], kind, url, ephemeral=True)
            return kept

        guild = self.core.world.guilds.get(channel.guild_id or 0)
        return Resolver(self.core.world, guild, self.user.id, store)

    def _current(self, message: Message) -> tuple[Channel, Message]:
        channel = self.core.world.channels.get(message.channel_id)
        current = channel.messages.get(message.id) if channel else None
        if channel is None or current is None:
            raise DriverError("the message is gone")
        if not self.core.world.can_see(self.user.id, channel) or current.visible_to not in (
            None,
            self.user.id,
        ):
            raise DriverError(f"{self.user.name} does not see that message")
        return channel, current

    async def _do(
        self, kind: InteractionType, channel: Channel, data: Json, source: Message | None = None
    ) -> Outcome:
        edits = source.edits if source else 0
        interaction = self.core.interactions.send(kind, self.user, channel, data, source)
        if not await interaction.until(lambda: interaction.acknowledged, FIRST_ANSWER.total_seconds()):
            return Outcome(interaction)
        await interaction.until(lambda: interaction.settled, self.patience)
        if interaction.callback is Callback.DEFERRED_UPDATE and source is not None:
            await self.core.hub.until(lambda: _moved(interaction, source, edits), self.settle)
        return Outcome(interaction)


def _moved(interaction: Interaction, source: Message, edits: int) -> bool:
    return source.edits > edits or bool(interaction.follow_ups)


def _permitted(needed: int, held: Permission) -> bool:
    # 0 means administrators only, who hold everything
    return Permission.ADMINISTRATOR in held or (needed != 0 and not Permission(needed) & ~held)
