"""The chat that group quizzes are shown in, on Discord."""

from __future__ import annotations

from datetime import datetime

import discord

from deckwright.study.question import Snapshot
from deckwright_bot.cogs.context import Context, public_locale
from deckwright_bot.messenger import AROUND, DiscordMessenger
from deckwright_bot.services.stage import Counts, Crowd, Table
from deckwright_bot.store.quizzes import Question, Quiz
from deckwright_bot.store.records import DONT_KNOW
from deckwright_bot.ui import quizzes
from deckwright_bot.ui.ids import ComponentId
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

    async def open_lobby(self, quiz: Quiz, crowd: Crowd) -> int:
        """Say that a quiz is about to begin."""
        embed, view = quizzes.lobby(quiz, crowd, self._locale(quiz))
        return await self._send(quiz, "lobby", embed=embed, view=view)

    async def show_lobby(self, quiz: Quiz, crowd: Crowd) -> None:
        """Edit the lobby."""
        embed, view = quizzes.lobby(quiz, crowd, self._locale(quiz))
        await self._edit(quiz, quiz.message, Shown([embed]), view)

    async def ask(self, quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> int:
        """Ask a question."""
        shown, view = await self._question(quiz, question, snapshot, closes)
        return await self._send(quiz, str(question.number), shown=shown, view=view)

    async def ask_anew(self, quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> None:
        """Edit a question so that it names its new end."""
        shown, view = await self._question(quiz, question, snapshot, closes)
        await self._edit(quiz, question.message, shown, view)

    async def _question(
        self, quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime
    ) -> tuple[Shown, discord.ui.View]:
        locale, renderer = self._locale(quiz), self.context.renderer
        return await self.context.draw(
            lambda: quizzes.question(renderer, quiz, question.number, snapshot, closes, locale)
        )

    async def show(
        self, quiz: Quiz, question: Question, snapshot: Snapshot, counts: Counts, table: Table
    ) -> None:
        """Edit a question that is over."""
        locale, renderer = self._locale(quiz), self.context.renderer
        shown, view = await self.context.draw(
            lambda: quizzes.over(renderer, quiz, question.number, snapshot, counts, table, locale)
        )
        await self._edit(quiz, question.message, shown, view)

    async def finish(self, quiz: Quiz, table: Table) -> None:
        """Send the final table."""
        embed, view = quizzes.final(quiz, table, self._locale(quiz))
        await self._send(quiz, "final", embed=embed, view=view)

    async def find_lobby(self, quiz: Quiz) -> int | None:
        """Look for the lobby by the id in its button."""
        return await self._find(quiz, ComponentId("quiz-join", quiz.id), None)

    async def find_question(self, quiz: Quiz, question: Question) -> int | None:
        """Look for a question by the id in its button."""
        mark = ComponentId("quiz", quiz.id, f"{question.number}-{DONT_KNOW}")
        return await self._find(quiz, mark, quiz.message)

    async def find_final(self, quiz: Quiz, after: int | None) -> int | None:
        """Look for the final table by the id in its button."""
        return await self._find(quiz, ComponentId("quiz-mine", quiz.id), after)

    async def _find(self, quiz: Quiz, mark: ComponentId, after: int | None) -> int | None:
        if quiz.channel is None:
            raise AssertionError("a group quiz has a channel")
        since = [discord.utils.time_snowflake(quiz.begun - before) for before in AROUND]
        for each in since if after is None else [after]:
            if (found := await self._messenger.find(quiz.group, quiz.channel, mark, each)) is not None:
                return found
        return None

    async def _edit(
        self, quiz: Quiz, message: int | None, shown: Shown, view: discord.ui.View | None
    ) -> None:
        if quiz.channel is None or message is None:
            raise AssertionError("what was not sent cannot be edited")
        place = self._client.get_partial_messageable(quiz.channel, guild_id=quiz.group)
        editing = place.get_partial_message(message).edit(
            embeds=shown.embeds, attachments=shown.files(), view=view, allowed_mentions=NOBODY
        )
        await self._messenger.attempt(editing, quiz.group, quiz.channel)

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

    def _locale(self, quiz: Quiz) -> str:
        return public_locale(self._client.get_guild(quiz.group))
