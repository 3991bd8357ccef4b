"""Quizzes, cards and packages as people use them, through the real discord.py."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, select, update

from bot.server import Server, button_named, forge, story, title_of, words_of
from deckwright.builder import build
from deckwright.compiler import compile_library
from deckwright.study.keys import QuizKey
from deckwright.study.question import from_json
from deckwright.study.quiz import Wanted
from deckwright_bot.client import StudyBot
from deckwright_bot.sandbox import Permission
from deckwright_bot.sandbox.model import ChannelType
from deckwright_bot.sandbox.outcome import buttons_of
from deckwright_bot.services.packages import PackageService
from deckwright_bot.store import quizzes as quiz_store
from deckwright_bot.store.quiz_tables import quiz_questions, quizzes

TODAY = date(2026, 3, 2)


def labels(message: Any) -> list[str]:
    return [str(button["label"]) for button in buttons_of(message)]


def called(title: str) -> Callable[[Any], bool]:
    """Whether a message is the one of that title."""
    return lambda message: title_of(message) == title


async def key_of(bot: StudyBot, message: Any) -> str:
    """The right letter of a quiz's question, from what was stored."""
    identifier = next(b["custom_id"] for b in buttons_of(message) if b["label"] == "A")
    _, _, quiz, word = identifier.split(":")
    async with bot.context.services.quizzes._database.reading() as connection:
        question = await quiz_store.question(connection, int(quiz), int(word.split("-")[0]))
    assert question is not None
    key = from_json(question.snapshot).key
    assert key is not None
    return key


