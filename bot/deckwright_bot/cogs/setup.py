"""Setting a group up, and changing it: four things in one go (R4, R9, R12)."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import discord

from deckwright_bot.cogs.context import Context, locale_of, name_of, say
from deckwright_bot.services.groups import Mistake, Wish
from deckwright_bot.services.ports import Refused, Unavailable
from deckwright_bot.ui import messages, views
from deckwright_bot.ui.texts import text

log = logging.getLogger(__name__)

NEEDED = ("view_channel", "send_messages", "embed_links", "attach_files", "read_message_history")
"""What the bot needs in its channel; thread, pin and ping need more, where they are wanted."""


def may_manage(interaction: discord.Interaction) -> bool:
    """Whether a member may set the bot up."""
    return interaction.guild_id is not None and interaction.permissions.manage_guild


def missing_permissions(guild: discord.Guild, channel: int) -> list[str] | None:
    """The permissions the bot lacks in a channel, as people know them; None for no such channel."""
    found = guild.get_channel(channel)
    if found is None:
        return None
    own = found.permissions_for(guild.me)
    return [name.replace("_", " ").title() for name in NEEDED if not getattr(own, name)]


async def ask_setup(context: Context, interaction: discord.Interaction) -> None:
    """Open the modal with the four things."""
    if interaction.guild_id is None:
        await say(interaction, text("error.not-here", locale_of(interaction)))
        return
    daily = await context.services.groups.daily(interaction.guild_id)
    await interaction.response.send_modal(
        views.SetupModal(daily, interaction.channel_id, locale_of(interaction))
    )


async def take_setup(context: Context, interaction: discord.Interaction, values: Mapping[str, str]) -> None:
    """Save the four things, say when the next posts come, and post at once if the group is new."""
    channel = values.get("channel")
    wish = Wish(
        int(channel) if channel and channel.isdecimal() else None,
        values.get("time") or None,
        values.get("zone") or None,
        values.get("level") or None,
    )
    await apply(context, interaction, wish)


async def apply(context: Context, interaction: discord.Interaction, wish: Wish) -> None:
    """Check a wish, save it, answer."""
    locale, guild, now = locale_of(interaction), interaction.guild, context.now()
    if guild is None:
        await say(interaction, text("error.not-here", locale))
        return
    groups = context.services.groups
    mistake = groups.check(wish, now)
    if mistake is not None:
        await say(interaction, _sentence(mistake, locale))
        return
    before = await groups.daily(guild.id)
    channel = wish.channel if wish.channel is not None else before.channel if before is not None else None
    if channel is None:
        await ask_setup(context, interaction)
        return
    missing = missing_permissions(guild, channel)
    if missing is None:
        await say(interaction, text("setup.bad-channel", locale))
        return
    if missing:
        named = text("setup.missing", locale, channel=f"<#{channel}>", permissions=", ".join(missing))
        await say(interaction, named)
        return
    daily, new = await groups.set_up(guild.id, wish, interaction.user.id, now)
    if daily is None:
        await ask_setup(context, interaction)
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    if new:
        try:
            made = await context.services.posts.post_now(daily, now)
            if made.empty:
                await say(interaction, text("admin.no-cards", locale))
                return
        except (Refused, Unavailable) as error:
            # The claim stands and is sent by a later tick (R7); the owner need not wait for it.
            log.warning("group %d: the first post is late: %s", guild.id, error)
    times = messages.times(await context.services.posts.next_posts(daily, context.now()), locale)
    key = "setup.done" if new else "setup.changed"
    await say(interaction, text(key, locale, channel=f"<#{daily.channel}>", times=times))


def _sentence(mistake: Mistake, locale: str) -> str:
    values = dict(mistake.values)
    near = values.pop("near", "")
    safe = {name: name_of(value) for name, value in values.items()}
    if mistake.key == "setup.bad-zone":
        hint = text("setup.zone-guess", locale, zones=near) if near else text("setup.zone-help", locale)
        return text(mistake.key, locale, hint=hint, **safe)
    return text(mistake.key, locale, **safe)
