"""``/settings``: the panel with everything at a glance, and what its buttons do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

import discord
from discord import app_commands

from deckwright.model import LEVELS
from deckwright.study.dates import zone_choices
from deckwright_bot.cogs.access import Handler, may_manage, require_manager
from deckwright_bot.cogs.context import Context, locale_of, name_of, revise, say
from deckwright_bot.cogs.permissions import lacks
from deckwright_bot.cogs.setup import AGAIN, apply, ask_setup, refuse, save, wish_of
from deckwright_bot.cogs.submitted import Submitted, submitted
from deckwright_bot.services.groups import Further, Switch, Wish
from deckwright_bot.services.library import decks_of
from deckwright_bot.services.typed import read_dates
from deckwright_bot.store.records import Daily
from deckwright_bot.ui import forms, messages, owners, views
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.naming import choices, options, titled
from deckwright_bot.ui.texts import text

WEEKDAYS = {str(day) for day in range(7)}


def register(tree: app_commands.CommandTree[discord.Client], context: Context) -> None:
    """Put ``/settings`` on the tree."""

    @tree.command(**titled("settings"))
    @options("settings", "channel", "time", "zone", "level")
    @app_commands.choices(level=choices("level", LEVELS))
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.check(require_manager)
    @app_commands.guild_only()
    async def settings(
        interaction: discord.Interaction,
        channel: discord.TextChannel | None = None,
        time: str | None = None,
        zone: str | None = None,
        level: str | None = None,
    ) -> None:
        wish = Wish(channel.id if channel is not None else None, time, zone, level)
        daily = await context.services.groups.daily(interaction.guild_id or 0)
        if wish != Wish():
            await apply(context, interaction, wish)
        elif daily is None:
            await ask_setup(context, interaction)
        else:
            embed, view = await _panel(context, interaction, daily)
            await say(interaction, embed=embed, view=view)

    @settings.autocomplete("zone")
    async def zones(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        if not may_manage(interaction):
            return []
        found = zone_choices(current, context.now(), 25)
        locale = locale_of(interaction)
        return [
            app_commands.Choice(name=_zone(each.name, context.now(), locale), value=each.name)
            for each in found
        ]


def _zone(name: str, now: datetime, locale: str) -> str:
    """A zone with its time, by which people recognise their own."""
    here = now.astimezone(ZoneInfo(name))
    offset = here.strftime("%z")
    shown = text(
        "setup.zone.choice", locale, zone=name, offset=f"{offset[:3]}:{offset[3:5]}", time=f"{here:%H:%M}"
    )
    return shown[:100]


async def _panel(
    context: Context, interaction: discord.Interaction, daily: Daily
) -> tuple[discord.Embed, discord.ui.View]:
    locale = locale_of(interaction)
    overview = await context.services.overview.of(daily, context.now())
    missing = lacks(interaction.guild, daily) if interaction.guild is not None else []
    decks = decks_of(context.services.library.library)
    return owners.panel_message(daily, overview, missing, decks, locale), views.panel(daily, locale)


async def _again(context: Context, interaction: discord.Interaction, daily: Daily | None) -> None:
    """The panel in place of itself, after a change."""
    if daily is None:
        await say(interaction, text("admin.not-set-up", locale_of(interaction)))
        return
    embed, view = await _panel(context, interaction, daily)
    await revise(interaction, embed, view)


async def change(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Open the four things, from the panel or to correct them."""
    again = "panel-change" if identifier.word == AGAIN else None
    await ask_setup(context, interaction, to="panel-changed", again=again)


