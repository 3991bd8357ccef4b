"""What services ask of the chat, on Discord: `ports.Messenger`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
import discord

from deckwright.study.posting import REFUSALS
from deckwright_bot.clock import snowflake_at
from deckwright_bot.cogs.context import Context, public_locale
from deckwright_bot.cogs.permissions import missing_permissions
from deckwright_bot.services.ports import Refused, Rejected, Rematch, Tally, Unavailable, Yesterday
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store.records import Daily, Group, Post
from deckwright_bot.ui import messages, views
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.render import name_of
from deckwright_bot.ui.texts import counted, text

log = logging.getLogger(__name__)

Made = TypeVar("Made")

REJECTED = 400
SEARCHED = 5000
"""Messages looked through for a post; six hours of a channel that is never still."""
NOBODY = discord.AllowedMentions.none()
ARCHIVED = 50083
THREAD_EXISTS = 160004
UNKNOWN_CHANNEL = 10003
GONE = (10007, 10013)
"""Unknown member, unknown user: Discord's words for "not there any more"."""
AROUND = (timedelta(minutes=1), timedelta(days=1))
"""How long before its claim a message is looked for: the claim is written before the message is sent, and by a clock
that may have been ahead of Discord's."""
PATIENCE = 10.0
"""Real seconds for a request that the day's question must not wait for."""


