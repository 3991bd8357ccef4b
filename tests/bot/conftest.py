"""What the bot's tests share."""

from __future__ import annotations

import pytest


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that pull no plug, so that none waits for the disk."""
    # Imported here: most tests need no database.
    from deckwright_bot.store import database

    pragmas = tuple(each.replace("synchronous = FULL", "synchronous = OFF") for each in database.PRAGMAS)
    monkeypatch.setattr(database, "PRAGMAS", pragmas)
