"""Which permissions the bot lacks, by the names Discord shows."""

from __future__ import annotations

import discord

from deckwright_bot.store.records import Daily
from deckwright_bot.ui.owners import Lack
from deckwright_bot.ui.texts import text

NEEDED = ("view_channel", "send_messages", "embed_links", "attach_files", "read_message_history")
"""What the bot needs in its channel; thread, pin and mention need more, where they are wanted."""
# A thread has the rights of its channel, but one of its own for writing.
IN_THREAD = tuple("send_messages_in_threads" if name == "send_messages" else name for name in NEEDED)
FOR_THREAD = ("create_public_threads", "send_messages_in_threads")
FOR_PIN = ("pin_messages",)
FOR_PING = ("mention_everyone",)
FOR_LOG = ("view_channel", "send_messages")


def missing_permissions(guild: discord.Guild, channel: int, locale: str = "en") -> list[str] | None:
    """The names of the permissions that posting needs and the bot lacks; None for no such channel."""
    found = guild.get_channel(channel)
    if found is None:
        return None
    return [text(f"permission.{name}", locale) for name in _lacking(found, NEEDED)]


def missing_here(interaction: discord.Interaction, locale: str) -> list[str]:
    """What the bot lacks to write where a command was used: in a channel or, unlike a day's post, in a thread."""
    guild, place = interaction.guild, interaction.channel
    thread = isinstance(place, discord.Thread)
    channel = place.parent_id if isinstance(place, discord.Thread) else interaction.channel_id
    found = guild.get_channel(channel) if guild is not None and channel is not None else None
    needed = IN_THREAD if thread else NEEDED
    if found is not None:
        lacking = _lacking(found, needed)
    else:
        lacking = tuple(name for name in needed if not getattr(interaction.app_permissions, name))
    return [text(f"permission.{name}", locale) for name in lacking]


def lacks(guild: discord.Guild, daily: Daily) -> list[Lack]:
    """Everything that a post would fail on with these settings."""
    found: list[Lack] = []
    names = list(NEEDED)
    if daily.thread:
        names += FOR_THREAD
    if daily.pin:
        names += FOR_PIN
    if daily.ping_role is not None:
        role = guild.get_role(daily.ping_role)
        if role is None:
            found.append(Lack(None))
        elif not role.mentionable:
            names += FOR_PING
    places = [(daily.channel, tuple(names))]
    if daily.log_channel is not None:
        places.append((daily.log_channel, FOR_LOG))
    for place, needed in places:
        channel = guild.get_channel(place)
        missing = _lacking(channel, needed) if channel is not None else ()
        if channel is None or missing:
            found.append(Lack(place, missing))
    return found


def _lacking(channel: discord.abc.GuildChannel, needed: tuple[str, ...]) -> tuple[str, ...]:
    held = _granted(channel)
    return tuple(name for name in needed if not getattr(held, name))


def _granted(channel: discord.abc.GuildChannel) -> discord.Permissions:
    """What roles and the channel grant the bot.

    discord.py's own sum takes away what follows from a missing permission: a channel the bot cannot see
    would lack everything, and nobody would know that one click mends it.
    """
    me = channel.guild.me
    held = discord.Permissions(channel.guild.default_role.permissions.value)
    for role in me.roles:
        held |= role.permissions
    if held.administrator:
        return discord.Permissions.all()
    rules = {target.id: rule.pair() for target, rule in channel.overwrites.items()}
    if (everyone := rules.get(channel.guild.id)) is not None:
        held.handle_overwrite(everyone[0].value, everyone[1].value)
    own = [rules[role.id] for role in me.roles if role.id in rules and role.id != channel.guild.id]
    allowed, denied = discord.Permissions.none(), discord.Permissions.none()
    for allow, deny in own:
        allowed |= allow
        denied |= deny
    held.handle_overwrite(allowed.value, denied.value)
    if (mine := rules.get(me.id)) is not None:
        held.handle_overwrite(mine[0].value, mine[1].value)
    return held
