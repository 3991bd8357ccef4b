"""``/card`` and ``/decks``: look a card up, take the packages for Anki along."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping

import discord
from discord import app_commands

from deckwright_bot.cogs.access import Handler
from deckwright_bot.cogs.context import Context, locale_of, say, show
from deckwright_bot.ui import looking
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.naming import options, titled
from deckwright_bot.ui.render import name_of, shortened
from deckwright_bot.ui.texts import text


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put the commands on the tree."""
    cards = context.services.cards

    @tree.command(**titled("card"))
    @options("card", "find")
    @app_commands.guild_only()
    async def card(interaction: discord.Interaction, find: str) -> None:
        locale = locale_of(interaction)
        found = await cards.look_up(find, interaction.guild_id)
        if found is None:
            await say(interaction, text("card.unknown", locale))
            return
        shown = await context.draw_for(
            interaction,
            lambda: looking.card_message(
                context.renderer, found.card, found.snapshot, locale, hidden=found.hidden
            ),
        )
        await show(interaction, shown)

    @card.autocomplete("find")
    async def typed(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [
            app_commands.Choice(name=shortened(each.title, 100), value=each.card)
            for each in cards.finder.find(current)
        ]

    @tree.command(**titled("decks"))
    async def decks(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        packages = await asyncio.to_thread(context.services.packages.packages)
        offers = await context.services.packages.offers(interaction.user.id, packages)
        embed, view = looking.offers_message(offers, locale_of(interaction), limit=interaction.filesize_limit)
        await say(interaction, embed=embed, view=view)


async def take(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """Hand a package over, or say where it is."""
    locale, services = locale_of(interaction), context.services.packages
    chosen = _picked(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    packages = await asyncio.to_thread(services.packages)
    package = next((each for each in packages if [looking.mark_of(each)] == chosen), None)
    if package is None:
        await say(interaction, text("decks.gone", locale) if chosen else text("error.stale", locale))
        return
    file, size = name_of(package.file), looking.size_of(package.size)
    if package.size > interaction.filesize_limit:
        key = "decks.too-large" if package.link is not None else "decks.too-large.no-link"
        await say(interaction, text(key, locale, file=file, size=size, link=package.link))
        if package.link is None:
            return
    else:
        data = await asyncio.to_thread(services.content, package)
        if data is None:
            await say(interaction, text("decks.gone", locale))
            return
        await interaction.followup.send(
            text("decks.taken", locale, file=file),
            file=discord.File(io.BytesIO(data), filename=package.file),
            ephemeral=True,
        )
    await services.took(interaction.user.id, package, context.now())


def _picked(interaction: discord.Interaction) -> list[str]:
    """What was chosen in a select, from the raw event, as after a restart."""
    data = interaction.data
    values = data.get("values") if data is not None else None
    return [str(each) for each in values] if isinstance(values, list) else []


HANDLERS: Mapping[str, Handler] = {"take": take}
