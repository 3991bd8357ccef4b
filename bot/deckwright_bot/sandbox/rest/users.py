"""The bot itself: login, application, gateway, users, direct messages."""

from __future__ import annotations

from deckwright_bot.sandbox import payloads
from deckwright_bot.sandbox.errors import closed_dms
from deckwright_bot.sandbox.rest.wire import Call, Reply, Routes

routes = Routes()
DAY_MS = 86_400_000


@routes.add("GET", "/users/@me")
def me(call: Call) -> Reply:
    """The bot's account."""
    return Reply(payloads.own_user(call.core.world.bot))


@routes.add("GET", "/users/{user}")
def user(call: Call) -> Reply:
    """Any account."""
    return Reply(payloads.user(call.core.world.user(call.number("user"))))


@routes.add("GET", "/oauth2/applications/@me")
@routes.add("GET", "/applications/@me")
def application(call: Call) -> Reply:
    """The application behind the bot."""
    return Reply(payloads.application(call.core.world))


@routes.add("GET", "/gateway", authorised=False)
def gateway(call: Call) -> Reply:
    """Where the gateway is."""
    return Reply({"url": call.core.gateway_url})


# Discord wants the token here; the sandbox does not, so that whoever is to be pointed at it may ask first
@routes.add("GET", "/gateway/bot", authorised=False)
def gateway_bot(call: Call) -> Reply:
    """Where the gateway is, and how many shards and identifies there are."""
    left = max(0, call.core.identifies_left)
    limit = {"total": 1000, "remaining": left, "reset_after": DAY_MS, "max_concurrency": 16}
    url = call.core.gateway_url
    return Reply({"url": url, "shards": call.core.options.shards, "session_start_limit": limit})


@routes.add("GET", "/users/@me/guilds")
def my_guilds(call: Call) -> Reply:
    """The guilds the bot is in."""
    world = call.core.world
    after = int(call.query.get("after") or 0)
    found = sorted((guild for guild in world.bot_guilds() if guild.id > after), key=lambda guild: guild.id)
    return Reply(
        [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": str(int(world.guild_permissions(guild, world.bot.id))),
                "features": [],
            }
            for guild in found[: int(call.query.get("limit") or 200)]
        ]
    )


@routes.add("DELETE", "/users/@me/guilds/{guild}")
def leave(call: Call) -> Reply:
    """The bot leaves."""
    world = call.core.world
    world.remove_member(world.guild(call.number("guild")), world.bot.id)
    return Reply()


@routes.add("POST", "/users/@me/channels")
def open_direct_channel(call: Call) -> Reply:
    """The direct-message channel with somebody; opening it never fails for closed messages, sending does."""
    world = call.core.world
    who = world.user(int(call.json().get("recipient_id") or 0))
    if who.bot:
        raise closed_dms()
    return Reply(payloads.channel(world.direct_channel(who.id), world))
