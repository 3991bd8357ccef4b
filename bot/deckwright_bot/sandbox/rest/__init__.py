"""REST v10, as far as a study bot needs it; every other route is refused and noted."""

from __future__ import annotations

from deckwright_bot.sandbox.rest import channels, commands, messages, threads, users, webhooks
from deckwright_bot.sandbox.rest.wire import Routes


def all_routes() -> Routes:
    """The whole table, the longer paths of an area before the shorter."""
    routes = Routes()
    for area in (users, threads, messages, channels, commands, webhooks):
        routes.include(area.routes)
    return routes
