"""``/quiz``: alone and in a group. State is in the database; a button says only which question it was under."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from random import SystemRandom

import discord
from discord import app_commands

from deckwright.model import LEVELS
from deckwright.study.quiz import QUESTIONS, SECONDS, Ending, Phase, Wanted
from deckwright_bot.cogs.access import Handler, may_manage
from deckwright_bot.cogs.answering import stale
from deckwright_bot.cogs.context import Context, locale_of, member_name, pressed_in_private, say
from deckwright_bot.cogs.permissions import missing_permissions
from deckwright_bot.services.group_quizzes import Verdict
from deckwright_bot.services.posts import today_of
from deckwright_bot.services.solo_quizzes import Sheet
from deckwright_bot.store.quizzes import Quiz
from deckwright_bot.ui import quizzes
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.naming import choices, options, titled
from deckwright_bot.ui.render import Shown
from deckwright_bot.ui.texts import text

FEWEST, USUAL, MOST = QUESTIONS
SHORTEST, USUAL_SECONDS, LONGEST = SECONDS
LISTED = 25
"""Choices that Discord shows at most."""
ALONE = frozenset({"choice", "open", "self"})
Count = app_commands.Range[int, FEWEST, MOST]
Seconds = app_commands.Range[int, SHORTEST, LONGEST]


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put ``/quiz`` on the tree."""
    quiz = app_commands.Group(**titled("quiz"), guild_only=True)

    @quiz.command(**titled("quiz.solo"))
    @options("quiz.solo", "deck", "topic", "level", "questions", "missed")
    @app_commands.choices(level=choices("level", LEVELS))
    async def solo(
        interaction: discord.Interaction,
        deck: str | None = None,
        topic: str | None = None,
        level: str | None = None,
        questions: Count = USUAL,
        missed: bool = False,  # noqa: FBT001, FBT002  discord.py reads the signature
    ) -> None:
        wanted = _wanted(deck, topic, level, ALONE)
        sheet = await context.services.solo.start(
            interaction.guild_id or 0,
            interaction.user.id,
            member_name(interaction),
            wanted,
            count=questions,
            only_missed=missed,
            now=context.now(),
            today=await _today(context, interaction),
            seed=SystemRandom().getrandbits(48),
        )
        if sheet is None:
            await say(
                interaction, text("solo.empty.missed" if missed else "solo.empty", locale_of(interaction))
            )
            return
        await _put(context, interaction, sheet, edit=False)

    @quiz.command(**titled("quiz.group"))
    @options("quiz.group", "deck", "topic", "level", "questions", "seconds")
    @app_commands.choices(level=choices("level", LEVELS))
    async def group(
        interaction: discord.Interaction,
        deck: str | None = None,
        topic: str | None = None,
        level: str | None = None,
        questions: Count = USUAL,
        seconds: Seconds = USUAL_SECONDS,
    ) -> None:
        locale, guild, channel = locale_of(interaction), interaction.guild, interaction.channel_id
        if guild is None or channel is None:
            await say(interaction, text("error.not-here", locale))
            return
        missing = missing_permissions(guild, channel, locale)
        if missing:
            await say(interaction, text("quiz.no-channel", locale, permissions=", ".join(missing)))
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        started = await context.services.quizzes.start(
            guild.id,
            channel,
            interaction.user.id,
            member_name(interaction),
            _wanted(deck, topic, level, frozenset({"choice"})),
            count=questions,
            seconds=seconds,
            now=context.real_now(),
            today=await _today(context, interaction),
            seed=SystemRandom().getrandbits(48),
        )
        if started.quiz is None:
            await say(interaction, text("quiz.empty", locale))
            return
        if started.quiz.ending is Ending.REFUSED:
            await say(interaction, text("quiz.refused", locale))
            return
        key = "quiz.running" if started.running else "quiz.begun"
        await say(interaction, text(key, locale, link=_link(started.quiz)))

    @quiz.command(**titled("quiz.stop"))
    async def stop(interaction: discord.Interaction) -> None:
        locale, member = locale_of(interaction), interaction.user.id
        running = await context.services.quizzes.running(interaction.channel_id or 0)
        if running is not None and (member == running.host or may_manage(interaction)):
            await interaction.response.defer(ephemeral=True, thinking=True)
            await context.services.quizzes.stop(
                running.id, running.group, member, context.real_now(), manager=may_manage(interaction)
            )
            await say(interaction, text("quiz.stopped", locale))
            return
        sheet = await context.services.solo.stop(interaction.guild_id or 0, member, context.now())
        if sheet is not None:
            await _summary(context, interaction, sheet.quiz.id, edit=False)
        else:
            await say(interaction, text("quiz.none" if running is None else "quiz.not-host", locale))

    solo.autocomplete("deck")(_decks(context))
    solo.autocomplete("topic")(_topics(context))
    group.autocomplete("deck")(_decks(context))
    group.autocomplete("topic")(_topics(context))
    tree.add_command(quiz)


def _wanted(deck: str | None, topic: str | None, level: str | None, forms: frozenset[str]) -> Wanted:
    return Wanted(
        frozenset({deck}) if deck else None, frozenset({topic}) if topic else None, level or None, forms
    )


async def _today(context: Context, interaction: discord.Interaction) -> date:
    daily = await context.services.groups.daily(interaction.guild_id or 0)
    return today_of(daily, context.now()) if daily is not None else context.now().date()


