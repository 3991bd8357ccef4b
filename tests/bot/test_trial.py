"""The trial: a sandbox, a group and the bot in one process, on a clock that is put forward."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, strategies as st

from bot.server import OPEN_LIBRARY, library_of, title_of, words_of
from deckwright.study.keys import PostKey
from deckwright.study.pool import pool
from deckwright.study.schedule import Series
from deckwright_bot.client import PERMISSIONS
from deckwright_bot.sandbox.events import MessageCreated
from deckwright_bot.sandbox.model import Message
from deckwright_bot.sandbox.outcome import text_of
from deckwright_bot.store import answers as answer_store, members as member_store
from deckwright_bot.trial.beginning import FRIENDLY, first_morning, friendly
from deckwright_bot.trial.clock import SettableClock
from deckwright_bot.trial.folders import LOCK, PREFIX, own_folder, sweep
from deckwright_bot.trial.group import TrialGroup
from deckwright_bot.trial.moving import EVERYBODY, STEP, Goal, Mover, NothingDueError, QuizRunsError
from deckwright_bot.trial.people import Crowd, button_of, post_of
from deckwright_bot.trial.players import Players
from libraries import write

pytestmark = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
LONGEST = 150
spans = st.timedeltas(timedelta(), timedelta(days=9))


# ---------------------------------------------------------------- the clock


@given(st.lists(st.tuples(spans, spans), max_size=6), spans)
def test_an_instant_keeps_what_was_shown_at_it_however_the_clock_is_moved_later(
    moves: list[tuple[timedelta, timedelta]], at: timedelta
) -> None:
    real = NOON
    clock = SettableClock(lambda: real)
    seen: list[tuple[datetime, datetime]] = []
    for passed, ahead in moves:
        real += passed + timedelta(microseconds=1)
        clock.advance(ahead)
        real += timedelta(microseconds=1)
        seen.append((real, clock.now()))
    real += at

    assert all(clock.from_real(when) == shown and clock.to_real(shown) == when for when, shown in seen)
    assert clock.to_real(clock.now()) == real


def test_an_instant_that_was_leapt_over_is_the_leap_s() -> None:
    real = NOON
    clock = SettableClock(lambda: real)
    clock.advance(timedelta(hours=5))

    assert clock.to_real(NOON + timedelta(hours=2)) == NOON


def test_the_clock_of_a_trial_never_goes_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        SettableClock().advance(timedelta(seconds=-1))


@given(st.timedeltas(timedelta(), timedelta(days=700)))
def test_a_trial_begins_on_a_friday_morning_that_is_still_to_come(later: timedelta) -> None:
    now = NOON + later
    begins = first_morning(now)

    assert begins.weekday() == 4
    assert (begins.hour, begins.minute) == (9, 2)
    assert timedelta() < begins - now <= timedelta(days=7, hours=1)


# ---------------------------------------------------------------- moving it


def tell(tmp_path: Path, story: Callable[[TrialGroup], Awaitable[None]], cards: Path = Path("cards")) -> None:
    """Tell a story of a trial, in which the bot never does what Discord would refuse."""

    async def whole() -> None:
        begins = first_morning(datetime.now().astimezone())
        async with TrialGroup(library_of(cards), tmp_path, start=begins) as group:
            await story(group)
            group.sandbox.assert_clean()

    asyncio.run(asyncio.wait_for(whole(), LONGEST))


def test_a_day_of_a_trial_is_answered_closed_and_no_outage(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        steps: list[None] = []
        mover = Mover(group, lambda: steps.append(None))
        await group.set_up()
        assert await mover.start(Goal.DAY, answering=True)
        await mover.finished()
        await mover.pass_time(group.clock.now() + STEP)
        assert group.bot.invite_link().endswith(f"permissions={PERMISSIONS.value}")
        told = [text_of(message) for message in group.owner.sees()]
        assert 1 <= len(steps) < 60, "between two things that are due nothing is done"
        assert sum(text.startswith("Closed") for text in told) >= 1
        assert sum("Question of the day" in text for text in told) >= 1
        assert any("4 answers" in text for text in told)
        assert not any("out of reach" in text for text in told)
        async with group.database.reading() as connection:
            now = group.clock.now()
            runs = await member_store.runs(connection, now - timedelta(days=1), now)
        assert len(runs) == 1, "one run without a gap"

    tell(tmp_path, story)


def test_no_step_is_longer_than_the_bot_s_heartbeat_bridges(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        mover = Mover(group)
        steps: list[timedelta] = []
        advance = group.clock.advance

        def watched(span: timedelta) -> None:
            steps.append(span)
            advance(span)

        group.clock.advance = watched  # type: ignore[method-assign]
        await group.set_up()
        before = group.clock.now()
        await mover.pass_time(before + timedelta(hours=3))
        assert max(steps) <= STEP < group.bot.pace.heartbeat_gap
        assert sum(steps, timedelta()) <= timedelta(hours=3) <= group.clock.now() - before

    tell(tmp_path, story)


def test_the_next_post_and_the_close_are_reached_where_the_bot_says(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        mover = Mover(group)
        for goal in (Goal.NEXT_POST, Goal.CLOSE):
            with pytest.raises(NothingDueError):
                await mover.start(goal, answering=False)
        first = await group.set_up()
        found = await group.bot.context.services.posts.find(post_of(first))
        assert found is not None
        assert await mover.start(Goal.CLOSE, answering=False)
        assert mover.move is not None
        assert found.closes is not None
        assert timedelta() < mover.move.until - found.closes < timedelta(minutes=1)
        await mover.finished()
        assert title_of(first) == "Closed"
        assert "Nobody has answered yet" not in words_of(first)
        due, posted = await mover.next_post(), group.crowd.posted
        assert due is not None
        assert await mover.start(Goal.NEXT_POST, answering=False)
        await mover.finished()
        assert group.crowd.posted == posted + 1
        assert is_soon(group.crowd.open_posts[-1].created_at, due)

    tell(tmp_path, story)


def test_a_move_can_be_stopped_and_there_is_one_at_a_time(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        moved: list[float] = []
        mover = Mover(group, lambda: moved.append(mover.move.done(group.clock.now()) if mover.move else 1))
        await group.set_up()
        begun = group.clock.now()
        assert await mover.start(Goal.WEEK, answering=False)
        assert not await mover.start(Goal.DAY, answering=False)
        while len(moved) < 3:  # noqa: ASYNC110  a move tells nobody but its own listener
            await asyncio.sleep(0)
        await mover.stop()
        assert mover.move is None
        assert moved == sorted(moved)
        stood = group.clock.now()
        assert stood - begun < timedelta(days=1)
        await group.bot.tick()
        assert group.clock.now() - stood < timedelta(minutes=1), "it stands where it was stopped"

    tell(tmp_path, story)


def test_a_move_that_is_stopped_at_once_moves_nothing(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        await group.set_up()
        mover, begun = Mover(group), group.clock.now()
        assert await mover.start(Goal.WEEK, answering=False)
        await mover.stop()
        assert group.clock.now() - begun < timedelta(minutes=1)

    tell(tmp_path, story)


def test_whoever_presses_a_button_while_the_clock_moves_is_answered(tmp_path: Path) -> None:
    """Discord's three seconds are told by the same clock: a leap over a click would fail it."""

    async def story(group: TrialGroup) -> None:
        mover = Mover(group)
        post = await group.set_up()
        await mover.start(Goal.DAY, answering=False)
        for person in group.people:
            told = await person.member.click(post, "I don't know")
            assert not told.failed
            assert told.ephemeral
        assert mover.move is not None
        await mover.stop()

    tell(tmp_path, story)


