"""Threads: starting, joining, leaving, listing."""

from __future__ import annotations

from deckwright_bot.sandbox import events, payloads
from deckwright_bot.sandbox.errors import ApiError, unknown
from deckwright_bot.sandbox.limits import Findings, check_name
from deckwright_bot.sandbox.model import Channel, ChannelType, Json, MessageFlag, MessageType
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.sandbox.rest.rules import channel_of, guild_of, message_of
from deckwright_bot.sandbox.rest.wire import Call, Reply, Routes

routes = Routes()


def _named(call: Call) -> Json:
    findings = Findings()
    check_name(call.json(), findings, new=True)
    findings.refuse()
    return call.json()


def _start(call: Call, parent: Channel, kind: ChannelType, thread_id: int | None = None) -> Channel:
    body, world = _named(call), call.core.world
    thread = world.add_thread(parent, body["name"], world.bot.id, kind, thread_id)
    assert thread.thread is not None
    thread.thread.auto_archive_minutes = int(body.get("auto_archive_duration") or 1440)
    thread.thread.invitable = bool(body.get("invitable", True))
    thread.slowmode = int(body.get("rate_limit_per_user") or 0)
    return thread


@routes.add("POST", "/channels/{channel}/messages/{message}/threads")
def from_message(call: Call) -> Reply:
    """Start a thread from a message; it gets the message's id."""
    channel = channel_of(call, Permission.CREATE_PUBLIC_THREADS | Permission.READ_MESSAGE_HISTORY)
    message = message_of(call, channel)
    if channel.type is ChannelType.DM or channel.thread is not None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    if message.thread_id is not None:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    kind = ChannelType.NEWS_THREAD if channel.type is ChannelType.NEWS else ChannelType.PUBLIC_THREAD
    thread = _start(call, channel, kind, message.id)
    message.thread_id = thread.id
    message.flags |= MessageFlag.HAS_THREAD
    call.core.hub.emit(events.MessageEdited(message))
    return Reply(payloads.channel(thread, call.core.world), 201)


@routes.add("POST", "/channels/{channel}/threads")
def without_message(call: Call) -> Reply:
    """Start a thread on its own; a public one is announced in the channel."""
    private = int(call.json().get("type") or ChannelType.PRIVATE_THREAD) == ChannelType.PRIVATE_THREAD
    needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
    channel = channel_of(call, needed)
    if channel.type is not ChannelType.TEXT:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    thread = _start(call, channel, ChannelType.PRIVATE_THREAD if private else ChannelType.PUBLIC_THREAD)
    if not private:
        call.core.messages.post(
            channel,
            call.core.world.bot.id,
            {"content": thread.name},
            kind=MessageType.THREAD_CREATED,
            reference=(thread.id, thread.id),
        )
    return Reply(payloads.channel(thread, call.core.world), 201)


def _thread_of(call: Call) -> Channel:
    channel = channel_of(call)
    if channel.thread is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    return channel


@routes.add("PUT", "/channels/{channel}/thread-members/@me")
def join(call: Call) -> Reply:
    """The bot joins a thread."""
    return _join(call, call.core.world.bot.id)


@routes.add("PUT", "/channels/{channel}/thread-members/{user}")
def add_member(call: Call) -> Reply:
    """Put somebody into a thread."""
    return _join(call, call.number("user"))


def _join(call: Call, user_id: int) -> Reply:
    channel = _thread_of(call)
    assert channel.thread is not None
    call.core.world.member(call.core.world.guild(channel.guild_id or 0), user_id)
    if user_id not in channel.thread.members:
        channel.thread.members[user_id] = call.core.clock.now()
        call.core.hub.emit(events.ThreadMembersChanged(channel, added=(user_id,)))
    return Reply()


@routes.add("DELETE", "/channels/{channel}/thread-members/@me")
def leave(call: Call) -> Reply:
    """The bot leaves a thread."""
    return _leave(call, call.core.world.bot.id)


@routes.add("DELETE", "/channels/{channel}/thread-members/{user}")
def remove_member(call: Call) -> Reply:
    """Put somebody out of a thread."""
    channel_of(call, Permission.MANAGE_THREADS)
    return _leave(call, call.number("user"))


def _leave(call: Call, user_id: int) -> Reply:
    channel = _thread_of(call)
    assert channel.thread is not None
    if channel.thread.members.pop(user_id, None) is not None:
        call.core.hub.emit(events.ThreadMembersChanged(channel, removed=(user_id,)))
    return Reply()


@routes.add("GET", "/channels/{channel}/thread-members")
def members(call: Call) -> Reply:
    """Who is in a thread."""
    channel = _thread_of(call)
    assert channel.thread is not None
    return Reply([payloads.thread_member(channel, one) for one in channel.thread.members])


@routes.add("GET", "/channels/{channel}/thread-members/{user}")
def member(call: Call) -> Reply:
    """One membership of a thread."""
    channel = _thread_of(call)
    assert channel.thread is not None
    if call.number("user") not in channel.thread.members:
        raise unknown("Member")
    return Reply(payloads.thread_member(channel, call.number("user")))


@routes.add("GET", "/guilds/{guild}/threads/active")
def active(call: Call) -> Reply:
    """The open threads of a guild that the bot sees."""
    world = call.core.world
    found = [
        one
        for one in guild_of(call).channels.values()
        if one.thread and not one.thread.archived and world.can_see(world.bot.id, one)
    ]
    return _listed(call, found)


@routes.add("GET", "/channels/{channel}/threads/archived/public")
def archived(call: Call) -> Reply:
    """The archived public threads of a channel."""
    channel = channel_of(call, Permission.READ_MESSAGE_HISTORY)
    found = [
        one
        for one in call.core.world.channels.values()
        if one.parent_id == channel.id and one.thread and one.thread.archived
        and one.type is not ChannelType.PRIVATE_THREAD
    ]  # fmt: skip
    return _listed(call, sorted(found, key=lambda one: one.id, reverse=True), paged=True)


def _listed(call: Call, found: list[Channel], *, paged: bool = False) -> Reply:
    world = call.core.world
    mine = [one for one in found if one.thread and world.bot.id in one.thread.members]
    body: Json = {
        "threads": [payloads.channel(one, world) for one in found],
        "members": [payloads.thread_member(one, world.bot.id) for one in mine],
    }
    return Reply(body | {"has_more": False} if paged else body)
