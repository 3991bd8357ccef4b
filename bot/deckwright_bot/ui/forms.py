"""Modals: what people write and choose in. A submit is routed by its custom id, also after a restart."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import discord

from deckwright.model import LEVELS
from deckwright_bot.services.groups import Wish
from deckwright_bot.services.typed import write_dates
from deckwright_bot.store.records import Daily
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.texts import text

MAX_ANSWER = 2000
PATIENCE = 900
"""Seconds for which discord.py remembers an open modal; what comes later is routed all the same."""
MOST_OPTIONS = 25


class Form(discord.ui.Modal):
    """Parts with labels, each with a custom id of its own."""

    def __init__(self, identifier: ComponentId, title: str) -> None:
        super().__init__(title=title[:45], custom_id=str(identifier), timeout=PATIENCE)

    def field(self, label: str, component: discord.ui.Item[Any], hint: str | None = None) -> None:
        """Add a part with its label."""
        described = hint[:100] if hint is not None else None
        self.add_item(discord.ui.Label(text=label[:45], description=described, component=component))

    def refill(
        self, texts: Mapping[str, str], choices: Mapping[str, list[str]], there: Collection[str]
    ) -> None:
        """Show what was typed and chosen before, by custom id; of channels and roles only those still there."""
        for part in self.walk_children():
            if isinstance(part, discord.ui.TextInput) and part.custom_id in texts:
                part.default = texts[part.custom_id][: part.max_length]
            elif isinstance(part, discord.ui.Select) and part.custom_id in choices:
                for option in part.options:
                    option.default = option.value in choices[part.custom_id]
            elif (
                isinstance(part, discord.ui.ChannelSelect | discord.ui.RoleSelect)
                and part.custom_id in choices
            ):
                channel = isinstance(part, discord.ui.ChannelSelect)
                kind = (
                    discord.SelectDefaultValueType.channel if channel else discord.SelectDefaultValueType.role
                )
                part.default_values = [
                    discord.SelectDefaultValue(id=int(chosen), type=kind)
                    for chosen in choices[part.custom_id]
                    if chosen in there
                ]


class TextModal(Form):
    """A modal with one text."""

    def __init__(self, identifier: ComponentId, title: str, label: str, *, longest: int = MAX_ANSWER) -> None:
        super().__init__(identifier, title)
        self.field(
            label,
            discord.ui.TextInput(
                style=discord.TextStyle.paragraph, custom_id="text", max_length=longest, required=True
            ),
        )


class SetupModal(Form):
    """The four things in one go: channel, time, zone, level (R12); what is known already stands in it."""

    def __init__(
        self, identifier: ComponentId, daily: Daily | None, wish: Wish, channel: int | None, locale: str
    ) -> None:
        super().__init__(identifier, text("setup.title", locale))
        known = wish.channel or (daily.channel if daily is not None else channel)
        level = wish.level or (daily.level if daily is not None else "medium")
        at = wish.at or (daily.at.strftime("%H:%M") if daily is not None else "09:00")
        zone = wish.zone or (daily.zone if daily is not None else "")
        self.field(
            text("setup.channel", locale),
            discord.ui.ChannelSelect(
                custom_id="channel",
                channel_types=[discord.ChannelType.text],
                default_values=_default(known, discord.SelectDefaultValueType.channel),
                required=True,
            ),
        )
        self.field(
            text("setup.time", locale),
            discord.ui.TextInput(custom_id="time", default=at[:8], max_length=8),
            text("setup.time.hint", locale),
        )
        self.field(
            text("setup.zone", locale),
            discord.ui.TextInput(
                custom_id="zone", default=zone[:64], placeholder="Europe/Berlin", max_length=64
            ),
            text("setup.zone.hint", locale),
        )
        self.field(
            text("setup.level", locale),
            discord.ui.Select(
                custom_id="level",
                options=[
                    discord.SelectOption(
                        label=text(f"level.{each}", locale),
                        description=text(f"level.{each}.text", locale),
                        value=each,
                        default=each == level,
                    )
                    for each in LEVELS
                ],
            ),
        )


class FurtherModal(Form):
    """The settings beyond the four: days, dates off, decks, a role to mention, a channel for reports."""

    def __init__(self, identifier: ComponentId, daily: Daily, decks: Mapping[str, str], locale: str) -> None:
        super().__init__(identifier, text("more.title", locale))
        self.field(
            text("more.days", locale),
            discord.ui.Select(
                custom_id="days",
                min_values=1,
                max_values=7,
                options=[
                    discord.SelectOption(
                        label=text(f"day.{day}", locale), value=str(day), default=day in daily.weekdays
                    )
                    for day in range(7)
                ],
            ),
        )
        self.field(
            text("more.dates", locale),
            discord.ui.TextInput(
                custom_id="dates",
                style=discord.TextStyle.paragraph,
                default=write_dates(daily.skip_dates)[:4000],
                max_length=4000,
                required=False,
            ),
            text("more.dates.hint", locale),
        )
        self._decks(daily, decks, locale)
        self.field(
            text("more.ping", locale),
            discord.ui.RoleSelect(
                custom_id="ping",
                min_values=0,
                required=False,
                default_values=_default(daily.ping_role, discord.SelectDefaultValueType.role),
            ),
            text("more.ping.hint", locale),
        )
        self.field(
            text("more.log", locale),
            discord.ui.ChannelSelect(
                custom_id="log",
                channel_types=[discord.ChannelType.text],
                min_values=0,
                required=False,
                default_values=_default(daily.log_channel, discord.SelectDefaultValueType.channel),
            ),
            text("more.log.hint", locale),
        )

    def _decks(self, daily: Daily, decks: Mapping[str, str], locale: str) -> None:
        chosen = daily.decks or frozenset()
        if len(decks) <= MOST_OPTIONS:
            self.field(
                text("more.decks", locale),
                discord.ui.Select(
                    custom_id="decks",
                    min_values=0,
                    max_values=len(decks),
                    required=False,
                    options=[
                        discord.SelectOption(label=title[:100], value=slug, default=slug in chosen)
                        for slug, title in decks.items()
                    ],
                ),
                text("more.decks.hint", locale),
            )
            return
        # More than a select can offer: their short names are typed.
        self.field(
            text("more.decks", locale),
            discord.ui.TextInput(
                custom_id="deck-names",
                style=discord.TextStyle.paragraph,
                default=", ".join(sorted(chosen))[:4000],
                placeholder=", ".join(decks)[:100],
                max_length=4000,
                required=False,
            ),
            text("more.decks.typed", locale),
        )


def _default(known: int | None, kind: discord.SelectDefaultValueType) -> list[discord.SelectDefaultValue]:
    return [] if known is None else [discord.SelectDefaultValue(id=known, type=kind)]
