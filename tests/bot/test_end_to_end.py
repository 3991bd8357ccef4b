"""The whole bot, through an unmodified discord.py, on a Discord of our own that checks every request."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.server import (
    OPEN_LIBRARY,
    Server,
    button_named,
    button_of,
    buttons_of,
    forge,
    posts_of,
    story,
    title_of,
    words_of,
)
from deckwright.study.posting import State
from deckwright_bot.client import StudyBot
from deckwright_bot.sandbox import Permission
from deckwright_bot.services.snapshots import snapshot_of
from libraries import write

pytestmark = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")


def test_a_group_is_set_up_asked_answered_and_told(tmp_path: Path) -> None:
    """Joining to reveal: nothing public too early, every request valid by Discord's schema and limits."""

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            first = await server.ada.click(post, "A")
            again = await server.ada.click(post, "B")
            await server.bob.click(post, "I don't know")
            assert first.ephemeral
            assert "You answered this one already" in words_of(again.message)
            assert "You answered this one already" not in words_of(
                (await server.ada.click(post, "My result")).message
            )
            assert not any(title_of(m) in ("Right", "Not quite") for m in server.bob.sees())
            await server.move(bot, hours=30)
            assert "still counts" in (await server.ada.slash("streak pause", days=3)).text
            closed = next(m for m in server.bob.sees() if m.id == post.id)
            assert title_of(closed) == "Closed"
            following = [m for m in server.bob.sees() if title_of(m) == "Question of the day"]
            assert len(following) == 1
            assert "Yesterday" in words_of(following[0])

    story(tmp_path, tell)


