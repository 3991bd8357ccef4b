"""Messages as Discord's JSON."""

from __future__ import annotations

from deckwright_bot.sandbox import payloads
from deckwright_bot.sandbox.clock import iso
from deckwright_bot.sandbox.model import Attachment, Json, Message, MessageType
from deckwright_bot.sandbox.state import World


def attachment(what: Attachment) -> Json:
    """A file of a message."""
    payload: Json = {
        "id": str(what.id),
        "filename": what.filename,
        "size": len(what.content),
        "url": what.url,
        "proxy_url": what.url,
        "content_type": what.content_type,
    }
    if what.description is not None:
        payload["description"] = what.description
    if what.ephemeral:
        payload["ephemeral"] = True
    return payload


def message(what: Message, world: World, *, with_reference: bool = True) -> Json:
    """A message as REST gives it."""
    payload: Json = {
        "id": str(what.id),
        "channel_id": str(what.channel_id),
        "type": int(what.type),
        "author": payloads.user(world.users[what.author_id]),
        "content": what.content,
        "timestamp": iso(what.created_at),
        "edited_timestamp": iso(what.edited_at) if what.edited_at else None,
        "tts": what.tts,
        "mention_everyone": what.mention_everyone,
        "mentions": [payloads.user(world.users[one]) for one in what.mentions],
        "mention_roles": [str(one) for one in what.mention_roles],
        "attachments": [attachment(one) for one in what.attachments if not one.embedded],
        "embeds": what.embeds,
        "components": what.components,
        "pinned": what.pinned_at is not None,
        "flags": int(what.flags),
    }
    if what.nonce is not None:
        payload["nonce"] = what.nonce
    if what.interaction is not None:
        payload["application_id"] = payload["webhook_id"] = str(world.bot.id)
        payload["interaction_metadata"] = what.interaction
    if what.thread_id is not None and (thread := world.channels.get(what.thread_id)):
        payload["thread"] = payloads.channel(thread, world)
    if what.reference is not None:
        payload |= _reference(what, world, with_reference=with_reference)
    return payload


def _reference(what: Message, world: World, *, with_reference: bool) -> Json:
    assert what.reference is not None
    channel_id, message_id = what.reference
    pointer: Json = {"type": 0, "channel_id": str(channel_id), "message_id": str(message_id)}
    if what.guild_id is not None:
        pointer["guild_id"] = str(what.guild_id)
    payload: Json = {"message_reference": pointer}
    if with_reference and what.type is MessageType.REPLY:
        channel = world.channels.get(channel_id)
        target = channel.messages.get(message_id) if channel else None
        payload["referenced_message"] = message(target, world, with_reference=False) if target else None
    return payload


def gateway_message(what: Message, world: World) -> Json:
    """A message as the gateway brings it: with guild and membership."""
    payload = message(what, world)
    if what.guild_id is not None:
        payload["guild_id"] = str(what.guild_id)
        guild = world.guilds.get(what.guild_id)
        author = guild.members.get(what.author_id) if guild else None
        if author is not None:
            payload["member"] = payloads.member(author, with_user=False)
    return payload


def without_content(payload: Json) -> Json:
    """What is left of a stranger's message without the message-content intent."""
    return payload | {"content": "", "embeds": [], "attachments": [], "components": []}