def test_a_group_plays_a_quiz_from_the_lobby_to_the_final_table(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            opened = await server.owner.slash("quiz group", questions=2, seconds=60)
            assert opened.ephemeral
            lobby = await server.ada.wait_for(lambda m: "about to begin" in title_of(m))
            joined = await server.ada.click(lobby, "Join")
            assert joined.ephemeral
            await server.ada.wait_for(lambda m: "2 players" in str(m.embeds))
            refused = await server.ada.click(lobby, "Start now")
            assert "host" in refused.text
            await server.owner.click(lobby, "Start now")
            for number in (1, 2):
                question = await server.ada.wait_for(called(f"Question {number} of 2"))
                key = await key_of(bot, question)
                mine = await server.ada.click(question, key)
                assert mine.ephemeral
                assert key in mine.text, mine.text
                again = await server.ada.click(question, "I don't know")
                assert "first answer stands" in again.text
                assert title_of(question) == f"Question {number} of 2"
                await server.owner.click(question, "I don't know")
                over = await server.ada.wait_for(called(f"Question {number} of 2: over"))
                assert f"✓ **{key}" in words_of(over)
                assert "1\\. Ada" in words_of(over)
                if number == 1:
                    await server.owner.click(over, "Next")
                else:
                    await server.owner.click(over, "End")
            final = await server.ada.wait_for(lambda m: title_of(m).startswith("The quiz"))
            assert "1\\. Ada · 20 points · 2 right" in words_of(final)
            assert "2\\. Olga · 4 points · 0 right" in words_of(final)

    story(tmp_path, tell)


def test_a_quiz_goes_on_after_a_restart_and_its_old_buttons_work(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            await server.owner.slash("quiz group", questions=3)
            lobby = await server.ada.wait_for(lambda m: "about to begin" in title_of(m))
            await server.owner.click(lobby, "Start now")
            question = await server.ada.wait_for(lambda m: title_of(m) == "Question 1 of 3")
        async with server.bot() as bot:
            await server.ada.click(question, await key_of(bot, question))
            await server.owner.click(question, "Skip")
            over = await server.ada.wait_for(lambda m: title_of(m) == "Question 1 of 3: over")
            assert "1\\. Ada" in words_of(over)
            stopped = await server.owner.slash("quiz stop")
            assert stopped.text == "Ended."
            assert "ended" in title_of(await server.ada.wait_for(lambda m: "quiz was ended" in title_of(m)))

    story(tmp_path, tell)


def test_one_quiz_a_channel_and_members_cannot_stop_it(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            await server.ada.slash("quiz group", questions=3)
            second = await server.bob.slash("quiz group", questions=3)
            assert "runs here already" in second.text
            assert "host" in (await server.bob.slash("quiz stop")).text
            assert (await server.owner.slash("quiz stop")).text == "Ended."
            assert "No quiz runs here" in (await server.bob.slash("quiz stop")).text

    story(tmp_path, tell)


def test_a_quiz_alone_is_one_private_message_from_question_to_summary(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            seen = len(server.bob.sees())
            opened = await server.ada.slash("quiz solo", questions=3, deck="theory")
            assert opened.ephemeral
            message = opened.message
            for number in (1, 2, 3):
                assert title_of(message).startswith(f"Question {number} of 3")
                if "Show the answer" in labels(message):
                    message = (await server.ada.click(message, "Show the answer")).message
                    assert {"Missed it", "Partly", "Got it"} <= set(labels(message))
                    message = (await server.ada.click(message, "Missed it")).message
                else:
                    # The second answers are wrong on purpose, the others right.
                    key = await key_of(bot, message)
                    pressed = key if number != 2 else next(x for x in "ABCD" if x != key)
                    message = (await server.ada.click(message, pressed)).message
                    assert ("Right" if number != 2 else "Not quite") in words_of(message)
                search = await server.ada.click(message, "Copy Anki search")
                assert "Id:" in search.text
                message = (await server.ada.click(message, "Summary" if number == 3 else "Next")).message
            assert "of 3 right" in title_of(message)
            assert "Look again at" in words_of(message)
            again = (await server.ada.click(message, labels(message)[0])).message
            assert title_of(again).startswith("Question 1 of")
            assert message.id == opened.message.id == again.id
            assert len(server.bob.sees()) == seen

    story(tmp_path, tell)


def test_a_quiz_alone_survives_a_restart_and_can_be_stopped(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            message = (await server.ada.slash("quiz solo", questions=5)).message
        async with server.bot():
            message = (await server.ada.click(message, labels(message)[0])).message
            stopped = await server.ada.slash("quiz stop")
            assert "right" in title_of(stopped.message) or "no question" in title_of(stopped.message)
            nothing = await server.bob.slash("quiz solo", missed=True)
            assert "nothing that you got wrong" in nothing.text

    story(tmp_path, tell)


def test_topics_and_decks_are_offered_while_typing(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            decks = await server.ada.autocomplete("quiz solo", "deck", "theo")
            assert [choice["value"] for choice in decks] == ["theory"]
            topics = await server.ada.autocomplete("quiz solo", "topic", "drift", deck="theory")
            assert [choice["value"] for choice in topics] == ["theory/drift"]

    story(tmp_path, tell)


def test_a_card_is_found_by_words_but_keeps_its_key_while_its_post_is_open(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            offered = await server.ada.autocomplete("card", "find", "smoet")
            assert "smote-before-split" in [choice["value"] for choice in offered]
            post = await bot.context.services.posts.today(server.owner.guild.id, "daily")
            assert post is not None
            assert post.card is not None
            hidden = await server.ada.slash("card", find=post.card)
            assert hidden.ephemeral
            assert "when the question closes" in hidden.text
            assert "✓" not in hidden.text
            other = "smote-before-split" if post.card != "smote-before-split" else "lasso-exact-zeros"
            assert f"`{other}`" in (await server.ada.slash("card", find=other)).text
            assert "no card like that" in (await server.ada.slash("card", find="zzzzqqqq")).text

    story(tmp_path, tell)


def test_packages_are_handed_over_with_what_is_new(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(compile_library(Path("cards")), out, now=1_772_000_000, only=["red-flags"])

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            assert "no packages" in (await server.ada.slash("decks")).text
            object.__setattr__(
                bot.context.services, "packages", PackageService(bot.context.services.posts._database, out)
            )
            shown = await server.ada.slash("decks")
            assert "you have not taken it yet" in shown.text
            select = next(iter(shown.message.components[0]["components"]))
            taken = await server.ada.select(shown.message, [select["options"][0]["value"]])
            assert taken.ephemeral
            files = [*taken.message.attachments, *(f for m in taken.follow_ups for f in m.attachments)]
            assert [file.filename for file in files] == [path.name for path in out.glob("*.apkg")]
            # It is noted down once it has arrived; the story's own time limit ends the wait.
            while "you have this one" not in (shown := await server.ada.slash("decks")).text:
                assert "you have not taken it yet" in shown.text

    story(tmp_path, tell)


def test_hostile_ids_of_quizzes_get_a_private_answer_and_change_nothing(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            await server.ada.slash("quiz group", questions=3)
            message = (await server.ada.slash("quiz solo", questions=3)).message
            before = await bot.context.services.members.export(server.bob.user.id)
            for forged in (
                "dw:quiz:1:1-A",
                "dw:quiz:999:1-A",
                "dw:quiz:9223372036854775808:1-A",
                "dw:quiz-go:1:0-lobby",
                "dw:quiz-go:1:nonsense",
                "dw:quiz-end:999",
                "dw:quiz-end:1",
                "dw:quiz-join:999",
                "dw:solo:2:1-A",
                "dw:solo:2:9-A",
                "dw:solo:2:1-Z",
                "dw:solo:2:x",
                "dw:solo:2:1-next",
                "dw:solo:2:1-stop",
                "dw:solo-repeat:2",
                "dw:solo-repeat:999",
                "dw:card-anki:2:1",
                "dw:card-anki:1:99",
                "dw:take",
            ):
                post = await server.bob.wait_for(lambda m: "about to begin" in title_of(m))
                answer = await forge(server.bob, post, forged)
                told = answer.follow_ups or [answer.message]
                assert all(each.visible_to == server.bob.user.id for each in told), forged
                assert all(words_of(each) for each in told), forged
            assert await bot.context.services.members.export(server.bob.user.id) == before
            assert title_of(message).startswith("Question 1 of 3")

    story(tmp_path, tell)


async def runs_of(bot: StudyBot) -> int:
    """How many quizzes were ever begun."""
    async with bot.context.services.posts._database.reading() as connection:
        return int((await connection.execute(select(func.count()).select_from(quizzes))).scalar_one())


async def change(bot: StudyBot, table: Table, **values: Any) -> None:
    async with bot.context.services.posts._database.writing() as connection:
        await connection.execute(update(table).values(**values))


def test_one_event_delivered_twice_begins_one_quiz(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            requests, shown = server.sandbox.core.requests, []
            for command in ("quiz solo", "quiz group"):
                before = await runs_of(bot)
                requests.clear()
                server.sandbox.faults.duplicate_event("INTERACTION_CREATE")
                shown.append(await server.ada.slash(command, questions=3))
                assert shown[-1].ephemeral
                # The second one has been heard, too, once its acknowledgement was refused.
                while sum(each.path.endswith("/callback") for each in requests) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                assert await runs_of(bot) == before + 1, command
            # What the member was shown is the quiz that runs.
            running = await bot.context.services.solo.running(server.owner.guild.id, server.ada.user.id)
            assert running is not None
            assert button_named(shown[0].message, "solo").startswith(f"dw:solo:{running.quiz.id}:")

    story(tmp_path, tell)


def test_quiz_solo_alone_goes_on_with_what_runs_and_options_begin_anew(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            first = (await server.ada.slash("quiz solo", questions=4)).message
            answered = (await server.ada.click(first, "I don't know")).message
            assert "Next" in labels(answered)
            again = (await server.ada.slash("quiz solo")).message
            assert "in the middle of this one" in words_of(again)
            assert "Next" in labels(again)
            second = (await server.ada.click(again, "Next")).message
            assert title_of(second).startswith("Question 2 of 4")
            # The older copy turns to where the quiz stands, whatever is pressed in it.
            followed = (await server.ada.click(first, "Next")).message
            assert title_of(followed).startswith("Question 2 of 4")
            assert await runs_of(bot) == 1
            other = (await server.ada.slash("quiz solo", questions=2)).message
            assert title_of(other).startswith("Question 1 of 2")
            unknown = await server.ada.slash("quiz solo", deck="nonsense")
            assert "no deck called nonsense" in unknown.text
            assert await runs_of(bot) == 2

    story(tmp_path, tell)


def test_a_quiz_is_played_in_a_thread_and_a_missing_permission_there_is_named(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            world, owner = server.sandbox.core.world, server.owner
            thread = world.add_thread(owner.home, "a thread", owner.user.id, ChannelType.PUBLIC_THREAD)
            owner.set_permissions(owner.home, deny=Permission.SEND_MESSAGES_IN_THREADS)
            refused = await owner.slash("quiz group", at=thread, questions=1)
            assert "Missing: Send Messages in Threads" in refused.text
            # What a channel needs for writing a thread does not.
            owner.set_permissions(owner.home, deny=Permission.SEND_MESSAGES)
            await owner.slash("quiz group", at=thread, questions=1)
            lobby = await server.ada.wait_for(lambda m: "about to begin" in title_of(m), thread)
            await owner.click(lobby, "Start now")
            question = await server.ada.wait_for(called("Question 1 of 1"), thread)
            await server.ada.click(question, "I don't know")
            await owner.click(question, "I don't know")
            over = await server.ada.wait_for(called("Question 1 of 1: over"), thread)
            await owner.click(over, "Final table")
            await server.ada.wait_for(called("The quiz is over"), thread)

    story(tmp_path, tell)


def test_r7_after_a_kill_the_question_and_the_table_are_found_in_the_channel(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        def count(begin: str) -> int:
            return sum(title_of(message).startswith(begin) for message in server.ada.sees())

        long_ago = datetime.now(UTC) - timedelta(minutes=4)
        async with server.bot() as bot:
            await server.set_up()
            await server.owner.slash("quiz group", questions=1, seconds=60)
            lobby = await server.ada.wait_for(lambda m: "about to begin" in title_of(m))
            await server.owner.click(lobby, "Start now")
            question = await server.ada.wait_for(called("Question 1 of 1"))
            end = re.search(r"<t:\d+:R>", words_of(question))
            assert end is not None
            assert bot._quiz_ticker is not None
            await bot._quiz_ticker.stop()
            await change(bot, quizzes, until=None)
            await change(bot, quiz_questions, message=None, opens=None, closes=None, asked=long_ago)
            # Its end is named in seconds.
            await asyncio.sleep(1)
        server.sandbox.core.messages._nonces.clear()
        async with server.bot() as bot:
            await server.ada.wait_for(
                lambda m: title_of(m) == "Question 1 of 1" and end[0] not in words_of(m)
            )
            assert count("Question 1 of 1") == 1
            await server.owner.click(question, "End")
            await server.ada.wait_for(called("The quiz was ended"))
            assert bot._quiz_ticker is not None
            await bot._quiz_ticker.stop()
            await change(bot, quizzes, told=False, ended=long_ago)
        server.sandbox.core.messages._nonces.clear()
        async with server.bot() as bot:
            while await unfinished(bot):
                await bot._quiz_tick()
            assert count("The quiz") == 1

    story(tmp_path, tell)


def test_r7_a_lobby_is_found_though_the_clock_was_ahead_when_it_opened(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            await server.owner.slash("quiz group", questions=1, seconds=60)
            await server.ada.wait_for(lambda m: "about to begin" in title_of(m))
            assert bot._quiz_ticker is not None
            await bot._quiz_ticker.stop()
            ahead = datetime.now(UTC) + timedelta(hours=1)
            await change(bot, quizzes, until=None, message=None, begun=ahead)
            server.sandbox.core.messages._nonces.clear()
            await bot._quiz_tick()
            assert sum("about to begin" in title_of(message) for message in server.ada.sees()) == 1

    story(tmp_path, tell)


async def unfinished(bot: StudyBot) -> bool:
    async with bot.context.services.posts._database.reading() as connection:
        return bool(await quiz_store.unfinished(connection))


def test_twenty_five_players_each_learn_their_place(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            players = [server.owner.add_member(f"P{number:02}") for number in range(24)]
            await server.owner.slash("quiz group", questions=1, seconds=120)
            lobby = await server.ada.wait_for(lambda m: "about to begin" in title_of(m))
            await asyncio.gather(*(player.click(lobby, "Join") for player in players))
            shown = await server.ada.wait_for(lambda m: "25 players" in str(m.embeds))
            assert "and 5 more" in words_of(shown)
            await server.owner.click(lobby, "Start now")
            question = await server.ada.wait_for(called("Question 1 of 1"))
            key = await key_of(bot, question)
            wrong = next(letter for letter in "ABCD" if letter != key)
            # Two clicks each: the first one stands.
            answered = await asyncio.gather(
                *(player.click(question, key if n < 12 else wrong) for n, player in enumerate(players)),
                *(player.click(question, "I don't know") for player in players),
            )
            assert all(each.ephemeral for each in answered)
            await server.owner.click(question, "I don't know")
            over = await server.ada.wait_for(called("Question 1 of 1: over"))
            await server.owner.click(over, "Final table")
            final = await server.ada.wait_for(called("The quiz is over"))
            assert "and 15 more" in words_of(final)
            last = await players[-1].click(final, "My result")
            assert last.ephemeral
            assert "of 25" in title_of(last.message)
            assert f"right is **{key}**" in last.text

    story(tmp_path, tell)


def test_a_channel_deleted_in_the_middle_ends_its_quiz_and_the_next_is_played_elsewhere(
    tmp_path: Path,
) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            place = server.owner.create_channel("short-lived")
            await server.owner.slash("quiz group", at=place, questions=2)
            lobby = await server.ada.wait_for(lambda m: "about to begin" in title_of(m), place)
            await server.owner.click(lobby, "Start now")
            question = await server.ada.wait_for(called("Question 1 of 2"), place)
            await server.ada.click(question, "I don't know")
            server.owner.delete_channel(place)
            while await unfinished(bot):
                await change(bot, quizzes, until=datetime.now(UTC))
                await bot._quiz_tick()
            await server.owner.slash("quiz group", questions=1)
            await server.ada.wait_for(lambda m: "about to begin" in title_of(m))

    story(tmp_path, tell)


def test_a_question_with_a_picture_keeps_one_when_it_is_over(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            library = bot.context.services.library
            pictured = next(
                each.key
                for each in library.askables
                if each.form == "choice"
                and each.deck == "formulas"
                and bot.context.renderer.question(
                    library.snapshot(each.key, QuizKey(1, 1, 1, TODAY))
                ).pictures
            )
            started = await bot.context.services.quizzes.start(
                server.owner.guild.id,
                server.owner.home.id,
                server.owner.user.id,
                "Olga",
                Wanted(only=frozenset({pictured})),
                count=1,
                seconds=60,
                now=bot.context.real_now(),
                today=TODAY,
                seed=1,
            )
            assert started.quiz is not None
            lobby = await server.ada.wait_for(lambda m: "about to begin" in title_of(m))
            await server.owner.click(lobby, "Start now")
            question = await server.ada.wait_for(called("Question 1 of 1"))
            assert question.attachments
            await server.owner.click(question, "I don't know")
            over = await server.ada.wait_for(called("Question 1 of 1: over"))
            shown = [embed["image"]["url"] for embed in over.embeds if embed.get("image")]
            assert shown == [attachment.url for attachment in over.attachments]
            assert len(shown) == len(set(shown)) > 0

    story(tmp_path, tell)
