"""The buttons of a group quiz. State is in the database; a button says only which question it was under."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import discord

from deckwright.study.quiz import Phase
from deckwright_bot.cogs.access import Handler, may_manage
from deckwright_bot.cogs.answering import stale
from deckwright_bot.cogs.context import Context, locale_of, member_name, say
from deckwright_bot.services.group_quizzes import Verdict
from deckwright_bot.ui import quizzes
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.texts import text


async def answer(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """An option of a group quiz."""
    number, letter = read(identifier)
    if interaction.guild_id is None or identifier.number is None or number is None:
        await stale(interaction)
        return
    locale = locale_of(interaction)
    result = await context.services.quizzes.choose(
        identifier.number,
        number,
        interaction.guild_id,
        interaction.user.id,
        member_name(interaction),
        letter,
        _clicked(context, interaction),
        message=interaction.message.id if interaction.message is not None else None,
    )
    if result.answer is not None:
        again = result.verdict is Verdict.AGAIN
        await say(interaction, quizzes.chosen(result.answer.choice or "", locale, again=again))
        if not again:
            await context.services.quizzes.advance(identifier.number, context.real_now())
    elif result.verdict is Verdict.TOO_LATE:
        await say(interaction, text("quiz.too-late", locale))
    else:
        await stale(interaction)


async def join(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Play along."""
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    locale = locale_of(interaction)
    verdict = await context.services.quizzes.join(
        identifier.number,
        interaction.guild_id,
        interaction.user.id,
        member_name(interaction),
        context.real_now(),
    )
    if verdict is Verdict.UNKNOWN:
        await stale(interaction)
    elif verdict is Verdict.TOO_LATE:
        await say(interaction, text("quiz.too-late", locale))
    else:
        key = "quiz.joined" if verdict is Verdict.NEW else "quiz.joined.already"
        await say(interaction, text(key, locale))


async def go(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The host's "start now", "skip" and "next"."""
    number, phase = read(identifier)
    if (
        interaction.guild_id is None
        or identifier.number is None
        or number is None
        or phase not in list(Phase)
    ):
        await stale(interaction)
        return
    await interaction.response.defer(ephemeral=True)
    verdict = await context.services.quizzes.hurry(
        identifier.number,
        interaction.guild_id,
        interaction.user.id,
        context.real_now(),
        manager=may_manage(interaction),
        position=number,
        phase=Phase(phase),
    )
    await _refuse(interaction, verdict)


async def end(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The host's "end"."""
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    await interaction.response.defer(ephemeral=True)
    verdict = await context.services.quizzes.stop(
        identifier.number,
        interaction.guild_id,
        interaction.user.id,
        context.real_now(),
        manager=may_manage(interaction),
    )
    await _refuse(interaction, verdict)


async def mine(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """How a member did, for them alone: also off the table, and for those who are hidden."""
    found = await context.services.quizzes.mine(
        identifier.number or 0, interaction.guild_id or 0, interaction.user.id
    )
    if found is None:
        await stale(interaction)
    else:
        await say(interaction, embed=quizzes.mine(found, locale_of(interaction)))


async def _refuse(interaction: discord.Interaction, verdict: Verdict) -> None:
    if verdict is Verdict.NOT_HOST:
        await say(interaction, text("quiz.not-host", locale_of(interaction)))
    elif verdict is Verdict.TOO_LATE:
        await say(interaction, text("quiz.too-late", locale_of(interaction)))
    elif verdict is Verdict.UNKNOWN:
        await stale(interaction)


def _clicked(context: Context, interaction: discord.Interaction) -> datetime:
    """People's time of a click: the id's, never later than now."""
    return min(interaction.created_at, context.real_now())


def read(identifier: ComponentId) -> tuple[int | None, str]:
    """The question's number and what was pressed."""
    number, _, what = (identifier.word or "").partition("-")
    known = number.isascii() and number.isdecimal() and len(number) <= 2
    return (int(number) if known else None), what


HANDLERS: Mapping[str, Handler] = {
    "quiz": answer,
    "quiz-join": join,
    "quiz-go": go,
    "quiz-end": end,
    "quiz-mine": mine,
}
