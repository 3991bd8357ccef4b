"""The bot on Discord: it sends what services decide, and hands every interaction to its one handler."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import aiohttp
import discord
from discord import app_commands

from deckwright_bot.clock import Ticker, snowflake_at
from deckwright_bot.cogs import commands, components
from deckwright_bot.cogs.context import Context, locale_of, public_locale, say
from deckwright_bot.cogs.setup import missing_permissions
from deckwright_bot.services.ports import Refused, Tally, Unavailable, Yesterday
from deckwright_bot.services.posts import snapshot_of
from deckwright_bot.store.database import DatabaseError
from deckwright_bot.store.facts import Facts
from deckwright_bot.store.records import Daily, Group, Post
from deckwright_bot.ui import messages, views
from deckwright_bot.ui.ids import ComponentId, parse
from deckwright_bot.ui.render import name_of
from deckwright_bot.ui.texts import text

log = logging.getLogger(__name__)

Made = TypeVar("Made")

REFUSALS = (401, 403, 404)
SEARCHED = 100
NOBODY = discord.AllowedMentions.none()
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
        )
        self.tree: app_commands.CommandTree[discord.Client] = app_commands.CommandTree(self)
        self._facts = facts
        self._context: Context | None = None
        self._ticker: Ticker | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def wire(self, context: Context) -> None:
        """Give the bot its services; they know it as their Messenger, so it comes first."""
        self._context = context
        commands.register(self.tree, context)
        self.tree.error(self._command_failed)
        self._ticker = Ticker(context.clock, self._tick)

    @property
    def context(self) -> Context:
        """The services, the clock and the renderer."""
        if self._context is None:
            raise AssertionError("the bot was started before it was wired")
        return self._context

    # starting and stopping

    async def setup_hook(self) -> None:
        """Before the gateway: commands are synced only when they changed."""
        described = [command.to_dict(self.tree) for command in self.tree.get_commands()]
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
        """Groups joined while the bot was away are greeted; ticking begins, once."""
        for guild in self.guilds:
            await self.on_guild_join(guild)
        if self._ticker is not None and not self._ticker.running:
            self._ticker.start()
            await self._ticker.tick()

    async def close(self) -> None:
        """Finish what is at work, then leave."""
        if self._ticker is not None:
            await self._ticker.stop()
        await super().close()

    async def tick(self) -> None:
        """Do now what is due, for those who move the clock; otherwise the ticker does it every 30 s."""
        if self._ticker is not None:
            await self._ticker.tick(after_another=True)

    async def _tick(self) -> None:
        await self.context.services.posts.tick(self.context.now())

    # groups

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Remember a group, and greet it once (R12)."""
        now = self.context.now()
        group = Group(guild.id, guild.name, guild.owner_id or 0, public_locale(guild), now, None, None)
        if await self.context.services.groups.join(group, now):
            try:
                await self.greet(group)
            except (Refused, Unavailable) as error:
                log.warning("group %d could not be greeted: %s", guild.id, error)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed; an outage of Discord's comes as `unavailable` and is none (R30)."""
        await self.context.services.groups.leave(guild.id, self.context.now())

    # interactions

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Buttons, selects and modals, by their custom ids; commands have the tree."""
        if interaction.type not in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            return
        data = interaction.data
        identifier = parse(str(data.get("custom_id", ""))) if data is not None else None
        handler = components.HANDLERS.get(identifier.action) if identifier is not None else None
        try:
            if handler is None or identifier is None:
                await components.stale(interaction)
            else:
                await handler(self.context, interaction, identifier)
        except Exception as error:  # noqa: BLE001  the one handler for errors
            await self._failed(interaction, error)

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
        elif isinstance(error, app_commands.CheckFailure):
            words = text("error.not-allowed", locale)
        elif isinstance(error, DatabaseError):
            log.error("%s: %s", number, error)
            words = text("error.database", locale)
        elif isinstance(error, discord.NotFound) and error.code in (10062, 40060):
            log.info("an interaction was answered before, or too late: %s", error)
            return
        else:
            log.error("%s: an interaction failed", number, exc_info=error)
            words = text("error.text", locale, number=number)
        try:
            await say(interaction, words)
        except discord.HTTPException as second:
            log.warning("%s: the error could not be shown: %s", number, second)

    # what services ask for: ports.Messenger

    async def send_post(self, post: Post, daily: Daily, yesterday: Yesterday | None) -> int:
        """Send a claimed post with its nonce; the role ping goes with the send (R6, R9)."""
        snapshot, closes = snapshot_of(post), post.closes
        if closes is None or post.channel is None:
            raise AssertionError("a claimed post has a window and a channel")
        locale = public_locale(self.get_guild(post.group))
        renderer = self.context.renderer
        shown = await self.context.draw(
            lambda: messages.post_message(renderer, snapshot, closes, yesterday, locale)
        )
        role = daily.ping_role
        mentions = discord.AllowedMentions(roles=[discord.Object(role)]) if role is not None else NOBODY
        sent = await self._try(
            self.get_partial_messageable(post.channel).send(
                content=f"<@&{role}>" if role is not None else None,
                embeds=shown.embeds,
                files=shown.files(),
                view=views.question(post.id, snapshot, locale),
                nonce=post.nonce or str(post.id),
                allowed_mentions=mentions,
            ),
            post.group,
            post.channel,
        )
        return sent.id

    async def find_post(self, post: Post, around: datetime) -> int | None:
        """Look for a post's message by the id in its buttons (R7)."""
        guild, channel = self.get_guild(post.group), post.channel
        place = guild.get_channel(channel) if guild is not None and channel is not None else None
        if guild is None or not isinstance(place, discord.TextChannel):
            raise Refused("the channel is gone")
        if not place.permissions_for(guild.me).read_message_history:
            raise Refused("the channel's history may not be read", ["Read Message History"])
        mark = str(ComponentId("mine", post.id))
        # A minute before: the claim is written before the message is sent.
        after = discord.Object(snowflake_at(self.context.clock, around - timedelta(minutes=1)))

        async def search() -> int | None:
            async for message in place.history(limit=SEARCHED, after=after, oldest_first=True):
                if message.author == self.user and mark in _custom_ids(message):
                    return message.id
            return None

        return await self._try(search(), post.group, channel)

    async def show_count(self, post: Post, answers: int) -> None:
        """Show the number of answers; the rest of the message stays (R15)."""
        message = self._message(post)
        current = await self._try(message.fetch(), post.group, post.channel)
        embeds = current.embeds
        if not embeds or not embeds[-1].fields:
            return
        locale = public_locale(self.get_guild(post.group))
        from deckwright_bot.ui.texts import counted

        meta = (embeds[-1].fields[-1].value or "").split("\n")[0]
        words = f"{meta}\n{counted('post.count', answers, locale)}"
        embeds[-1].set_field_at(len(embeds[-1].fields) - 1, name="\u200b", value=words)
        await self._try(message.edit(embeds=embeds), post.group, post.channel)

    async def reveal(self, post: Post, tally: Tally) -> None:
        """Edit a closed post: counts, key and reasons; only "my result" stays (R15)."""
        snapshot = snapshot_of(post)
        locale = public_locale(self.get_guild(post.group))
        renderer = self.context.renderer
        shown = await self.context.draw(
            lambda: messages.reveal_message(renderer, post, snapshot, tally, locale)
        )
        view = views.closed(post.id, share=snapshot.form == "open", locale=locale)
        await self._try(
            self._message(post).edit(
                embeds=shown.embeds, attachments=shown.files(), view=view, allowed_mentions=NOBODY
            ),
            post.group,
            post.channel,
        )

    async def open_thread(self, post: Post) -> int:
        """Open the post's thread."""
        name = f"{text('post.title', public_locale(self.get_guild(post.group)))} {post.date.isoformat()}"
        thread = await self._try(self._message(post).create_thread(name=name[:100]), post.group, post.channel)
        return thread.id

    async def pin(self, post: Post) -> None:
        """Pin the post."""
        await self._try(self._message(post).pin(), post.group, post.channel)

    async def greet(self, group: Group) -> None:
        """The one message on joining, where the bot may write (R12)."""
        guild = self.get_guild(group.id)
        if guild is None:
            raise Unavailable("the group is not there")
        candidates = [guild.system_channel, *guild.text_channels]
        place = next((each for each in candidates if each is not None and _may_write(guild, each)), None)
        if place is None:
            raise Refused("there is no channel to write in", ["Send Messages"])
        locale = public_locale(guild)
        embed = discord.Embed(title=text("hello.title", locale), description=text("hello.text", locale))
        button = views.one(ComponentId("begin", guild.id), text("hello.button", locale))
        await self._try(place.send(embed=embed, view=button), group.id, place.id)

    async def tell_paused(self, group: Group, daily: Daily, missing: Sequence[str]) -> None:
        """Tell the owner once that posting stopped, and what is missing (R9)."""
        guild = self.get_guild(group.id)
        lacking = (
            list(missing)
            or (missing_permissions(guild, daily.channel) if guild is not None else None)
            or ["?"]
        )
        words = text(
            "owner.paused",
            group.locale,
            group=name_of(group.name),
            channel=f"<#{daily.channel}>",
            permissions=", ".join(lacking),
        )
        await self._tell_owner(group, daily, words)

    async def tell_running_out(self, group: Group, daily: Daily, left: int) -> None:
        """Tell the owner that few prompts are left (R10)."""
        words = text("owner.running-out", group.locale, left=left, group=name_of(group.name))
        await self._tell_owner(group, daily, words)

    async def _tell_owner(self, group: Group, daily: Daily, words: str) -> None:
        try:
            owner = await self.fetch_user(group.owner)
            await owner.send(words)
        except discord.HTTPException:
            if daily.log_channel is not None:
                await self._try(
                    self.get_partial_messageable(daily.log_channel).send(words), group.id, daily.log_channel
                )

    async def remind(self, member: int, group: Group, post: Post) -> bool:
        """One DM with a link and a tap that ends them; closed DMs end them silently (R32)."""
        if post.closes is None:
            return True
        link = f"https://discord.com/channels/{post.group}/{post.channel}/{post.message}"
        words = text(
            "remind.text",
            group.locale,
            group=name_of(group.name),
            closes=messages.when(post.closes),
            link=link,
        )
        button = views.one(
            ComponentId("stop-reminding", post.group), text("button.stop-reminding", group.locale)
        )
        try:
            user = await self.fetch_user(member)
            await user.send(words, view=button)
        except discord.Forbidden:
            return False
        except discord.HTTPException as error:
            log.warning("a reminder could not be sent: %s", error)
        return True

    async def unshare(self, post: Post, message: int) -> None:
        """Take a shared answer back (R15)."""
        if post.channel is not None:
            place = self.get_partial_messageable(post.thread or post.channel)
            await self._try(place.get_partial_message(message).delete(), post.group, post.channel)

    def _message(self, post: Post) -> discord.PartialMessage:
        if post.channel is None or post.message is None:
            raise AssertionError("the post was not sent")
        return self.get_partial_messageable(post.channel, guild_id=post.group).get_partial_message(
            post.message
        )

    async def _try(self, work: Awaitable[Made], group: int, channel: int | None) -> Made:
        """Do something on Discord; what fails becomes `Refused` or `Unavailable`."""
        try:
            return await work
        except discord.HTTPException as error:
            if error.status in REFUSALS:
                guild = self.get_guild(group)
                missing = None
                if guild is not None and channel is not None:
                    missing = missing_permissions(guild, channel)
                raise Refused(f"{error.status} {error.text}", missing or ()) from error
            raise Unavailable(f"{error.status} {error.text}") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unavailable(str(error) or type(error).__name__) from error


def _may_write(guild: discord.Guild, channel: discord.TextChannel) -> bool:
    own = channel.permissions_for(guild.me)
    return own.view_channel and own.send_messages and own.embed_links


def _custom_ids(message: discord.Message) -> set[str]:
    return {
        child.custom_id
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for child in row.children
        if isinstance(child, discord.Button) and child.custom_id is not None
    }
