"""The four things a group is set up with, and that are changed in one go (R4, R9, R12)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

import discord

from deckwright_bot.cogs.access import Handler
from deckwright_bot.cogs.context import Context, locale_of, name_of, say
from deckwright_bot.cogs.permissions import missing_permissions
from deckwright_bot.cogs.submitted import Submitted, submitted
from deckwright_bot.services.groups import Mistake, Wish
from deckwright_bot.services.ports import Refused, Unavailable
from deckwright_bot.store.records import Daily
from deckwright_bot.ui import forms, messages, owners, views
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.texts import text

log = logging.getLogger(__name__)


AGAIN: Final = "again"
"""The word of a button that opens a form with what was sent in it, to be corrected."""


async def ask_setup(
    context: Context,
    interaction: discord.Interaction,
    wish: Wish | None = None,
    *,
    to: str = "setup",
    again: str | None = None,
) -> None:
    """Open the modal with the four things; ``to`` handles the submit.

    In it stands what is wished or saved, or what was sent in the form of the button named ``again``.
    """
    daily = await context.services.groups.daily(interaction.guild_id or 0)
    modal = forms.SetupModal(
        ComponentId(to), daily, wish or Wish(), interaction.channel_id, locale_of(interaction)
    )
    if again is not None:
        context.unsaved.refill(modal, interaction, again)
    await interaction.response.send_modal(modal)


def wish_of(form: Submitted) -> Wish:
    """The four things as sent."""
    return Wish(
        form.number("channel"), form.text("time") or None, form.text("zone") or None, form.one("level")
    )


async def save(
    context: Context, interaction: discord.Interaction, wish: Wish
) -> tuple[Daily, bool] | list[str] | None:
    """Save a wish; the settings of now and whether the group is new.

    A list says all that is wrong with the wish, and None that the group is new and something is missing;
    nothing is saved then.
    """
    guild, locale, now = interaction.guild, locale_of(interaction), context.now()
    if guild is None:
        return [text("error.not-here", locale)]
    groups = context.services.groups
    wrong = [_sentence(mistake, locale) for mistake in groups.check(wish, now)]
    before = await groups.daily(guild.id)
    channel = wish.channel if wish.channel is not None else before.channel if before is not None else None
    if channel is not None:
        wrong += _in_the_way(guild, channel, locale)
    if wrong:
        return wrong
    daily, new = await groups.set_up(guild.id, wish, interaction.user.id, now)
    return None if daily is None else (daily, new)


async def apply(
    context: Context, interaction: discord.Interaction, wish: Wish, *, form: str | None = None
) -> None:
    """Check a wish, save it, say when the next posts come, and post at once if the group is new (R12).

    A wish that came in a form is corrected there: ``form`` names the button that opens it.
    """
    locale = locale_of(interaction)
    saved = await save(context, interaction, wish)
    if saved is None:
        await ask_setup(context, interaction, wish)
        return
    if isinstance(saved, list):
        await refuse(context, interaction, saved, form)
        return
    daily, new = saved
    await interaction.response.defer(ephemeral=True, thinking=True)
    if new:
        try:
            made = await context.services.posts.post_now(daily, context.now())
            if made.empty:
                await say(interaction, text("admin.no-cards", locale))
                return
        except (Refused, Unavailable) as error:
            # The claim stands and is sent by a later tick (R7); the owner need not wait for it.
            log.warning("group %d: the first post is late: %s", daily.group, error)
    following = await context.services.posts.next_posts(daily, context.now())
    times = messages.times(following, locale) if new else owners.upcoming(daily, following, locale)
    key = "setup.done" if new else "setup.changed"
    await say(interaction, text(key, locale, channel=f"<#{daily.channel}>", times=times))


async def refuse(
    context: Context, interaction: discord.Interaction, wrong: list[str], form: str | None = None
) -> None:
    """Say everything that is wrong in one message, with a button to the ``form`` as it was sent, if there was one."""
    locale = locale_of(interaction)
    lines = "\n".join([text("setup.not-saved", locale), *(f"- {each}" for each in wrong)])[:2000]
    if form is None:
        await say(interaction, lines)
        return
    context.unsaved.keep(interaction, form)
    await say(interaction, lines, view=views.one(ComponentId(form, word=AGAIN), text("setup.again", locale)))


def _in_the_way(guild: discord.Guild, channel: int, locale: str) -> list[str]:
    missing = missing_permissions(guild, channel, locale)
    if missing is None:
        return [text("setup.bad-channel", locale)]
    if not missing:
        return []
    return [text("setup.missing", locale, channel=f"<#{channel}>", permissions=", ".join(missing))]


def _sentence(mistake: Mistake, locale: str) -> str:
    values = dict(mistake.values)
    near = values.pop("near", "")
    safe = {name: name_of(value) for name, value in values.items()}
    if mistake.key == "setup.bad-zone":
        hint = text("setup.zone-guess", locale, zones=near) if near else text("setup.zone-help", locale)
        return text(mistake.key, locale, hint=hint, **safe)
    return text(mistake.key, locale, **safe)


async def begin(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The button of the greeting, and of the mistakes made there: open the four things."""
    await ask_setup(context, interaction, again="begin" if identifier.word == AGAIN else None)


async def set_up(context: Context, interaction: discord.Interaction, _identifier: ComponentId) -> None:
    """The four things, as sent."""
    await apply(context, interaction, wish_of(submitted(interaction)), form="begin")


FOR_MANAGERS: Mapping[str, Handler] = {"begin": begin, "setup": set_up}
