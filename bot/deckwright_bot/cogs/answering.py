"""The daily question: ``/daily``, and every way to answer it (R13, R14)."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands

from deckwright.study.grading import SelfGrade
from deckwright.study.posting import State
from deckwright_bot.cogs.access import Handler
from deckwright_bot.cogs.context import Context, locale_of, member_name, say, show
from deckwright_bot.cogs.submitted import submitted
from deckwright_bot.services.answers import Result, Verdict
from deckwright_bot.store.records import DAILY
from deckwright_bot.ui import forms, messages, views
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.naming import titled
from deckwright_bot.ui.texts import text


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put ``/daily`` on the tree."""

    @tree.command(**titled("daily"))
    @app_commands.guild_only()
    async def daily(interaction: discord.Interaction) -> None:
        locale = locale_of(interaction)
        post = await context.services.posts.today(interaction.guild_id or 0, DAILY)
        if post is None:
            await say(interaction, text("error.no-post", locale))
            return
        result = await context.services.answers.result(post.id, post.group, interaction.user.id)
        if result.answer is None and post.state is State.SENT and result.snapshot is not None and post.closes:
            snapshot, closes = result.snapshot, post.closes
            shown = await context.draw_for(
                interaction,
                lambda: messages.post_message(context.renderer, snapshot, closes, None, locale, kept=True),
            )
            await show(interaction, shown, view=views.question(post.id, snapshot, locale))
            return
        await show_result(context, interaction, result)


async def stale(interaction: discord.Interaction) -> None:
    """Answer what nobody claims: old, foreign and forged ids (R34)."""
    await say(interaction, text("error.stale", locale_of(interaction)))


async def show_result(
    context: Context, interaction: discord.Interaction, result: Result, *, again: bool = False
) -> None:
    """A reply's result, or why there is none; ``again`` if it was not the first reply."""
    locale = locale_of(interaction)
    post = result.post
    if result.verdict is Verdict.UNKNOWN or post is None:
        await stale(interaction)
    elif result.answer is None:
        if (
            post.state in (State.SENT, State.CLAIMED)
            and post.closes is not None
            and post.closes > context.now()
        ):
            await say(
                interaction, text("result.not-answered", locale, closes=messages.when(post.closes, "f"))
            )
        else:
            await say(interaction, text("result.missed", locale))
    else:
        shown = await context.draw_for(
            interaction, lambda: messages.result_message(context.renderer, result, locale, again=again)
        )
        open_one = result.answer.choice is None and result.answer.grade is None
        await show(interaction, shown, view=views.result(post.id, grade=open_one, locale=locale))


async def pick(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """An option of the daily question."""
    if interaction.guild_id is None or identifier.number is None or identifier.word is None:
        await stale(interaction)
        return
    result = await context.services.answers.choose(
        identifier.number,
        interaction.guild_id,
        interaction.user.id,
        member_name(interaction),
        identifier.word,
        context.at(interaction),
        message=_public(interaction),
    )
    await _taken(context, interaction, result)


async def dont_know(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Take "I don't know" for an answer."""
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    result = await context.services.answers.dont_know(
        identifier.number,
        interaction.guild_id,
        interaction.user.id,
        member_name(interaction),
        context.at(interaction),
        message=_public(interaction),
    )
    await _taken(context, interaction, result)


def _public(interaction: discord.Interaction) -> int | None:
    """The message that was clicked on, unless only the member sees it."""
    message = interaction.message
    return None if message is None or message.flags.ephemeral else message.id


async def _taken(context: Context, interaction: discord.Interaction, result: Result) -> None:
    if result.verdict is Verdict.TOO_LATE and result.answer is None and result.post is not None:
        daily = await context.services.groups.daily(result.post.group)
        following = await context.services.posts.next_posts(daily, context.now(), 1) if daily else []
        next_one = messages.when(following[0][1], "f") if following else "—"
        await say(interaction, text("result.too-late", locale_of(interaction), when=next_one))
        return
    await show_result(context, interaction, result, again=result.verdict is Verdict.AGAIN)


async def open_answer(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The button that opens the modal; opening it is no answer (R13)."""
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    answers, group = context.services.answers, interaction.guild_id
    result = await answers.result(identifier.number, group, interaction.user.id)
    message = _public(interaction)
    if result.post is not None and result.post.state is State.CLAIMED and message is not None:
        await answers.stands(identifier.number, group, message, context.now())
        result = await answers.result(identifier.number, group, interaction.user.id)
    if result.post is not None and message is not None and result.post.message != message:
        # What a lost post asked, before a backup was put back, is not what this number asks now.
        await stale(interaction)
        return
    if result.post is None or result.answer is not None or result.post.state is not State.SENT:
        await _taken(context, interaction, result)
        return
    locale = locale_of(interaction)
    identifier = ComponentId("written", identifier.number)
    modal = forms.TextModal(identifier, text("open.title", locale), text("open.label", locale))
    await interaction.response.send_modal(modal)


async def written(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """An open answer."""
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    result = await context.services.answers.write(
        identifier.number,
        interaction.guild_id,
        interaction.user.id,
        member_name(interaction),
        submitted(interaction).text("text"),
        context.at(interaction),
        message=_public(interaction),
    )
    if result is None:
        await say(interaction, text("error.empty", locale_of(interaction)))
    else:
        await _taken(context, interaction, result)


async def grade(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """A self-grade."""
    given = identifier.word if identifier.word in list(SelfGrade) else None
    if interaction.guild_id is None or identifier.number is None or given is None:
        await stale(interaction)
        return
    result = await context.services.answers.grade(
        identifier.number, interaction.guild_id, interaction.user.id, SelfGrade(given)
    )
    await show_result(context, interaction, result)


async def mine(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """A member's own result."""
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    result = await context.services.answers.result(
        identifier.number, interaction.guild_id, interaction.user.id
    )
    await show_result(context, interaction, result)


HANDLERS: Mapping[str, Handler] = {
    "pick": pick,
    "dont-know": dont_know,
    "open": open_answer,
    "written": written,
    "grade": grade,
    "mine": mine,
}
SEEING = frozenset({"pick", "dont-know", "written"})
"""Actions whose service remembers that the member is there; nobody else need ask."""
