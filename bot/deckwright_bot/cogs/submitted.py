"""What was typed and chosen in a modal, read from the raw event, as after a restart."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import discord

from deckwright_bot.ui.forms import Form
from deckwright_bot.ui.ids import LARGEST

MOST_UNSAVED: Final = 100


@dataclass(frozen=True, slots=True)
class Submitted:
    """The fields of a modal by their custom ids. Nothing in them is trusted."""

    texts: Mapping[str, str]
    choices: Mapping[str, list[str]]

    def text(self, name: str) -> str:
        """What was typed; empty where nothing was."""
        return self.texts.get(name, "").strip()

    def chosen(self, name: str) -> list[str]:
        """What was chosen in a select."""
        return self.choices.get(name, [])

    def one(self, name: str) -> str | None:
        """The one thing chosen in a select."""
        return next(iter(self.chosen(name)), None)

    def number(self, name: str) -> int | None:
        """The channel, role or member chosen in a select."""
        found = self.one(name)
        known = found is not None and found.isdecimal() and len(found) <= 19 and int(found) <= LARGEST
        return int(found) if found is not None and known else None


def submitted(interaction: discord.Interaction) -> Submitted:
    """Read a modal's submit."""
    texts: dict[str, str] = {}
    choices: dict[str, list[str]] = {}

    def walk(part: object) -> None:
        if isinstance(part, list):
            for each in part:
                walk(each)
        if not isinstance(part, dict):
            return
        name, value, values = part.get("custom_id"), part.get("value"), part.get("values")
        if isinstance(name, str) and isinstance(value, str):
            texts[name] = value
        if isinstance(name, str) and isinstance(values, list):
            choices[name] = [str(each) for each in values]
        walk(part.get("component"))
        walk(part.get("components"))

    data = interaction.data
    walk(data.get("components") if data is not None else None)
    return Submitted(texts, choices)


class Unsaved:
    """Forms that were sent with a mistake, for the button that opens them again.

    The last hundred, in memory alone: after a restart a form opens with what is saved.
    """

    def __init__(self) -> None:
        self._forms: OrderedDict[tuple[int, int, str], Submitted] = OrderedDict()

    def keep(self, interaction: discord.Interaction, name: str) -> None:
        """Remember the form that was just sent, under the name of the button that opens it."""
        self._forms[_whose(interaction, name)] = submitted(interaction)
        if len(self._forms) > MOST_UNSAVED:
            self._forms.popitem(last=False)

    def refill(self, form: Form, interaction: discord.Interaction, name: str) -> None:
        """Show in a form what this member last sent in it; channels and roles that are gone stay empty."""
        typed, guild = self._forms.get(_whose(interaction, name)), interaction.guild
        if typed is None or guild is None:
            return
        there = {str(each.id) for each in (*guild.channels, *guild.roles)}
        form.refill(typed.texts, typed.choices, there)


def _whose(interaction: discord.Interaction, name: str) -> tuple[int, int, str]:
    return interaction.guild_id or 0, interaction.user.id, name
