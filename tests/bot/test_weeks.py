"""Weeks of several groups with all that can go wrong, simulated: the rules hold at every moment.

``DECKWRIGHT_WEEKS=4`` runs more than the usual one, ``DECKWRIGHT_SEED`` another one (a failure names its seed, which
replays it), ``DECKWRIGHT_SPEED`` at another pace than the seed's.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from bot.seasons import Weeks
from bot.weeks import OPENAPI, Story
from deckwright_bot.sandbox import Options, Sandbox

SEED = int(os.environ.get("DECKWRIGHT_SEED", "5"))
WEEKS = float(os.environ.get("DECKWRIGHT_WEEKS", "1"))
SPEEDS = (3600, 7200, 10000, 20000)
SPEED = float(
    os.environ.get("DECKWRIGHT_SPEED") or (13500 if WEEKS <= 1 else random.Random(SEED).choice(SPEEDS))
)
LONGEST = 900 + 7 * WEEKS * 86400 / SPEED
"""Real seconds after which it hangs, on the slowest machine."""

# aiohttp reads some uploads by a way that it has deprecated itself
pytestmark = pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")


def test_every_rule_holds_over_weeks_in_which_everything_goes_wrong(tmp_path: Path) -> None:
    async def whole() -> Story:
        async with asyncio.timeout(LONGEST), Sandbox(Options(openapi=OPENAPI, seed=SEED)) as sandbox:
            story = Story(Weeks(SEED, WEEKS, SPEED), tmp_path, sandbox)
            await story.tell()
            return story

    story = asyncio.run(whole())

    (tmp_path / "journal.txt").write_text("\n".join(story.journal), "utf-8")
    sys.stdout.write(f"{story.figures()}\n")
    assert not story.observer.broken, story.verdict()
    assert story.observer.figures.shown["posts"] >= 7 * WEEKS
    assert story.people.compared >= 20
    assert not story.missing, f"{story.missing} never struck; {story.verdict()}"
