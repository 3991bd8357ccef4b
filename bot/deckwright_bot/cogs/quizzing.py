"""``/quiz``: alone, in a group, and its end."""

from __future__ import annotations

from random import SystemRandom

import discord
from discord import app_commands

from deckwright.model import LEVELS
from deckwright.study.quiz import QUESTIONS, SECONDS, Ending, Wanted
from deckwright_bot.cogs.access import may_manage
from deckwright_bot.cogs.context import Context, locale_of, member_name, say
from deckwright_bot.cogs.permissions import missing_here
from deckwright_bot.cogs.practising import local_date, put, summarise
from deckwright_bot.services.group_quizzes import Verdict
from deckwright_bot.services.library import StudyLibrary, decks_of
from deckwright_bot.store.quizzes import Quiz
from deckwright_bot.ui.naming import choices, options, titled
from deckwright_bot.ui.render import name_of
from deckwright_bot.ui.texts import text

FEWEST, USUAL, MOST = QUESTIONS
SHORTEST, USUAL_SECONDS, LONGEST = SECONDS
LISTED = 25
"""Choices that Discord shows at most."""
ALONE = frozenset({"choice", "open", "self"})
TOGETHER = frozenset({"choice"})
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
        questions: Count | None = None,
        missed: bool | None = None,  # noqa: FBT001  discord.py reads the signature
    ) -> None:
        locale, group, member = locale_of(interaction), interaction.guild_id or 0, interaction.user.id
        # Acknowledged before anything is begun: the same event delivered twice must not begin two.
        await interaction.response.defer(ephemeral=True, thinking=True)
        if (deck, topic, level, questions, missed) == (None,) * 5:
            running = await context.services.solo.running(group, member)
            if running is not None:
                await put(context, interaction, running, resumed=True)
                return
        wanted = await _wanted(context, interaction, deck, topic, level, ALONE)
        if wanted is None:
            return
        sheet = await context.services.solo.start(
            group,
            member,
            member_name(interaction),
            wanted,
            count=questions or USUAL,
            only_missed=bool(missed),
            now=context.now(),
            today=await local_date(context, interaction),
            seed=SystemRandom().getrandbits(48),
        )
        if sheet is None:
            await say(interaction, text("solo.empty.missed" if missed else "solo.empty", locale))
            return
        await put(context, interaction, sheet)

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
        missing = missing_here(interaction, locale)
        if missing:
            await say(interaction, text("quiz.no-channel", locale, permissions=", ".join(missing)))
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        wanted = await _wanted(context, interaction, deck, topic, level, TOGETHER)
        if wanted is None:
            return
        started = await context.services.quizzes.start(
            guild.id,
            channel,
            interaction.user.id,
            member_name(interaction),
            wanted,
            count=questions,
            seconds=seconds,
            now=context.real_now(),
            today=await local_date(context, interaction),
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
        group, services = interaction.guild_id or 0, context.services
        running = await services.quizzes.running(interaction.channel_id or 0)
        if running is None or member != running.host:
            # Their own comes before one of somebody else's, which they might end as a manager.
            sheet = await services.solo.stop(group, member, context.now())
            if sheet is not None:
                await summarise(context, interaction, sheet.quiz.id)
                return
        if running is None:
            await say(interaction, text("quiz.none", locale))
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        verdict = await services.quizzes.stop(
            running.id, running.group, member, context.real_now(), manager=may_manage(interaction)
        )
        key = "quiz.not-host" if verdict is Verdict.NOT_HOST else "quiz.stopped"
        await say(interaction, text(key, locale))

    decks, topics = _decks(context.services.library), _topics(context.services.library)
    solo.autocomplete("deck")(decks)
    solo.autocomplete("topic")(topics)
    group.autocomplete("deck")(decks)
    group.autocomplete("topic")(topics)
    tree.add_command(quiz)


async def _wanted(
    context: Context,
    interaction: discord.Interaction,
    deck: str | None,
    topic: str | None,
    level: str | None,
    forms: frozenset[str],
) -> Wanted | None:
    """What is to be asked; None after saying which name is unknown: whoever types on may send what was not offered."""
    library = context.services.library
    decks = library.decks_named(deck) if deck else None
    topics = library.topics_named(topic, decks) if topic else None
    for key, given, found in (("deck", deck, decks), ("topic", topic, topics)):
        if given and not found:
            words = text(f"quiz.unknown.{key}", locale_of(interaction), name=name_of(given))
            await say(interaction, words)
            return None
    return Wanted(decks, topics, level or None, forms)


def _link(quiz: Quiz) -> str:
    message = f"/{quiz.message}" if quiz.message is not None else ""
    return f"https://discord.com/channels/{quiz.group}/{quiz.channel}{message}"


def _decks(library: StudyLibrary):  # type: ignore[no-untyped-def]  # noqa: ANN202  discord.py's own type is not public
    async def complete(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        typed = current.casefold()
        return [
            app_commands.Choice(name=title[:100], value=slug)
            for slug, title in decks_of(library.library).items()
            if typed in title.casefold() or typed in slug
        ][:LISTED]

    return complete


def _topics(library: StudyLibrary):  # type: ignore[no-untyped-def]  # noqa: ANN202  discord.py's own type is not public
    async def complete(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        typed = current.casefold()
        deck = getattr(interaction.namespace, "deck", None)
        decks = library.decks_named(deck) if deck else None
        titles = decks_of(library.library)
        return [
            app_commands.Choice(
                name=f"{topic.title} ({titles[each.slug]})"[:100], value=f"{each.slug}/{topic.slug}"
            )
            for each in library.library.decks
            if not decks or each.slug in decks
            for topic in each.topics
            if typed in topic.title.casefold() or typed in topic.slug
        ][:LISTED]

    return complete
