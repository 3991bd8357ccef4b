"""What every command and button handler is given, and how it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

import discord

from deckwright_bot.clock import Clock, clicked_at
from deckwright_bot.cogs.submitted import Unsaved
from deckwright_bot.services.bundle import Services
from deckwright_bot.ui.render import Renderer, Shown, name_of

Made = TypeVar("Made")

PATIENCE: Final = 1.0
"""Seconds a member waits for a picture before they are acknowledged without it."""


@dataclass(frozen=True, slots=True)
class Context:
    """The services, the clock, the one thread that draws, and the forms to be corrected."""

    services: Services
    clock: Clock
    renderer: Renderer
    drawing: ThreadPoolExecutor
    unsaved: Unsaved = field(default_factory=Unsaved)

    async def draw(self, work: Callable[[], Made]) -> Made:
        """Do work of the renderer on its own thread, so that the event loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self.drawing, work)

    async def draw_for(
        self, interaction: discord.Interaction, work: Callable[[], Made], *, in_place: bool = False
    ) -> Made:
        """`draw` for somebody who waits: where it takes long, they are told in private that it is under way.

        Discord gives up after three seconds, and before this picture there may be hundreds of others. What comes
        ``in_place`` of the message that was pressed needs no message of its own to wait in.
        """
        drawing = asyncio.ensure_future(self.draw(work))
        await asyncio.wait({drawing}, timeout=PATIENCE)
        if not drawing.done() and not interaction.response.is_done():
            await interaction.response.defer(ephemeral=True, thinking=not in_place)
        return await drawing

    def now(self) -> datetime:
        """The present instant."""
        return self.clock.now()

    def real_now(self) -> datetime:
        """People's time, which quizzes are played in, also where the group's clock is simulated."""
        return self.clock.to_real(self.clock.now())

    def at(self, interaction: discord.Interaction) -> datetime:
        """The instant of the click (R13)."""
        return clicked_at(self.clock, interaction.id)


def locale_of(interaction: discord.Interaction) -> str:
    """The language a member reads."""
    return str(interaction.locale)


def public_locale(guild: discord.Guild | None) -> str:
    """The language of what everybody in a group reads."""
    return str(guild.preferred_locale) if guild is not None else "en"


def member_name(interaction: discord.Interaction) -> str:
    """The name shown on boards, kept as it is; `name_of` makes it safe where it is shown."""
    return interaction.user.display_name


async def say(
    interaction: discord.Interaction,
    words: str | None = None,
    *,
    embed: discord.Embed | None = None,
    view: discord.ui.View | None = None,
) -> None:
    """Answer in private, whether or not the interaction was acknowledged before."""
    shown_words = words if words is not None else discord.utils.MISSING
    shown_embed = embed if embed is not None else discord.utils.MISSING
    shown_view = view if view is not None else discord.utils.MISSING
    if interaction.response.is_done():
        await interaction.followup.send(shown_words, embed=shown_embed, ephemeral=True, view=shown_view)
    else:
        await interaction.response.send_message(
            shown_words, embed=shown_embed, ephemeral=True, view=shown_view
        )


def pressed_in_private(interaction: discord.Interaction) -> bool:
    """Whether what was pressed is for its member alone; with a forged id it can be what everybody reads."""
    return interaction.message is not None and interaction.message.flags.ephemeral


async def revise(
    interaction: discord.Interaction, embed: discord.Embed, view: discord.ui.View | None = None
) -> None:
    """Put something in the place of the private message that was pressed, or from which a modal came."""
    if pressed_in_private(interaction) and not interaction.response.is_done():
        await interaction.response.edit_message(content=None, embed=embed, view=view)
    else:
        await say(interaction, embed=embed, view=view)


async def show(
    interaction: discord.Interaction, shown: Shown, *, view: discord.ui.View | None = None
) -> None:
    """Answer in private with embeds and pictures."""
    shown_view = view if view is not None else discord.utils.MISSING
    if interaction.response.is_done():
        await interaction.followup.send(
            embeds=shown.embeds, files=shown.files(), ephemeral=True, view=shown_view
        )
    else:
        await interaction.response.send_message(
            embeds=shown.embeds, files=shown.files(), ephemeral=True, view=shown_view
        )


__all__ = [
    "Context",
    "locale_of",
    "member_name",
    "name_of",
    "pressed_in_private",
    "public_locale",
    "revise",
    "say",
    "show",
]
