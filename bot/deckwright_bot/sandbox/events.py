"""What happens in the sandbox, told to whoever listens: the gateway, the tests, a page that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from deckwright_bot.sandbox.model import Channel, Guild, GuildMember, Json, Message, Role


class Event:
    """Anything that happened."""


@dataclass(frozen=True)
class MessageCreated(Event):
    """A message was posted; ephemeral ones too."""

    message: Message


@dataclass(frozen=True)
class MessageEdited(Event):
    """A message has a new face."""

    message: Message


@dataclass(frozen=True)
class MessageDeleted(Event):
    """A message is gone."""

    message: Message


@dataclass(frozen=True)
class PinsChanged(Event):
    """A channel's pins changed."""

    channel: Channel


@dataclass(frozen=True)
class ChannelCreated(Event):
    """A guild channel or thread was made."""

    channel: Channel


@dataclass(frozen=True)
class ChannelEdited(Event):
    """A channel's name, overwrites, archive state, … changed."""

    channel: Channel


@dataclass(frozen=True)
class ChannelDeleted(Event):
    """A channel or thread is gone."""

    channel: Channel


@dataclass(frozen=True)
class ThreadMembersChanged(Event):
    """Somebody entered or left a thread."""

    channel: Channel
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()


@dataclass(frozen=True)
class RoleChanged(Event):
    """A role was made or edited."""

    guild: Guild
    role: Role
    created: bool


@dataclass(frozen=True)
class RoleDeleted(Event):
    """A role is gone, from everybody who had it too."""

    guild: Guild
    role: Role


@dataclass(frozen=True)
class MemberJoined(Event):
    """A member came."""

    guild: Guild
    member: GuildMember


@dataclass(frozen=True)
class MemberEdited(Event):
    """A member's roles or name changed."""

    guild: Guild
    member: GuildMember


@dataclass(frozen=True)
class MemberLeft(Event):
    """A member went or was removed."""

    guild: Guild
    member: GuildMember


@dataclass(frozen=True)
class GuildEdited(Event):
    """A guild's name, owner, … changed."""

    guild: Guild


@dataclass(frozen=True)
class BotJoined(Event):
    """The bot was added to a guild, or the guild came back after an outage."""

    guild: Guild
    after_outage: bool = False


@dataclass(frozen=True)
class BotLeft(Event):
    """The bot was removed from a guild, or the guild is down."""

    guild: Guild
    outage: bool = False


@dataclass(frozen=True)
class CommandsChanged(Event):
    """Slash commands were registered, for a guild or (None) everywhere."""

    guild_id: int | None
    commands: tuple[Json, ...] = ()


@dataclass(frozen=True)
class TypingStarted(Event):
    """The bot shows that it is typing."""

    channel: Channel


@dataclass
class Hub:
    """Hands events to all listeners, at once and in order."""

    listeners: list[Callable[[Event], None]] = field(default_factory=list)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``listener`` for every event; the answer ends that."""
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def emit(self, event: Event) -> None:
        """Tell everybody."""
        for listener in tuple(self.listeners):
            listener(event)

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:  # noqa: ASYNC109
        """Wait until the condition holds, looking again after every event; False when time is up."""
        changed = asyncio.Event()
        unsubscribe = self.subscribe(lambda _: changed.set())
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            return condition()
        finally:
            unsubscribe()
        return True
