"""Messages of channels: sending, reading, editing, deleting, pinning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deckwright_bot.sandbox import events
from deckwright_bot.sandbox.clock import iso
from deckwright_bot.sandbox.errors import (
    ApiError,
    closed_dms,
    empty_message,
    invalid_form,
    missing_permissions,
)
from deckwright_bot.sandbox.message_payloads import message as payload
from deckwright_bot.sandbox.messages import has_content
from deckwright_bot.sandbox.model import Channel, ChannelType, Json, Message, MessageFlag, MessageType
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.sandbox.rest.rules import (
    channel_of,
    check_body,
    message_of,
    require,
    send_permission,
    writable,
)
from deckwright_bot.sandbox.rest.wire import Call, Reply, Routes

routes = Routes()
OLD = timedelta(hours=1)
EDITS_OF_OLD = 30


@routes.add("POST", "/channels/{channel}/messages")
def send(call: Call) -> Reply:
    """Send a message."""
    core, body = call.core, call.json()
    channel = channel_of(call)
    require(call, channel, send_permission(channel, body, files=bool(call.files)))
    writable(channel)
    if channel.type is ChannelType.DM:
        recipient = core.world.user(channel.recipient_id or 0)
        if not recipient.dms_open or not core.world.shares_guild(recipient.id):
            raise closed_dms()
    check_body(body)
    if not call.files and not has_content(body):
        raise empty_message()
    reference = _reference(channel, body)
    kind = MessageType.REPLY if reference else MessageType.DEFAULT
    message = core.messages.post(channel, core.world.bot.id, body, call.files, kind=kind, reference=reference)
    return Reply(payload(message, core.world))


def _reference(channel: Channel, body: Json) -> tuple[int, int] | None:
    pointer = body.get("message_reference")
    if not pointer:
        return None
    target = int(pointer["message_id"])
    if target not in channel.messages:
        if pointer.get("fail_if_not_exists", True):
            raise invalid_form(("message_reference",), "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return None
    return channel.id, target


@routes.add("GET", "/channels/{channel}/messages")
def history(call: Call) -> Reply:
    """The messages of a channel, newest first; without the history permission there are none."""
    channel = channel_of(call)
    world = call.core.world
    if Permission.READ_MESSAGE_HISTORY not in world.permissions_in(channel, world.bot.id):
        return Reply([])
    limit = int(call.query.get("limit") or 50)
    found = sorted(channel.public_messages, key=lambda one: one.id, reverse=True)
    if before := call.query.get("before"):
        found = [one for one in found if one.id < int(before)]
    elif after := call.query.get("after"):
        newer = [one for one in found if one.id > int(after)]
        found = newer[max(0, len(newer) - limit) :]
    elif around := call.query.get("around"):
        later = [one for one in found if one.id >= int(around)][-(limit // 2 + 1) :]
        found = later + [one for one in found if one.id < int(around)][: limit - len(later)]
    return Reply([payload(one, world) for one in found[:limit]])


@routes.add("GET", "/channels/{channel}/messages/{message}")
def one_message(call: Call) -> Reply:
    """One message."""
    channel = channel_of(call, Permission.READ_MESSAGE_HISTORY)
    return Reply(payload(message_of(call, channel), call.core.world))


@routes.add("PATCH", "/channels/{channel}/messages/{message}")
def edit(call: Call) -> Reply:
    """Edit one of the bot's own messages."""
    core, body = call.core, call.json()
    channel = channel_of(call)
    message = message_of(call, channel)
    if message.author_id != core.world.bot.id and set(body) - {"flags"}:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    writable(channel)
    check_body(body, message.flags & MessageFlag.COMPONENTS_V2)
    if core.clock.now() - message.created_at > OLD and message.edits >= EDITS_OF_OLD:
        raise ApiError(400, 30046, "Maximum number of edits to messages older than 1 hour reached.")
    _keep_something(message, call)
    core.messages.edit(message, body, call.files)
    return Reply(payload(message, core.world))


