"""Messages, threads, pins, direct messages, limits, permissions and faults over REST, with the real discord.py."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands, ui

from deckwright_bot.sandbox import Kind, Permission

from .world import Client, World, refused, run, world


@asynccontextmanager
async def connected(
    client: Client | None = None, **options: Any
) -> AsyncIterator[tuple[World, discord.TextChannel]]:
    """A world and the bot's view of its channel."""
    async with world(**options) as w:
        made = client or Client()
        async with w.running(made, sync=client is not None):
            await asyncio.wait_for(made.is_up.wait(), 5)
            yield w, w.bot_channel(made)


def buttons(count: int) -> ui.View:
    view = ui.View(timeout=None)
    for number in range(count):
        view.add_item(ui.Button(label=f"{number}", custom_id=f"b{number}"))
    return view


def test_a_message_with_everything_comes_back_as_it_was_sent() -> None:
    async def work() -> None:
        async with connected() as (w, channel):
            embed = discord.Embed(title="Title", description="Text", color=0x336699)
            embed.add_field(name="Name", value="Value").set_footer(text="Foot")
            embed.set_image(url="attachment://plot.png")
            files = [discord.File(io.BytesIO(b"png"), "plot.png"), discord.File(io.BytesIO(b"a"), "a.txt")]
            sent = await channel.send("hello", embed=embed, files=files, view=buttons(3))
            assert sent.embeds[0].image.url is not None
            assert sent.embeds[0].image.url.endswith("/plot.png")
            assert [one.filename for one in sent.attachments] == ["a.txt"]
            assert await sent.attachments[0].read() == b"a"
            seen = await w.member.wait_for()
            assert (seen.id, seen.content) == (sent.id, "hello")
            fetched = await channel.fetch_message(sent.id)
            assert fetched.embeds == sent.embeds
            assert len(fetched.components) == 1
            edited = await sent.edit(content="bye", embed=None, attachments=[], view=None)
            assert (edited.content, edited.embeds, edited.attachments) == ("bye", [], [])
            assert edited.edited_at is not None
            await sent.delete()
            assert w.member.sees() == []
            await refused(channel.fetch_message(sent.id), 10008, 404)

    run(work())


def test_a_layout_counts_its_words() -> None:
    async def work() -> None:
        async with connected() as (w, channel):
            view = ui.LayoutView(timeout=None)
            box: ui.Container[Any] = ui.Container(ui.TextDisplay("# Board"))
            box.add_item(ui.Section(ui.TextDisplay("row"), accessory=ui.Button(label="Go", custom_id="go")))
            view.add_item(box)
            sent = await channel.send(view=view)
            assert sent.flags.components_v2
            await refused(sent.edit(content="words"), 50035, 400)
            w.expect("limit", "content")
            long = ui.LayoutView(timeout=None)
            long.add_item(ui.TextDisplay("x" * 2001)).add_item(ui.TextDisplay("x" * 2000))
            await refused(channel.send(view=long), 50035, 400)
            w.expect("limit", "4000")

    run(work())


def test_history_pins_and_threads() -> None:
    async def work() -> None:
        async with connected() as (w, channel):
            first = await channel.send("first")
            second = await channel.send("second")
            assert [one.content async for one in channel.history(limit=5)] == ["second", "first"]
            assert [one.content async for one in channel.history(after=first)] == ["second"]
            await first.pin()
            assert [one.id async for one in channel.pins()] == [first.id]
            assert w.member.sees()[-1].type == 6
            await first.unpin()
            assert [one async for one in channel.pins()] == []
            thread = await second.create_thread(name="Discussion", auto_archive_duration=1440)
            assert thread.id == second.id
            await thread.send("inside")
            assert w.member.sees(w.sandbox.core.world.channels[thread.id])[-1].content == "inside"
            await refused(second.create_thread(name="Again"), 160004, 400)
            private = await channel.create_thread(name="Private", invitable=False)
            assert private.type is discord.ChannelType.private_thread
            assert w.member.sees(w.sandbox.core.world.channels[private.id]) == []
            await private.add_user(discord.Object(w.member.user.id))
            assert w.member.guild.channels[private.id].thread is not None
            await thread.edit(archived=True)
            assert [one.id async for one in channel.archived_threads()] == [thread.id]
            await thread.delete()
            await refused(channel.guild.fetch_channel(thread.id), 10003, 404)

    run(work())


def test_direct_messages_arrive_unless_closed() -> None:
    async def work() -> None:
        client = Client()
        async with connected(client) as (w, _):
            user = await client.fetch_user(w.member.user.id)
            await user.send("psst")
            assert w.member.sees(w.member.dm)[-1].content == "psst"
            assert w.owner.sees(w.member.dm) == []
            w.member.close_dms()
            await refused(user.send("psst"), 50007, 403)
            w.member.close_dms(closed=False)
            w.member.leave()
            await refused(user.send("psst"), 50007, 403)

    run(work())


