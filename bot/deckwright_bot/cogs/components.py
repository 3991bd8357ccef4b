"""What buttons and modals do, found by their custom ids alone, so that restarts mean nothing to them."""

from __future__ import annotations

from collections.abc import Mapping

from deckwright_bot.cogs import (
    answering,
    correcting,
    helping,
    looking,
    playing,
    practising,
    privacy,
    settings,
    setup,
    sharing,
    standing,
)
from deckwright_bot.cogs.access import Handler, for_managers
from deckwright_bot.cogs.answering import SEEING, stale

HANDLERS: Mapping[str, Handler] = {
    **answering.HANDLERS,
    **sharing.HANDLERS,
    **standing.HANDLERS,
    **privacy.HANDLERS,
    **playing.HANDLERS,
    **practising.HANDLERS,
    **looking.HANDLERS,
    **helping.HANDLERS,
    **{
        action: for_managers(handler)
        for module in (setup, settings, correcting)
        for action, handler in module.FOR_MANAGERS.items()
    },
}
"""By the action that a custom id names."""

__all__ = ["HANDLERS", "SEEING", "stale"]
