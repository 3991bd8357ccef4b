"""What was typed and chosen in a modal, read from the raw event, as after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import discord

from deckwright_bot.ui.ids import LARGEST


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
