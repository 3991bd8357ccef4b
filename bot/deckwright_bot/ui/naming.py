"""Names and descriptions of commands, in every language that the catalogue has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypedDict, TypeVar

import discord
from discord import app_commands

from deckwright_bot.ui.texts import DEFAULT, ENGLISH, translated

Callback = TypeVar("Callback", bound=Callable[..., Any])


class CatalogueTranslator(app_commands.Translator):
    """Answers what Discord asks when commands are registered; English is what they are called anyway."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002
    ) -> str | None:
        """A name or description in a language; None where its catalogue lacks it."""
        key = string.extras.get("key")
        if key is None or locale.value.split("-", maxsplit=1)[0] == DEFAULT:
            return None
        return translated(str(key), locale.value)


def named(key: str) -> app_commands.locale_str:
    """A text of the catalogue for Discord to show."""
    return app_commands.locale_str(ENGLISH[key], key=key)


class Titled(TypedDict):
    """What a command is called."""

    name: app_commands.locale_str
    description: app_commands.locale_str


def titled(command: str) -> Titled:
    """The name and description of a command, by its words with dots between."""
    return {"name": named(f"command.{command}"), "description": named(f"command.{command}.about")}


def options(command: str, *names: str) -> Callable[[Callback], Callback]:
    """Names and descriptions of a command's options, which are called as its parameters are."""

    def decorate(function: Callback) -> Callback:
        about = {name: named(f"command.{command}.{name}.about") for name in names}
        called = {name: named(f"command.{command}.{name}") for name in names}
        return app_commands.rename(**called)(app_commands.describe(**about)(function))

    return decorate


def choices(kind: str, values: Iterable[str]) -> list[app_commands.Choice[str]]:
    """The values of an option that offers some, named by the catalogue."""
    return [app_commands.Choice(name=named(f"choice.{kind}.{value}"), value=value) for value in values]
