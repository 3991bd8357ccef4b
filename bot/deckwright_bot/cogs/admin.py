"""``/admin``: post now, pause, resume, status; what corrects a post is added by ``correcting``."""

from __future__ import annotations

import discord
from discord import app_commands

from deckwright_bot.cogs import correcting
from deckwright_bot.cogs.access import require_manager
from deckwright_bot.cogs.context import Context, locale_of, say
from deckwright_bot.cogs.permissions import lacks
from deckwright_bot.services.ports import Refused, Unavailable
from deckwright_bot.store.records import Daily
from deckwright_bot.ui import owners
from deckwright_bot.ui.naming import titled
from deckwright_bot.ui.texts import text


class OwnersGroup(app_commands.Group):
    """Commands for those who may manage the server; every one of them asks ``access`` first."""

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        """Let those through who may."""
        return require_manager(interaction)


async def settings_of(context: Context, interaction: discord.Interaction) -> Daily | None:
    """The group's settings, or an answer that says that there are none."""
    daily = await context.services.groups.daily(interaction.guild_id or 0)
    if daily is None:
        await say(interaction, text("admin.not-set-up", locale_of(interaction)))
    return daily


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put ``/admin`` on the tree."""
    admin = OwnersGroup(
        **titled("admin"), default_permissions=discord.Permissions(manage_guild=True), guild_only=True
    )
    posts, groups = context.services.posts, context.services.groups

    @admin.command(**titled("admin.post"))
    async def post(interaction: discord.Interaction) -> None:
        daily = await settings_of(context, interaction)
        if daily is None:
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        locale = locale_of(interaction)
        try:
            made = await posts.post_now(daily, context.now())
        except Refused:
            await say(interaction, _refused(interaction, daily, locale))
            return
        except Unavailable:
            await say(interaction, text("admin.post.later", locale))
            return
        key = "admin.no-cards" if made.empty else "admin.nothing-due"
        await say(interaction, text("admin.posted" if made.post is not None else key, locale))

    @admin.command(**titled("admin.pause"))
    async def pause(interaction: discord.Interaction) -> None:
        if await settings_of(context, interaction) is not None:
            await groups.pause(interaction.guild_id or 0, interaction.user.id, context.now())
            await say(interaction, text("admin.paused", locale_of(interaction)))

    @admin.command(**titled("admin.resume"))
    async def resume(interaction: discord.Interaction) -> None:
        if await settings_of(context, interaction) is None:
            return
        daily = await groups.resume(interaction.guild_id or 0, interaction.user.id, context.now())
        if daily is not None:
            locale = locale_of(interaction)
            following = await posts.next_posts(daily, context.now())
            times = owners.upcoming(daily, following, locale)
            await say(interaction, text("admin.resumed", locale, times=times))

    @admin.command(**titled("admin.status"))
    async def status(interaction: discord.Interaction) -> None:
        daily = await settings_of(context, interaction)
        if daily is None:
            return
        overview = await context.services.overview.of(daily, context.now())
        missing = lacks(interaction.guild, daily) if interaction.guild is not None else []
        embed = owners.status_message(daily, overview, missing, locale_of(interaction))
        await say(interaction, embed=embed)

    correcting.register(admin, context)
    tree.add_command(admin)


def _refused(interaction: discord.Interaction, daily: Daily, locale: str) -> str:
    missing = lacks(interaction.guild, daily) if interaction.guild is not None else []
    lines = [f"- {line}" for line in owners.lacking(missing, locale)]
    return "\n".join([text("admin.post.refused", locale), *lines])
