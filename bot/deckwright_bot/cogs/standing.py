"""``/streak`` and ``/leaderboard``, and reminders: where a member stands (R18-R27, R32)."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands

from deckwright.study.ranking import Period
from deckwright_bot.cogs.access import Handler
from deckwright_bot.cogs.context import Context, locale_of, member_name, revise, say
from deckwright_bot.ui import standings as standings_ui, views
from deckwright_bot.ui.dates import dated
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.naming import choices, options, titled
from deckwright_bot.ui.texts import text


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put the commands on the tree."""
    standings = context.services.standings
    streak = app_commands.Group(**titled("streak"), guild_only=True)

    @streak.command(**titled("streak.show"))
    async def streak_show(interaction: discord.Interaction) -> None:
        group, member = interaction.guild_id or 0, interaction.user.id
        found = await standings.streak(group, member)
        credited = await standings.credits(group, member)
        paused = await standings.paused_until(group, member, context.now())
        embed = standings_ui.streak_message(found, credited, paused, locale_of(interaction))
        await say(interaction, embed=embed)

    @streak.command(**titled("streak.pause"))
    @options("streak.pause", "days")
    async def streak_pause(interaction: discord.Interaction, days: app_commands.Range[int, 1, 30]) -> None:
        locale = locale_of(interaction)
        made = await standings.pause(
            interaction.guild_id or 0, interaction.user.id, member_name(interaction), days, context.now()
        )
        if made is None:
            await say(interaction, text("error.no-post", locale))
        else:
            lines = [text("streak.pause.done", locale, until=dated(made.last, locale))]
            if await standings.at_stake(interaction.guild_id or 0, interaction.user.id):
                lines.append(text("streak.pause.open", locale))
            await say(interaction, "\n".join(lines))

    tree.add_command(streak)

    @tree.command(**titled("leaderboard"))
    @options("leaderboard", "period")
    @app_commands.choices(period=choices("period", Period))
    @app_commands.guild_only()
    async def leaderboard(interaction: discord.Interaction, period: str = "week") -> None:
        found = await standings.board(
            interaction.guild_id or 0, interaction.user.id, Period(period), context.now()
        )
        embed, page, count = standings_ui.board_message(found, 1, locale_of(interaction))
        await say(interaction, embed=embed, view=views.pages("board", period, page, count))


async def board(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Turn a page of a board, in place."""
    period = identifier.word if identifier.word in list(Period) else None
    if interaction.guild_id is None or period is None:
        await say(interaction, text("error.stale", locale_of(interaction)))
        return
    found = await context.services.standings.board(
        interaction.guild_id, interaction.user.id, Period(period), context.now()
    )
    embed, page, pages = standings_ui.board_message(found, identifier.number or 1, locale_of(interaction))
    await revise(interaction, embed, views.pages("board", period, page, pages))


async def remind(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """Ask for reminders (R32)."""
    locale = locale_of(interaction)
    if interaction.guild_id is None:
        await say(interaction, text("error.stale", locale))
        return
    await context.services.members.remind(
        interaction.guild_id, interaction.user.id, context.now(), wanted=True
    )
    button = views.one(
        ComponentId("stop-reminding", interaction.guild_id), text("button.stop-reminding", locale)
    )
    await say(interaction, text("remind.on", locale), view=button)


async def stop_reminding(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """End reminders, also from a DM."""
    locale = locale_of(interaction)
    if identifier.number is None:
        await say(interaction, text("error.stale", locale))
        return
    await context.services.members.remind(identifier.number, interaction.user.id, context.now(), wanted=False)
    await say(interaction, text("remind.off", locale))


HANDLERS: Mapping[str, Handler] = {"board": board, "remind": remind, "stop-reminding": stop_reminding}
