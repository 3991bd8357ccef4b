"""``/admin rescore``, ``void`` and ``credit``: what is put right afterwards (R23, R28)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import discord
from discord import app_commands

from deckwright.study.posting import State
from deckwright_bot.cogs.access import Handler, may_manage
from deckwright_bot.cogs.context import Context, locale_of, name_of, revise, say
from deckwright_bot.services.corrections import OUT, OVER, Refusal, Rescoring
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store.records import Post
from deckwright_bot.ui import owners, views
from deckwright_bot.ui.dates import dated
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.naming import options, titled
from deckwright_bot.ui.render import shortened
from deckwright_bot.ui.texts import text

MOST_CHOICES = 25
LONGEST_CHOICE = 100
Reason = app_commands.Range[str, 1, 200]


def register(admin: app_commands.Group, context: Context) -> None:
    """Add the corrections to ``/admin``."""
    corrections = context.services.corrections

    @admin.command(**titled("admin.rescore"))
    @options("admin.rescore", "day", "right")
    async def rescore(
        interaction: discord.Interaction, day: app_commands.Range[str, 1, 40], right: Reason
    ) -> None:
        when = await _date(interaction, day)
        if when is None:
            return
        found = await corrections.plan(interaction.guild_id or 0, when, right)
        if isinstance(found, Refusal):
            await _refuse(interaction, found, when)
            return
        embed, view = await _plan(context, interaction, found)
        await say(interaction, embed=embed, view=view)

    @admin.command(**titled("admin.void"))
    @options("admin.void", "day", "reason")
    async def void(
        interaction: discord.Interaction, day: app_commands.Range[str, 1, 40], reason: Reason
    ) -> None:
        when = await _date(interaction, day)
        if when is None or not await _reasoned(interaction, reason):
            return
        done = await corrections.void(
            interaction.guild_id or 0, when, reason.strip(), interaction.user.id, context.now()
        )
        if isinstance(done, Refusal):
            await _refuse(interaction, done, when)
        else:
            locale = locale_of(interaction)
            await say(interaction, text("admin.void", locale, date=dated(when, locale, year=True)))

    @admin.command(**titled("admin.credit"))
    @options("admin.credit", "member", "day", "reason")
    async def credit(
        interaction: discord.Interaction,
        member: discord.Member,
        day: app_commands.Range[str, 1, 40],
        reason: Reason,
    ) -> None:
        locale, name = locale_of(interaction), name_of(member.display_name)
        when = await _date(interaction, day)
        if when is None or not await _reasoned(interaction, reason):
            return
        if member.bot:
            await say(interaction, text("correct.bot", locale, member=name))
            return
        refusal = await corrections.credit(
            interaction.guild_id or 0, member.id, when, reason.strip(), interaction.user.id, context.now()
        )
        if refusal is not None:
            await _refuse(interaction, refusal, when, name)
        else:
            await say(
                interaction, text("admin.credited", locale, member=name, date=dated(when, locale, year=True))
            )

    @rescore.autocomplete("day")
    @void.autocomplete("day")
    async def posted(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await _days(context, interaction, current, OUT)

    @credit.autocomplete("day")
    async def over(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await _days(context, interaction, current, OVER)


async def apply(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Carry out the correction that was shown, exactly."""
    right, _, mark = (identifier.word or "").partition("-")
    found = await context.services.corrections.rescore(
        interaction.guild_id or 0,
        identifier.number or 0,
        right,
        mark,
        interaction.user.id,
        context.now(),
    )
    if isinstance(found, Refusal):
        post = await context.services.posts.find(identifier.number or 0)
        if post is None or post.group != interaction.guild_id:
            await say(interaction, text("error.stale", locale_of(interaction)))
        else:
            await _refuse(interaction, found, post.date)
        return
    embed, view = await _plan(context, interaction, found, moved=not found.applied)
    await revise(interaction, embed, None if found.applied else view)


async def _plan(
    context: Context, interaction: discord.Interaction, found: Rescoring, *, moved: bool = False
) -> tuple[discord.Embed, discord.ui.View]:
    locale = locale_of(interaction)
    question = await context.draw_for(interaction, lambda: _beginning(context, found.post))
    embed = owners.rescoring_message(found, question, locale, moved=moved)
    identifier = ComponentId("rescore", found.post.id, f"{found.new}-{found.mark}")
    return embed, views.one(identifier, text("rescore.apply", locale), danger=True)


def _beginning(context: Context, post: Post) -> str:
    texts = snapshot_of(post).texts
    return context.renderer.words(texts.question, gap=texts.gap)


async def _days(
    context: Context, interaction: discord.Interaction, typed: str, states: tuple[State, ...]
) -> list[app_commands.Choice[str]]:
    """Recent posts by date and the beginning of their question, as far as they fit what is typed."""
    if not may_manage(interaction):
        return []
    recent = await context.services.corrections.recent(interaction.guild_id or 0, states, MOST_CHOICES)

    def draw() -> list[tuple[str, str]]:
        return [(post.date.isoformat(), _beginning(context, post)) for post in recent]

    found = [(day, f"{day} · {words}") for day, words in await context.draw(draw)]
    return [
        app_commands.Choice(name=shortened(name, LONGEST_CHOICE), value=day)
        for day, name in found
        if typed.strip().casefold() in name.casefold()
    ]


async def _date(interaction: discord.Interaction, words: str) -> date | None:
    """The date that was chosen or typed, or an answer that says that it is none."""
    try:
        return date.fromisoformat(words.strip()[:10])
    except ValueError:
        await say(interaction, text("correct.bad-date", locale_of(interaction), given=name_of(words)))
        return None


async def _reasoned(interaction: discord.Interaction, reason: str) -> bool:
    if reason.strip():
        return True
    await say(interaction, text("correct.no-reason", locale_of(interaction)))
    return False


async def _refuse(interaction: discord.Interaction, refusal: Refusal, day: date, member: str = "") -> None:
    locale = locale_of(interaction)
    words = text(
        f"correct.{refusal.why.value}",
        locale,
        date=dated(day, locale, year=True),
        member=member,
        letters=owners.letters(refusal.letters),
    )
    await say(interaction, words)


FOR_MANAGERS: Mapping[str, Handler] = {"rescore": apply}
