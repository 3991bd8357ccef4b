"""The bot on Discord: it ticks, meets groups, and hands every interaction to its one handler."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import discord
from discord import app_commands

from deckwright_bot.clock import Ticker
from deckwright_bot.cogs import commands, components
from deckwright_bot.cogs.access import BadOption
from deckwright_bot.cogs.context import Context, locale_of, public_locale, say
from deckwright_bot.messenger import DiscordMessenger
from deckwright_bot.pacing import Pacer, paced
from deckwright_bot.services.posts import Pace
from deckwright_bot.store.database import DatabaseError
from deckwright_bot.store.facts import Facts
from deckwright_bot.store.records import Group
from deckwright_bot.ui.ids import parse
from deckwright_bot.ui.naming import CatalogueTranslator
from deckwright_bot.ui.texts import text

log = logging.getLogger(__name__)

NOBODY = discord.AllowedMentions.none()
ANSWERED = (10062, 40060)
"""Unknown interaction, already acknowledged: a late or duplicated event."""
AT_WORK = ("discord.py: on_", "CommandTree-invoker")
"""How discord.py's names of tasks begin that answer somebody or take in what happened."""
QUIZ_SECONDS = 1.0
"""How often group quizzes are looked after; people wait for the next question."""
REST_SECONDS = 60.0
"""How long nothing is drawn before what drawing needs is given back."""
AT_ONCE = 5
"""Things one member may have at work; who hammers on a button is not served before everybody else."""
GRACE = 5.0
"""Real seconds in which those who clicked at the last moment are still answered."""
PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
    create_public_threads=True,
    send_messages_in_threads=True,
    pin_messages=True,
)
"""Exactly what the bot can need; the invite link asks for these."""


_SERVED: ContextVar[tuple[int, asyncio.Task[object]] | None] = ContextVar("served", default=None)


