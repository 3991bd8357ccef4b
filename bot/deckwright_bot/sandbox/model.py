"""The things of the sandbox as plain objects: people, guilds, channels, messages. No behaviour, no wire format."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import Any

from deckwright_bot.sandbox.permissions import Permission

Json = dict[str, Any]


class ChannelType(IntEnum):
    """The channel types that the sandbox knows."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    NEWS = 5
    NEWS_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15


THREADS = frozenset({ChannelType.NEWS_THREAD, ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD})


class MessageType(IntEnum):
    """The message types that the sandbox makes."""

    DEFAULT = 0
    PINNED = 6
    MEMBER_JOINED = 7
    THREAD_CREATED = 18
    REPLY = 19
    SLASH_COMMAND = 20
    CONTEXT_MENU = 23


class MessageFlag(IntFlag):
    """The message flags that change behaviour."""

    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


@dataclass(eq=False)
class User:
    """An account; ``dms_open`` says whether it takes direct messages."""

    id: int
    name: str
    display_name: str | None = None
    bot: bool = False
    locale: str = "en-US"
    dms_open: bool = True


@dataclass(eq=False)
class Role:
    """A role of one guild; the role whose id is the guild's is @everyone."""

    id: int
    name: str
    permissions: Permission
    position: int = 0
    mentionable: bool = False
    managed: bool = False
    color: int = 0


@dataclass(frozen=True)
class Overwrite:
    """What a channel allows or denies to one role or one member."""

    target_id: int
    is_member: bool
    allow: Permission
    deny: Permission


@dataclass(eq=False)
class GuildMember:
    """A user's membership of one guild."""

    user: User
    guild_id: int
    joined_at: datetime
    roles: set[int] = field(default_factory=set)
    nick: str | None = None
    timed_out_until: datetime | None = None


@dataclass(eq=False)
class ThreadState:
    """What a thread has beyond a channel."""

    owner_id: int
    created_at: datetime
    changed_at: datetime
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    auto_archive_minutes: int = 1440
    members: dict[int, datetime] = field(default_factory=dict)
    total_sent: int = 0


@dataclass(eq=False)
class Attachment:
    """A file of a message; ``embedded`` ones are shown by an embed and listed nowhere else."""

    id: int
    filename: str
    content: bytes
    content_type: str
    url: str
    description: str | None = None
    embedded: bool = False
    ephemeral: bool = False


@dataclass(frozen=True)
class Upload:
    """A file as it came with a request; ``index`` is the n of ``files[n]``."""

    index: int
    filename: str
    content: bytes
    content_type: str


@dataclass(eq=False)
class Message:
    """A message; ``visible_to`` names the only reader of an ephemeral one, ``notified`` whom it pinged."""

    id: int
    channel_id: int
    guild_id: int | None
    author_id: int
    created_at: datetime
    content: str = ""
    type: MessageType = MessageType.DEFAULT
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: MessageFlag = field(default_factory=lambda: MessageFlag(0))
    edited_at: datetime | None = None
    pinned_at: datetime | None = None
    nonce: str | int | None = None
    tts: bool = False
    poll: Json | None = None
    mentions: list[int] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    notified: frozenset[int] = frozenset()
    reference: tuple[int, int] | None = None
    thread_id: int | None = None
    visible_to: int | None = None
    interaction: Json | None = None
    edits: int = 0


@dataclass(eq=False)
class Channel:
    """A guild channel, a thread or a direct-message channel."""

    id: int
    type: ChannelType
    name: str
    guild_id: int | None = None
    parent_id: int | None = None
    position: int = 0
    topic: str | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    recipient_id: int | None = None
    thread: ThreadState | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    last_message_id: int | None = None
    last_pin_at: datetime | None = None
    slowmode: int = 0

    @property
    def public_messages(self) -> list[Message]:
        """All messages but the ephemeral ones, oldest first."""
        return [message for message in self.messages.values() if message.visible_to is None]


@dataclass(eq=False)
class Guild:
    """A server with its members, roles and channels."""

    id: int
    name: str
    owner_id: int
    locale: str = "en-US"
    members: dict[int, GuildMember] = field(default_factory=dict)
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    unavailable: bool = False

    def channel_named(self, name: str) -> Channel:
        """The channel or thread of that name."""
        return next(channel for channel in self.channels.values() if channel.name == name)
