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


class BadOption(app_commands.CheckFailure):
    """An option holds what was never offered; Discord's own client does not send such a thing."""


def within_bounds(interaction: discord.Interaction) -> bool:
    """Let a command through whose options are what Discord was told they can be.

    Raises:
        BadOption: for one that is not.
    """
    command = interaction.command
    given = dict(iter(interaction.namespace))
    for parameter in command.parameters if isinstance(command, app_commands.Command) else ():
        value = given.get(parameter.display_name)
        size = len(value) if isinstance(value, str) else value
        if isinstance(size, int | float) and not isinstance(size, bool):
            low, high = parameter.min_value, parameter.max_value
            if (low is not None and size < low) or (high is not None and size > high):
                raise BadOption(parameter.display_name)
        if (
            value is not None
            and parameter.choices
            and value not in {each.value for each in parameter.choices}
        ):
            raise BadOption(parameter.display_name)
    return True


def for_managers(handler: Handler) -> Handler:
    """A handler that others are refused."""

    async def checked(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
        require_manager(interaction)
        await handler(context, interaction, identifier)

    checked.__name__, checked.__doc__ = handler.__name__, handler.__doc__
    return checked
