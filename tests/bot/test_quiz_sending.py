"""The messages of group quizzes: each stands in the channel once, whenever the bot was killed (R7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.fakes import GROUP, FakeStage
from bot.plays import ADA, BOB, CHANNEL, CHOICES, HOST, TODAY, Play, run
from deckwright.study.quiz import AWAY, LOBBY, Ending, Phase
from deckwright_bot.services.group_quizzes import Verdict
from deckwright_bot.services.ports import Refused, Rejected, Unavailable
from deckwright_bot.store import quizzes as quiz_store
from deckwright_bot.store.quizzes import Question, Quiz

DOWN = timedelta(minutes=4)
"""Longer than a nonce holds, shorter than what ends a quiz."""


def lose(stage: FakeStage, method: str) -> None:
    """Let the next message be sent, and the bot not come to know it: what a kill at that moment leaves behind."""
    send: Callable[..., Awaitable[object]] = getattr(stage, method)

    async def sends(*args: object) -> object:
        await send(*args)
        setattr(stage, method, send)
        raise Unavailable("killed")

    setattr(stage, method, sends)


def after_a_kill(play: Play, span: timedelta = DOWN) -> Play:
    """The bot started again so much later; Discord knows no nonce of then any more."""
    play.stage.nonces_hold = False
    again = play.restarted()
    again.now = play.now + span
    return again


async def to_the_end(play: Play, quiz: Quiz) -> Quiz:
    for _ in range(400):
        await play.pass_time(timedelta(seconds=1))
        found = await play.at(quiz)
        if found.phase is Phase.ASKING and found.until is not None:
            await play.answer(found, ADA, right=True)
        if found.told:
            return found
    raise AssertionError("it does not end")


def everything(quiz: Quiz) -> list[str]:
    asked = [f"question {quiz.id} {number + 1}" for number in range(len(quiz.prompts))]
    return [f"lobby {quiz.id}", *asked, f"final {quiz.id}"]


@pytest.mark.parametrize("what", ["open_lobby", "ask", "finish"])
@pytest.mark.parametrize("down", [timedelta(seconds=20), DOWN])
def test_r7_a_message_sent_before_a_kill_and_not_noted_is_not_sent_twice(
    tmp_path: Path, what: str, down: timedelta
) -> None:
    async def story(play: Play) -> None:
        lose(play.stage, what)
        quiz = await play.begin(2)
        while getattr(play.stage, what).__name__ == "sends":
            await play.pass_time(timedelta(seconds=1))
            found = await play.at(quiz)
            if found.until is not None and found.phase is Phase.ASKING:
                await play.answer(found, ADA, right=True)
        again = after_a_kill(play, down)
        play.stage.nonces_hold = down < DOWN
        ended = await to_the_end(again, quiz)

        assert sorted(play.stage.sent) == sorted(everything(quiz))
        assert ended.ending is Ending.DONE
        assert sorted(play.stage.shown) == [(quiz.id, 1), (quiz.id, 2)]

    run(tmp_path, story)


@pytest.mark.parametrize("what", ["lobby", "question", "final"])
def test_r7_what_was_never_sent_is_sent_after_looking_for_it(tmp_path: Path, what: str) -> None:
    async def story(play: Play) -> None:
        send = play.stage._send

        def nothing_goes_out(name: str) -> int:
            if name.startswith(what):
                raise Unavailable("500")
            return send(name)

        play.stage._send = nothing_goes_out  # type: ignore[method-assign, assignment]
        quiz = await play.begin(1)
        await play.pass_time(LOBBY + timedelta(seconds=5))
        if what == "final":
            await play.group.stop(quiz.id, GROUP, HOST, play.now, manager=False)
        play.stage._send = send  # type: ignore[method-assign]
        again = after_a_kill(play)
        await to_the_end(again, quiz)

        assert sorted(play.stage.sent) == sorted(everything(quiz))

    run(tmp_path, story)


def test_a_question_that_is_found_again_has_its_whole_time_and_says_so(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin(1)
        lose(play.stage, "ask")
        await play.pass_time(LOBBY)
        again = after_a_kill(play)
        await again.group.tick(again.now)
        found = await again.at(quiz)

        assert found.until == again.now + timedelta(seconds=30)
        assert play.stage.anew == [(1, found.until)]
        assert (await again.answer(found, ADA, right=True)).verdict is Verdict.NEW

    run(tmp_path, story)


@pytest.mark.parametrize("what", ["open_lobby", "ask"])
def test_what_is_found_after_too_long_ends_the_quiz_and_no_question_stays_open(
    tmp_path: Path, what: str
) -> None:
    async def story(play: Play) -> None:
        lose(play.stage, what)
        quiz = await play.begin(2)
        if what == "ask":
            await play.pass_time(LOBBY)
        again = after_a_kill(play, AWAY + timedelta(minutes=1))
        await again.pass_time(timedelta(seconds=2))

        ended = await again.at(quiz)
        assert (ended.ending, ended.told) == (Ending.AWAY, True)
        assert play.stage.sent.count(f"final {quiz.id}") == 1
        assert sorted(play.stage.shown) == ([(quiz.id, 1)] if what == "ask" else [])

    run(tmp_path, story)


def test_r7_without_the_right_to_look_nothing_is_sent_a_second_time(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        play.stage.may_search = False
        quiz = await play.begin(2)
        lose(play.stage, "ask")
        await play.pass_time(LOBBY)
        again = after_a_kill(play)
        await again.pass_time(timedelta(seconds=3))
        ended = await again.at(quiz)
        assert (ended.ending, ended.told) == (Ending.AWAY, True)
        assert play.stage.sent.count(f"question {quiz.id} 1") == 1
        assert play.stage.sent.count(f"final {quiz.id}") == 1

        second = await again.begin(1)
        lose(play.stage, "finish")
        await again.group.stop(second.id, GROUP, HOST, again.now, manager=False)
        third = after_a_kill(again)
        await third.pass_time(timedelta(seconds=3))
        assert (await third.at(second)).told
        assert play.stage.sent.count(f"final {second.id}") == 1

    run(tmp_path, story)


def test_a_question_on_its_way_when_the_host_ends_the_quiz_does_not_stay_open(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin(2)
        lose(play.stage, "ask")
        await play.pass_time(LOBBY)
        await play.group.stop(quiz.id, GROUP, HOST, play.now, manager=False)

        assert list(play.stage.shown) == [(quiz.id, 1)]
        assert play.stage.sent == [f"lobby {quiz.id}", f"question {quiz.id} 1", f"final {quiz.id}"]

    run(tmp_path, story)


def test_end_pressed_while_a_question_is_being_sent_waits_for_it(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin(2)
        ask, asking, going = play.stage.ask, asyncio.Event(), asyncio.Event()

        async def slow(*args: object) -> int:
            asking.set()
            await going.wait()
            return await ask(*args)  # type: ignore[arg-type]

        play.stage.ask = slow  # type: ignore[method-assign, assignment]
        play.now += LOBBY
        ticking = asyncio.create_task(play.group.tick(play.now))
        await asking.wait()
        stopping = asyncio.create_task(play.group.stop(quiz.id, GROUP, HOST, play.now, manager=False))
        await asyncio.wait({stopping}, timeout=0.3)
        assert play.stage.finished == {}
        going.set()
        assert await stopping is Verdict.NEW
        await ticking

        assert play.stage.sent == everything(quiz)[:2] + everything(quiz)[-1:]
        assert list(play.stage.shown) == [(quiz.id, 1)]

    run(tmp_path, story)


def test_a_question_that_discord_rejects_is_passed_over_and_the_quiz_goes_on(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        ask = play.stage.ask

        async def picky(quiz: Quiz, question: Question, *rest: object) -> int:
            if question.number == 1:
                raise Rejected("400 Invalid Form Body")
            return await ask(quiz, question, *rest)  # type: ignore[arg-type]

        play.stage.ask = picky  # type: ignore[method-assign, assignment]
        quiz = await play.begin(2)
        ended = await to_the_end(play, quiz)

        assert ended.ending is Ending.DONE
        assert list(play.stage.shown) == [(quiz.id, 2)]
        assert quiz.id in play.stage.finished

    run(tmp_path, story)


def test_the_lobby_shows_who_plays_and_later_that_it_is_over(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin(1)
        for member, name in ((ADA, "Ada"), (ADA, "Ada"), (BOB, "Bob")):
            await play.group.join(quiz.id, GROUP, member, name, play.now)
            await play.pass_time(timedelta(seconds=2))
        crowds = [crowd.names for _, crowd in play.stage.crowds[quiz.id]]
        assert crowds == [("Hal",), ("Hal", "Ada"), ("Hal", "Ada", "Bob")]
        assert {crowd.host for _, crowd in play.stage.crowds[quiz.id]} == {"Hal"}
        await to_the_end(play, quiz)

        phases = [phase for phase, _ in play.stage.crowds[quiz.id]]
        assert phases == [*[Phase.LOBBY] * 3, Phase.ASKING, Phase.ENDED]

    run(tmp_path, story)


def test_a_hidden_host_and_hidden_players_are_not_named(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        for member, name in ((HOST, "Hal"), (BOB, "Bob")):
            await play.world.members.hide(GROUP, member, name, play.now, hidden=True)
        quiz = await play.begin(1)
        await play.group.join(quiz.id, GROUP, ADA, "Ada", play.now)
        await play.group.join(quiz.id, GROUP, BOB, "Bob", play.now)
        await play.pass_time(timedelta(seconds=1))

        _, crowd = play.stage.crowds[quiz.id][-1]
        assert (crowd.players, crowd.names, crowd.host) == (3, ("Ada",), None)

    run(tmp_path, story)


def test_a_lobby_that_cannot_be_edited_stops_nothing(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        async def gone(*_args: object) -> None:
            raise Refused("404 Unknown Message")

        play.stage.show_lobby = gone  # type: ignore[method-assign, assignment]
        quiz = await play.begin(2)
        await play.group.join(quiz.id, GROUP, ADA, "Ada", play.now)
        ended = await to_the_end(play, quiz)
        assert (ended.ending, play.stage.sent) == (Ending.DONE, everything(quiz))

    run(tmp_path, story)


def test_a_channel_that_goes_in_the_middle_ends_the_quiz_and_another_one_goes_on(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin(2))
        other = await play.group.start(
            GROUP, CHANNEL + 1, ADA, "Ada", CHOICES, count=1, seconds=30, now=play.now, today=TODAY, seed=8
        )
        assert other.quiz is not None

        def is_gone(method: str) -> None:
            work: Callable[..., Awaitable[object]] = getattr(play.stage, method)

            async def asked(of: Quiz, *rest: object) -> object:
                if of.channel == CHANNEL:
                    raise Refused("404 Unknown Channel", gone=True)
                return await work(of, *rest)

            setattr(play.stage, method, asked)

        for method in ("ask", "show", "show_lobby", "finish", "find_question", "find_final"):
            is_gone(method)
        await to_the_end(play, other.quiz)
        ended = await play.at(quiz)
        assert (ended.ending, ended.told) == (Ending.REFUSED, True)
        async with play.world.database.reading() as connection:
            assert await quiz_store.unfinished(connection) == []

    run(tmp_path, story)
