"""``/help``: by what somebody wants to do, and the library's guide to take along."""

from __future__ import annotations

import io
from collections.abc import Mapping

import discord
from discord import app_commands

from deckwright.guide import Guide
from deckwright_bot.cogs.access import Handler, may_manage
from deckwright_bot.cogs.answering import stale
from deckwright_bot.cogs.context import Context, locale_of, say
from deckwright_bot.ui import views
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.naming import titled
from deckwright_bot.ui.render import ACCENT, name_of
from deckwright_bot.ui.texts import text


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put ``/help`` on the tree."""

    @tree.command(**titled("help"))
    async def help_(interaction: discord.Interaction) -> None:
        locale = locale_of(interaction)
        embed = discord.Embed(
            title=text("help.title", locale), description=text("help.members", locale), colour=ACCENT
        )
        view = None
        if _guide_for(interaction, context) is not None:
            title = name_of(context.services.library.library.title)
            embed.add_field(
                name=text("help.guide.title", locale),
                value=text("help.guide.text", locale, library=title),
                inline=False,
            )
            view = views.one(ComponentId("guide"), text("help.guide.button", locale))
        if may_manage(interaction):
            embed.add_field(name=text("help.owners.title", locale), value=text("help.owners", locale))
        await say(interaction, embed=embed, view=view)


async def hand_over(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """Send the guide as a file, to the member alone."""
    guide = _guide_for(interaction, context)
    if guide is None:
        await stale(interaction)
        return
    title = name_of(context.services.library.library.title)
    await interaction.response.send_message(
        text("help.guide.taken", locale_of(interaction), library=title),
        file=discord.File(io.BytesIO(guide.content), filename=guide.file),
        ephemeral=True,
    )


def _guide_for(interaction: discord.Interaction, context: Context) -> Guide | None:
    """The guide, unless there is none or Discord would refuse so large a file here."""
    guide = context.services.library.guide
    return guide if guide is not None and len(guide.content) <= interaction.filesize_limit else None


HANDLERS: Mapping[str, Handler] = {"guide": hand_over}
