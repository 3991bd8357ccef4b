"""What every route asks first: is it there, may the bot see it, may the bot do that?"""

from __future__ import annotations

from deckwright_bot.sandbox.errors import ApiError, missing_access, missing_permissions, unknown
from deckwright_bot.sandbox.limits import Findings, check_message
from deckwright_bot.sandbox.model import Channel, ChannelType, Guild, Json, Message, MessageFlag
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.sandbox.rest.wire import Call

NO_FLAGS = MessageFlag(0)


def guild_of(call: Call) -> Guild:
    """The guild of the path, which the bot must be in."""
    guild = call.core.world.guild(call.number("guild"))
    if call.core.world.bot.id not in guild.members:
        raise missing_access()
    return guild


def channel_of(call: Call, needed: Permission = Permission.VIEW_CHANNEL) -> Channel:
    """The channel of the path, in which the bot must have these permissions."""
    channel = call.core.world.channel(call.number("channel"))
    require(call, channel, needed)
    return channel


def require(call: Call, channel: Channel, needed: Permission) -> None:
    """Refuse with 50001 what cannot be seen, with 50013 what may not be done."""
    held = call.core.world.permissions_in(channel, call.core.world.bot.id)
    if Permission.VIEW_CHANNEL not in held:
        raise missing_access()
    if needed & ~held:
        raise missing_permissions()


def require_in_guild(call: Call, guild: Guild, needed: Permission) -> None:
    """Refuse with 50013 what the bot may not do in the guild."""
    if needed & ~call.core.world.guild_permissions(guild, call.core.world.bot.id):
        raise missing_permissions()


def message_of(call: Call, channel: Channel) -> Message:
    """The message of the path; ephemeral ones cannot be reached through their channel."""
    message = call.core.world.message(channel, call.number("message"))
    if message.visible_to is not None:
        raise unknown("Message")
    return message


def send_permission(channel: Channel, body: Json, *, files: bool) -> Permission:
    """What it takes to send this message here."""
    needed = Permission.SEND_MESSAGES_IN_THREADS if channel.thread else Permission.SEND_MESSAGES
    if body.get("embeds"):
        needed |= Permission.EMBED_LINKS
    if files:
        needed |= Permission.ATTACH_FILES
    if body.get("poll"):
        needed |= Permission.SEND_POLLS
    if body.get("tts"):
        needed |= Permission.SEND_TTS_MESSAGES
    if body.get("message_reference"):
        needed |= Permission.READ_MESSAGE_HISTORY
    return needed


def check_body(body: Json, flags: MessageFlag = NO_FLAGS, prefix: tuple[str, ...] = ()) -> None:
    """Refuse a message that breaks a hard limit; ``flags`` are those it has already."""
    findings = Findings()
    sent = MessageFlag(int(body.get("flags") or 0))
    if body.get("flags") is not None and MessageFlag.COMPONENTS_V2 in flags & ~sent:
        text = "The components v2 flag cannot be removed"
        findings.add((*prefix, "flags"), "MESSAGE_COMPONENTS_V2_FLAG_CANNOT_BE_REMOVED", text)
    check_message(body, findings, flags=sent | flags, path=prefix)
    findings.refuse()


def writable(channel: Channel) -> None:
    """Refuse to write where nobody can."""
    if channel.type is ChannelType.CATEGORY:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    if channel.thread is not None and channel.thread.locked and channel.thread.archived:
        raise ApiError(400, 50083, "Thread is archived")
