"""Quizzes over a real database with a stage that remembers: what a restart, two bots or a host who leaves do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.fakes import GROUP, START, FakeStage, World, make
from deckwright.study.keys import PromptKey
from deckwright.study.question import Snapshot, from_json
from deckwright.study.quiz import LOBBY, SHOWN, Ending, Phase, Wanted
from deckwright_bot.services import group_quizzes
from deckwright_bot.services.group_quizzes import GroupQuizzes, QuizResult, Verdict
from deckwright_bot.services.ports import Refused, Rejected, Unavailable
from deckwright_bot.services.solo_quizzes import Sheet, SoloQuizzes
from deckwright_bot.store import posts as post_store, quizzes as quiz_store, scores
from deckwright_bot.store.quizzes import Question, Quiz
from deckwright_bot.store.tables import posts

CHANNEL = 77
HOST, ADA, BOB = 1, 2, 3
TODAY = date(2026, 3, 2)
CHOICES = Wanted()


@dataclass
class Play:
    """A group with its quizzes; ``now`` is people's time."""

    world: World
    stage: FakeStage
    group: GroupQuizzes
    solo: SoloQuizzes
    now: datetime = START

    async def begin(self, count: int = 3) -> Quiz:
        started = await self.group.start(
            GROUP, CHANNEL, HOST, "Hal", CHOICES, count=count, seconds=30, now=self.now, today=TODAY, seed=5
        )
        assert started.quiz is not None
        return started.quiz

    async def begin_with(self, prompt: PromptKey, day: date) -> Quiz:
        wanted = Wanted(only=frozenset({prompt}))
        started = await self.group.start(
            GROUP, CHANNEL, HOST, "Hal", wanted, count=1, seconds=30, now=self.now, today=day, seed=5
        )
        assert started.quiz is not None
        return started.quiz

    def some_prompt(self) -> PromptKey:
        """A choice that no open post asks."""
        taken = {post.card for post, _ in self.world.messenger.sent.values()}
        return next(
            each.key
            for each in self.world.library.askables
            if each.form == "choice" and each.key.card not in taken
        )

    async def start_alone(self, count: int, seed: int = 3) -> Sheet:
        sheet = await self.solo.start(
            GROUP, ADA, "Ada", CHOICES, count=count, only_missed=False, now=self.now, today=TODAY, seed=seed
        )
        assert sheet is not None
        return sheet

    async def start_missed(self) -> Sheet | None:
        return await self.solo.start(
            GROUP, ADA, "Ada", CHOICES, count=9, only_missed=True, now=self.now, today=TODAY, seed=3
        )

    async def reply(self, sheet: Sheet, *, right: bool) -> Sheet:
        assert sheet.snapshot is not None
        letter = next(option.letter for option in sheet.snapshot.options if option.right == right)
        found = await self.solo.reply(sheet.quiz.id, sheet.quiz.position, GROUP, ADA, letter, self.now)
        assert found is not None
        return found

    async def go_on(self, sheet: Sheet) -> Sheet:
        found = await self.solo.go_on(sheet.quiz.id, sheet.quiz.position, GROUP, ADA, self.now)
        assert found is not None
        return found

    async def points(self, member: int) -> int:
        async with self.world.database.reading() as connection:
            found = await scores.board(connection, GROUP, date.min, date.max)
        return sum(each.points for each in found if each.member == member)

    async def pass_time(self, span: timedelta) -> None:
        until = self.now + span
        while self.now < until:
            self.now = min(self.now + timedelta(seconds=1), until)
            await self.group.tick(self.now)

    async def asking(self, quiz: Quiz) -> Quiz:
        """Wait for the next question."""
        before = (await self.at(quiz)).position
        for _ in range(200):
            await self.pass_time(timedelta(seconds=1))
            found = await self.at(quiz)
            if found.phase is Phase.ASKING and found.position > before:
                return found
        raise AssertionError("no question came")

    async def at(self, quiz: Quiz) -> Quiz:
        found = await self.group.find(quiz.id)
        assert found is not None
        return found

    async def answer(self, quiz: Quiz, member: int, *, right: bool) -> QuizResult:
        snapshot = self.stage.asked[quiz.id, quiz.position]
        letter = next(option.letter for option in snapshot.options if option.right == right)
        return await self.group.choose(quiz.id, quiz.position, GROUP, member, f"m{member}", letter, self.now)

    def restarted(self) -> Play:
        """The same database and channel under a new program."""
        group = GroupQuizzes(self.world.database, self.world.library, self.stage)
        return Play(
            self.world, self.stage, group, SoloQuizzes(self.world.database, self.world.library), self.now
        )


def run(folder: Path, story: Callable[[Play], Awaitable[None]]) -> None:
    async def whole() -> None:
        world = make(folder)
        await world.set_up()
        stage = FakeStage()
        group = GroupQuizzes(world.database, world.library, stage)
        try:
            await story(Play(world, stage, group, SoloQuizzes(world.database, world.library)))
        finally:
            await world.database.close()

    asyncio.run(whole())


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
        snapshot = next(iter(play.world.messenger.sent.values()))[0].snapshot
        assert snapshot is not None
        card = from_json(snapshot).prompt.card
        for seed in range(6):
            quiz = await play.start_alone(25, seed=seed)
            assert card not in {prompt.card for prompt in quiz.quiz.prompts}

    run(tmp_path, story)


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


async def open_card(play: Play) -> str:
    async with play.world.database.reading() as connection:
        return next(iter(await post_store.open_cards(connection, GROUP)))


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
        for card in {prompt.card for prompt in quiz.prompts} | {await open_card(play)}:
            found = await cards.look_up(card, GROUP)
            assert found is not None
            assert found.hidden
        alone = await play.start_alone(25)
        assert not {prompt.card for prompt in quiz.prompts} & {prompt.card for prompt in alone.quiz.prompts}

    run(tmp_path, story)


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
    monkeypatch.setattr(group_quizzes, "PATIENCE", 0.05)

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
        ask, hanging = play.stage.ask, asyncio.Event()

        async def slow(quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> int:
            if quiz.id == first.id:
                await hanging.wait()
            return await ask(quiz, question, snapshot, closes)

        play.stage.ask = slow  # type: ignore[method-assign]
        play.now += LOBBY
        await play.group.tick(play.now)
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

    run(tmp_path, story)


def test_a_slow_send_takes_nothing_from_the_players_time(tmp_path: Path) -> None:
    async def story(play: Play) -> None:
        ticks = iter((100.0, 107.0))
        play.group._monotonic = lambda: next(ticks)
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
