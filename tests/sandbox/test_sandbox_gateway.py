"""Sessions, sockets and what the bot hears, with the real discord.py at the other end."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from deckwright_bot.sandbox import Permission, Sandbox

from .world import Client, World, eventually, run, world

Interaction = discord.Interaction[Any]


def pinger(client: Client) -> Client:
    """Give a client the command /ping."""

    @client.tree.command(description="Answers")
    async def ping(interaction: Interaction) -> None:
        await interaction.response.send_message("pong", ephemeral=True)

    return client


def test_login_sync_ready_and_the_guild_as_it_is() -> None:
    async def work() -> None:
        async with world() as w:
            client = pinger(Client())
            async with w.running(client):
                await asyncio.wait_for(client.is_up.wait(), 5)
                guild = client.get_guild(w.owner.guild.id)
                assert guild is not None
                assert guild.owner_id == w.owner.user.id
                assert guild.member_count == 3
                assert guild.me.guild_permissions.pin_messages
                assert list(guild.members) == [guild.me]
                assert [one.name for one in guild.text_channels] == ["general"]
                assert w.bot_channel(client).permissions_for(guild.me).send_messages
                assert client.latency < 1
                assert [one["name"] for one in w.sandbox.core.commands.all(None)] == ["ping"]

    run(work())


def test_an_auto_sharded_bot_asks_where_the_gateway_is() -> None:
    async def work() -> None:
        async with world(shards=2) as w:
            bot = commands.AutoShardedBot(
                command_prefix=commands.when_mentioned, intents=discord.Intents.default()
            )
            seen: list[int | None] = []

            @bot.tree.command(description="Answers")
            async def ping(interaction: Interaction) -> None:
                assert interaction.guild is not None
                seen.append(interaction.guild.shard_id)
                await interaction.response.send_message("pong")

            async with w.running(bot):
                assert (await w.member.slash("ping")).text == "pong"
                assert seen == [(w.owner.guild.id >> 22) % 2]
                assert bot.shard_count == 2
                assert any(one.path == "/gateway/bot" for one in w.sandbox.core.requests)

    run(work())


@pytest.mark.parametrize("kind", ["zlib-stream", "zstd-stream"])
def test_both_compressions_are_understood(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "zlib-stream":
        import zlib

        class Inflate:
            COMPRESSION_TYPE = "zlib-stream"

            def __init__(self) -> None:
                self.context = zlib.decompressobj()

            def decompress(self, data: bytes) -> str:
                assert data.endswith(b"\x00\x00\xff\xff")
                return self.context.decompress(data).decode()

        monkeypatch.setattr(discord.utils, "_ActiveDecompressionContext", Inflate)
    used: list[str | None] = []

    async def work() -> None:
        async with world() as w:
            client = pinger(Client())
            async with w.running(client):
                used.extend(type(one.frames).__name__ for one in w.sandbox.gateway.connections)
                assert (await w.member.slash("ping")).text == "pong"

    run(work())
    assert used == [{"zlib-stream": "Zlib", "zstd-stream": "Zstd"}[kind]]


def test_joining_and_leaving_a_guild_is_heard() -> None:
    async def work() -> None:
        async with world() as w:
            client = Client()
            heard: list[str] = []

            @client.event
            async def on_guild_join(guild: discord.Guild) -> None:
                heard.append(f"join {guild.name}")

            @client.event
            async def on_guild_remove(guild: discord.Guild) -> None:
                heard.append(f"remove {guild.name}")

            @client.event
            async def on_guild_unavailable(guild: discord.Guild) -> None:
                heard.append(f"down {guild.name}")

            @client.event
            async def on_guild_available(guild: discord.Guild) -> None:
                heard.append(f"up {guild.name}")

            async with w.running(client):
                await asyncio.wait_for(client.is_up.wait(), 5)
                heard.clear()
                other = w.sandbox.owner("Otto", "Other group")
                other.invite_bot()
                await eventually(lambda: heard == ["join Other group"])
                other.set_outage(down=True)
                other.set_outage(down=False)
                await eventually(lambda: heard[1:] == ["down Other group", "up Other group"])
                other.kick_bot()
                await eventually(lambda: heard[3:] == ["remove Other group"])

    run(work())


def test_a_dropped_socket_is_resumed_and_the_missed_interaction_replayed() -> None:
    async def work() -> None:
        async with world() as w:
            client = pinger(Client())
            async with w.running(client):
                await asyncio.wait_for(client.is_up.wait(), 5)
                w.sandbox.gateway.drop()
                outcome = await w.member.slash("ping")
                assert outcome.text == "pong"
                assert w.sandbox.gateway.resumes == 1
                assert w.sandbox.gateway.identifies == 1
                await eventually(lambda: "RESUMED" in client.heard)

    run(work())


def test_a_reconnect_request_is_followed_by_a_resume() -> None:
    async def work() -> None:
        async with world() as w:
            client = pinger(Client())
            async with w.running(client):
                w.sandbox.gateway.ask_reconnect()
                await eventually(lambda: w.sandbox.gateway.resumes == 1)
                assert (await w.member.slash("ping")).text == "pong"

    run(work())


def test_an_invalid_session_is_identified_anew() -> None:
    async def work() -> None:
        async with world() as w:
            client = pinger(Client())
            async with w.running(client):
                w.sandbox.gateway.invalidate()
                await eventually(lambda: w.sandbox.gateway.identifies == 2, 15)
                assert (await w.member.slash("ping")).text == "pong"

    run(work())


def test_a_resume_of_a_forgotten_session_is_refused() -> None:
    async def work() -> None:
        async with world() as w:
            client = pinger(Client())
            async with w.running(client):
                w.sandbox.gateway.forget_sessions()
                w.sandbox.gateway.drop()
                await eventually(lambda: w.sandbox.gateway.identifies == 2, 15)
                assert w.sandbox.gateway.resumes == 1

    run(work())


def test_events_can_be_lost_doubled_and_delayed() -> None:
    async def work() -> None:
        async with world() as w:
            intents = discord.Intents.default()
            intents.message_content = True
            client = Client(intents)
            seen: list[str] = []

            @client.event
            async def on_message(message: discord.Message) -> None:
                seen.append(message.content)

            async with w.running(client):
                faults = w.sandbox.faults
                faults.lose_event("MESSAGE_CREATE")
                w.member.say("lost")
                faults.duplicate_event("MESSAGE_CREATE")
                w.member.say("twice")
                faults.delay_event("MESSAGE_CREATE", 0.2)
                w.member.say("late")
                w.member.say("last")
                await eventually(lambda: seen == ["twice", "twice", "last", "late"])

    run(work())


def test_without_the_intent_strangers_words_are_blank() -> None:
    async def work() -> None:
        async with world() as w:
            client = Client()
            seen: list[str] = []

            @client.event
            async def on_message(message: discord.Message) -> None:
                seen.append(message.content)

            async with w.running(client):
                w.member.say("secret")
                w.member.say(f"hello <@{w.sandbox.core.world.bot.id}>")
                await eventually(lambda: len(seen) == 2)
                assert seen[0] == ""
                assert seen[1].startswith("hello")

    intents = discord.Intents.default()
    assert not intents.message_content
    run(work())


def test_a_privileged_intent_that_is_not_granted_closes_the_socket() -> None:
    async def work() -> None:
        async with world(allowed_privileged=0) as w:
            intents = discord.Intents.default()
            intents.members = True
            client = Client(intents)
            await client.login(w.sandbox.token)
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await client.connect()
            await client.close()

    run(work())


def test_a_wrong_token_is_not_let_in() -> None:
    async def work() -> None:
        async with Sandbox() as sandbox:
            with sandbox.redirect():
                client = Client()
                with pytest.raises(discord.LoginFailure):
                    await client.login("wrong")
                await client.close()

    run(work())


def test_members_come_on_request_with_the_intent() -> None:
    async def work() -> None:
        async with world() as w:
            intents = discord.Intents.default()
            intents.members = True
            client = Client(intents)
            async with w.running(client):
                await asyncio.wait_for(client.is_up.wait(), 5)
                guild = client.get_guild(w.owner.guild.id)
                assert guild is not None
                assert {one.name for one in guild.members} == {"Olga", "Ada", "deckwright"}
                ben = w.owner.add_member("Ben")
                await eventually(lambda: guild.get_member(ben.user.id) is not None)
                ben.leave()
                await eventually(lambda: guild.get_member(ben.user.id) is None)

    run(work())


def test_a_change_of_permissions_reaches_the_cache() -> None:
    async def work() -> None:
        async with world() as w:
            client = Client()
            async with w.running(client):
                channel = w.bot_channel(client)
                w.owner.set_permissions(w.channel, deny=Permission.SEND_MESSAGES)
                await eventually(lambda: not channel.permissions_for(channel.guild.me).send_messages)

    run(work())


def test_the_same_interaction_twice_runs_the_callback_twice() -> None:
    async def work() -> None:
        async with world() as w:
            client = Client()
            runs: list[int] = []
            codes: list[int] = []

            @client.tree.command(description="Counts")
            async def count(interaction: Interaction) -> None:
                runs.append(interaction.id)
                await interaction.response.send_message("counted")

            @client.tree.error
            async def on_error(_: Interaction, error: app_commands.AppCommandError) -> None:
                assert isinstance(error, app_commands.CommandInvokeError)
                assert isinstance(error.original, discord.HTTPException)
                codes.append(error.original.code)

            async with w.running(client):
                w.sandbox.faults.duplicate_event("INTERACTION_CREATE")
                assert (await w.member.slash("count")).text == "counted"
                await eventually(lambda: codes == [40060])
                assert len(runs) == 2
                assert len(set(runs)) == 1

    run(work())


def test_typed_world_is_a_world() -> None:
    """The page that shows the sandbox reads the same objects as the tests."""

    async def work() -> None:
        async with world() as w:
            told: list[str] = []
            stop = w.sandbox.core.hub.subscribe(lambda event: told.append(type(event).__name__))
            w.member.say("hello")
            stop()
            w.member.say("unheard")
            assert told == ["MessageCreated"]
            assert isinstance(w, World)

    run(work())