def _keep_something(message: Message, call: Call) -> None:
    """Refuse an edit that would leave nothing."""
    body = call.json()
    kept: Json = {
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": message.attachments,
        "poll": message.poll,
    }
    if not call.files and not has_content(kept | body):
        raise empty_message()


@routes.add("DELETE", "/channels/{channel}/messages/{message}")
def delete(call: Call) -> Reply:
    """Delete a message: one's own, or with permission any."""
    channel = channel_of(call)
    message = message_of(call, channel)
    if message.author_id != call.core.world.bot.id:
        require(call, channel, Permission.MANAGE_MESSAGES)
        if channel.type is ChannelType.DM:
            raise ApiError(403, 50003, "Cannot execute action on a DM channel")
    if channel.thread is not None and channel.thread.archived:
        raise ApiError(400, 50083, "Thread is archived")
    call.core.messages.delete(message)
    return Reply()


@routes.add("POST", "/channels/{channel}/messages/bulk-delete")
def bulk_delete(call: Call) -> Reply:
    """Delete up to 100 messages of the last two weeks."""
    channel = channel_of(call, Permission.MANAGE_MESSAGES)
    ids = [int(one) for one in call.json().get("messages") or []]
    if not 2 <= len(ids) <= 100:
        raise invalid_form(("messages",), "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
    for one in ids:
        if one in channel.messages:
            call.core.messages.delete(channel.messages[one])
    return Reply()


@routes.add("POST", "/channels/{channel}/typing")
def typing(call: Call) -> Reply:
    """Show that the bot is typing."""
    channel = channel_of(call)
    require(call, channel, send_permission(channel, {}, files=False))
    call.core.hub.emit(events.TypingStarted(channel))
    return Reply()


@routes.add("GET", "/channels/{channel}/messages/pins")
def pins(call: Call) -> Reply:
    """The pinned messages, newest pin first."""
    channel = channel_of(call)
    world = call.core.world
    limit = int(call.query.get("limit") or 50)
    before = call.query.get("before")
    last = datetime.fromisoformat(before) if before else datetime.max.replace(tzinfo=UTC)
    if Permission.READ_MESSAGE_HISTORY not in world.permissions_in(channel, world.bot.id):
        return Reply({"items": [], "has_more": False})
    pinned = [
        (one.pinned_at, one) for one in channel.messages.values() if one.pinned_at and one.pinned_at < last
    ]
    pinned.sort(key=lambda pair: pair[0], reverse=True)
    items = [{"pinned_at": iso(when), "message": payload(one, world)} for when, one in pinned[:limit]]
    return Reply({"items": items, "has_more": len(pinned) > limit})


@routes.add("PUT", "/channels/{channel}/messages/pins/{message}")
@routes.add("PUT", "/channels/{channel}/pins/{message}")
def pin(call: Call) -> Reply:
    """Pin a message: Manage Messages is no longer enough for that."""
    channel = channel_of(call, Permission.PIN_MESSAGES)
    message = message_of(call, channel)
    if message.type not in (
        MessageType.DEFAULT,
        MessageType.REPLY,
        MessageType.SLASH_COMMAND,
        MessageType.CONTEXT_MENU,
    ):
        raise ApiError(403, 50021, "Cannot execute action on a system message")
    call.core.messages.pin(message, call.core.world.bot.id)
    return Reply()


@routes.add("DELETE", "/channels/{channel}/messages/pins/{message}")
@routes.add("DELETE", "/channels/{channel}/pins/{message}")
def unpin(call: Call) -> Reply:
    """Unpin a message."""
    channel = channel_of(call, Permission.PIN_MESSAGES)
    message = message_of(call, channel)
    if message.pinned_at is None:
        raise missing_permissions() if message.visible_to else ApiError(404, 10008, "Unknown Message")
    call.core.messages.unpin(message)
    return Reply()
