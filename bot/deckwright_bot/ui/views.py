"""Buttons. Nothing waits for them: which one is used is read from its custom id alone."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from deckwright.study.question import Snapshot
from deckwright_bot.services.groups import Switch
from deckwright_bot.store.records import Daily
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.texts import text


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


class View(discord.ui.View):
    """Buttons and selects that nobody waits for.

    discord.py would keep the view of every private answer for a quarter of an hour, with a task that waits.
    """

    def __init__(self, items: Iterable[discord.ui.Item[discord.ui.View]]) -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)

    def is_finished(self) -> bool:
        """It is, from the beginning."""
        return True


def question(post: int, snapshot: Snapshot, locale: str = "en", *, sample: bool = False) -> discord.ui.View:
    """The buttons of an open post; those of a sample cannot be pressed."""
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
    for button in buttons:
        button.disabled = sample
    return View(buttons)


def closed(post: int, *, share: bool, locale: str = "en") -> discord.ui.View:
    """The buttons of a closed post."""
    buttons = [Button(ComponentId("mine", post), text("button.mine", locale))]
    if share:
        buttons.append(Button(ComponentId("share", post), text("button.share", locale)))
    return View(buttons)


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
    return View(buttons)


def one(identifier: ComponentId, label: str, *, danger: bool = False) -> discord.ui.View:
    """A single button."""
    style = discord.ButtonStyle.danger if danger else discord.ButtonStyle.primary
    return View([Button(identifier, label, style=style)])


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
    return View(buttons)


def panel(daily: Daily, locale: str = "en") -> discord.ui.View:
    """The buttons under the settings. A switch names what it turns to, so that a second click changes nothing."""
    buttons = [
        Button(
            ComponentId("panel-change"),
            text("panel.change", locale),
            style=discord.ButtonStyle.primary,
            row=0,
        ),
        Button(ComponentId("panel-more"), text("panel.more", locale), row=0),
        Button(ComponentId("panel-test"), text("panel.test", locale), row=0),
    ]
    for switch in Switch:
        on = bool(getattr(daily, switch.value))
        buttons.append(
            Button(
                ComponentId("panel-switch", int(not on), switch.value),
                text(f"panel.switch.{switch.value}.{'on' if on else 'off'}", locale),
                style=discord.ButtonStyle.success if on else discord.ButtonStyle.secondary,
                row=1,
            )
        )
    return View(buttons)
