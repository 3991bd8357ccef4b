"""What a member sees after doing something: an answer, a form, suggestions, or "This interaction failed"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deckwright_bot.sandbox.component_limits import walk
from deckwright_bot.sandbox.interaction import Callback, Interaction
from deckwright_bot.sandbox.model import Json, Message


class DriverError(Exception):
    """The member cannot do that: the button is not there, the command is unknown, the form is incomplete."""


@dataclass(frozen=True)
class Outcome:
    """The end of one interaction, as its member sees it."""

    interaction: Interaction

    @property
    def failed(self) -> bool:
        """Does the member read "This interaction failed" or "The application did not respond"?"""
        return not self.interaction.acknowledged

    @property
    def thinking(self) -> bool:
        """Does the member still read "… is thinking"?"""
        return self.interaction.acknowledged and not self.interaction.settled

    @property
    def callback(self) -> Callback | None:
        """What kind of first answer came."""
        return self.interaction.callback

    @property
    def message(self) -> Message:
        """The answer, or the message that was clicked and is now edited."""
        if self.interaction.original is None:
            raise DriverError(f"no message came, but {self.describe()}")
        return self.interaction.original

    @property
    def follow_ups(self) -> list[Message]:
        """The further messages so far."""
        return self.interaction.follow_ups

    @property
    def ephemeral(self) -> bool:
        """Is the answer for this member only?"""
        return self.message.visible_to is not None

    @property
    def text(self) -> str:
        """All words of the answer and the follow-ups."""
        return "\n".join(text_of(one) for one in [self.message, *self.follow_ups])

    @property
    def modal(self) -> Json:
        """The form that opened."""
        if self.interaction.modal is None:
            raise DriverError(f"no form opened, but {self.describe()}")
        return self.interaction.modal

    @property
    def choices(self) -> list[Json]:
        """The suggestions of an autocomplete."""
        if self.interaction.choices is None:
            raise DriverError(f"no suggestions came, but {self.describe()}")
        return self.interaction.choices

    def describe(self) -> str:
        """The outcome in a few words, for error messages."""
        if self.interaction.callback is None:
            return "This interaction failed"
        return self.interaction.callback.name


def text_of(message: Message) -> str:
    """All words of a message that a reader sees: text, embeds, layouts and buttons."""
    return "\n".join(part for part in _texts(message) if part)


def _texts(message: Message) -> Iterator[str]:
    yield message.content
    for embed in message.embeds:
        yield str((embed.get("author") or {}).get("name") or "")
        yield str(embed.get("title") or "")
        yield str(embed.get("description") or "")
        for field in embed.get("fields") or []:
            yield f"{field['name']}: {field['value']}"
        yield str((embed.get("footer") or {}).get("text") or "")
    for component in walk(message.components):
        for key in ("content", "label", "placeholder"):
            yield str(component.get(key) or "")


def buttons_of(message: Message) -> list[Json]:
    """The buttons of a message, in reading order."""
    return [one for one in walk(message.components) if one["type"] == 2]