class StudyBot(discord.AutoShardedClient):
    """One process, one database, no privileged intent (R34)."""

    def __init__(self, facts: Facts) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            intents=intents,
            allowed_mentions=NOBODY,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            http_trace=paced(Pacer()),
        )
        self.tree: app_commands.CommandTree[discord.Client] = CommandTree(self)
        self._facts = facts
        self._context: Context | None = None
        self._ticker: Ticker | None = None
        self._quiz_ticker: Ticker | None = None
        self._rest_ticker: Ticker | None = None
        self._aside: dict[str, asyncio.Future[None]] = {}
        self._unmet: set[int] = set()
        self._meeting = asyncio.Lock()
        self._at_work: Counter[int] = Counter()
        self.pace = Pace()

    messenger: DiscordMessenger

    def wire(self, context: Context, messenger: DiscordMessenger, pace: Pace) -> None:
        """Give the bot its services; they send through it, so it comes first."""
        self._context = context
        self.messenger = messenger
        self.pace = pace
        commands.register(self.tree, context)
        self.tree.error(self._command_failed)
        self._ticker = Ticker(pace.tick, self._tick)
        self._quiz_ticker = Ticker(QUIZ_SECONDS, self._quiz_tick)
        self._rest_ticker = Ticker(REST_SECONDS, self._rest)

    @property
    def _tickers(self) -> tuple[Ticker, ...]:
        found = (self._ticker, self._quiz_ticker, self._rest_ticker)
        return tuple(each for each in found if each is not None)

    @property
    def context(self) -> Context:
        """The services, the clock and the renderer."""
        if self._context is None:
            raise AssertionError("the bot was started before it was wired")
        return self._context

    # starting and stopping

    async def setup_hook(self) -> None:
        """Before the gateway: who asked to be forgotten is; commands are synced only when they changed."""
        await self.context.services.members.forget_again()
        translator = CatalogueTranslator()
        await self.tree.set_translator(translator)
        described = [
            await command.get_translated_payload(self.tree, translator)
            for command in self.tree.get_commands()
        ]
        digest = hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode()).hexdigest()
        name = f"commands-{self.application_id}"
        if await self._facts.get(name) != digest:
            await self.tree.sync()
            await self._facts.put(name, digest)
        log.info("invite me with: %s", self.invite_link())

    def invite_link(self) -> str:
        """The address that adds the bot to a server, with exactly the permissions it can need."""
        if self.application_id is None:
            raise AssertionError("the application is known after the log-in only")
        return discord.utils.oauth_url(
            self.application_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
        )

    async def on_ready(self) -> None:
        """Ticking begins, once; groups joined or left while the bot was away are met or missed."""
        for ticker in self._tickers:
            if not ticker.running:
                ticker.start()
        # Guilds that are out of reach now come later, one by one.
        self._unmet.update(guild.id for guild in self.guilds if not guild.unavailable)
        try:
            await self.context.services.leaving.absent(
                lambda: {guild.id for guild in self.guilds}, self.context.now()
            )
            await self._meet_again()
        except DatabaseError as error:
            # The next connection tries again; what is due is decided from what the database knows.
            log.error("the groups could not be gone through: %s", error)  # noqa: TRY400
        await self.tick()

    async def close(self) -> None:
        """Take in no more, finish what is at work, then leave."""
        for ticker in self._tickers:
            await ticker.stop()
        for shard in self.shards.values():
            await shard.disconnect()
        me = asyncio.current_task()
        at_work = [
            task for task in asyncio.all_tasks() if task.get_name().startswith(AT_WORK) and task is not me
        ]
        if at_work:
            await asyncio.wait(at_work, timeout=GRACE)
        # Nothing may use the database after this, for it is closed next.
        left = [task for task in (*at_work, *self._aside.values()) if not task.done()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._context is not None:
            await self._context.services.posts.finish()
            await self._context.services.quizzes.finish()
        await super().close()

    async def tick(self) -> None:
        """Do now what is due, for those who move the clock; otherwise the ticker does it every 30 s."""
        if self._ticker is not None:
            await self._ticker.tick(after_another=True)

    async def _tick(self) -> None:
        services, now = self.context.services, self.context.now()
        try:
            await self._meet_again()
            await services.posts.tick(now)
        except DatabaseError as error:
            log.error("a tick failed; the next one tries again: %s", error)  # noqa: TRY400  the sentence says it all
        await self._beside("care", lambda: services.care.tick(now))
        await self._beside("greetings", lambda: services.greetings.tick(now))

    async def _quiz_tick(self) -> None:
        try:
            await self.context.services.quizzes.tick(self.context.real_now())
        except DatabaseError as error:
            log.error("quizzes wait for the next tick: %s", error)  # noqa: TRY400

    async def _rest(self) -> None:
        await self.context.draw(self.context.renderer.rest)

    async def _beside(self, what: str, work: Callable[[], Awaitable[None]], *, anew: bool = False) -> None:
        """Do something that the day's question must not wait for; while it still runs it is not begun again.

        With ``anew`` a run that began before is waited for first: it does not know of what has just happened.
        """
        if anew and what in self._aside:
            await asyncio.wait({self._aside[what]}, timeout=self.pace.patience)
        if what not in self._aside:
            task: asyncio.Future[None] = asyncio.ensure_future(work())
            self._aside[what] = task
            task.add_done_callback(lambda done: self._ended(what, done))
        await asyncio.wait({self._aside[what]}, timeout=self.pace.patience)

    def _ended(self, what: str, done: asyncio.Future[None]) -> None:
        self._aside.pop(what, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            told = None if isinstance(error, DatabaseError) else error
            log.error("%s failed; the next tick tries again: %s", what, error, exc_info=told)

    # groups

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Remember a group, and greet it once (R12)."""
        self._unmet.add(guild.id)
        try:
            await self._meet_again()
        except DatabaseError as error:
            log.error("a group will be met at the next tick: %s", error)  # noqa: TRY400
            return
        await self._beside(
            "greetings", lambda: self.context.services.greetings.tick(self.context.now()), anew=True
        )

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A group that was out of reach when the bot came."""
        await self.on_guild_join(guild)

    async def _meet_again(self) -> None:
        """The groups that came or went, also while the database could not be reached.

        Each is taken out by one caller: at a start hundreds come at once, and every one of them calls this. One after
        the other, so that what is written last is what was true last.
        """
        async with self._meeting:
            while self._unmet:
                number = self._unmet.pop()
                guild = self.get_guild(number)
                try:
                    if guild is not None:
                        await self._meet(guild)
                    else:
                        await self.context.services.groups.leave(number, self.context.now())
                except DatabaseError:
                    self._unmet.add(number)
                    raise

    async def _meet(self, guild: discord.Guild) -> None:
        now = self.context.now()
        group = Group(guild.id, guild.name, guild.owner_id or 0, public_locale(guild), now, None, None)
        await self.context.services.groups.join(group)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed; an outage of Discord's comes as `unavailable` and is none (R30)."""
        self._unmet.add(guild.id)
        try:
            await self._meet_again()
        except DatabaseError as error:
            log.error("a group will be missed at the next tick: %s", error)  # noqa: TRY400

    # interactions

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Buttons, selects and modals, by their custom ids; commands have the tree."""
        if interaction.type not in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            return
        if not await self.admit(interaction):
            return
        data = interaction.data
        identifier = parse(str(data.get("custom_id", ""))) if data is not None else None
        if identifier is None or identifier.action not in components.SEEING:
            await self.met(interaction)
        handler = components.HANDLERS.get(identifier.action) if identifier is not None else None
        try:
            if handler is None or identifier is None:
                await components.stale(interaction)
            else:
                await handler(self.context, interaction, identifier)
        except Exception as error:  # noqa: BLE001  the one handler for errors
            await self._failed(interaction, error)

    async def admit(self, interaction: discord.Interaction) -> bool:
        """Whether a member's turn has come; otherwise they are told, at next to no cost.

        What is admitted is at work until the task that asks has ended.
        """
        member, task = interaction.user.id, asyncio.current_task()
        if self._at_work[member] < AT_ONCE and task is not None:
            _SERVED.set((interaction.id, task))
            self._at_work[member] += 1
            task.add_done_callback(lambda _done: self._done(member))
            return True
        try:
            if interaction.type is discord.InteractionType.autocomplete:
                await interaction.response.autocomplete([])
            else:
                await say(interaction, text("error.too-fast", locale_of(interaction)))
        except discord.HTTPException as error:
            log.info("a member who was too fast could not be told: %s", error)
        return False

    @staticmethod
    def served() -> int | None:
        """The interaction that is answered here, also by what its task has begun and waits for; None for all other work."""
        found = _SERVED.get()
        return found[0] if found is not None and not found[1].done() else None

    def _done(self, member: int) -> None:
        self._at_work[member] -= 1
        if not self._at_work[member]:
            del self._at_work[member]

    async def met(self, interaction: discord.Interaction) -> None:
        """Whoever does anything in a group is there; one who had left is shown again (R30)."""
        if interaction.guild_id is None:
            return
        try:
            await self.context.services.leaving.back(
                interaction.guild_id, interaction.user.id, self.context.now()
            )
        except DatabaseError as error:
            log.error("whether a member came back could not be looked up: %s", error)  # noqa: TRY400

    async def _command_failed(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        original = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await self._failed(interaction, original)

    async def _failed(self, interaction: discord.Interaction, error: Exception) -> None:
        """Every interaction is answered, whatever happened; the log has the rest under the same number."""
        number = secrets.token_hex(4)
        locale = locale_of(interaction)
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            words = text("error.stale", locale)
        elif isinstance(error, BadOption | app_commands.TransformerError):
            words = text("error.bad-option", locale)
        elif isinstance(error, app_commands.CheckFailure):
            words = text("error.not-allowed", locale)
        elif isinstance(error, DatabaseError):
            log.error("%s: %s", number, error)
            words = text("error.database", locale)
        elif isinstance(error, discord.HTTPException) and error.code in ANSWERED:
            log.info("an interaction was answered before, or too late: %s", error)
            return
        else:
            log.error("%s: an interaction failed", number, exc_info=error)
            words = text("error.text", locale, number=number)
        try:
            await say(interaction, words)
        except discord.HTTPException as second:
            log.warning("%s: the error could not be shown: %s", number, second)


class CommandTree(app_commands.CommandTree[discord.Client]):
    """The commands; whoever uses one is there, before it looks who is."""

    async def interaction_check(self, interaction: discord.Interaction[discord.Client], /) -> bool:
        """Let everybody through; commands ask for themselves what somebody may do."""
        if isinstance(self.client, StudyBot):
            if not await self.client.admit(interaction):
                return False
            await self.client.met(interaction)
        return True
