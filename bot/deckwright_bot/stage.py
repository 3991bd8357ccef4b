"""The chat that group quizzes are shown in, on Discord."""

from __future__ import annotations

from datetime import datetime

import discord

from deckwright.study.question import Snapshot
from deckwright_bot.cogs.context import Context, public_locale
from deckwright_bot.messenger import DiscordMessenger
from deckwright_bot.services.stage import Counts, Table
from deckwright_bot.store.quizzes import Question, Quiz
from deckwright_bot.ui import quizzes
from deckwright_bot.ui.render import Shown

NOBODY = discord.AllowedMentions.none()


class DiscordStage:
    """Shows quizzes; the messenger turns Discord's failures into `Refused` and `Unavailable`."""

    def __init__(self, client: discord.Client, messenger: DiscordMessenger) -> None:
        self._client = client
        self._messenger = messenger
        self._context: Context | None = None

    def wire(self, context: Context) -> None:
        """Give it the renderer; the services know it before there is one."""
        self._context = context

    @property
    def context(self) -> Context:
        """The services, the clock and the renderer."""
        if self._context is None:
            raise AssertionError("a quiz began before the bot was wired")
        return self._context

    async def open_lobby(self, quiz: Quiz, players: int) -> int:
        """Say that a quiz is about to begin."""
        name = await self._host(quiz)
        embed, view = quizzes.lobby(quiz, name, players, self._locale(quiz))
        return await self._send(quiz, "lobby", embed=embed, view=view)

    async def ask(self, quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> int:
        """Ask a question."""
        locale, renderer = self._locale(quiz), self.context.renderer

        def draw() -> tuple[Shown, discord.ui.View]:
            return quizzes.question(renderer, quiz, question.number, snapshot, closes, locale)

        shown, view = await self.context.draw(draw)
        return await self._send(quiz, str(question.number), shown=shown, view=view)

    async def show(
        self, quiz: Quiz, question: Question, snapshot: Snapshot, counts: Counts, table: Table
    ) -> None:
        """Edit a question that is over."""
        if question.message is None or quiz.channel is None:
            raise AssertionError("a question that was not sent cannot be shown")
        locale, renderer = self._locale(quiz), self.context.renderer

        def draw() -> tuple[Shown, discord.ui.View | None]:
            return quizzes.over(renderer, quiz, question.number, snapshot, counts, table, locale)

        shown, view = await self.context.draw(draw)
        message = self._client.get_partial_messageable(quiz.channel, guild_id=quiz.group).get_partial_message(
            question.message
        )
        editing = message.edit(
            embeds=shown.embeds, attachments=shown.files(), view=view, allowed_mentions=NOBODY
        )
        await self._messenger.attempt(editing, quiz.group, quiz.channel)

    async def finish(self, quiz: Quiz, table: Table) -> None:
        """Send the final table."""
        await self._send(quiz, "final", embed=quizzes.final(quiz, table, self._locale(quiz)))

    async def _send(
        self,
        quiz: Quiz,
        what: str,
        *,
        embed: discord.Embed | None = None,
        shown: Shown | None = None,
        view: discord.ui.View | None = None,
    ) -> int:
        if quiz.channel is None:
            raise AssertionError("a group quiz has a channel")
        place = self._client.get_partial_messageable(quiz.channel, guild_id=quiz.group)
        sending = place.send(
            embeds=shown.embeds if shown is not None else [embed] if embed is not None else [],
            files=shown.files() if shown is not None else [],
            view=view if view is not None else discord.utils.MISSING,
            # Twice the same nonce within minutes is one message, so a lost answer doubles nothing.
            # The start is in it, for ids come again after a backup was put back.
            nonce=f"q{quiz.id:x}-{int(quiz.begun.timestamp()):x}-{what}"[:25],
            allowed_mentions=NOBODY,
        )
        sent = await self._messenger.attempt(sending, quiz.group, quiz.channel)
        return sent.id

    async def _host(self, quiz: Quiz) -> str:
        names = await self.context.services.quizzes.names(quiz.id)
        return names.get(quiz.host, "?")

    def _locale(self, quiz: Quiz) -> str:
        return public_locale(self._client.get_guild(quiz.group))