def test_buttons_and_modals_from_before_a_restart_still_work(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            post = await server.set_up()
            result = await server.ada.click(post, "A")
            form = await server.ada.click(result.message, "Report")
        async with server.bot():
            sent = await server.ada.submit(form, {"What is wrong?": "A typo"})
            late = await server.bob.click(post, "B")
            assert "Thank you" in sent.text
            assert late.ephemeral

    story(tmp_path, tell)


def test_r7_whoever_clicks_on_a_post_proves_that_it_stands(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            message = await server.set_up()
            (post,) = await posts_of(bot, server)
            for click in ("A", "I don't know"):
                async with bot.context.services.posts._database.writing() as connection:
                    # As if the bot had been killed between sending and noting it down.
                    await connection.execute(text("UPDATE posts SET state = 'claimed', message = NULL"))
                await (server.ada if click == "A" else server.bob).click(message, click)
                (found,) = await posts_of(bot, server)
                assert (found.id, found.state, found.message) == (post.id, State.SENT, message.id)

    story(tmp_path, tell)


def test_every_command_answers_in_private(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            for command in (
                "daily", "streak show", "leaderboard", "help", "privacy show", "privacy export", "privacy hide",
                "privacy delete",
            ):  # fmt: skip
                answer = await server.ada.slash(command)
                assert answer.ephemeral, command
                assert not answer.failed, command
            paused = await server.ada.slash("streak pause", days=3)
            assert "waits" in paused.text
            assert "still counts" not in paused.text
            for command in ("admin status", "admin pause", "admin resume", "admin post", "settings"):
                answer = await server.owner.slash(command)
                assert not answer.failed, command
            zones = await server.owner.autocomplete("settings", "zone", "new york")
            assert "America/New_York" in str(zones)

    story(tmp_path, tell)


def test_a_restart_posts_nothing_twice_and_greets_nobody_twice(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
        for _ in range(2):
            async with server.bot() as bot:
                await bot._tick()
        titles = [title_of(m) for m in server.bob.sees()]
        assert titles.count("Question of the day") == 1
        assert sum("question a day" in title for title in titles) == 1

    story(tmp_path, tell)


def test_work_done_but_answer_lost_makes_one_post(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            server.sandbox.faults.server_error("POST .*/messages", done=True)
            await server.move(bot, hours=27)
            for _ in range(3):
                await server.move(bot, hours=0.1, step=0.05)
            posts = [m for m in server.bob.sees() if title_of(m) == "Question of the day"]
            assert len(posts) == 1

    story(tmp_path, tell)


async def open_post(server: Server, bot: StudyBot) -> Any:
    """Switch open questions on and wait for one."""
    await server.set_up()
    panel = (await server.owner.slash("settings")).message
    await server.owner.click(panel, "Open questions: off")
    await server.move(bot, hours=27)
    return await server.ada.wait_for(lambda m: button_of(m, "open") is not None)


async def answered_and_closed(server: Server, bot: StudyBot) -> Any:
    """An open question that Ada has answered, after its close."""
    post = await open_post(server, bot)
    form = await server.ada.click(post, "Answer")
    await server.ada.submit(form, {"text": "Units cannot rely on each other."})
    await server.move(bot, hours=80)
    return next(m for m in server.bob.sees() if m.id == post.id)


def test_r14_an_open_answer_is_written_compared_graded_by_oneself_and_shared_after_the_close(
    tmp_path: Path,
) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await open_post(server, bot)
            form = await server.ada.click(post, "Answer")
            unread = await server.bob.click(post, "Answer")
            told = await server.ada.submit(form, {"text": "It is an **ensemble** of networks @everyone."})
            assert told.ephemeral
            assert "Units cannot rely on each other." in words_of(told.message)
            assert "In your answer" in words_of(told.message)
            assert "Not found in it" in words_of(told.message)
            assert "+7" not in words_of(told.message)
            again = await server.ada.click(post, "Answer")
            assert "already" in again.text
            graded = await server.ada.click(told.message, "Partly")
            assert "+7 points" in graded.text
            final = await server.ada.click(told.message, "Got it")
            assert "+7 points" in final.text
            public = [m for m in server.bob.sees() if m.visible_to is None]
            assert not any("ensemble" in words_of(m) for m in public)
            blank = await server.bob.submit(unread, {"text": " \u200b "})
            assert "empty" in blank.text
            early = await forge(server.ada, post, button_named(post, "mine").replace("mine", "share"))
            assert "once the question is closed" in early.text

            await server.move(bot, hours=80)
            closed = next(m for m in server.bob.sees() if m.id == post.id)
            assert "Partly · 1" in words_of(closed)
            shared = await server.ada.click(closed, "Share in thread")
            assert "Shared." in shared.text
            twice = await server.ada.click(closed, "Share in thread")
            assert "Shared." in twice.text
            found = [m for m in server.bob.sees() if "Ada wrote" in title_of(m)]
            assert len(found) == 1
            assert "\\*\\*ensemble\\*\\* of networks @\u200beveryone" in words_of(found[0])
            nothing = await server.bob.click(closed, "Share in thread")
            assert "did not answer" in nothing.text

            ask = await server.ada.slash("privacy delete")
            await server.ada.click(ask.message, "Delete everything about me")
            await server.sandbox.until(lambda: not any("Ada wrote" in title_of(m) for m in server.bob.sees()))

    story(tmp_path, tell, cards=write(tmp_path / "library", OPEN_LIBRARY))


def test_a_share_that_discord_refuses_is_told_kindly(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            closed = await answered_and_closed(server, bot)
            server.owner.set_permissions(server.owner.home, deny=Permission.SEND_MESSAGES)
            refused = await server.ada.click(closed, "Share in thread")
            assert "may not write there" in refused.text

    story(tmp_path, tell, cards=write(tmp_path / "library", OPEN_LIBRARY))


def test_two_clicks_on_share_at_once_leave_one_message(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            closed = await answered_and_closed(server, bot)
            await asyncio.gather(*(server.ada.click(closed, "Share in thread") for _ in range(2)))
            assert [title_of(m) for m in server.bob.sees() if "wrote" in title_of(m)] == ["Ada wrote"]

    story(tmp_path, tell, cards=write(tmp_path / "library", OPEN_LIBRARY))


def test_r31_privacy_shows_hands_out_hides_and_deletes(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            post = await server.set_up()
            assert "nothing about you" in (await server.bob.slash("privacy show")).text
            await server.ada.click(post, "A")
            shown = await server.ada.slash("privacy show")
            assert "1 answer" in shown.text
            export = await server.ada.slash("privacy export")
            kept = json.loads(export.message.attachments[0].content)
            assert [row["choice"] for row in kept["answers"]] == ["A"]
            await server.ada.slash("privacy hide")
            assert "Ada" not in (await server.bob.slash("leaderboard")).text
            await server.ada.slash("privacy hide", hidden=False)
            assert "Ada" in (await server.bob.slash("leaderboard")).text
            ask = await server.ada.slash("privacy delete")
            assert "Sure?" in ask.text
            assert "1 answer" in (await server.ada.slash("privacy show")).text
            gone = await server.ada.click(ask.message, "Delete everything about me")
            assert "deleted" in gone.text
            assert "nothing about you" in (await server.ada.slash("privacy show")).text

    story(tmp_path, tell)


def test_r26_a_board_has_pages_and_ones_own_rank_off_the_page(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            row = (await posts_of(bot, server))[0]
            right = snapshot_of(row).key
            assert right is not None
            crowd = [server.owner.add_member(f"Member {n:02}") for n in range(12)]
            for member in crowd:
                await member.click(post, right)
            await server.ada.click(post, "I don't know")
            board = await server.ada.slash("leaderboard", period="all")
            assert "Member 00" in board.text
            assert "You: rank 13 with 2 points" in board.text
            assert "page 1 of 2" in board.text
            turned = await server.ada.click(board.message, "›")
            assert turned.message.id == board.message.id
            assert "13\\. Ada" in words_of(turned.message)
            assert [b["label"] for b in buttons_of(turned.message) if b.get("disabled")] == ["›"]
            for forged in ("dw:board:999:all", "dw:board:0:all"):
                assert "Leaderboard" in title_of((await forge(server.ada, board.message, forged)).message)
            assert "older version" in (await forge(server.ada, board.message, "dw:board:1:never")).text

    story(tmp_path, tell)


def test_r32_a_reminder_comes_once_and_ends_by_one_tap(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            for member in (server.ada, server.bob, server.owner):
                await member.click(post, "Remind me")
            await server.ada.click(post, "A")
            server.owner.close_dms()
            row = (await posts_of(bot, server))[0]
            assert row.closes is not None
            hours = (row.closes - server.clock.now()).total_seconds() / 3600
            await server.move(bot, hours=hours - 1)
            await server.move(bot, hours=0.5, step=0.1)
            told = [m for m in server.bob.sees(server.bob.dm) if "closes" in words_of(m)]
            assert len(told) == 1
            assert str(post.id) in words_of(told[0])
            assert not server.ada.sees(server.ada.dm)
            ended = await server.bob.click(told[0], "Stop reminding me")
            assert "No more reminders" in ended.text
            await server.move(bot, hours=48, step=1)
            assert len([m for m in server.bob.sees(server.bob.dm) if "closes" in words_of(m)]) == 1

    story(tmp_path, tell)


def test_a_report_reaches_the_log_channel_without_mentioning_anyone(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            log = server.owner.create_channel("log")
            post = await server.set_up()
            panel = (await server.owner.slash("settings")).message
            form = await server.owner.click(panel, "More")
            await server.owner.submit(form, {"days": list("0123456"), "dates": "", "log": log})
            result = await server.ada.click(post, "A")
            form = await server.ada.click(result.message, "Report")
            sent = await server.ada.submit(form, {"text": "B is right, too. @everyone\n# Look **here**"})
            assert sent.ephemeral
            line = await server.owner.wait_for(lambda m: "reports a fault" in words_of(m), log)
            assert "Ada reports a fault in the card" in words_of(line)
            assert "@\u200beveryone # Look \\*\\*here\\*\\*" in words_of(line)
            assert not line.mention_everyone
            # A log channel that is gone is no reason to trouble the member.
            server.owner.delete_channel(log)
            form = await server.ada.click(result.message, "Report")
            kept = await server.ada.submit(form, {"text": "Again"})
            assert "Thank you" in kept.text
            assert not kept.follow_ups
            search = await server.ada.click(result.message, "Copy Anki search")
            assert "Id:" in search.text

    story(tmp_path, tell)
