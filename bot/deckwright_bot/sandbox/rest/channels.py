"""Channels and guilds: reading, making, changing and deleting them."""

from __future__ import annotations

from deckwright_bot.sandbox import events, payloads
from deckwright_bot.sandbox.errors import ApiError, missing_permissions, unknown
from deckwright_bot.sandbox.limits import Findings, check_name
from deckwright_bot.sandbox.model import Channel, ChannelType, Overwrite
from deckwright_bot.sandbox.permissions import Permission
from deckwright_bot.sandbox.rest.rules import channel_of, guild_of, require, require_in_guild
from deckwright_bot.sandbox.rest.wire import Call, Reply, Routes

routes = Routes()


@routes.add("GET", "/channels/{channel}")
def channel(call: Call) -> Reply:
    """One channel."""
    return Reply(payloads.channel(channel_of(call), call.core.world))


@routes.add("PATCH", "/channels/{channel}")
def edit(call: Call) -> Reply:
    """Change a channel or thread."""
    found, body = channel_of(call), call.json()
    findings = Findings()
    check_name(body, findings, new=False)
    findings.refuse()
    if found.thread is None:
        require(call, found, Permission.MANAGE_CHANNELS)
    else:
        _edit_thread(call, found)
    found.name = body.get("name", found.name)
    found.topic = body.get("topic", found.topic)
    found.slowmode = int(body.get("rate_limit_per_user") or found.slowmode)
    for rule in body.get("permission_overwrites") or []:
        allow, deny = Permission(int(rule.get("allow") or 0)), Permission(int(rule.get("deny") or 0))
        found.overwrites[int(rule["id"])] = Overwrite(int(rule["id"]), rule["type"] == 1, allow, deny)
    call.core.hub.emit(events.ChannelEdited(found))
    return Reply(payloads.channel(found, call.core.world))


def _edit_thread(call: Call, found: Channel) -> None:
    state, body = found.thread, call.json()
    assert state is not None
    if state.archived and body.get("archived") is not False:
        raise ApiError(400, 50083, "Thread is archived")
    if state.owner_id != call.core.world.bot.id or "locked" in body:
        require(call, found, Permission.MANAGE_THREADS)
    if body.get("archived") is not None and body["archived"] != state.archived:
        state.archived, state.changed_at = bool(body["archived"]), call.core.clock.now()
    state.locked = bool(body.get("locked", state.locked))
    state.invitable = bool(body.get("invitable", state.invitable))
    state.auto_archive_minutes = int(body.get("auto_archive_duration") or state.auto_archive_minutes)


@routes.add("DELETE", "/channels/{channel}")
def delete(call: Call) -> Reply:
    """Delete a channel or thread, or close a direct-message channel."""
    found = channel_of(call)
    if found.type is not ChannelType.DM:
        require(call, found, Permission.MANAGE_THREADS if found.thread else Permission.MANAGE_CHANNELS)
        payload = payloads.channel(found, call.core.world)
        call.core.world.remove_channel(found)
        return Reply(payload)
    return Reply(payloads.channel(found, call.core.world))


@routes.add("PUT", "/channels/{channel}/permissions/{target}")
def set_overwrite(call: Call) -> Reply:
    """Allow or deny something to a role or member; only what the bot has itself."""
    found, body = channel_of(call, Permission.MANAGE_ROLES), call.json()
    allow, deny = Permission(int(body.get("allow") or 0)), Permission(int(body.get("deny") or 0))
    if (allow | deny) & ~call.core.world.permissions_in(found, call.core.world.bot.id):
        raise missing_permissions()
    rule = Overwrite(call.number("target"), int(body["type"]) == 1, allow, deny)
    call.core.world.set_overwrite(found, rule)
    return Reply()


@routes.add("DELETE", "/channels/{channel}/permissions/{target}")
def remove_overwrite(call: Call) -> Reply:
    """Take a rule away."""
    found = channel_of(call, Permission.MANAGE_ROLES)
    if found.overwrites.pop(call.number("target"), None) is None:
        raise unknown("Permission Overwrite")
    call.core.hub.emit(events.ChannelEdited(found))
    return Reply()


@routes.add("GET", "/guilds/{guild}")
def guild(call: Call) -> Reply:
    """One guild."""
    found = guild_of(call)
    payload = payloads.guild(found, call.core.world)
    if call.flag("with_counts"):
        payload |= {"approximate_member_count": len(found.members), "approximate_presence_count": 1}
    return Reply(payload)


@routes.add("GET", "/guilds/{guild}/channels")
def channels(call: Call) -> Reply:
    """All channels of a guild but its threads."""
    found = [one for one in guild_of(call).channels.values() if one.thread is None]
    return Reply([payloads.channel(one, call.core.world) for one in found])


@routes.add("POST", "/guilds/{guild}/channels")
def create(call: Call) -> Reply:
    """Make a channel."""
    found, body = guild_of(call), call.json()
    require_in_guild(call, found, Permission.MANAGE_CHANNELS)
    findings = Findings()
    check_name(body, findings, new=True)
    findings.refuse()
    kind = ChannelType(int(body.get("type") or 0))
    parent = int(body["parent_id"]) if body.get("parent_id") else None
    made = call.core.world.add_channel(found, body["name"], kind, parent)
    made.topic = body.get("topic")
    for rule in body.get("permission_overwrites") or []:
        allow, deny = Permission(int(rule.get("allow") or 0)), Permission(int(rule.get("deny") or 0))
        made.overwrites[int(rule["id"])] = Overwrite(int(rule["id"]), rule["type"] == 1, allow, deny)
    return Reply(payloads.channel(made, call.core.world), 201)


@routes.add("GET", "/guilds/{guild}/roles")
def roles(call: Call) -> Reply:
    """All roles of a guild."""
    return Reply([payloads.role(one, call.core.world) for one in guild_of(call).roles.values()])


@routes.add("GET", "/guilds/{guild}/members/{user}")
def member(call: Call) -> Reply:
    """One member."""
    return Reply(payloads.member(call.core.world.member(guild_of(call), call.number("user"))))


@routes.add("GET", "/guilds/{guild}/members")
def members(call: Call) -> Reply:
    """The members of a guild, a page at a time."""
    after = int(call.query.get("after") or 0)
    found = sorted(
        (one for one in guild_of(call).members.values() if one.user.id > after), key=lambda one: one.user.id
    )
    return Reply([payloads.member(one) for one in found[: int(call.query.get("limit") or 1)]])


@routes.add("PUT", "/guilds/{guild}/members/{user}/roles/{role}")
def add_role(call: Call) -> Reply:
    """Give a member a role."""
    return _set_role(call, held=True)


@routes.add("DELETE", "/guilds/{guild}/members/{user}/roles/{role}")
def remove_role(call: Call) -> Reply:
    """Take a role from a member."""
    return _set_role(call, held=False)


def _set_role(call: Call, *, held: bool) -> Reply:
    found, world = guild_of(call), call.core.world
    require_in_guild(call, found, Permission.MANAGE_ROLES)
    role = found.roles.get(call.number("role"))
    if role is None:
        raise unknown("Role")
    mine = max(found.roles[one].position for one in found.members[world.bot.id].roles)
    if role.position >= mine:
        raise missing_permissions()
    member_of = world.member(found, call.number("user"))
    (member_of.roles.add if held else member_of.roles.discard)(role.id)
    call.core.hub.emit(events.MemberEdited(found, member_of))
    return Reply()
