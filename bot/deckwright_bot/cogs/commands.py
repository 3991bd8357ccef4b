"""Every slash command, put on the tree."""

from __future__ import annotations

import discord
from discord import app_commands

from deckwright_bot.cogs import (
    admin,
    answering,
    helping,
    looking,
    privacy,
    quizzing,
    settings,
    standing,
)
from deckwright_bot.cogs.access import within_bounds
from deckwright_bot.cogs.context import Context


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put every command on the tree."""
    answering.register(tree, context)
    standing.register(tree, context)
    quizzing.register(tree, context)
    looking.register(tree, context)
    privacy.register(tree, context)
    helping.register(tree, context)
    settings.register(tree, context)
    admin.register(tree, context)
    for command in tree.walk_commands():
        if isinstance(command, app_commands.Command):
            command.add_check(within_bounds)
