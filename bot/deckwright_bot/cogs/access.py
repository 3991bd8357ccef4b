"""The one place that says who may do what owners do: commands, buttons and modals all ask here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import discord
from discord import app_commands

from deckwright_bot.cogs.context import Context
from deckwright_bot.ui.ids import ComponentId

Handler: TypeAlias = Callable[[Context, discord.Interaction, ComponentId], Awaitable[None]]
"""What a button or modal does; its custom id is not trusted."""


def may_manage(interaction: discord.Interaction) -> bool:
    """Whether a member may manage the server, by what Discord says of this very interaction."""
    held = interaction.permissions
    return interaction.guild_id is not None and (held.manage_guild or held.administrator)


def require_manager(interaction: discord.Interaction) -> bool:
    """Let those who may manage the server through.

    Raises:
        CheckFailure: for anybody else; the client's one handler tells them so in private.
    """
    if not may_manage(interaction):
        raise app_commands.CheckFailure("only for those who may manage the server")
    return True


def for_managers(handler: Handler) -> Handler:
    """A handler that others are refused."""

    async def checked(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
        require_manager(interaction)
        await handler(context, interaction, identifier)

    checked.__name__, checked.__doc__ = handler.__name__, handler.__doc__
    return checked
