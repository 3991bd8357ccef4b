"""What leaves a result: a shared answer, the card's search in Anki, a report of a fault (R15)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from hashlib import sha256

import aiohttp
import discord

from deckwright.study.posting import State
from deckwright_bot.cogs.access import Handler
from deckwright_bot.cogs.answering import stale
from deckwright_bot.cogs.context import Context, locale_of, member_name, name_of, public_locale, say
from deckwright_bot.cogs.submitted import submitted
from deckwright_bot.store.database import DatabaseError
from deckwright_bot.ui import forms
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.render import ACCENT, said
from deckwright_bot.ui.texts import text

log = logging.getLogger(__name__)


async def share(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Share one's own open answer, from the close on (R15)."""
    locale = locale_of(interaction)
    if interaction.guild_id is None or identifier.number is None:
        await stale(interaction)
        return
    result = await context.services.answers.result(
        identifier.number, interaction.guild_id, interaction.user.id
    )
    post, answer = result.post, result.answer
    if post is None or answer is None or answer.text is None:
        await say(interaction, text("result.missed", locale))
        return
    if post.state not in (State.CLOSED, State.VOID):
        await say(interaction, text("share.not-yet", locale))
        return
    if answer.shared is not None or post.channel is None:
        await say(interaction, text("share.done", locale))
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    embed = discord.Embed(
        title=text("share.title", public_locale(interaction.guild), name=name_of(member_name(interaction))),
        description=discord.utils.escape_mentions(discord.utils.escape_markdown(answer.text))[:4000],
        colour=ACCENT,
    )
    place = interaction.client.get_partial_messageable(post.thread or post.channel)
    try:
        sent = await _send_once(place, embed, f"share/{post.id}/{interaction.user.id}")
    except (discord.Forbidden, discord.NotFound) as error:
        log.warning("group %d: an answer could not be shared: %s", post.group, error)
        await say(interaction, text("share.failed", locale))
        return
    try:
        kept = await context.services.answers.share(post.id, interaction.user.id, sent.channel.id, sent.id)
    except DatabaseError:
        await sent.delete()
        raise
    if not kept:
        await sent.delete()
    await say(interaction, text("share.done", locale))


async def _send_once(place: discord.PartialMessageable, embed: discord.Embed, about: str) -> discord.Message:
    """Send, and after a lost answer ask again under the same nonce, for what stands there must be written down.

    Otherwise nobody could take it back (R15, R31).
    """
    nonce = sha256(about.encode()).hexdigest()[:24]
    try:
        return await place.send(embed=embed, nonce=nonce)
    except (discord.DiscordServerError, aiohttp.ClientError, OSError):
        return await place.send(embed=embed, nonce=nonce)


async def anki(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The search that finds the card in Anki."""
    post = await context.services.posts.find(identifier.number or 0)
    if post is None or post.card is None or post.group != interaction.guild_id:
        await stale(interaction)
        return
    await say(interaction, text("anki.text", locale_of(interaction), search=f"```\nId:{post.card}\n```"))


async def report(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Open the modal for a fault in a card."""
    post = await context.services.posts.find(identifier.number or 0)
    if post is None or post.group != interaction.guild_id:
        await stale(interaction)
        return
    locale = locale_of(interaction)
    identifier = ComponentId("reported", post.id)
    modal = forms.TextModal(
        identifier, text("report.title", locale), text("report.label", locale), longest=1000
    )
    await interaction.response.send_modal(modal)


async def reported(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """A fault in a card: to the table and the log channel."""
    locale = locale_of(interaction)
    post = await context.services.posts.find(identifier.number or 0)
    words = submitted(interaction).text("text")
    if post is None or post.card is None or post.group != interaction.guild_id or not words:
        await stale(interaction)
        return
    number = await context.services.members.report(
        post.group, interaction.user.id, post.card, words, context.now()
    )
    await say(interaction, text("report.done", locale))
    daily = await context.services.groups.daily(post.group)
    if daily is not None and daily.log_channel is not None:
        line = text(
            "report.log",
            public_locale(interaction.guild),
            name=name_of(member_name(interaction)),
            card=post.card,
            text=said(words),
        )
        try:
            sent = await interaction.client.get_partial_messageable(daily.log_channel).send(line)
        except discord.HTTPException as error:
            # The report is kept; `/settings` says what the log channel lacks.
            log.warning("group %d: a report did not reach the log channel: %s", post.group, error)
            return
        await context.services.members.logged(number, daily.log_channel, sent.id)


HANDLERS: Mapping[str, Handler] = {"share": share, "anki": anki, "report": report, "reported": reported}
