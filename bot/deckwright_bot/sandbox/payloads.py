"""Guilds, channels, members and users as Discord's JSON. Messages are in ``message_payloads``."""

from __future__ import annotations

from deckwright_bot.sandbox.clock import iso
from deckwright_bot.sandbox.model import Channel, ChannelType, Guild, GuildMember, Json, Role, User
from deckwright_bot.sandbox.snowflake import time_of
from deckwright_bot.sandbox.state import World


def user(who: User) -> Json:
    """A user, as everybody sees it."""
    return {
        "id": str(who.id),
        "username": who.name,
        "global_name": who.display_name,
        "discriminator": "0000" if who.bot else "0",
        "avatar": None,
        "banner": None,
        "accent_color": None,
        "public_flags": 0,
        "flags": 0,
        "bot": who.bot,
        "primary_guild": None,
        "avatar_decoration_data": None,
        "collectibles": None,
    }


def own_user(who: User) -> Json:
    """The bot's own account, as it sees itself."""
    return user(who) | {"mfa_enabled": False, "locale": who.locale, "verified": True, "email": None}


def member(who: GuildMember, *, with_user: bool = True) -> Json:
    """A membership."""
    payload: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": iso(who.timed_out_until) if who.timed_out_until else None,
        "flags": 0,
        "joined_at": iso(who.joined_at),
        "nick": who.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(role_id) for role_id in sorted(who.roles)],
        "mute": False,
        "deaf": False,
    }
    return payload | {"user": user(who.user)} if with_user else payload


def role(what: Role, world: World) -> Json:
    """A role."""
    payload: Json = {
        "id": str(what.id),
        "name": what.name,
        "permissions": str(int(what.permissions)),
        "position": what.position,
        "color": what.color,
        "colors": {"primary_color": what.color, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": what.managed,
        "mentionable": what.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    return payload | {"tags": {"bot_id": str(world.bot.id)}} if what.managed else payload


def channel(what: Channel, world: World) -> Json:
    """A channel of any type, as the bot sees it."""
    payload: Json = {
        "id": str(what.id),
        "type": int(what.type),
        "flags": 0,
        "last_message_id": str(what.last_message_id) if what.last_message_id else None,
        "last_pin_timestamp": iso(what.last_pin_at) if what.last_pin_at else None,
    }
    if what.type is ChannelType.DM:
        recipient = world.user(what.recipient_id or 0)
        return payload | {"recipients": [user(recipient)]}
    payload |= {
        "guild_id": str(what.guild_id),
        "name": what.name,
        "parent_id": str(what.parent_id) if what.parent_id else None,
        "rate_limit_per_user": what.slowmode,
    }
    if what.thread is not None:
        return payload | _thread(what, world)
    return payload | {
        "position": what.position,
        "topic": what.topic,
        "nsfw": False,
        "permission_overwrites": [
            {
                "id": str(rule.target_id),
                "type": int(rule.is_member),
                "allow": str(int(rule.allow)),
                "deny": str(int(rule.deny)),
            }
            for rule in what.overwrites.values()
        ],
    }


def _thread(what: Channel, world: World) -> Json:
    state = what.thread
    assert state is not None
    payload: Json = {
        "owner_id": str(state.owner_id),
        "message_count": len(what.public_messages),
        "total_message_sent": state.total_sent,
        "member_count": min(len(state.members), 50),
        "thread_metadata": {
            "archived": state.archived,
            "locked": state.locked,
            "archive_timestamp": iso(state.changed_at),
            "auto_archive_duration": state.auto_archive_minutes,
            "create_timestamp": iso(state.created_at),
        },
    }
    if what.type is ChannelType.PRIVATE_THREAD:
        payload["thread_metadata"]["invitable"] = state.invitable
    if world.bot.id in state.members:
        payload["member"] = thread_member(what, world.bot.id)
    return payload


def thread_member(what: Channel, user_id: int) -> Json:
    """A user's membership of a thread."""
    assert what.thread is not None
    joined = iso(what.thread.members[user_id])
    return {"id": str(what.id), "user_id": str(user_id), "join_timestamp": joined, "flags": 0}


def partial_channel(what: Channel, world: World, viewer_id: int) -> Json:
    """A channel in an interaction, with what its viewer may do there."""
    return channel(what, world) | {"permissions": str(int(world.permissions_in(what, viewer_id)))}


def guild(what: Guild, world: World) -> Json:
    """A guild as REST gives it."""
    return {
        "id": str(what.id),
        "name": what.name,
        "owner_id": str(what.owner_id),
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(one, world) for one in what.roles.values()],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 25_000_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": what.locale,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(what: Guild, world: World) -> Json:
    """A guild as the gateway introduces it: without the presences intent its only member is the bot."""
    visible = [one for one in what.channels.values() if world.can_see(world.bot.id, one)]
    return guild(what, world) | {
        "joined_at": iso(what.members[world.bot.id].joined_at),
        "large": len(what.members) > 250,
        "member_count": len(what.members),
        "members": [member(what.members[world.bot.id])],
        "channels": [channel(one, world) for one in what.channels.values() if one.thread is None],
        "threads": [channel(one, world) for one in visible if one.thread and not one.thread.archived],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def application(world: World) -> Json:
    """The application behind the bot."""
    count = len(world.bot_guilds())
    return {
        "id": str(world.bot.id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "summary": "",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(world.developer),
        "approximate_guild_count": count,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        "integration_types_config": {"0": {}, "1": {}},
        "created_at": iso(time_of(world.bot.id)),
    }