def test_permissions_decide() -> None:
    async def work() -> None:
        async with connected() as (w, channel):
            sent = await channel.send("here")
            foreign = w.member.say("mine")
            w.owner.set_permissions(w.channel, deny=Permission.PIN_MESSAGES | Permission.EMBED_LINKS)
            await refused(sent.pin(), 50013, 403)
            await refused(channel.send(embed=discord.Embed(title="no")), 50013, 403)
            await refused(channel.get_partial_message(foreign.id).edit(content="x"), 50005, 403)
            await channel.get_partial_message(foreign.id).delete()
            w.owner.set_permissions(w.channel, deny=Permission.READ_MESSAGE_HISTORY)
            assert [one async for one in channel.history()] == []
            await refused(sent.create_thread(name="no"), 50013, 403)
            w.owner.set_permissions(w.channel, deny=Permission.VIEW_CHANNEL)
            await refused(channel.send("no"), 50001, 403)
            w.owner.delete_channel(w.channel)
            await refused(channel.send("no"), 10003, 404)
            w.owner.kick_bot()
            await refused(channel.guild.fetch_channels(), 50001, 403)

    run(work())


def test_a_role_is_pinged_by_the_send_and_not_by_an_edit() -> None:
    async def work() -> None:
        async with connected() as (w, channel):
            role = w.owner.create_role("learners")
            w.owner.give_role(w.member, role)
            words = f"<@&{role.id}> a question"
            await channel.send(words)
            assert w.member.sees()[-1].notified == frozenset()
            allowed = discord.AllowedMentions(roles=[discord.Object(role.id)])
            sent = await channel.send("quiet")
            await sent.edit(content=words, allowed_mentions=allowed)
            assert w.member.sees()[-1].notified == frozenset()
            await channel.send(words, allowed_mentions=allowed)
            assert w.member.sees()[-1].notified == {w.member.user.id}

    run(work())


def test_the_hard_limits_are_hard() -> None:
    async def work() -> None:
        async with connected(rate_limits=False) as (w, channel):
            long = [discord.Embed(description="x" * 3001), discord.Embed(description="x" * 3000)]
            tall = ui.View(timeout=None)
            tall.add_item(ui.Button(label="x" * 81, custom_id="b"))
            wide: Any = ui.Select(
                custom_id="s", options=[discord.SelectOption(label=f"{n}") for n in range(25)]
            )
            wide.options.append(discord.SelectOption(label="26"))
            crowded = ui.View(timeout=None).add_item(wide)
            same = ui.View(timeout=None).add_item(ui.Button(label="1", custom_id="same"))
            same.add_item(ui.Button(label="2", custom_id="same"))
            named = ui.Button[Any](label="x", custom_id="b")
            named._underlying.custom_id = "x" * 101
            cases: list[tuple[str, dict[str, Any]]] = [
                ("2000 or fewer", {"content": "x" * 2001}),
                ("MAX_EMBED_SIZE_EXCEEDED", {"embeds": long}),
                ("80 or fewer", {"view": tall}),
                ("between 1 and 100", {"view": ui.View(timeout=None).add_item(named)}),
                ("between 1 and 25", {"view": crowded}),
                ("DUPLICATED", {"view": same}),
                ("256 or fewer", {"embed": discord.Embed(title="x" * 257)}),
                ("between 1 and 25 in length|25", {"content": "a", "nonce": "x" * 26}),
            ]
            for words, message in cases:
                error = await refused(channel.send(**message), 50035, 400)
                assert "Invalid Form Body" in str(error)
                w.expect("limit", words.rsplit("|", 1)[-1])
            await channel.send("x" * 2000)
            await refused(channel.send(" "), 50006, 400)

    run(work())


def test_commands_have_limits_too() -> None:
    async def work() -> None:
        async with world() as w:
            client = Client()
            async with w.running(client):
                for number in range(101):
                    command: Any = app_commands.Command(
                        name=f"c{number}", description="x", callback=_callback
                    )
                    if number < 100:
                        client.tree.add_command(command)
                assert len(await client.tree.sync()) == 100
                again = await client.tree.sync()
                assert {one.id for one in again} == {
                    int(one["id"]) for one in w.sandbox.core.commands.all(None)
                }
                http, app = client.http, client.application_id
                assert app is not None
                wrong: list[dict[str, Any]] = [
                    {"name": "Upper", "description": "x"},
                    {"name": "long", "description": "x" * 101},
                    {"name": "order", "description": "x", "options": [
                        {"type": 3, "name": "a", "description": "x"},
                        {"type": 3, "name": "b", "description": "x", "required": True},
                    ]},
                    {"name": "fat", "description": "x", "options": [
                        {"type": 3, "name": f"o{n}", "description": "x" * 100, "choices": [
                            {"name": "x" * 100, "value": "x" * 100} for _ in range(3)
                        ]} for n in range(25)
                    ]},
                ]  # fmt: skip
                for one in wrong:
                    await refused(http.bulk_upsert_global_commands(app, [one]), 50035, 400)
                    w.sandbox.violations.clear()

    run(work())


