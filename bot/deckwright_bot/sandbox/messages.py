"""Posting, editing, deleting and pinning: how a checked request body becomes a message."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from datetime import timedelta

from deckwright_bot.sandbox import events
from deckwright_bot.sandbox.errors import ApiError
from deckwright_bot.sandbox.model import (
    Attachment,
    Channel,
    Json,
    Message,
    MessageFlag,
    MessageType,
    Upload,
)
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.sandbox.state import World

MAX_FILE = 10 * 1024 * 1024
MAX_PINS = 250
NONCE_WINDOW = timedelta(minutes=5)
SETTABLE = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.COMPONENTS_V2
MENTION = re.compile(r"<@(!?|&)(\d+)>|@(everyone|here)")


class Messages:
    """All that is done to messages, by whoever may do it; permissions are the caller's business."""

    def __init__(self, world: World, base_url: str = "") -> None:
        self.world = world
        self.base_url = base_url
        self._nonces: dict[tuple[int, str], Message] = {}

    def post(
        self,
        channel: Channel,
        author_id: int,
        body: Json,
        files: Sequence[Upload] = (),
        *,
        kind: MessageType = MessageType.DEFAULT,
        visible_to: int | None = None,
        interaction: Json | None = None,
        reference: tuple[int, int] | None = None,
        loading: bool = False,
    ) -> Message:
        """Post a message; with ``enforce_nonce`` a second one with the same nonce is the first one again."""
        nonce = body.get("nonce")
        known = self._nonces.get((author_id, str(nonce))) if nonce is not None else None
        now = self.world.clock.now()
        if known and body.get("enforce_nonce") and now - known.created_at < NONCE_WINDOW:
            return known
        message = Message(
            self.world.ids.new(), channel.id, channel.guild_id, author_id, now, type=kind, nonce=nonce
        )
        message.tts = bool(body.get("tts"))
        message.poll = body.get("poll")
        message.visible_to = visible_to
        message.interaction = interaction
        message.reference = reference
        message.flags = MessageFlag(int(body.get("flags") or 0)) & SETTABLE
        if visible_to is not None:
            message.flags |= MessageFlag.EPHEMERAL
        if loading:
            message.flags |= MessageFlag.LOADING
        self._fill(message, channel, body, files)
        message.notified = self._notified(message, channel, body)
        channel.messages[message.id] = message
        if visible_to is None:
            channel.last_message_id = message.id
        if nonce is not None:
            self._nonces[author_id, str(nonce)] = message
        if channel.thread is not None:
            channel.thread.total_sent += 1
            channel.thread.archived = False
        self.world.hub.emit(events.MessageCreated(message))
        return message

    def edit(self, message: Message, body: Json, files: Sequence[Upload] = ()) -> None:
        """Change what the body names and leave the rest; the loading state ends."""
        channel = self.world.channel(message.channel_id)
        if body.get("flags") is not None:
            kept = message.flags & ~MessageFlag.SUPPRESS_EMBEDS
            message.flags = kept | MessageFlag(int(body["flags"])) & SETTABLE
        first_face = MessageFlag.LOADING in message.flags
        message.flags &= ~MessageFlag.LOADING
        self._fill(message, channel, body, files)
        if first_face:
            message.notified = self._notified(message, channel, body)
        else:
            message.edited_at = self.world.clock.now()
            message.edits += 1
        self.world.hub.emit(events.MessageEdited(message))

    def delete(self, message: Message) -> None:
        """Remove a message."""
        channel = self.world.channel(message.channel_id)
        channel.messages.pop(message.id, None)
        if message.pinned_at is not None:
            self.world.hub.emit(events.PinsChanged(channel))
        self.world.hub.emit(events.MessageDeleted(message))

    def pin(self, message: Message, by: int) -> None:
        """Pin a message; the channel says so in a message of its own."""
        channel = self.world.channel(message.channel_id)
        if message.pinned_at is not None:
            return
        if sum(other.pinned_at is not None for other in channel.messages.values()) >= MAX_PINS:
            raise ApiError(400, 30003, f"Maximum number of pins reached for the channel ({MAX_PINS})")
        message.pinned_at = channel.last_pin_at = self.world.clock.now()
        self.world.hub.emit(events.MessageEdited(message))
        self.world.hub.emit(events.PinsChanged(channel))
        self.post(channel, by, {}, kind=MessageType.PINNED, reference=(channel.id, message.id))

    def unpin(self, message: Message) -> None:
        """Unpin a message."""
        message.pinned_at = None
        self.world.hub.emit(events.MessageEdited(message))
        self.world.hub.emit(events.PinsChanged(self.world.channel(message.channel_id)))

    def _fill(self, message: Message, channel: Channel, body: Json, files: Sequence[Upload]) -> None:
        if "content" in body:
            message.content = str(body["content"] or "").strip()
            self._find_mentions(message)
        self._take_files(message, channel, body, files)
        if "embeds" in body:
            message.embeds = [
                {"type": "rich", "content_scan_version": 0} | one for one in body["embeds"] or []
            ]
        if "components" in body:
            message.components = [dict(one) for one in body["components"] or []]
            number_components(message.components)
        self._show_attached(message)

    def _find_mentions(self, message: Message) -> None:
        guild = self.world.guilds.get(message.guild_id or 0)
        users, roles, everyone = [], [], False
        for kind, number, all_of in MENTION.findall(message.content):
            if all_of:
                everyone = True
            elif kind == "&" and guild and int(number) in guild.roles:
                roles.append(int(number))
            elif kind != "&" and int(number) in self.world.users:
                users.append(int(number))
        message.mentions = list(dict.fromkeys(users))
        message.mention_roles = list(dict.fromkeys(roles))
        message.mention_everyone = everyone

    def _notified(self, message: Message, channel: Channel, body: Json) -> frozenset[int]:
        """Whom the message pings: what it mentions, its author may mention and ``allowed_mentions`` lets through."""
        rules = body.get("allowed_mentions")
        parse = ["users", "roles", "everyone"] if rules is None else rules.get("parse") or []
        listed = {int(one) for key in ("users", "roles") for one in (rules or {}).get(key) or []}
        may_all = Permission.MENTION_EVERYONE in self.world.permissions_in(channel, message.author_id)
        pinged = {one for one in message.mentions if "users" in parse or one in listed}
        guild = self.world.guilds.get(message.guild_id or 0)
        if guild is not None:
            for role_id in message.mention_roles:
                allowed = "roles" in parse or role_id in listed
                if allowed and (may_all or guild.roles[role_id].mentionable):
                    pinged |= {one for one, member in guild.members.items() if role_id in member.roles}
            message.mention_everyone &= may_all and "everyone" in parse
            if message.mention_everyone:
                pinged |= set(guild.members)
        return frozenset(pinged - {message.author_id})

    def _take_files(self, message: Message, channel: Channel, body: Json, files: Sequence[Upload]) -> None:
        described = {str(one.get("id")): one for one in body.get("attachments") or []}
        if body.get("attachments") is not None:
            shown = {str(one.id) for one in message.attachments if one.embedded and "embeds" not in body}
            message.attachments = [
                one for one in message.attachments if str(one.id) in described or str(one.id) in shown
            ]
        for upload in files:
            if len(upload.content) > MAX_FILE:
                raise ApiError(413, 40005, "Request entity too large")
            extra = described.get(str(upload.index), {})
            name = re.sub(r"[^\w.\-()]", "_", str(extra.get("filename") or upload.filename))
            number = self.world.ids.new()
            url = f"{self.base_url}/attachments/{channel.id}/{number}/{name}"
            kind = mimetypes.guess_type(name)[0] or upload.content_type
            attachment = Attachment(number, name, upload.content, kind, url, extra.get("description"))
            attachment.ephemeral = message.visible_to is not None
            message.attachments.append(attachment)

    def _show_attached(self, message: Message) -> None:
        """Turn ``attachment://name`` in embeds and components into the file's address."""
        by_name = {f"attachment://{one.filename}": one for one in message.attachments}

        def resolve(node: object) -> None:
            children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
            if isinstance(node, dict) and (found := by_name.get(str(node.get("url")))):
                node["url"] = found.url
                node["proxy_url"] = found.url
                found.embedded = True
            for child in children:
                resolve(child)

        resolve(message.embeds)
        resolve(message.components)


def has_content(body: Json) -> bool:
    """Is there anything to show? White space is nothing."""
    parts = ("embeds", "components", "sticker_ids", "poll", "attachments")
    return bool(str(body.get("content") or "").strip()) or any(body.get(key) for key in parts)


def number_components(components: list[Json]) -> None:
    """Give every component that has none an ``id``, unique in the message, in reading order."""
    found: list[Json] = []

    def walk(node: object) -> None:
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "type" in node:
                found.append(node)
            for key in ("components", "accessory", "component"):
                walk(node.get(key))

    walk(components)
    taken = {node["id"] for node in found if node.get("id")}
    free = (number for number in range(1, len(found) + len(taken) + 1) if number not in taken)
    for node in found:
        if not node.get("id"):
            node["id"] = next(free)