async def closing(group: TrialGroup, post: Message) -> datetime:
    found = await group.bot.context.services.posts.find(post_of(post))
    assert found is not None
    assert found.closes is not None
    return found.closes


def is_soon(at: datetime, after: datetime) -> bool:
    """In the clock's time; between two things that are due the clock leaps an hour."""
    return timedelta() <= at - after < timedelta(minutes=1)


def test_what_is_due_comes_at_its_instant_however_far_the_clock_leaps(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        first = await group.set_up()
        await group.owner.click(first, "Remind me")
        closes = await closing(group, first)
        people = group.people[1:]
        group.crowd = Crowd(people, group.sandbox.core.hub, group.bot.context.services.posts, Random(1))
        group.crowd._hear(MessageCreated(first))
        await Mover(group).pass_time(closes + timedelta(hours=2), answering=True)
        second = group.crowd.open_posts[-1]
        reminder = await group.owner.wait_for(lambda _: True, group.owner.dm)
        async with group.database.reading() as connection:
            given = {each.member: each.at for each in await answer_store.of_post(connection, post_of(first))}
        assert is_soon(second.created_at, closes)
        assert is_soon(reminder.created_at, closes - timedelta(hours=3))
        for each in people:
            assert is_soon(given[each.member.user.id], first.created_at + each.after), each.member.user.name

    tell(tmp_path, story)


def test_the_night_s_work_is_done_although_the_clock_leaps(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        await group.set_up()
        before = await group.bot.context.services.care.books()
        await Mover(group).pass_time(group.clock.now() + timedelta(days=1))
        after = await group.bot.context.services.care.books()
        assert after is not None
        assert before is None or after.date > before.date
        assert after.wrong == {}

    tell(tmp_path, story)


def says(words: str, message: Message) -> bool:
    return words in text_of(message)


def test_the_live_count_follows_an_answer_while_the_clock_stands(tmp_path: Path) -> None:
    """The bot's own ticks show it: nobody moves the clock, and nobody waits half a minute."""

    async def story(group: TrialGroup) -> None:
        post = await group.set_up()
        for number, person in enumerate(group.people[:3], 1):
            await person.member.click(post, "I don't know")
            words = "1 answer" if number == 1 else f"{number} answers"
            await group.owner.wait_for(partial(says, words))

    tell(tmp_path, story)


def test_who_is_looked_through_is_left_out_but_a_week_needs_everybody(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        chen = group.people[3].member
        mover = Mover(group, watched=lambda person: person == chen.user.id)
        first = await group.set_up()
        await mover.start(Goal.CLOSE, answering=True)
        await mover.finished()
        assert "3 answers" in text_of(first)
        assert not group.crowd.has_answered(first, chen)
        second = group.crowd.open_posts[-1]
        await mover.start(Goal.WEEK, answering=True)
        await group.sandbox.core.hub.until(lambda: group.crowd.has_answered(second, chen), LONGEST)
        assert group.crowd.has_answered(second, chen)
        assert {Goal.WEEK} == EVERYBODY, "the page says so on that button"
        await mover.stop()

    tell(tmp_path, story)


def test_the_clock_is_not_moved_through_a_quiz_that_people_play_in_their_own_time(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        mover = Mover(group)
        await group.set_up()
        begun = group.clock.now()
        assert await mover.start(Goal.WEEK, answering=False)
        await group.owner.slash("quiz group", questions=1, seconds=10)
        await mover.finished()
        stood = group.clock.now()
        assert mover.move is None, "a quiz that begins ends the move"
        assert stood - begun < timedelta(days=6)
        for goal in Goal:
            with pytest.raises(QuizRunsError):
                await mover.start(goal, answering=False)
        assert group.clock.now() - stood < timedelta(minutes=1)
        await group.owner.slash("quiz stop")
        assert await mover.start(Goal.DAY, answering=False)
        await mover.stop()

    tell(tmp_path, story)


# ---------------------------------------------------------------- simulated members


def test_members_answer_through_the_buttons_once_each_and_know_different_amounts(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        post = await group.set_up()
        assert await group.crowd.answer(group.clock.now()) == 0, "everybody takes their time"
        own = await group.people[1].member.click(post, "A")
        assert await group.crowd.answer(group.clock.now(), at_once=True) == 3, "who answered does not again"
        assert await group.crowd.answer(group.clock.now(), at_once=True) == 0
        assert sum(message.id == own.message.id for message in group.people[1].member.sees()) == 1
        for person in group.people:
            private = [message for message in person.member.sees() if message.visible_to is not None]
            assert any("points" in text_of(message) for message in private)
        known = [person.right_of_ten for person in group.people[1:]]
        assert known == sorted(known, reverse=True)
        assert len(set(known)) == 3

    tell(tmp_path, story)


def test_members_write_and_grade_themselves_where_a_question_is_open(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        mover = Mover(group)
        await group.set_up()
        panel = (await group.owner.slash("settings")).message
        await group.owner.click(panel, "Open questions: off")
        await mover.start(Goal.NEXT_POST, answering=False)
        await mover.finished()
        post = group.crowd.open_posts[-1]
        assert button_of(post, "open") is not None
        assert await group.crowd.answer(group.clock.now(), at_once=True) >= 4
        for person in group.people:
            told = await person.member.click(post, "My result")
            assert "+7 points" in told.text

    tell(tmp_path, story, write(tmp_path / "cards", OPEN_LIBRARY))


def test_members_play_a_group_quiz_but_nobody_who_is_looked_through(tmp_path: Path) -> None:
    async def story(group: TrialGroup) -> None:
        await group.set_up()
        olga, ada, ben, chen = (person.member for person in group.people)
        players = Players(group, lambda person: person == ben.user.id, pace=(0, 0.05))
        await olga.slash("quiz group", questions=1, seconds=10)
        lobby = await olga.wait_for(lambda message: button_of(message, "quiz-join") is not None)
        for player in (ada, chen):
            await player.wait_for(lambda message: "You play." in text_of(message))
        await olga.click(lobby, "Start now")
        asked = await olga.wait_for(lambda message: button_of(message, "quiz") is not None)
        await olga.click(asked, "I don't know")
        over = await olga.wait_for(lambda message: "Table" in text_of(message))
        await players.close()
        table = text_of(over)
        assert all(f"{name} · " in table for name in ("Olga", "Ada", "Chen"))
        assert "Ben" not in table

    tell(tmp_path, story)


# ---------------------------------------------------------------- where it begins


def test_a_trial_begins_with_questions_that_anybody_can_read() -> None:
    library = library_of(ROOT / "cards")
    seed = friendly(library).getrandbits(48)
    series = Series(1, "daily", "Europe/Berlin", time(9), seed=seed)
    for level in ("easy", "medium"):
        first = pool(library.askables, replace(series, level=level), ()).upcoming[:FRIENDLY]
        for key in first:
            snapshot = library.snapshot(key, PostKey(1, "daily", NOON.date()))
            shown = " ".join((snapshot.texts.question, *(option.text for option in snapshot.options)))
            assert library.entries[key].card.level == "easy"
            assert not set("$`\\") & set(shown), shown


def test_a_library_without_easy_questions_begins_all_the_same(tmp_path: Path) -> None:
    hard = {name: text.replace("core: true", "level: hard") for name, text in OPEN_LIBRARY.items()}

    assert friendly(library_of(write(tmp_path, hard))).getrandbits(48) >= 0


# ---------------------------------------------------------------- what killed runs leave


def test_the_folders_of_killed_trials_are_swept_and_those_of_living_ones_never(tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert program.stdout is not None
        living = Path(program.stdout.readline().strip())
        dead, strange = tmp_path / f"{PREFIX}dead", tmp_path / "something-else"
        beginning = tmp_path / f"{PREFIX}begins"
        for each in (dead, strange, beginning):
            each.mkdir()
            (each / "bot.sqlite").write_text("x")
        (dead / LOCK).touch()
        (strange / LOCK).touch()
        link = tmp_path / f"{PREFIX}link"
        link.symlink_to(strange)
        assert sweep(tmp_path) == [dead.name]
        assert not dead.exists()
        assert living.exists()
        assert beginning.exists(), "it may be about to begin"
        assert (strange / "bot.sqlite").exists()
        assert sweep(tmp_path) == []
    finally:
        program.kill()
        program.communicate()
    assert sweep(tmp_path) == [living.name], "killed, it holds nothing any more"


HOLDING = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from deckwright_bot.trial.folders import own_folder
with own_folder() as folder:
    print(folder, flush=True)
    time.sleep(600)
"""


def test_a_trial_s_own_folder_is_gone_at_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with own_folder() as folder:
        assert folder.is_dir()
        with own_folder() as other:
            assert folder.is_dir()
            assert other != folder

    assert list(tmp_path.iterdir()) == []