async def _callback(interaction: discord.Interaction[Any]) -> None:
    await interaction.response.send_message("x")


def test_a_429_with_via_is_slept_and_one_without_is_raised() -> None:
    async def work() -> None:
        async with connected() as (w, channel):
            w.sandbox.faults.rate_limit("POST .*/messages", 0.3)
            before = time.monotonic()
            await channel.send("after a pause")
            assert time.monotonic() - before >= 0.3
            w.sandbox.faults.rate_limit("POST .*/messages", 0.3, via=False)
            with pytest.raises(discord.HTTPException) as caught:
                await channel.send("never")
            assert caught.value.status == 429
            assert [one.content for one in w.member.sees()] == ["after a pause"]

    run(work())


def test_a_bucket_slows_the_client_down_before_it_is_refused() -> None:
    async def work() -> None:
        async with connected() as (w, channel):
            before = time.monotonic()
            for number in range(6):
                await channel.send(f"{number}")
            assert time.monotonic() - before >= 4
            assert w.sandbox.core.rate_limits.hits == []

    run(work())


def test_the_global_limit_is_met_by_a_burst() -> None:
    async def work() -> None:
        client = Client()
        async with connected(client) as (w, channel):
            http, guild = client.http, channel.guild.id
            # the first request of a route tells its bucket; only then discord.py lets others go beside it
            calls = (
                lambda: http.get_channel(channel.id),
                lambda: http.get_all_guild_channels(guild),
                lambda: http.get_roles(guild),
            )
            for call in calls:
                await call()
            await asyncio.gather(*(call() for call in calls for _ in range(20)))
            assert w.sandbox.core.rate_limits.hits

    run(work())


def test_a_500_with_the_work_done_posts_twice_unless_a_nonce_is_given() -> None:
    """``Messageable.send`` gives a nonce by itself when it is given none; a plain request has none."""

    async def work() -> None:
        client = Client()
        async with connected(client) as (w, channel):
            w.sandbox.faults.server_error("POST .*/messages", done=True)
            with discord.http.handle_message_parameters("twice") as parameters:
                await client.http.send_message(channel.id, params=parameters)
            assert [one.content for one in w.member.sees()] == ["twice", "twice"]
            w.sandbox.faults.server_error("POST .*/messages", done=True)
            sent = await channel.send("once", nonce="2026-11-21")
            assert [one.id for one in w.member.sees() if one.content == "once"] == [sent.id]

    run(work())


def test_a_lost_answer_raises_and_the_nonce_tells_what_happened() -> None:
    async def work() -> None:
        async with connected() as (w, channel):
            w.sandbox.faults.lose_answer("POST .*/messages")
            with pytest.raises(aiohttp.ClientError):
                await channel.send("once", nonce="daily")
            sent = await channel.send("once", nonce="daily")
            assert [one.id for one in w.member.sees()] == [sent.id]
            w.sandbox.faults.lose_answer("POST .*/messages", done=False)
            with pytest.raises(aiohttp.ClientError):
                await channel.send("never", nonce="other")
            assert len(w.member.sees()) == 1

    run(work())


def test_other_faults_strike_where_they_should() -> None:
    async def work() -> None:
        async with connected(rate_limits=False) as (w, channel):
            faults = w.sandbox.faults
            faults.forbid("POST .*/messages", 50013)
            await refused(channel.send("no"), 50013, 403)
            faults.slow("POST .*/messages", 0.2)
            before = time.monotonic()
            await channel.send("slowly")
            assert time.monotonic() - before >= 0.2
            faults.before("POST .*/messages", lambda: w.owner.delete_channel(w.channel))
            await refused(channel.send("too late"), 10003, 404)
            assert [kind for kind, _ in faults.happened] == [Kind.REFUSE, Kind.SLOW, Kind.RUN]

    run(work())


def test_chaos_is_the_same_for_the_same_seed() -> None:
    async def once() -> list[int]:
        async with connected(rate_limits=False, seed=7) as (w, channel):
            w.sandbox.faults.chaos(Kind.REFUSE, "POST .*/messages", 0.5, status=503)
            done = []
            for number in range(12):
                try:
                    await channel.send(f"{number}")
                    done.append(number)
                except discord.DiscordServerError:
                    pass
            return done

    first = run(once())
    assert first == run(once())
    assert 0 < len(first) < 12


def test_an_unknown_route_is_refused_and_noted() -> None:
    async def work() -> None:
        async with connected() as (w, channel):
            await refused(channel.guild.templates(), 0, 404)
            w.expect("route", "/templates")

    run(work())