def _link(quiz: Quiz) -> str:
    message = f"/{quiz.message}" if quiz.message is not None else ""
    return f"https://discord.com/channels/{quiz.group}/{quiz.channel}{message}"


def _decks(context: Context):  # type: ignore[no-untyped-def]  # noqa: ANN202  discord.py's own type is not public
    async def complete(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        typed = current.casefold()
        return [
            app_commands.Choice(name=deck.title[:100], value=deck.slug)
            for deck in context.services.library.library.decks
            if typed in deck.title.casefold() or typed in deck.slug
        ][:LISTED]

    return complete


def _topics(context: Context):  # type: ignore[no-untyped-def]  # noqa: ANN202  discord.py's own type is not public
    async def complete(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        typed = current.casefold()
        deck = getattr(interaction.namespace, "deck", None)
        return [
            app_commands.Choice(name=f"{topic.title} ({each.title})"[:100], value=f"{each.slug}/{topic.slug}")
            for each in context.services.library.library.decks
            if not deck or each.slug == deck
            for topic in each.topics
            if typed in topic.title.casefold() or typed in topic.slug
        ][:LISTED]

    return complete


# in a group


async def answer(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """An option of a group quiz."""
    number, letter = _read(identifier)
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
    found = await context.services.quizzes.join(
        identifier.number,
        interaction.guild_id,
        interaction.user.id,
        member_name(interaction),
        context.real_now(),
    )
    if found.verdict is Verdict.UNKNOWN:
        await stale(interaction)
    elif found.verdict is Verdict.TOO_LATE or found.quiz is None:
        await say(interaction, text("quiz.too-late", locale))
    else:
        await say(interaction, text("quiz.joined", locale))


async def go(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The host's "start now", "skip" and "next"."""
    number, phase = _read(identifier)
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


def _read(identifier: ComponentId) -> tuple[int | None, str]:
    """The question's number and what was pressed."""
    number, _, what = (identifier.word or "").partition("-")
    known = number.isascii() and number.isdecimal() and len(number) <= 2
    return (int(number) if known else None), what


# alone


async def solo(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Whatever is pressed in a quiz alone."""
    number, what = _read(identifier)
    group, quiz, member = interaction.guild_id, identifier.number, interaction.user.id
    if group is None or quiz is None or number is None:
        await stale(interaction)
        return
    services = context.services.solo
    if what == "stop":
        before = await services.sheet(quiz, group, member)
        if before is not None:
            await services.stop(group, member, context.now(), quiz)
        if before is None:
            await stale(interaction)
        else:
            await _summary(context, interaction, quiz, edit=True)
        return
    if what == "next":
        sheet = await services.go_on(quiz, number, group, member, context.now())
    elif what == "show":
        sheet = await services.sheet(quiz, group, member)
    else:
        sheet = await services.reply(quiz, number, group, member, what, context.at(interaction))
    if sheet is None:
        await stale(interaction)
    elif sheet.quiz.phase is Phase.ENDED:
        await _summary(context, interaction, quiz, edit=True)
    else:
        await _put(context, interaction, sheet, edit=True, showing=what == "show")


async def repeat(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Ask again what was missed."""
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    sheet = await context.services.solo.repeat(
        identifier.number,
        interaction.guild_id,
        interaction.user.id,
        member_name(interaction),
        context.now(),
        await _today(context, interaction),
    )
    if sheet is None:
        await stale(interaction)
    else:
        await _put(context, interaction, sheet, edit=True)


async def anki(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The search that finds the card of a question in Anki."""
    quiz = await context.services.quizzes.find(identifier.number or 0)
    word = identifier.word or ""
    number = int(word) if word.isascii() and word.isdecimal() else 0
    sheet = await context.services.solo.answered(
        identifier.number or 0, number, interaction.guild_id or 0, interaction.user.id
    )
    if quiz is None or not sheet:
        await stale(interaction)
        return
    search = f"```\nId:{quiz.prompts[number - 1].card}\n```"
    await say(interaction, text("anki.text", locale_of(interaction), search=search))


async def _put(
    context: Context, interaction: discord.Interaction, sheet: Sheet, *, edit: bool, showing: bool = False
) -> None:
    """Show a question or its result in the one message of the quiz."""
    locale = locale_of(interaction)

    def draw() -> tuple[Shown, discord.ui.View]:
        return quizzes.sheet(context.renderer, sheet, locale, showing=showing)

    shown, view = await context.draw(draw)
    if edit and pressed_in_private(interaction):
        await interaction.response.edit_message(embeds=shown.embeds, attachments=shown.files(), view=view)
    else:
        await interaction.response.send_message(
            embeds=shown.embeds, files=shown.files(), view=view, ephemeral=True
        )


async def _summary(context: Context, interaction: discord.Interaction, quiz: int, *, edit: bool) -> None:
    found = await context.services.solo.summary(quiz, interaction.guild_id or 0, interaction.user.id)
    if found is None:
        await stale(interaction)
        return
    embed, view = quizzes.summary(found, locale_of(interaction))
    if edit and pressed_in_private(interaction):
        await interaction.response.edit_message(embed=embed, attachments=[], view=view)
    else:
        await say(interaction, embed=embed, view=view)


HANDLERS: Mapping[str, Handler] = {
    "quiz": answer,
    "quiz-join": join,
    "quiz-go": go,
    "quiz-end": end,
    "solo": solo,
    "solo-repeat": repeat,
    "card-anki": anki,
}
