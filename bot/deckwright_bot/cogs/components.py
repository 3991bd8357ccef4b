"""What buttons and modals do, found by their custom ids alone, so that restarts mean nothing to them."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Mapping

import discord

from deckwright.study.grading import SelfGrade
from deckwright.study.posting import State
from deckwright.study.ranking import Period
from deckwright_bot.cogs.context import Context, locale_of, member_name, name_of, say, show
from deckwright_bot.cogs.setup import ask_setup, may_manage, take_setup
from deckwright_bot.services.answers import Result, Verdict
from deckwright_bot.ui import messages, views
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.texts import text

Handler = Callable[[Context, discord.Interaction, ComponentId], Awaitable[None]]


async def stale(interaction: discord.Interaction) -> None:
    """Answer what nobody claims: old, foreign and forged ids (R34)."""
    await say(interaction, text("error.stale", locale_of(interaction)))


async def show_result(context: Context, interaction: discord.Interaction, result: Result) -> None:
    """A reply's result, or why there is none."""
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
            await say(interaction, text("result.not-answered", locale, closes=messages.when(post.closes)))
        else:
            await say(interaction, text("result.missed", locale))
    else:
        shown = await context.draw(lambda: messages.result_message(context.renderer, result, locale))
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
    )
    await _taken(context, interaction, result)


async def _taken(context: Context, interaction: discord.Interaction, result: Result) -> None:
    if result.verdict is Verdict.TOO_LATE and result.answer is None and result.post is not None:
        daily = await context.services.groups.daily(result.post.group)
        following = await context.services.posts.next_posts(daily, context.now(), 1) if daily else []
        next_one = messages.when(following[0][1]) if following else "—"
        await say(interaction, text("result.too-late", locale_of(interaction), when=next_one))
        return
    await show_result(context, interaction, result)