class DiscordMessenger:
    """Sends and edits through a client; every failure becomes `Refused`, `Rejected` or `Unavailable`."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._context: Context | None = None

    def wire(self, context: Context) -> None:
        """Give it the services' other helpers; the services know it before there is a context."""
        self._context = context

    @property
    def context(self) -> Context:
        """The services, the clock and the renderer."""
        if self._context is None:
            raise AssertionError("a message was sent before the bot was wired")
        return self._context

    async def send_post(
        self, post: Post, daily: Daily, yesterday: Yesterday | None, rematch: Rematch | None
    ) -> int:
        """Send a claimed post with its nonce; the role ping goes with the send (R6, R9)."""
        snapshot, closes = snapshot_of(post), post.closes
        if closes is None or post.channel is None:
            raise AssertionError("a claimed post has a window and a channel")
        locale = public_locale(self._client.get_guild(post.group))
        renderer = self.context.renderer
        shown = await self.context.draw(
            lambda: messages.post_message(renderer, snapshot, closes, yesterday, locale, rematch=rematch)
        )
        guild, role = self._client.get_guild(post.group), daily.ping_role
        if guild is not None and role is not None and guild.get_role(role) is None:
            role = None  # it was deleted, and its mention would be a number
        mentions = discord.AllowedMentions(roles=[discord.Object(role)]) if role is not None else NOBODY
        sent = await self.attempt(
            self._client.get_partial_messageable(post.channel).send(
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
        if post.channel is None:
            raise AssertionError("a claimed post has a channel")
        mark = ComponentId("mine", post.id)
        for before in AROUND:
            after = snowflake_at(self.context.clock, around - before)
            if (found := await self.find(post.group, post.channel, mark, after)) is not None:
                return found
        return None

    async def find(self, group: int, channel: int, mark: ComponentId, after: int) -> int | None:
        """Look in a channel or thread for a message of ours that has a button; ``after`` is an id before it.

        Raises:
            Refused: also if the history may not be read, for then nobody knows.
        """
        guild = self._client.get_guild(group)
        if guild is None or guild.unavailable:
            raise Unavailable("the group is out of reach")
        place: discord.abc.GuildChannel | discord.abc.PrivateChannel | discord.Thread | None
        place = guild.get_channel_or_thread(channel)
        if place is None:
            # Threads that sleep are not in the cache.
            place = await self.attempt(self._client.fetch_channel(channel), group, channel)
        lost = isinstance(place, discord.Thread) and place.parent is None
        if lost or not isinstance(place, discord.TextChannel | discord.VoiceChannel | discord.Thread):
            raise Refused("the channel is gone", gone=True)
        if not place.permissions_for(guild.me).read_message_history:
            name = text("permission.read_message_history", public_locale(guild))
            raise Refused("the channel's history may not be read", [name])

        async def search() -> int | None:
            # All that came since: in a busy channel a post that went out late stands far behind its claim.
            since = discord.Object(after)
            async for message in place.history(limit=SEARCHED, after=since, oldest_first=True):
                if message.author == self._client.user and str(mark) in _custom_ids(message):
                    return message.id
            return None

        return await self.attempt(search(), group, channel)

    async def show_count(self, post: Post, answers: int) -> None:
        """Show the number of answers; the rest of the message stays (R15)."""
        message = self._message(post)
        current = await self.attempt(message.fetch(), post.group, post.channel)
        embeds = current.embeds
        if not embeds or not embeds[-1].fields:
            return
        locale = public_locale(self._client.get_guild(post.group))
        meta = (embeds[-1].fields[-1].value or "").split("\n")[0]
        words = f"{meta}\n{counted('post.count', answers, locale)}"
        embeds[-1].set_field_at(len(embeds[-1].fields) - 1, name="\u200b", value=words)
        for embed in embeds:
            # Discord hands out addresses; sent back, the picture would stand there a second time.
            name = PurePosixPath(urlsplit(embed.image.url or "").path).name
            if any(name == attachment.filename for attachment in current.attachments):
                embed.set_image(url=f"attachment://{name}")
        await self.attempt(message.edit(embeds=embeds), post.group, post.channel)

    async def reveal(self, post: Post, tally: Tally, rematch: Rematch | None) -> None:
        """Edit a closed post: counts, key and reasons; only "my result" stays (R15)."""
        snapshot = snapshot_of(post)
        locale = public_locale(self._client.get_guild(post.group))
        renderer = self.context.renderer
        shown = await self.context.draw(
            lambda: messages.reveal_message(renderer, post, snapshot, tally, locale, rematch=rematch)
        )
        view = views.closed(post.id, share=snapshot.form == "open", locale=locale)
        await self.attempt(
            self._message(post).edit(
                embeds=shown.embeds, attachments=shown.files(), view=view, allowed_mentions=NOBODY
            ),
            post.group,
            post.channel,
        )

    async def open_thread(self, post: Post) -> int:
        """Open the post's thread; one that is there already is fine."""
        message = self._message(post)
        locale = public_locale(self._client.get_guild(post.group))
        name = f"{text('post.title', locale)} {post.date.isoformat()}"

        async def make() -> int:
            try:
                return (await message.create_thread(name=name[:100])).id
            except discord.HTTPException as error:
                if error.code != THREAD_EXISTS:
                    raise
                # A thread has the id of the message it begins with.
                return message.id

        return await self.attempt(make(), post.group, post.channel)

    async def pin(self, post: Post) -> None:
        """Pin the post."""
        await self.attempt(self._message(post).pin(), post.group, post.channel)

    async def greet(self, group: Group) -> None:
        """The one message on joining, where the bot may write, else to the owner (R12)."""
        guild = self._client.get_guild(group.id)
        if guild is None or guild.unavailable:
            raise Unavailable("the group is not there")
        candidates = [guild.system_channel, *guild.text_channels]
        place = next((each for each in candidates if each is not None and _may_write(guild, each)), None)
        locale = public_locale(guild)
        embed = discord.Embed(title=text("hello.title", locale), description=text("hello.text", locale))
        if place is None:
            embed.set_footer(text=text("hello.no-channel", locale, group=guild.name))
            owner = await self.attempt(self._client.fetch_user(group.owner), group.id, None)
            await self.attempt(owner.send(embed=embed), group.id, None)
            return
        button = views.one(ComponentId("begin", guild.id), text("hello.button", locale))
        # The nonce makes a greeting single whose answer was lost.
        nonce = f"hello-{group.id}"[:25]
        await self.attempt(place.send(embed=embed, view=button, nonce=nonce), group.id, place.id)

    async def tell_paused(self, group: Group, daily: Daily, missing: Sequence[str]) -> None:
        """Tell the owner once that posting stopped, and what is missing (R9)."""
        guild = self._client.get_guild(group.id)
        lacking = list(missing)
        if not lacking and guild is not None:
            found = missing_permissions(guild, daily.channel, group.locale)
            if found is None:
                words = text("owner.paused.gone", group.locale, group=name_of(group.name))
                await self._tell_owner(group, daily, words)
                return
            lacking = found
        words = text(
            "owner.paused",
            group.locale,
            group=name_of(group.name),
            channel=f"<#{daily.channel}>",
            permissions=", ".join(lacking) or text("owner.paused.unknown", group.locale),
        )
        await self._tell_owner(group, daily, words)

    async def tell_running_out(self, group: Group, daily: Daily, left: int) -> None:
        """Tell the owner that few prompts are left (R10)."""
        words = text("owner.running-out", group.locale, left=left, group=name_of(group.name))
        await self._tell_owner(group, daily, words)

    async def _tell_owner(self, group: Group, daily: Daily, words: str) -> None:
        # Told again within minutes, because the bot was killed before it had noted that, it is one message.
        ten_minutes = int(self.context.now().timestamp()) // 600
        nonce = sha256(f"{group.id} {ten_minutes} {words}".encode()).hexdigest()[:24]
        try:
            owner = await self.attempt(self._client.fetch_user(group.owner), group.id, None)
            await self.attempt(owner.send(words, nonce=nonce), group.id, None)
        except (Refused, Rejected):
            if daily.log_channel is None:
                log.warning("group %d: its owner takes no messages and there is no log channel", group.id)
                return
            place = self._client.get_partial_messageable(daily.log_channel)
            await self.attempt(place.send(words, nonce=nonce), group.id, daily.log_channel)

    async def remind(self, member: int, group: Group, post: Post) -> bool:
        """One DM with a link and a tap that ends them; closed DMs end them silently (R32)."""
        if post.closes is None:
            return True
        link = f"https://discord.com/channels/{post.group}/{post.channel}/{post.message}"
        words = text(
            "remind.text",
            group.locale,
            group=name_of(group.name),
            closes=messages.when(post.closes, "t"),
            link=link,
        )
        button = views.one(
            ComponentId("stop-reminding", post.group), text("button.stop-reminding", group.locale)
        )
        try:
            user = await self._client.fetch_user(member)
            await user.send(words, view=button)
        except discord.Forbidden:
            # Closed DMs, or no server in common any more: Discord says both in the same words.
            await self.context.services.leaving.doubt(group.id, member)
            return False
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("a reminder could not be sent: %s", error)
        return True

    async def unshare(self, group: int, channel: int, message: int) -> None:
        """Delete a message that shows a member's words (R15, R31); one that is gone already is fine."""
        await self.attempt(self._delete(group, channel, message), group, channel)

    async def _delete(self, group: int, channel: int, message: int) -> None:
        partial = self._client.get_partial_messageable(channel, guild_id=group).get_partial_message(message)
        async with asyncio.timeout(PATIENCE):
            try:
                await partial.delete()
            except discord.NotFound:
                # With a channel go its messages; but a server that we are not in may say so of all it has.
                if self._client.get_guild(group) is None:
                    raise
            except discord.HTTPException as error:
                if error.code != ARCHIVED:
                    raise
                # Threads fall asleep after a day, and nothing in a sleeping one can be deleted.
                thread = await self._client.fetch_channel(channel)
                if not isinstance(thread, discord.Thread):
                    raise
                await thread.edit(archived=False)
                await partial.delete()
                await thread.edit(archived=True)

    async def is_member(self, group: int, member: int) -> bool:
        """Ask Discord about one member (R30); no list, hence no privileged intent (R34)."""
        guild = self._client.get_guild(group)
        if guild is None or guild.unavailable:
            raise Unavailable("the group is out of reach")

        async def ask() -> bool:
            try:
                async with asyncio.timeout(PATIENCE):
                    await guild.fetch_member(member)
            except discord.NotFound as error:
                if error.code not in GONE:
                    raise
                return False
            return True

        return await self.attempt(ask(), group, None)

    def _message(self, post: Post) -> discord.PartialMessage:
        if post.channel is None or post.message is None:
            raise AssertionError("the post was not sent")
        return self._client.get_partial_messageable(post.channel, guild_id=post.group).get_partial_message(
            post.message
        )

    async def attempt(self, work: Awaitable[Made], group: int, channel: int | None) -> Made:
        """Do something on Discord; what fails becomes `Refused`, `Rejected` or `Unavailable`."""
        try:
            return await work
        except discord.HTTPException as error:
            words = f"{error.status} {error.text}"
            if error.status in REFUSALS:
                guild = self._client.get_guild(group)
                missing = None
                if guild is not None and channel is not None:
                    missing = missing_permissions(guild, channel)
                raise Refused(words, missing or (), gone=error.code == UNKNOWN_CHANNEL) from error
            if error.status == REJECTED:
                raise Rejected(words) from error
            raise Unavailable(words) from error
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
