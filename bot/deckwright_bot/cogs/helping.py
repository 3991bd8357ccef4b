"""``/help``: by what somebody wants to do."""

from __future__ import annotations

import discord
from discord import app_commands

from deckwright_bot.cogs.access import may_manage
from deckwright_bot.cogs.context import locale_of, say
from deckwright_bot.ui.naming import titled
from deckwright_bot.ui.render import ACCENT
from deckwright_bot.ui.texts import text


def register(tree: app_commands.CommandTree[discord.Client]) -> None:
    """Put ``/help`` on the tree."""

    @tree.command(**titled("help"))
    async def help_(interaction: discord.Interaction) -> None:
        locale = locale_of(interaction)
        embed = discord.Embed(
            title=text("help.title", locale), description=text("help.members", locale), colour=ACCENT
        )
        if may_manage(interaction):
            embed.add_field(name=text("help.owners.title", locale), value=text("help.owners", locale))
        await say(interaction, embed=embed)
