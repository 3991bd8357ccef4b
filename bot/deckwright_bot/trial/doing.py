"""What somebody did in the chat, and what the bot answered with, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deckwright_bot.sandbox.component_limits import walk
from deckwright_bot.sandbox.interaction import Callback, Interaction, InteractionType
from deckwright_bot.sandbox.model import Message
from deckwright_bot.trial import words
from deckwright_bot.trial.rows import Row
from deckwright_bot.ui.ids import ComponentId, parse


@dataclass(slots=True)
class Done:
    """What somebody did: the interaction, what it called, and all rows that it wrote so far."""

    interaction: Interaction
    command: str = ""
    button: ComponentId | None = None
    rows: list[Row] = field(default_factory=list)

    @property
    def action(self) -> str:
        """The action of the button or form."""
        return self.button.action if self.button is not None else ""

    @property
    def reply(self) -> Message | None:
        """What the bot showed, once it did."""
        return self.interaction.original

    def option(self, name: str) -> object:
        """What was given for an option of the command."""
        options = self.interaction.data.get("options") or []
        while options and options[0].get("type") in (1, 2):
            options = options[0].get("options") or []
        return next((one.get("value") for one in options if one["name"] == name), None)


def command_of(data: Mapping[str, Any]) -> str:
    """The words of a slash command that was called: its name and subcommands."""
    name, options = str(data["name"]), data.get("options") or []
    while options and options[0].get("type") in (1, 2):
        name, options = f"{name} {options[0]['name']}", options[0].get("options") or []
    return name


def done_by(interaction: Interaction) -> Done:
    """What an interaction is, before anything came of it."""
    if interaction.type is InteractionType.COMMAND:
        return Done(interaction, command=command_of(interaction.data))
    return Done(interaction, button=parse(str(interaction.data.get("custom_id", ""))))


def what_of(interaction: Interaction) -> str:
    """What somebody did, in words."""
    data = interaction.data
    if interaction.type is InteractionType.COMMAND:
        return words.USED.format(what=command_of(data))
    if interaction.type is InteractionType.MODAL:
        return words.SENT_FORM
    components = interaction.source.components if interaction.source is not None else []
    for one in walk(components):
        if one.get("custom_id") == data.get("custom_id"):
            if one["type"] != 2:
                return words.CHOSE.format(what=f"“{one.get('placeholder') or ''}”")
            return words.PRESSED.format(what=f"“{one.get('label') or ''}”")
    return words.PRESSED.format(what="")


def answer_of(interaction: Interaction, *, waiting: bool) -> str:
    """What the bot answered with, in words; ``waiting`` while it says that it is thinking."""
    match interaction.callback:
        case Callback.MODAL:
            return words.ANSWERS["MODAL"]
        case Callback.UPDATE:
            return words.ANSWERS["UPDATE"]
        case Callback.DEFERRED_UPDATE:
            return words.ANSWERS["NOTHING" if waiting else "UPDATE"]
        case Callback.DEFERRED_MESSAGE if waiting or interaction.original is None:
            return words.ANSWERS["THINKING"]
        case _:
            private = interaction.original is not None and interaction.original.visible_to is not None
            return words.ANSWERS["PRIVATE" if private else "PUBLIC"]
