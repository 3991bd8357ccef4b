"""Quizzes, cards and packages as people use them, through the real discord.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.server import Server, forge, story, title_of, words_of
from deckwright.builder import build
from deckwright.compiler import compile_library
from deckwright.study.question import from_json
from deckwright_bot.client import StudyBot
from deckwright_bot.sandbox.outcome import buttons_of
from deckwright_bot.services.packages import PackageService
from deckwright_bot.store import quizzes as quiz_store


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
            assert "nothing you got wrong" in nothing.text

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
