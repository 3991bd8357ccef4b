"""A quiz taken alone: one private message that turns from question to result to summary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import discord

from deckwright.study.quiz import Phase
from deckwright_bot.cogs.access import Handler
from deckwright_bot.cogs.answering import stale
from deckwright_bot.cogs.context import Context, locale_of, member_name, pressed_in_private, say
from deckwright_bot.cogs.playing import read
from deckwright_bot.services.posts import today_of
from deckwright_bot.services.solo_quizzes import Sheet
from deckwright_bot.ui import quizzes
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.render import Shown
from deckwright_bot.ui.texts import text


async def solo(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Whatever is pressed in a quiz alone."""
    number, what = read(identifier)
    group, quiz, member = interaction.guild_id, identifier.number, interaction.user.id
    if group is None or quiz is None or number is None:
        await stale(interaction)
        return
    services = context.services.solo
    if what == "stop":
        before = await services.sheet(quiz, group, member)
        if before is None:
            await stale(interaction)
            return
        await services.stop(group, member, context.now(), quiz)
        await summarise(context, interaction, quiz)
        return
    if what == "next":
        sheet = await services.go_on(quiz, number, group, member, context.now())
    elif what == "show":
        sheet = await services.reveal(quiz, number, group, member, context.now())
    else:
        sheet = await services.reply(quiz, number, group, member, what, context.at(interaction))
    if sheet is None:
        await stale(interaction)
    elif sheet.quiz.phase is Phase.ENDED:
        await summarise(context, interaction, quiz)
    else:
        # Of an older copy of the message the answer that is shown may be to a question that has passed.
        showing = what == "show" and not sheet.passed and sheet.quiz.position == number
        await put(context, interaction, sheet, showing=showing)


async def repeat(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """Ask again what was missed."""
    group, quiz, member = interaction.guild_id, identifier.number, interaction.user.id
    if group is None or quiz is None or await context.services.solo.sheet(quiz, group, member) is None:
        await stale(interaction)
        return
    sheet = await context.services.solo.repeat(
        quiz, group, member, member_name(interaction), context.now(), await local_date(context, interaction)
    )
    if sheet is None:
        await say(interaction, text("solo.repeat.none", locale_of(interaction)))
    else:
        await put(context, interaction, sheet)


async def anki(context: Context, interaction: discord.Interaction, identifier: ComponentId) -> None:
    """The search that finds the card of a question in Anki."""
    quiz = await context.services.quizzes.find(identifier.number or 0)
    number, _ = read(identifier)
    answered = number is not None and await context.services.solo.answered(
        identifier.number or 0, number, interaction.guild_id or 0, interaction.user.id
    )
    if quiz is None or number is None or not answered:
        await stale(interaction)
        return
    card = context.services.library.today(quiz.prompts[number - 1]).card
    await say(interaction, text("anki.text", locale_of(interaction), search=f"```\nId:{card}\n```"))


async def put(
    context: Context,
    interaction: discord.Interaction,
    sheet: Sheet,
    *,
    showing: bool = False,
    resumed: bool = False,
) -> None:
    """Show a question or its result: in the message that was pressed, or in answer to a command."""
    locale = locale_of(interaction)

    def draw() -> tuple[Shown, discord.ui.View]:
        return quizzes.sheet(context.renderer, sheet, locale, showing=showing, resumed=resumed)

    shown, view = await context.draw_for(interaction, draw, in_place=pressed_in_private(interaction))
    if interaction.response.is_done():
        await interaction.edit_original_response(embeds=shown.embeds, attachments=shown.files(), view=view)
    elif pressed_in_private(interaction):
        await interaction.response.edit_message(embeds=shown.embeds, attachments=shown.files(), view=view)
    else:
        await interaction.response.send_message(
            embeds=shown.embeds, files=shown.files(), view=view, ephemeral=True
        )


async def summarise(context: Context, interaction: discord.Interaction, quiz: int) -> None:
    """Show how a quiz went, in the place of its last question where that was pressed."""
    found = await context.services.solo.summary(quiz, interaction.guild_id or 0, interaction.user.id)
    if found is None:
        await stale(interaction)
        return
    embed, view = quizzes.summary(found, locale_of(interaction))
    if pressed_in_private(interaction) and not interaction.response.is_done():
        await interaction.response.edit_message(embed=embed, attachments=[], view=view)
    else:
        await say(interaction, embed=embed, view=view)


async def local_date(context: Context, interaction: discord.Interaction) -> date:
    """The group's local date; of a group that is not set up the one in UTC."""
    daily = await context.services.groups.daily(interaction.guild_id or 0)
    return today_of(daily, context.now()) if daily is not None else context.now().date()


HANDLERS: Mapping[str, Handler] = {"solo": solo, "solo-repeat": repeat, "card-anki": anki}
