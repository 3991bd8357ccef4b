"""Buttons, selects and modals. Nothing waits for them: what is used is read from its custom id alone."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from deckwright.study.question import Snapshot
from deckwright_bot.store.records import Daily
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.texts import text

MAX_ANSWER = 2000


class Button(discord.ui.Button[discord.ui.View]):
    """A button that outlives the program: no callback, so discord.py keeps nothing for it."""

    def __init__(
        self,
        identifier: ComponentId,
        label: str,
        *,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        row: int | None = None,
    ) -> None:
        super().__init__(style=style, label=label[:80], custom_id=str(identifier), row=row)

    def is_dispatchable(self) -> bool:
        """Never by discord.py: the client routes custom ids itself."""
        return False


def _view(buttons: Iterable[Button]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    return view


def question(post: int, snapshot: Snapshot, locale: str = "en") -> discord.ui.View:
    """The buttons of an open post."""
    primary = discord.ButtonStyle.primary
    buttons = [
        Button(ComponentId("pick", post, option.letter), option.letter, style=primary, row=0)
        for option in snapshot.options
    ]
    if not snapshot.options:
        label = text("button.answer", locale)
        buttons.append(Button(ComponentId("open", post), label, style=primary, row=0))
    buttons.append(Button(ComponentId("dont-know", post), text("button.dont-know", locale), row=0))
    buttons.append(Button(ComponentId("mine", post), text("button.mine", locale), row=1))
    buttons.append(Button(ComponentId("remind", post), text("button.remind", locale), row=1))
    return _view(buttons)


def closed(post: int, *, share: bool, locale: str = "en") -> discord.ui.View:
    """The buttons of a closed post."""
    buttons = [Button(ComponentId("mine", post), text("button.mine", locale))]
    if share:
        buttons.append(Button(ComponentId("share", post), text("button.share", locale)))
    return _view(buttons)


def result(post: int, *, grade: bool, locale: str = "en") -> discord.ui.View:
    """The buttons under a result."""
    buttons: list[Button] = []
    if grade:
        buttons += [
            Button(
                ComponentId("grade", post, value),
                text(f"grade.{value}", locale),
                style=discord.ButtonStyle.primary,
                row=0,
            )
            for value in ("missed", "partly", "got")
        ]
    buttons.append(Button(ComponentId("anki", post), text("button.anki", locale), row=1))
    buttons.append(Button(ComponentId("report", post), text("button.report", locale), row=1))
    return _view(buttons)


def one(identifier: ComponentId, label: str, *, danger: bool = False) -> discord.ui.View:
    """A single button."""
    style = discord.ButtonStyle.danger if danger else discord.ButtonStyle.primary
    return _view([Button(identifier, label, style=style)])


def pages(action: str, word: str, page: int, count: int) -> discord.ui.View | None:
    """Buttons to turn the pages of a board; None where there is one page."""
    if count <= 1:
        return None
    buttons = [
        Button(ComponentId(action, page - 1, word), "‹"),
        Button(ComponentId(action, page + 1, word), "›"),
    ]
    buttons[0].disabled = page <= 1
    buttons[1].disabled = page >= count
    return _view(buttons)


class TextModal(discord.ui.Modal):
    """A modal with one text; its submit is routed by its custom id, also after a restart."""

    def __init__(self, identifier: ComponentId, title: str, label: str, *, longest: int = MAX_ANSWER) -> None:
        super().__init__(title=title[:45], custom_id=str(identifier), timeout=900)
        field: discord.ui.TextInput[TextModal] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph, custom_id="text", max_length=longest, required=True
        )
        self.add_item(discord.ui.Label(text=label[:45], component=field))


class SetupModal(discord.ui.Modal):
    """The four things in one go: channel, time, zone, level (R12)."""

    def __init__(self, daily: Daily | None, channel: int | None, locale: str = "en") -> None:
        super().__init__(
            title=text("setup.title", locale)[:45], custom_id=str(ComponentId("setup")), timeout=900
        )
        at = daily.at.strftime("%H:%M") if daily is not None else "09:00"
        zone = daily.zone if daily is not None else ""
        level = daily.level if daily is not None else "medium"
        known = daily.channel if daily is not None else channel
        default = [discord.Object(known)] if known is not None else []
        channels: discord.ui.ChannelSelect[SetupModal] = discord.ui.ChannelSelect(
            custom_id="channel",
            channel_types=[discord.ChannelType.text],
            min_values=1,
            max_values=1,
            default_values=[
                discord.SelectDefaultValue(id=each.id, type=discord.SelectDefaultValueType.channel)
                for each in default
            ],
        )
        levels: discord.ui.Select[SetupModal] = discord.ui.Select(
            custom_id="level",
            options=[
                discord.SelectOption(
                    label=text(f"level.{each}", locale),
                    description=text(f"level.{each}.text", locale),
                    value=each,
                    default=each == level,
                )
                for each in ("easy", "medium", "hard")
            ],
        )
        times: discord.ui.TextInput[SetupModal] = discord.ui.TextInput(
            custom_id="time", default=at, max_length=8
        )
        zones: discord.ui.TextInput[SetupModal] = discord.ui.TextInput(
            custom_id="zone", default=zone, placeholder="Europe/Berlin", max_length=64
        )
        for key, component in (("channel", channels), ("time", times), ("zone", zones), ("level", levels)):
            hint = f"setup.{key}.hint"
            described = text(hint, locale)[:100] if key in ("time", "zone") else None
            self.add_item(
                discord.ui.Label(
                    text=text(f"setup.{key}", locale)[:45], description=described, component=component
                )
            )
