"""``/privacy``: what is kept about a member, and how to get it or be rid of it (R31)."""

from __future__ import annotations

import io
from collections.abc import Mapping

import discord
from discord import app_commands

from deckwright_bot.cogs.access import Handler
from deckwright_bot.cogs.context import Context, locale_of, member_name, say
from deckwright_bot.ui import views
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.naming import options, titled
from deckwright_bot.ui.texts import ENGLISH, counted, text


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put ``/privacy`` on the tree."""
    privacy = app_commands.Group(**titled("privacy"))
    members = context.services.members

    @privacy.command(**titled("privacy.show"))
    async def show_(interaction: discord.Interaction) -> None:
        locale = locale_of(interaction)
        counts = await members.counts(interaction.user.id)
        words = ", ".join(_kept(counts, locale))
        found = text("privacy.show", locale, counts=words) if words else text("privacy.nothing", locale)
        await say(interaction, found)

    @privacy.command(**titled("privacy.export"))
    async def export(interaction: discord.Interaction) -> None:
        words = await members.export(interaction.user.id)
        await interaction.response.send_message(
            text("privacy.exported", locale_of(interaction)),
            file=discord.File(io.BytesIO(words.encode()), filename="deckwright.json"),
            ephemeral=True,
        )

    @privacy.command(**titled("privacy.hide"))
    @options("privacy.hide", "hidden")
    @app_commands.guild_only()
    async def hide(interaction: discord.Interaction, *, hidden: bool = True) -> None:
        await members.hide(
            interaction.guild_id or 0,
            interaction.user.id,
            member_name(interaction),
            context.now(),
            hidden=hidden,
        )
        await say(
            interaction, text("privacy.hidden" if hidden else "privacy.visible", locale_of(interaction))
        )

    @privacy.command(**titled("privacy.delete"))
    async def delete(interaction: discord.Interaction) -> None:
        locale = locale_of(interaction)
        button = views.one(ComponentId("forget"), text("privacy.delete.button", locale), danger=True)
        await say(interaction, text("privacy.delete.ask", locale), view=button)

    tree.add_command(privacy)


def _kept(counts: Mapping[str, int], locale: str) -> list[str]:
    """How much of each kind is kept; kinds that have no words of their own are further entries."""
    known = {table: count for table, count in counts.items() if f"privacy.kept.{table}.many" in ENGLISH}
    words = [counted(f"privacy.kept.{table}", count, locale) for table, count in known.items()]
    further = sum(counts.values()) - sum(known.values())
    return [*words, counted("privacy.kept.more", further, locale)] if further else words


async def forget(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """Delete everything about the member who presses."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await context.services.members.forget(interaction.user.id, context.now())
    await say(interaction, text("privacy.deleted", locale_of(interaction)))


HANDLERS: Mapping[str, Handler] = {"forget": forget}
