"""Which event of the world becomes which event of the gateway, and which intent it takes to hear it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deckwright_bot.sandbox import events, message_payloads, payloads
from deckwright_bot.sandbox.clock import iso
from deckwright_bot.sandbox.interaction import InteractionSent
from deckwright_bot.sandbox.model import Channel, ChannelType, Json, Message
from deckwright_bot.sandbox.state import World

GUILDS, MEMBERS = 1 << 0, 1 << 1
GUILD_MESSAGES, DM_MESSAGES, CONTENT = 1 << 9, 1 << 12, 1 << 15


@dataclass(frozen=True)
class Dispatch:
    """One gateway event; ``intent`` 0 needs none, ``content`` must be blanked without its intent."""

    name: str
    data: Json
    guild_id: int | None = None
    intent: int = 0
    content: bool = False


def dispatches(event: events.Event, world: World) -> Iterator[Dispatch]:
    """What the bot hears of an event: nothing of guilds it is not in and channels it cannot see."""
    match event:
        case InteractionSent(interaction):
            yield Dispatch("INTERACTION_CREATE", interaction.payload, interaction.guild_id)
        case events.BotJoined(guild, after_outage):
            data = payloads.guild_create(guild, world)
            # discord.py tells a return from a join by this key
            yield Dispatch(
                "GUILD_CREATE", data | ({"unavailable": False} if after_outage else {}), guild.id, GUILDS
            )
        case events.BotLeft(guild, outage):
            gone: Json = {"id": str(guild.id)}
            yield Dispatch("GUILD_DELETE", gone | ({"unavailable": True} if outage else {}), guild.id, GUILDS)
        case events.MessageCreated() | events.MessageEdited() | events.MessageDeleted():
            yield from _of_message(event, world)
        case _:
            present = {guild.id for guild in world.bot_guilds() if not guild.unavailable}
            yield from (
                one for one in _of_guild(event, world) if one.guild_id is None or one.guild_id in present
            )


def _of_message(
    event: events.MessageCreated | events.MessageEdited | events.MessageDeleted, world: World
) -> Iterator[Dispatch]:
    message = event.message
    if message.visible_to is not None or not _heard(message, world):
        return
    intent = GUILD_MESSAGES if message.guild_id else DM_MESSAGES
    if isinstance(event, events.MessageDeleted):
        gone: Json = {"id": str(message.id), "channel_id": str(message.channel_id)}
        if message.guild_id:
            gone["guild_id"] = str(message.guild_id)
        yield Dispatch("MESSAGE_DELETE", gone, message.guild_id, intent)
        return
    name = "MESSAGE_CREATE" if isinstance(event, events.MessageCreated) else "MESSAGE_UPDATE"
    data = message_payloads.gateway_message(message, world)
    hidden = message.guild_id is not None and world.bot.id not in (message.author_id, *message.mentions)
    yield Dispatch(name, data, message.guild_id, intent, content=hidden)


def _heard(message: Message, world: World) -> bool:
    channel = world.channels.get(message.channel_id)
    if message.guild_id is None:
        return True
    guild = world.guilds.get(message.guild_id)
    present = guild is not None and world.bot.id in guild.members and not guild.unavailable
    return present and channel is not None and world.can_see(world.bot.id, channel)


def _of_guild(event: events.Event, world: World) -> Iterator[Dispatch]:
    match event:
        case events.ChannelCreated(channel) | events.ChannelEdited(channel) | events.ChannelDeleted(channel):
            yield from _of_channel(event, channel, world)
        case events.PinsChanged(channel):
            data: Json = {"channel_id": str(channel.id)}
            data["last_pin_timestamp"] = iso(channel.last_pin_at) if channel.last_pin_at else None
            if channel.guild_id:
                data["guild_id"] = str(channel.guild_id)
            yield Dispatch("CHANNEL_PINS_UPDATE", data, channel.guild_id, GUILDS)
        case events.ThreadMembersChanged(channel, added, removed):
            yield Dispatch(
                "THREAD_MEMBERS_UPDATE", _thread_members(channel, added, removed), channel.guild_id, GUILDS
            )
        case events.RoleChanged(guild, role, created):
            name = "GUILD_ROLE_CREATE" if created else "GUILD_ROLE_UPDATE"
            data = {"guild_id": str(guild.id), "role": payloads.role(role, world)}
            yield Dispatch(name, data, guild.id, GUILDS)
        case events.RoleDeleted(guild, role):
            data = {"guild_id": str(guild.id), "role_id": str(role.id)}
            yield Dispatch("GUILD_ROLE_DELETE", data, guild.id, GUILDS)
        case events.GuildEdited(guild):
            yield Dispatch("GUILD_UPDATE", payloads.guild(guild, world), guild.id, GUILDS)
        case events.MemberJoined(guild, member):
            data = payloads.member(member) | {"guild_id": str(guild.id)}
            yield Dispatch("GUILD_MEMBER_ADD", data, guild.id, MEMBERS)
        case events.MemberEdited(guild, member):
            data = payloads.member(member) | {"guild_id": str(guild.id)}
            intent = 0 if member.user is world.bot else MEMBERS
            yield Dispatch("GUILD_MEMBER_UPDATE", data, guild.id, intent)
        case events.MemberLeft(guild, member):
            data = {"guild_id": str(guild.id), "user": payloads.user(member.user)}
            yield Dispatch("GUILD_MEMBER_REMOVE", data, guild.id, MEMBERS)


def _of_channel(event: events.Event, channel: Channel, world: World) -> Iterator[Dispatch]:
    if channel.type is ChannelType.DM:
        return
    verb = {"ChannelCreated": "CREATE", "ChannelEdited": "UPDATE", "ChannelDeleted": "DELETE"}[
        type(event).__name__
    ]
    data = payloads.channel(channel, world)
    if channel.thread is not None:
        if verb == "CREATE":
            data["newly_created"] = True
        yield Dispatch(f"THREAD_{verb}", data, channel.guild_id, GUILDS)
    else:
        yield Dispatch(f"CHANNEL_{verb}", data, channel.guild_id, GUILDS)


def _thread_members(channel: Channel, added: tuple[int, ...], removed: tuple[int, ...]) -> Json:
    assert channel.thread is not None
    return {
        "id": str(channel.id),
        "guild_id": str(channel.guild_id),
        "member_count": len(channel.thread.members),
        "added_members": [payloads.thread_member(channel, one) for one in added],
        "removed_member_ids": [str(one) for one in removed],
    }