async def open_answer(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The button that opens the modal; opening it is no answer (R13)."""
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    result = await context.services.answers.result(
        identifier.number, interaction.guild_id, interaction.user.id
    )
    if result.post is None or result.answer is not None or result.post.state is not State.SENT:
        await _taken(context, interaction, result)
        return
    locale = locale_of(interaction)
    identifier = ComponentId("written", identifier.number)
    modal = views.TextModal(identifier, text("open.title", locale), text("open.label", locale))
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
        modal_values(interaction).get("text", ""),
        context.at(interaction),
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


async def share(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Share one's own open answer, from the close on (R15)."""
    locale = locale_of(interaction)
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    result = await context.services.answers.result(
        identifier.number, interaction.guild_id, interaction.user.id
    )
    post, answer = result.post, result.answer
    if post is None or answer is None or answer.text is None:
        await say(interaction, text("result.missed", locale))
        return
    if post.state is State.SENT:
        await say(interaction, text("share.not-yet", locale))
        return
    if answer.shared is not None or post.channel is None:
        await say(interaction, text("share.done", locale))
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    embed = discord.Embed(
        title=text("share.title", locale, name=name_of(member_name(interaction))),
        description=discord.utils.escape_mentions(discord.utils.escape_markdown(answer.text))[:4000],
    )
    place = interaction.client.get_partial_messageable(post.thread or post.channel)
    sent = await place.send(embed=embed)
    if not await context.services.answers.share(post.id, interaction.user.id, sent.id):
        await sent.delete()
    await say(interaction, text("share.done", locale))


async def anki(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The search that finds the card in Anki."""
    post = await context.services.posts.find(identifier.number or 0)
    if post is None or post.card is None or post.group != interaction.guild_id:
        await stale(interaction)
        return
    await say(interaction, text("anki.text", locale_of(interaction), search=f"```\nId:{post.card}\n```"))


async def report(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Open the modal for a fault in a card."""
    post = await context.services.posts.find(identifier.number or 0)
    if post is None or post.group != interaction.guild_id:
        await stale(interaction)
        return
    locale = locale_of(interaction)
    identifier = ComponentId("reported", post.id)
    modal = views.TextModal(
        identifier, text("report.title", locale), text("report.label", locale), longest=1000
    )
    await interaction.response.send_modal(modal)


async def reported(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """A fault in a card: to the table and the log channel."""
    locale = locale_of(interaction)
    post = await context.services.posts.find(identifier.number or 0)
    words = modal_values(interaction).get("text", "").strip()
    if post is None or post.card is None or post.group != interaction.guild_id or not words:
        await stale(interaction)
        return
    await context.services.members.report(post.group, interaction.user.id, post.card, words, context.now())
    await say(interaction, text("report.done", locale))
    daily = await context.services.groups.daily(post.group)
    if daily is not None and daily.log_channel is not None:
        line = text(
            "report.log",
            locale,
            name=name_of(member_name(interaction)),
            card=post.card,
            text=discord.utils.escape_mentions(discord.utils.escape_markdown(words))[:1000],
        )
        await interaction.client.get_partial_messageable(daily.log_channel).send(line)


async def remind(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """Ask for reminders (R32)."""
    if interaction.guild_id is None:
        await stale(interaction)
        return
    now = context.now()
    await context.services.members.remind(interaction.guild_id, interaction.user.id, now, wanted=True)
    locale = locale_of(interaction)
    button = views.one(
        ComponentId("stop-reminding", interaction.guild_id), text("button.stop-reminding", locale)
    )
    await say(interaction, text("remind.on", locale), view=button)


async def stop_reminding(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """End reminders, also from a DM."""
    if identifier.number is None:
        await stale(interaction)
        return
    await context.services.members.remind(identifier.number, interaction.user.id, context.now(), wanted=False)
    await say(interaction, text("remind.off", locale_of(interaction)))


async def board(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Turn a page of a board, in place."""
    period = identifier.word if identifier.word in list(Period) else None
    if interaction.guild_id is None or period is None:
        await stale(interaction)
        return
    locale = locale_of(interaction)
    found = await context.services.standings.board(
        interaction.guild_id, interaction.user.id, Period(period), context.now()
    )
    embed, page, pages = messages.board_message(found, identifier.number or 1, locale)
    await interaction.response.edit_message(embed=embed, view=views.pages("board", period, page, pages))


async def forget(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """Delete everything about the member who presses (R31)."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await context.services.members.forget(interaction.user.id)
    await say(interaction, text("privacy.deleted", locale_of(interaction)))


async def begin(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """The button of the greeting: open the four things."""
    if not may_manage(interaction):
        await say(interaction, text("hello.only-owner", locale_of(interaction)))
        return
    await ask_setup(context, interaction)


async def set_up(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """The four things, as sent."""
    if not may_manage(interaction):
        await say(interaction, text("hello.only-owner", locale_of(interaction)))
        return
    await take_setup(context, interaction, modal_values(interaction))


HANDLERS: Mapping[str, Handler] = {
    "pick": pick,
    "dont-know": dont_know,
    "open": open_answer,
    "written": written,
    "grade": grade,
    "mine": mine,
    "share": share,
    "anki": anki,
    "report": report,
    "reported": reported,
    "remind": remind,
    "stop-reminding": stop_reminding,
    "board": board,
    "forget": forget,
    "begin": begin,
    "setup": set_up,
}


def modal_values(interaction: discord.Interaction) -> dict[str, str]:
    """What was typed or chosen in a modal, by custom id; read from the raw event, as after a restart."""
    found: dict[str, str] = {}

    def walk(part: object) -> None:
        if isinstance(part, dict):
            name = part.get("custom_id")
            values = part.get("values")
            if isinstance(name, str) and isinstance(part.get("value"), str):
                found[name] = part["value"]
            elif isinstance(name, str) and isinstance(values, list) and values:
                found[name] = str(values[0])
            walk(part.get("component"))
            walk(part.get("components"))
        elif isinstance(part, list):
            for each in part:
                walk(each)

    data = interaction.data
    walk(data.get("components") if data is not None else None)
    return found


def as_file(words: str, name: str) -> discord.File:
    """A text as an attachment."""
    return discord.File(io.BytesIO(words.encode()), filename=name)
