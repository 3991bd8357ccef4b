"""Quizzes over a real database with a stage that remembers: what a restart, two bots or a host who leaves do."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.fakes import GROUP, little_library
from bot.plays import ADA, BOB, CHANNEL, CHOICES, HOST, TODAY, Play, its_own, open_card, run
from deckwright.markup import find_gaps, reveal
from deckwright.study.keys import PromptKey
from deckwright.study.pool import pool
from deckwright.study.question import Snapshot
from deckwright.study.quiz import LOBBY, SHOWN, Ending, Phase, Wanted
from deckwright_bot.services import quiz_course
from deckwright_bot.services.group_quizzes import Verdict
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.ports import Refused, Rejected, Unavailable
from deckwright_bot.services.snapshots import series_of
from deckwright_bot.store import posts as post_store, quizzes as quiz_store
from deckwright_bot.store.database import DatabaseError
from deckwright_bot.store.quiz_tables import quiz_answers, quiz_questions
from deckwright_bot.store.quizzes import Question, Quiz
from deckwright_bot.store.tables import posts


def test_a_group_quiz_asks_shows_and_ends_with_the_table(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin(3)
        for _ in range(3):
            quiz = await play.asking(quiz)
            await play.answer(quiz, HOST, right=False)
            await play.answer(quiz, ADA, right=True)
        await play.pass_time(timedelta(seconds=40))

        counts, first = play.stage.shown[quiz.id, 1]
        assert (counts.answers, counts.right) == (2, 1)
        assert [each.member for each in first.standings] == [ADA, HOST]
        final = play.stage.finished[quiz.id]
        assert [(s.rank, s.member, s.tally.points, s.tally.right) for s in final.standings] == [
            (1, ADA, 30, 3),
            (2, HOST, 6, 0),
        ]
        assert final.names == {HOST: "m1", ADA: "m2"}
        ended = await play.at(quiz)
        assert (ended.phase, ended.ending, ended.told) == (Phase.ENDED, Ending.DONE, True)

    run(tmp_path, story)


def test_a_question_ends_as_soon_as_all_players_have_answered(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin()
        await play.group.join(quiz.id, GROUP, ADA, "Ada", play.now)
        quiz = await play.asking(quiz)
        await play.answer(quiz, HOST, right=True)
        await play.pass_time(timedelta(seconds=2))
        assert (await play.at(quiz)).phase is Phase.ASKING
        await play.answer(quiz, ADA, right=True)
        await play.pass_time(timedelta(seconds=1))
        assert (await play.at(quiz)).phase is Phase.SHOWING

    run(tmp_path, story)


def test_r17_a_prompt_scores_in_group_quizzes_once_in_30_days(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        scored = []
        for day in (TODAY, TODAY + timedelta(days=29), TODAY + timedelta(days=30)):
            quiz = await play.asking(await play.begin_with(play.some_prompt(), day))
            result = await play.answer(quiz, ADA, right=True)
            assert result.answer is not None
            scored.append(result.answer.scored)
            await play.pass_time(timedelta(seconds=60))

        assert scored == [True, False, True]
        assert await play.points(ADA) == 20

    run(tmp_path, story)


def test_r17_a_quiz_taken_alone_scores_nothing(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        sheet = await play.start_alone(2)
        while sheet.quiz.phase is Phase.ASKING:
            sheet = await play.reply(sheet, right=True)
            sheet = await play.go_on(sheet)

        assert sheet.right == 2
        assert await play.points(ADA) == 0

    run(tmp_path, story)


def test_the_first_answer_stands_and_twenty_clicks_at_once_count_once(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin())
        results = await asyncio.gather(*(play.answer(quiz, ADA, right=n % 2 == 0) for n in range(20)))

        assert sorted(result.verdict for result in results) == [Verdict.AGAIN] * 19 + [Verdict.NEW]
        assert len({result.answer.choice for result in results if result.answer is not None}) == 1

    run(tmp_path, story)


def test_a_click_before_the_message_is_recorded_counts(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin()
        ask, results = play.stage.ask, []

        async def answered_at_once(
            quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime
        ) -> int:
            message = await ask(quiz, question, snapshot, closes)
            letter = snapshot.options[0].letter
            results.append(
                await play.group.choose(quiz.id, question.number, GROUP, ADA, "Ada", letter, play.now)
            )
            return message

        play.stage.ask = answered_at_once  # type: ignore[method-assign]
        await play.asking(quiz)
        assert [result.verdict for result in results] == [Verdict.NEW]

    run(tmp_path, story)


def test_a_click_after_the_time_changes_nothing(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin())
        await play.pass_time(timedelta(seconds=31))
        late = await play.answer(quiz, ADA, right=True)

        assert late.verdict is Verdict.TOO_LATE
        assert await play.points(ADA) == 0

    run(tmp_path, story)


def test_forged_letters_numbers_and_groups_change_nothing(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin())
        for number, group, letter in (
            (quiz.position, GROUP, "Z"),
            (quiz.position, GROUP + 1, "A"),
            (99, GROUP, "A"),
        ):
            result = await play.group.choose(quiz.id, number, group, ADA, "Ada", letter, play.now)
            assert result.verdict is Verdict.UNKNOWN
        alone = await play.start_alone(1)
        assert await play.solo.reply(alone.quiz.id, 1, GROUP, BOB, "A", play.now) is None
        foreign = await play.group.choose(alone.quiz.id, 1, GROUP, ADA, "Ada", "A", play.now)
        assert foreign.verdict is Verdict.UNKNOWN

    run(tmp_path, story)


def test_one_quiz_a_channel_and_the_next_may_begin_when_it_has_ended(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        first = await play.begin()
        second = await play.group.start(
            GROUP, CHANNEL, ADA, "Ada", CHOICES, count=3, seconds=30, now=play.now, today=TODAY, seed=6
        )
        assert (second.running, second.quiz) == (True, first)
        await play.group.stop(first.id, GROUP, HOST, play.now, manager=False)
        assert await play.begin() != first

    run(tmp_path, story)


def test_only_the_host_and_managers_control_a_quiz(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin()
        assert await play.group.stop(quiz.id, GROUP, ADA, play.now, manager=False) is Verdict.NOT_HOST
        assert (await play.at(quiz)).phase is Phase.LOBBY
        start = await play.group.hurry(
            quiz.id, GROUP, HOST, play.now, manager=False, position=0, phase=Phase.LOBBY
        )
        assert start is Verdict.NEW
        assert (await play.at(quiz)).phase is Phase.ASKING
        # The host has left; a manager ends it.
        assert await play.group.stop(quiz.id, GROUP, BOB, play.now, manager=True) is Verdict.NEW
        assert quiz.id in play.stage.finished

    run(tmp_path, story)


def test_a_double_click_on_skip_skips_one_question(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin())
        verdicts = [
            await play.group.hurry(
                quiz.id, GROUP, HOST, play.now, manager=False, position=1, phase=Phase.ASKING
            )
            for _ in range(2)
        ]
        assert verdicts == [Verdict.NEW, Verdict.TOO_LATE]
        now = await play.at(quiz)
        assert (now.phase, now.position) == (Phase.SHOWING, 1)

    run(tmp_path, story)


@pytest.mark.parametrize("seconds", [0, 20, 45, 80, 110])
def test_a_restart_in_the_middle_goes_on_where_it_was(tmp_path: Path, seconds: int) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin(2)
        await play.pass_time(timedelta(seconds=seconds))
        again = play.restarted()
        while (await again.at(quiz)).phase is not Phase.ENDED:
            await again.pass_time(timedelta(seconds=1))
            found = await again.at(quiz)
            if found.phase is Phase.ASKING and found.until is not None:
                await again.answer(found, ADA, right=True)

        assert sorted(play.stage.asked) == [(quiz.id, 1), (quiz.id, 2)]
        assert sorted(play.stage.shown) == [(quiz.id, 1), (quiz.id, 2)]
        assert len(play.stage.finished) == 1

    run(tmp_path, story)


def test_a_bot_that_was_away_for_long_ends_the_quiz_instead_of_asking_nobody(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin())
        again = play.restarted()
        again.now += timedelta(hours=2)
        await again.group.tick(again.now)

        assert (await again.at(quiz)).ending is Ending.AWAY
        assert quiz.id in play.stage.finished
        assert len(play.stage.asked) == 1

    run(tmp_path, story)


def test_two_bots_take_no_step_twice(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        other = play.restarted()
        quiz = await play.begin(2)
        for _ in range(150):
            play.now += timedelta(seconds=1)
            await asyncio.gather(play.group.tick(play.now), other.group.tick(play.now))

        assert (await play.at(quiz)).phase is Phase.ENDED
        assert len(play.stage.asked) == 2
        assert len(play.stage.shown) == 2

    run(tmp_path, story)


def test_three_questions_without_an_answer_end_a_quiz(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin(8)
        await play.pass_time(timedelta(minutes=5))

        assert (await play.at(quiz)).ending is Ending.SILENT
        assert len(play.stage.asked) == 3

    run(tmp_path, story)


def test_trouble_that_passes_is_tried_again_and_a_refusal_ends_the_quiz(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        play.stage.fail = [Unavailable("500")] * 2
        quiz = await play.begin()
        await play.pass_time(timedelta(seconds=3))
        assert quiz.id in play.stage.lobbies
        play.stage.fail = [Refused("403")]
        await play.pass_time(LOBBY + SHOWN)

        ended = await play.at(quiz)
        assert (ended.phase, ended.ending) == (Phase.ENDED, Ending.REFUSED)
        assert (await play.begin()).id != quiz.id

    run(tmp_path, story)


def test_no_quiz_asks_a_card_whose_post_is_open(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        others = {each.key.card for each in play.world.library.askables} - {await open_card(play)}
        assert len(others) == 5
        alone, together = await play.start_alone(25), await play.begin(25)
        assert {prompt.card for prompt in alone.quiz.prompts} == others
        assert {prompt.card for prompt in together.prompts} == others

    # So few cards that each quiz would ask every one.
    run(tmp_path, story, library=little_library(6))


def test_alone_a_restart_costs_nothing_and_a_second_reply_shows_the_first(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        sheet = await play.reply(await play.start_alone(3), right=True)
        again = play.restarted()
        shown = await again.reply(sheet, right=False)
        assert shown.answer == sheet.answer
        second = await again.go_on(shown)
        assert second.quiz.position == 2
        # The button of the first question, pressed again, changes nothing.
        assert (await again.go_on(shown)).quiz.position == 2

    run(tmp_path, story)


def test_alone_nothing_goes_on_before_it_is_answered(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        sheet = await play.start_alone(3)
        assert (await play.go_on(sheet)).quiz.position == 1

    run(tmp_path, story)


def test_the_summary_names_the_weakest_topic_and_the_misses_can_be_repeated(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        sheet = await play.start_alone(6)
        for number in range(6):
            sheet = await play.reply(sheet, right=number >= 2)
            sheet = await play.go_on(sheet)
        summary = await play.solo.summary(sheet.quiz.id, GROUP, ADA)
        assert summary is not None
        assert (summary.asked, summary.right, len(summary.missed)) == (6, 4, 2)
        assert summary.weakest in {title for title, right, asked in summary.topics if right < asked}
        repeated = await play.solo.repeat(sheet.quiz.id, GROUP, ADA, "Ada", play.now, TODAY)
        assert repeated is not None
        assert set(repeated.quiz.prompts) == set(summary.missed)

    run(tmp_path, story)


def test_only_what_i_got_wrong_follows_the_latest_answer_in_posts_and_quizzes(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        assert await play.start_missed() is None
        sheet = await play.start_alone(2)
        for right in (False, True):
            sheet = await play.go_on(await play.reply(sheet, right=right))
        missed = await play.start_missed()
        assert missed is not None
        assert missed.quiz.prompts == sheet.quiz.prompts[:1]
        play.now += timedelta(seconds=1)
        await play.reply(missed, right=True)
        assert await play.start_missed() is None

    run(tmp_path, story)


def test_what_has_no_options_is_shown_and_judged_by_its_member(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        wanted = Wanted(forms=frozenset({"open", "self"}))
        sheet = await play.solo.start(
            GROUP, ADA, "Ada", wanted, count=2, only_missed=False, now=play.now, today=TODAY, seed=1
        )
        assert sheet is not None
        assert await play.solo.reply(sheet.quiz.id, 1, GROUP, ADA, "A", play.now) is None
        graded = await play.solo.reply(sheet.quiz.id, 1, GROUP, ADA, "partly", play.now)
        assert graded is not None
        assert graded.answer is not None
        assert (graded.answer.grade, graded.answer.right) == ("partly", False)

    run(tmp_path, story)


def test_a_card_whose_post_goes_out_meanwhile_is_left_out_of_running_quizzes(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin(4)
        alone = await play.start_alone(4)
        async with play.world.database.writing() as connection:
            for number, each in enumerate((quiz.prompts[1], alone.quiz.prompts[1], alone.quiz.prompts[0])):
                await connection.execute(
                    posts.insert().values(
                        group_id=GROUP,
                        series="daily",
                        date=date(2027, 1, 1 + number),
                        state="sent",
                        card=each.card,
                        ordinal=each.ordinal,
                    )
                )
        await play.pass_time(timedelta(minutes=3))
        assert (quiz.id, 1) in play.stage.asked
        assert (quiz.id, 2) not in play.stage.asked
        assert (quiz.id, 3) in play.stage.asked
        # What was asked alone before it became the group's question is not graded, but passed over.
        assert alone.snapshot is not None
        after = await play.reply(alone, right=True)
        assert (after.quiz.position, after.answer) == (3, None)

    run(tmp_path, story)


def test_while_a_group_plays_its_cards_are_no_cards_to_look_up_or_practise(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin(3))
        cards = play.world.services.cards
        hidden = {prompt.card for prompt in quiz.prompts} | {await open_card(play)}
        for card in hidden:
            found = await cards.look_up(card, GROUP)
            assert found is not None
            assert found.hidden
        alone = await play.start_alone(25)
        others = {each.key.card for each in play.world.library.askables} - hidden
        assert {prompt.card for prompt in alone.quiz.prompts} == others

    run(tmp_path, story, library=little_library(12))


def test_a_deleted_question_does_not_end_the_quiz_nor_does_one_that_discord_rejects(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        show = play.stage.show

        async def failing(quiz: Quiz, question: Question, *rest: object) -> None:
            if question.number < 3:
                raise (Refused("404", ()) if question.number == 1 else Rejected("400"))
            await show(quiz, question, *rest)  # type: ignore[arg-type]

        play.stage.show = failing  # type: ignore[method-assign, assignment]
        quiz = await play.begin(3)
        for _ in range(3):
            quiz = await play.asking(quiz)
            await play.answer(quiz, HOST, right=True)
        await play.pass_time(timedelta(minutes=1))
        assert (await play.at(quiz)).ending is Ending.DONE
        assert list(play.stage.shown) == [(quiz.id, 3)]
        assert quiz.id in play.stage.finished

    run(tmp_path, story)


def test_one_quiz_that_hangs_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiz_course, "PATIENCE", 0.05)

    async def story(play: Play) -> None:
        first = await play.begin(2)
        second = (
            await play.group.start(
                GROUP,
                CHANNEL + 1,
                ADA,
                "Ada",
                CHOICES,
                count=2,
                seconds=30,
                now=play.now,
                today=TODAY,
                seed=9,
            )
        ).quiz
        assert second is not None
        ask, hanging, asked = play.stage.ask, asyncio.Event(), asyncio.Event()

        async def slow(quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> int:
            if quiz.id == first.id:
                await hanging.wait()
            message = await ask(quiz, question, snapshot, closes)
            asked.set()
            return message

        play.stage.ask = slow  # type: ignore[method-assign]
        play.now += LOBBY
        await play.group.tick(play.now)
        async with asyncio.timeout(10):
            await asked.wait()
        assert [quiz for quiz, _ in play.stage.asked] == [second.id]
        hanging.set()
        await play.group.finish()
        assert {quiz for quiz, _ in play.stage.asked} == {first.id, second.id}

    run(tmp_path, story)


def test_buttons_of_an_older_run_end_no_newer_one(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        older = await play.start_alone(3)
        newer = await play.start_alone(3, seed=4)
        assert await play.solo.stop(GROUP, ADA, play.now, older.quiz.id) is None
        running = await play.solo.running(GROUP, ADA)
        assert running is not None
        assert running.quiz.id == newer.quiz.id

    run(tmp_path, story)


def test_a_card_that_is_gone_after_a_restart_is_passed_over(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz, alone = await play.begin(3), await play.start_alone(3)
        for gone in (quiz.prompts[0], alone.quiz.prompts[1]):
            entry = play.world.library.entries.pop(gone)
            play.world.library.library.by_id.pop(entry.card.id, None)
        await play.pass_time(timedelta(minutes=2))
        assert (quiz.id, 1) not in play.stage.asked
        assert (quiz.id, 2) in play.stage.asked
        second = await play.go_on(await play.reply(alone, right=True))
        assert second.quiz.position == 3

    run(tmp_path, story, library=its_own())


def test_a_slow_send_takes_nothing_from_the_players_time(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        ticks = iter((100.0, 107.0))
        play.group._course._sender._monotonic = lambda: next(ticks)
        quiz = await play.begin(1)
        await play.group.tick(play.now + LOBBY)
        async with play.world.database.reading() as connection:
            question = await quiz_store.question(connection, quiz.id, 1)
        assert question is not None
        assert question.closes is not None
        assert question.closes - (play.now + LOBBY) == timedelta(seconds=37)

    run(tmp_path, story)


def test_a_button_of_another_message_is_no_answer(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin())
        result = await play.group.choose(quiz.id, 1, GROUP, ADA, "Ada", "A", play.now, message=4)
        assert result.verdict is Verdict.UNKNOWN

    run(tmp_path, story)


def renamed(library: StudyLibrary, prompt: PromptKey) -> PromptKey:
    """Let a card of a library have had another id before; what stands in the database is the old one."""
    card = library.card(prompt.card)
    assert card is not None
    object.__setattr__(card, "aliases", ("an-older-name",))
    library.library.by_id["an-older-name"] = card
    return PromptKey("an-older-name", prompt.ordinal)


async def under_another_id(play: Play, old: PromptKey, today: PromptKey) -> None:
    async with play.world.database.writing() as connection:
        for table in (quiz_answers, quiz_questions):
            await connection.execute(update(table).where(table.c.card == today.card).values(card=old.card))


def test_r17_a_prompt_that_scored_under_an_older_id_of_its_card_scores_again_after_30_days_only(
    tmp_path: Path,
) -> None:
    async def story(play: Play) -> None:
        prompt = play.some_prompt()
        quiz = await play.asking(await play.begin_with(prompt, TODAY))
        await play.answer(quiz, ADA, right=True)
        await play.pass_time(timedelta(minutes=1))
        await under_another_id(play, renamed(play.world.library, prompt), prompt)
        again = await play.asking(await play.begin_with(prompt, TODAY + timedelta(days=3)))
        result = await play.answer(again, ADA, right=True)

        assert result.answer is not None
        assert not result.answer.scored
        assert await play.points(ADA) == 10

    run(tmp_path, story, library=its_own())


def test_what_was_missed_under_an_older_id_is_asked_again_and_its_topic_is_known(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        sheet = await play.go_on(await play.reply(await play.start_alone(1), right=False))
        prompt = sheet.quiz.prompts[0]
        await under_another_id(play, renamed(play.world.library, prompt), prompt)
        summary = await play.solo.summary(sheet.quiz.id, GROUP, ADA)
        assert summary is not None
        assert [title for title, _, _ in summary.topics] == [play.world.library.entries[prompt].topic.title]
        missed = await play.start_missed()
        assert missed is not None
        assert missed.quiz.prompts == (prompt,)

    run(tmp_path, story, library=its_own())


def test_the_summary_names_the_topic_of_a_card_that_is_gone(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        sheet = await play.go_on(await play.reply(await play.start_alone(1), right=False))
        entry = play.world.library.entries.pop(sheet.quiz.prompts[0])
        play.world.library.library.by_id.pop(entry.card.id)
        summary = await play.solo.summary(sheet.quiz.id, GROUP, ADA)
        assert summary is not None
        assert (summary.weakest, summary.topics) == (entry.topic.title, ((entry.topic.title, 0, 1),))

    run(tmp_path, story, library=its_own())


def test_a_second_press_on_repeat_begins_nothing_anew(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        sheet = await play.start_alone(2)
        for _ in range(2):
            sheet = await play.go_on(await play.reply(sheet, right=False))
        first = await play.solo.repeat(sheet.quiz.id, GROUP, ADA, "Ada", play.now, TODAY)
        assert first is not None
        await play.reply(first, right=True)
        second = await play.solo.repeat(sheet.quiz.id, GROUP, ADA, "Ada", play.now, TODAY)
        assert second is not None
        assert (second.quiz.id, second.answer is not None) == (first.quiz.id, True)
        # Played to its end, it can be repeated once more.
        while (await play.go_on(second)).quiz.phase is Phase.ASKING:
            second = await play.reply(await play.go_on(second), right=False)
        third = await play.solo.repeat(sheet.quiz.id, GROUP, ADA, "Ada", play.now, TODAY)
        assert third is not None
        assert third.quiz.id > first.quiz.id

    run(tmp_path, story)


def test_alone_the_answer_of_a_card_that_became_the_group_s_question_is_not_shown(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        wanted = Wanted(forms=frozenset({"open", "self"}))
        sheet = await play.solo.start(
            GROUP, ADA, "Ada", wanted, count=2, only_missed=False, now=play.now, today=TODAY, seed=1
        )
        assert sheet is not None
        shown = await play.solo.reveal(sheet.quiz.id, 1, GROUP, ADA, play.now)
        assert shown is not None
        assert (shown.quiz.position, shown.passed) == (1, False)
        await becomes_the_group_s(play, sheet.quiz.prompts[0])
        passed = await play.solo.reveal(sheet.quiz.id, 1, GROUP, ADA, play.now)
        assert passed is not None
        assert (passed.quiz.position, passed.passed) == (2, True)

    run(tmp_path, story)


async def becomes_the_group_s(play: Play, prompt: PromptKey) -> None:
    async with play.world.database.writing() as connection:
        await connection.execute(
            posts.insert().values(
                group_id=GROUP,
                series="daily",
                date=date(2027, 1, 1),
                state="sent",
                card=prompt.card,
                ordinal=prompt.ordinal,
            )
        )


def test_a_card_asked_in_parts_shows_none_of_them_while_one_is_open(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        library = play.world.library
        parts = Counter(key.card for key in library.entries)
        key = next(key for key in library.entries if parts[key.card] > 1 and key.ordinal == 2)
        await becomes_the_group_s(play, key)
        found = await play.world.services.cards.look_up(key.card, GROUP)

        assert found is not None
        assert found.hidden
        gaps, _ = find_gaps(library.entries[key].card.question)
        assert not [gap for gap in gaps if gap.hidden in found.snapshot.texts.question]
        assert found.snapshot.options == ()

    run(tmp_path, story)


def test_no_title_of_a_list_tells_what_stands_in_a_gap(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        titles = {each.card: each.title for each in play.world.services.cards.finder.find("", 10_000)}
        for key, entry in play.world.library.entries.items():
            if key.card in titles:
                gaps, _ = find_gaps(entry.card.question)
                title = titles[key.card]
                assert "}" not in title or "}" in reveal(entry.card.question)
                assert not [gap for gap in gaps if len(gap.hidden) > 8 and gap.hidden in title]

    run(tmp_path, story)


def test_the_day_s_post_asks_nothing_that_a_quiz_asks_just_now(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        world = play.world
        daily = await world.groups.daily(GROUP)
        assert daily is not None
        async with world.database.reading() as connection:
            asked = [PromptKey(*key) for key in await post_store.asked(connection, GROUP, "daily")]
        due = pool(world.library.askables, series_of(daily), asked).upcoming[:2]
        await play.begin_with(due[0], TODAY)
        world.now += timedelta(days=1, hours=2)
        await world.posts.tick(world.now)

        newest = max(world.messenger.sent)
        assert world.messenger.sent[newest][0].card == due[1].card

    run(tmp_path, story)


def test_a_click_before_the_host_s_end_counts_though_it_is_heard_after(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin(2))
        before, play.now = play.now, play.now + timedelta(seconds=3)

        async def stuck(*_args: object) -> None:
            raise Unavailable("500")

        show, play.stage.show = play.stage.show, stuck  # type: ignore[method-assign, assignment]
        await play.group.stop(quiz.id, GROUP, HOST, play.now, manager=False)
        letter = play.stage.asked[quiz.id, 1].key
        assert letter is not None
        heard = await play.group.choose(quiz.id, 1, GROUP, ADA, "Ada", letter, before)
        late = await play.group.choose(quiz.id, 1, GROUP, BOB, "Bob", letter, play.now)
        assert (heard.verdict, late.verdict) == (Verdict.NEW, Verdict.TOO_LATE)
        play.stage.show = show  # type: ignore[method-assign]
        await play.group.tick(play.now)
        assert [each.member for each in play.stage.finished[quiz.id].standings] == [ADA]

    run(tmp_path, story)


def test_a_member_s_own_result_tells_place_and_keys_but_only_when_the_quiz_has_ended(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.begin(2)
        for _ in range(2):
            quiz = await play.asking(quiz)
            await play.answer(quiz, ADA, right=True)
            await play.answer(quiz, HOST, right=False)
            assert await play.group.mine(quiz.id, GROUP, ADA) is None
        await play.group.stop(quiz.id, GROUP, HOST, play.now, manager=False)

        mine = await play.group.mine(quiz.id, GROUP, HOST)
        assert mine is not None
        assert mine.standing is not None
        assert (mine.standing.rank, mine.players, mine.standing.tally.points) == (2, 2, 4)
        keys = [play.stage.asked[quiz.id, number].key for number in (1, 2)]
        assert [key for _, key, _ in mine.questions] == keys
        others = await play.group.mine(quiz.id, GROUP, BOB)
        assert others is not None
        assert others.standing is None
        assert await play.group.mine(quiz.id, GROUP + 1, ADA) is None
        assert await play.group.mine((await play.start_alone(1)).quiz.id, GROUP, ADA) is None

    run(tmp_path, story)


def test_a_deck_or_topic_is_known_by_slug_by_title_or_by_a_part_of_it(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        library = play.world.library
        assert library.decks_named("theory") == library.decks_named(" Theory ") == {"theory"}
        assert library.topics_named("theory/drift") == library.topics_named("DRIFT", {"theory"})
        assert library.decks_named("system") == {"system-design"}
        assert library.decks_named("nonsense") == library.topics_named("drift", {"coding"}) == frozenset()

    run(tmp_path, story)


def test_for_many_who_answer_at_once_a_quiz_looks_what_is_due_twice_at_most(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        quiz = await play.asking(await play.begin())
        looked, step = [], play.group._course._step

        async def counted(*args: Any) -> None:
            looked.append(args)
            await step(*args)

        play.group._course._step = counted  # type: ignore[method-assign, assignment]
        await asyncio.gather(*(play.group.advance(quiz.id, play.now) for _ in range(50)))
        assert len(looked) <= 2

    run(tmp_path, story)


def test_where_a_quiz_plays_all_that_is_left_the_post_asks_what_it_has_not_come_to(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        daily = await play.world.groups.daily(GROUP)
        assert daily is not None
        quiz = await play.asking(await play.begin(25))
        first, second = quiz.prompts
        async with play.world.database.reading() as connection:
            asked = [PromptKey(*key) for key in await post_store.asked(connection, GROUP, "daily")]
        assert pool(play.world.library.askables, series_of(daily), asked).next == first
        made = await play.world.posts.post_now(daily, play.world.now + timedelta(days=1))
        assert made.post is not None
        assert made.post.card == second.card
        await play.pass_time(timedelta(minutes=2))
        assert (quiz.id, 2) not in play.stage.asked

    run(tmp_path, story, library=little_library(3))


def test_a_database_that_fails_while_a_refused_quiz_is_ended_is_logged_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_args: object) -> bool:
        raise DatabaseError("the disk is full")

    async def story(play: Play) -> None:
        quiz = await play.begin()
        play.stage.fail = [Refused("403")]
        with monkeypatch.context() as patched:
            patched.setattr(quiz_store, "end", full)
            await play.group.tick(play.now + LOBBY)
        assert "quiz 1: the disk is full" in caplog.messages
        await play.pass_time(timedelta(minutes=2))
        assert (await play.at(quiz)).position > 0

    run(tmp_path, story)
    gc.collect()
    assert not any("never retrieved" in each for each in caplog.messages)
