"""The sandbox without a client: its arithmetic, its own process, and what it refuses."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

import deckwright_bot.sandbox
from deckwright_bot.sandbox import Options, Permission, Sandbox, ShiftedClock, redirect
from deckwright_bot.sandbox.model import Overwrite
from deckwright_bot.sandbox.permissions import ALL, EVERYONE, NONE, in_channel, in_guild
from deckwright_bot.sandbox.schema import SchemaChecker
from deckwright_bot.sandbox.serve import run as serve_until
from deckwright_bot.sandbox.snowflake import Snowflakes, time_of

from .world import OPENAPI, run

SOURCE = Path(deckwright_bot.sandbox.__file__).parent


def test_ids_are_of_now_unique_and_ascending() -> None:
    clock = ShiftedClock()
    ids = Snowflakes(clock)
    made = [ids.new() for _ in range(10_000)]
    clock.advance(-3600)
    made.append(ids.new())

    assert made == sorted(set(made))
    assert abs(time_of(made[0]) - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], True),
        ([Overwrite(1, is_member=False, allow=NONE, deny=Permission.SEND_MESSAGES)], False),
        (
            [
                Overwrite(1, is_member=False, allow=NONE, deny=Permission.SEND_MESSAGES),
                Overwrite(2, is_member=False, allow=Permission.SEND_MESSAGES, deny=NONE),
            ],
            True,
        ),
        (
            [
                Overwrite(2, is_member=False, allow=Permission.SEND_MESSAGES, deny=NONE),
                Overwrite(3, is_member=True, allow=NONE, deny=Permission.SEND_MESSAGES),
            ],
            False,
        ),
        ([Overwrite(1, is_member=False, allow=NONE, deny=Permission.VIEW_CHANNEL)], False),
    ],
)
def test_overwrites_apply_from_everyone_over_roles_to_the_member(
    rules: list[Overwrite],
    expected: bool,  # noqa: FBT001 (a table's column)
) -> None:
    held = in_channel(EVERYONE, rules, guild_id=1, user_id=3, role_ids={2}, thread=False)

    assert (Permission.SEND_MESSAGES in held) is expected


def test_administrators_and_owners_hold_everything() -> None:
    assert in_guild(NONE, [Permission.ADMINISTRATOR], owner=False) == ALL
    assert in_guild(NONE, [], owner=True) == ALL


def test_a_redirection_away_from_loopback_is_refused() -> None:
    with pytest.raises(ValueError, match="127"):
        redirect("http://example.org/api/v10")


def test_a_redirection_is_undone() -> None:
    from discord.http import Route

    before = Route.BASE
    with redirect("http://127.0.0.1:1/api/v10"):
        assert Route.BASE == "http://127.0.0.1:1/api/v10"

    assert before == Route.BASE


def test_the_description_picks_a_branch_by_its_type() -> None:
    checker = SchemaChecker(OPENAPI)
    path = "/interactions/1/token/callback"
    wrong = {
        "type": 9,
        "data": {"custom_id": "x", "title": "x" * 46, "components": [{"type": 10, "content": "x"}]},
    }
    found = checker.request_problems("POST", path, wrong)

    assert len(found) == 1
    assert "$.data.title" in found[0]
    assert checker.request_problems("POST", path, {"type": 5, "data": {"flags": 64}}) == []
    assert checker.request_problems("POST", "/nowhere", {}) != []


def test_a_request_without_token_is_not_answered() -> None:
    async def work() -> None:
        async with Sandbox() as sandbox, aiohttp.ClientSession() as session:
            async with session.get(f"{sandbox.api_base}/users/@me") as response:
                assert response.status == 401
            headers = {"Authorization": f"Bot {sandbox.token}"}
            async with session.get(f"{sandbox.api_base}/gateway/bot", headers=headers) as response:
                assert (await response.json())["url"] == f"ws://127.0.0.1:{sandbox.port}/gateway/"
            async with session.post(
                f"{sandbox.api_base}/users/@me/channels", data=b"{", headers=headers
            ) as response:
                assert response.status == 400

    run(work())


def test_the_process_says_where_it_is_and_stops_when_told() -> None:
    async def work() -> None:
        out, stop = io.StringIO(), asyncio.Event()
        task = asyncio.create_task(serve_until(Options(), stop=stop, out=out))
        async with asyncio.timeout(5):
            while "DECKWRIGHT_API_BASE" not in out.getvalue():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        base = re.search(r"DECKWRIGHT_API_BASE=(\S+)", out.getvalue())
        assert base
        async with aiohttp.ClientSession() as session, session.get(f"{base[1]}/gateway") as response:
            assert response.status == 200
        stop.set()
        await asyncio.wait_for(task, 5)

    run(work())


def test_a_process_of_its_own_ends_on_a_signal() -> None:
    env = {**os.environ, "PYTHONPATH": str(SOURCE.parents[1])}
    command = [sys.executable, "-m", "deckwright_bot.sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            assert "127.0.0.1" in process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_the_sandbox_imports_nothing_of_the_bot() -> None:
    for path in SOURCE.rglob("*.py"):
        for name in re.findall(r"^\s*(?:from|import) (deckwright\S*)", path.read_text("utf-8"), re.MULTILINE):
            assert name.startswith("deckwright_bot.sandbox"), f"{path.name} imports {name}"
