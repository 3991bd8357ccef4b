"""The bot killed with SIGKILL at random moments: no post doubled, no acknowledged answer lost.

``DECKWRIGHT_KILLS=200`` runs more of it than the usual 25.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.server import title_of
from deckwright_bot.sandbox import Options, Sandbox
from deckwright_bot.sandbox.outcome import DriverError

KILLS = int(os.environ.get("DECKWRIGHT_KILLS", "25"))
SPEED = 7200
LONGEST = 60 + 12 * KILLS


class Bot:
    """The bot as a process of its own, on a simulated clock that restarts agree on."""

    def __init__(self, base: str, token: str, folder: Path) -> None:
        anchor = datetime.now(UTC)
        self._environment = os.environ | {
            "DISCORD_TOKEN": token,
            "DECKWRIGHT_API_BASE": base,
            "DECKWRIGHT_LIBRARY": "cards",
            "DECKWRIGHT_DATABASE": str(folder / "bot.sqlite"),
            "DECKWRIGHT_CLOCK": f"2026-03-20T08:00:00Z x{SPEED} @{anchor.isoformat()}",
            "DECKWRIGHT_CACHE": str(folder / "cache"),
        }
        self._log = (folder / "bot.log").open("ab")
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "deckwright_bot", "run"],
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
        )
        return self.process

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def end(self) -> None:
        self.kill()
        self._log.close()


def post_ids(messages: Any) -> list[int]:
    """The post each message of the bot stands for, by the ids in its buttons."""
    found = []
    for message in messages:
        match = re.search(r"dw:mine:(\d+)", str(message.components))
        # A private result has buttons of its own; only posts are in the channel for all.
        if match and title_of(message) in ("Question of the day", "Closed"):
            found.append(int(match[1]))
    return found


def test_sigkill_at_random_moments_doubles_no_post_and_loses_no_answer(tmp_path: Path) -> None:
    async def whole() -> None:
        rng = random.Random(7)
        acknowledged: set[tuple[int, int]] = set()
        async with asyncio.timeout(LONGEST), Sandbox(Options()) as sandbox:
            owner = sandbox.owner("Olga", "Study group")
            members = [owner.add_member(name) for name in ("Ada", "Bob", "Cy")]
            owner.invite_bot()
            bot = Bot(sandbox.api_base, sandbox.token, tmp_path)
            try:
                hello = await asyncio.wait_for(_until(owner, "question a day"), 30)
                form = await owner.click(hello, "Set up")
                values: dict[str, Any] = {
                    "Channel": owner.home,
                    "Time of day": "09:00",
                    "Time zone": "UTC",
                    "How hard": "medium",
                }
                await owner.submit(form, values)
                for _ in range(KILLS):
                    until = asyncio.get_running_loop().time() + rng.uniform(0.2, 5.0)
                    while asyncio.get_running_loop().time() < until:
                        await _answer(rng.choice(members), rng, acknowledged)
                        await asyncio.sleep(rng.uniform(0.02, 0.3))
                    bot.kill()
                    bot.start()
                # However slow the machine was, the bot that lives on goes on posting.
                enough = len(post_ids(members[0].sees())) + 2
                while len(post_ids(members[0].sees())) < enough:
                    await _answer(rng.choice(members), rng, acknowledged)
                    await asyncio.sleep(0.2)
            finally:
                bot.end()
            seen = post_ids(members[0].sees())
        database = sqlite3.connect(tmp_path / "bot.sqlite")
        try:
            kept = set(database.execute("SELECT post, member FROM answers"))
            posts = database.execute("SELECT id, date, state FROM posts ORDER BY date").fetchall()
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        finally:
            database.close()

        assert len(seen) == len(set(seen))
        dates = [date.fromisoformat(day) for _, day, _ in posts]
        assert dates == [dates[0] + timedelta(days=n) for n in range(len(dates))]
        assert set(seen) == {number for number, _, state in posts if state in ("sent", "closed")}
        assert len(seen) >= 3
        assert acknowledged
        assert acknowledged <= kept

    asyncio.run(whole())


async def _until(owner: Any, words: str) -> Any:
    while True:
        for message in owner.sees():
            if words in title_of(message):
                return message
        await asyncio.sleep(0.05)


async def _answer(member: Any, rng: random.Random, acknowledged: set[tuple[int, int]]) -> None:
    """Answer the newest open post; remember it only if the bot said so."""
    open_posts = [
        m for m in member.sees() if title_of(m) == "Question of the day" and "dw:pick" in str(m.components)
    ]
    if not open_posts:
        return
    post = open_posts[-1]
    number = re.search(r"dw:mine:(\d+)", str(post.components))
    try:
        done = await asyncio.wait_for(member.click(post, rng.choice("ABCD")), 4)
        shown = title_of(done.message)
    except (DriverError, TimeoutError):
        return
    if number and shown in ("Right", "Not quite"):
        acknowledged.add((int(number[1]), member.user.id))