async def changed(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """The four things, as sent from the panel."""
    if await context.services.groups.daily(interaction.guild_id or 0) is None:
        await apply(context, interaction, wish_of(submitted(interaction)), form="panel-change")
        return
    saved = await save(context, interaction, wish_of(submitted(interaction)))
    if isinstance(saved, list):
        await refuse(context, interaction, saved, "panel-change")
    else:
        await _again(context, interaction, saved[0] if saved is not None else None)


async def more(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Open the settings beyond the four, from the panel or to correct them."""
    locale = locale_of(interaction)
    daily = await context.services.groups.daily(interaction.guild_id or 0)
    if daily is None:
        await say(interaction, text("admin.not-set-up", locale))
        return
    decks = decks_of(context.services.library.library)
    modal = forms.FurtherModal(ComponentId("panel-further"), daily, decks, locale)
    if identifier.word == AGAIN:
        context.unsaved.refill(modal, interaction, "panel-more")
    await interaction.response.send_modal(modal)


async def further(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """The settings beyond the four, as sent."""
    locale, guild = locale_of(interaction), interaction.guild_id or 0
    decks = decks_of(context.services.library.library)
    wanted = _read(submitted(interaction), guild, decks, locale)
    if isinstance(wanted, list):
        await refuse(context, interaction, wanted, "panel-more")
        return
    daily = await context.services.groups.change(guild, wanted, interaction.user.id, context.now())
    await _again(context, interaction, daily)


def _read(form: Submitted, guild: int, decks: Mapping[str, str], locale: str) -> Further | list[str]:
    """What the modal says, or everything that is wrong with it."""
    days = WEEKDAYS & set(form.chosen("days"))
    dates = read_dates(form.text("dates"))
    slugs, unknown = _decks(form, decks)
    wrong = [] if days else [text("more.no-days", locale)]
    if dates.unread:
        wrong.append(text("more.bad-dates", locale, given=name_of(", ".join(dates.unread))))
    for word in unknown:
        near = get_close_matches(word.casefold(), decks, 1)
        hint = text("more.deck-guess", locale, names=near[0]) if near else ""
        wrong.append(text("more.bad-deck", locale, given=name_of(word), hint=hint).rstrip())
    ping = form.number("ping")
    if ping == guild:
        wrong.append(text("more.everyone", locale))
    if wrong:
        return wrong
    every = not slugs or slugs == set(decks)
    return Further(
        frozenset(int(day) for day in days),
        dates.days,
        None if every else frozenset(slugs),
        ping,
        form.number("log"),
    )


def _decks(form: Submitted, decks: Mapping[str, str]) -> tuple[set[str], list[str]]:
    """The decks chosen or typed, by their short names or titles, and what is neither."""
    by_name = {slug.casefold(): slug for slug in decks}
    by_name |= {title.casefold(): slug for slug, title in decks.items()}
    typed = [word.strip() for word in form.text("deck-names").replace("\n", ",").split(",")]
    words = [word for word in [*form.chosen("decks"), *typed] if word]
    known = {by_name[word.casefold()] for word in words if word.casefold() in by_name}
    return known, [word for word in words if word.casefold() not in by_name]


async def switch(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Turn thread, pin or open questions on or off."""
    if identifier.word not in list(Switch) or identifier.number not in (0, 1):
        await say(interaction, text("error.stale", locale_of(interaction)))
        return
    daily = await context.services.groups.switch(
        interaction.guild_id or 0,
        Switch(identifier.word),
        interaction.user.id,
        context.now(),
        on=identifier.number == 1,
    )
    await _again(context, interaction, daily)


async def test(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """A post as members would see it, for the owner alone, and what a real one would fail on."""
    locale, guild = locale_of(interaction), interaction.guild
    daily = await context.services.groups.daily(interaction.guild_id or 0)
    if daily is None or guild is None:
        await say(interaction, text("admin.not-set-up", locale))
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    sample = await context.services.overview.sample(daily, context.now())
    if sample is None:
        await say(interaction, text("admin.no-cards", locale))
        return
    shown_in = str(guild.preferred_locale)
    shown = await context.draw(
        lambda: messages.post_message(
            context.renderer, sample.snapshot, sample.closes, sample.yesterday, shown_in
        )
    )
    await interaction.followup.send(
        content=f"<@&{daily.ping_role}>" if daily.ping_role is not None else "",
        embeds=shown.embeds,
        files=shown.files(),
        view=views.question(0, sample.snapshot, shown_in, sample=True),
        ephemeral=True,
    )
    missing = owners.lacking(lacks(guild, daily), locale)
    lines = [text("panel.test.missing" if missing else "panel.test.fine", locale)]
    lines += [f"- {line}" for line in missing]
    await say(interaction, "\n".join([text("panel.test.note", locale), *lines]))


FOR_MANAGERS: Mapping[str, Handler] = {
    "panel-change": change,
    "panel-changed": changed,
    "panel-more": more,
    "panel-further": further,
    "panel-switch": switch,
    "panel-test": test,
}
