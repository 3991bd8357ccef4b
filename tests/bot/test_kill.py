"""The bot killed with SIGKILL at random moments of all that it does: nothing doubled, nothing acknowledged lost.

``DECKWRIGHT_KILLS=500`` kills more often than the usual 25, ``DECKWRIGHT_SEED=8`` at other moments.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bot.afterwards import look, unfinished
from bot.busy import TIMES, Person, living
from bot.fakes import GROUP, FakeMessenger, fresh, little_library
from bot.killing import AT_MORNING, MOMENTS, STARTING, Bot, kill_at
from bot.witness import Witness, kind_of
from deckwright_bot.sandbox import Options, Owner, Sandbox
from deckwright_bot.sandbox.calls import Field
from deckwright_bot.store.records import DAILY
from deckwright_bot.ui.texts import ENGLISH

KILLS = int(os.environ.get("DECKWRIGHT_KILLS", "25"))
SEED = int(os.environ.get("DECKWRIGHT_SEED", "7"))
LONGEST = 180 + 15 * KILLS
PATIENCE = 60.0
"""Seconds in which a bot that is left alone has done something of everything, however busy the machine."""
KINDS = ("daily", "quiz", "solo", "settings")
CARDS = 60
CARD = """
- id: choice-{n}
  front: Question {n}?
  back: Because secret-{n}.
  right: Right {n}
  wrong: [{{text: Wrong {n}a, why: No by secret-{n}}}, {{text: Wrong {n}b, why: No}}, {{text: Wrong {n}c, why: No}}]
- id: open-1{n:03}
  front: Open question {n}?
  back: Because secret-1{n:03}.
  key_points: [{{say: the secret-1{n:03}, words: [point]}}]
"""

log = logging.getLogger(__name__)


def library(folder: Path) -> Path:
    """Cards whose answers say what nothing else says; few, so that a bot is there soon."""
    (folder / "deck").mkdir(parents=True)
    (folder / "library.yaml").write_text("title: Little\nnamespace: little\ndecks: [deck]\n")
    (folder / "deck" / "deck.yaml").write_text("title: Deck\n")
    cards = "".join(CARD.format(n=n) for n in range(CARDS))
    (folder / "deck" / "topic.yaml").write_text(f"topic: topic\ntitle: Topic\ncards:{cards}")
    return folder


async def set_up(owner: Owner) -> None:
    """Press the bot's one button, fill in the four things, and wait for the first post."""
    owner.patience = 30
    hello = await owner.wait_for(lambda message: kind_of(message) == "hello")
    opened = await owner.click(hello, ENGLISH["hello.button"])
    at, zone = TIMES[0]
    wish: dict[str, Field] = {"channel": owner.home, "time": at, "zone": zone, "level": "medium"}
    await owner.submit(opened, wish)
    await owner.wait_for(lambda message: kind_of(message) == "post")


async def end_quizzes(owner: Owner) -> None:
    """End the quiz in the channel, and the one the owner takes alone, if there are any."""
    ended = False
    while not ended:
        done = await owner.slash("quiz stop")
        ended = not done.failed and ENGLISH["quiz.none"] in done.text


def test_sigkill_at_random_moments_doubles_nothing_and_loses_nothing(tmp_path: Path) -> None:
    async def whole() -> None:
        rng = random.Random(SEED)
        async with asyncio.timeout(LONGEST), Sandbox(Options(rate_limits=False)) as sandbox:
            witness = Witness(sandbox.core)
            sandbox.core.hub.subscribe(witness.hear)
            owner = sandbox.owner("Olga", "Study group")
            members = [owner, *(owner.add_member(name) for name in ("Ada", "Bob", "Cy"))]
            people = [Person(each, random.Random(rng.random()), witness, each is owner) for each in members]
            owner.invite_bot()
            bot = Bot(sandbox, tmp_path, library(tmp_path / "cards"))
            try:
                bot.start()
                await set_up(owner)
                witness.wishes["times"] = {TIMES[0]}
                await killed_again_and_again(bot, people, rng)
                await lives_on(bot, people, owner)
            finally:
                bot.end()
        assert "Traceback" not in bot.log.read_text()

    asyncio.run(whole())


async def killed_again_and_again(bot: Bot, people: list[Person], rng: random.Random) -> None:
    """Live with a bot, kill it, look at what it left, start it again."""
    witness, struck, moments = people[0].witness, Counter[str](), list[str]()
    for number in range(KILLS):
        if not moments:
            moments = rng.sample(MOMENTS, len(MOMENTS))
        moment = moments.pop()
        if number:
            bot.start(after_a_night=moment in AT_MORNING or rng.random() < 0.3)
        if moment == STARTING:
            at = await kill_at(bot, moment, rng)
        else:
            await bot.there()
            async with living(people):
                at = await kill_at(bot, moment, rng)
        struck[at] += 1
        try:
            looks_right(bot, witness)
        except AssertionError as error:
            error.add_note(f"kill {number} of seed {SEED}: {at}, wanted {moment}")
            raise
        await bot.gone()
    log.info("killed at %s", dict(struck.most_common()))
    log.info(
        "acknowledged %s, posts %d, tables %d", dict(witness.done), len(witness.posts), len(witness.tables)
    )


async def lives_on(bot: Bot, people: list[Person], owner: Owner) -> None:
    """A bot that is not killed any more goes on with everything, and finishes what was begun."""
    witness = people[0].witness
    done, posts, tables = witness.done.copy(), len(witness.posts), len(witness.tables)

    def missing() -> list[str]:
        found = [f"no answer to {kind}" for kind in KINDS if witness.done[kind] == done[kind]]
        found += ["no post"] if len(witness.posts) == posts else []
        return found + (["no table"] if len(witness.tables) == tables else [])

    bot.start(after_a_night=True)
    await bot.there()
    async with living(people):
        await waited_for(missing)
    await end_quizzes(owner)
    await waited_for(lambda: unfinished(bot.path, witness))
    bot.kill()
    looks_right(bot, witness)


async def waited_for(missing: Callable[[], list[str]]) -> None:
    """Wait until nothing is missing or to be done any more."""
    until = time.monotonic() + PATIENCE
    while found := missing():
        late = time.monotonic() > until
        assert not late, f"after {PATIENCE} s there is still {found}"
        await asyncio.sleep(0.05)


def looks_right(bot: Bot, witness: Witness) -> None:
    """The bot sent nothing that Discord refuses, and its file agrees with what people did and saw."""
    bot.sandbox.assert_clean()
    look(bot.path, witness)


def test_a_click_that_finds_an_unrecorded_post_days_later_costs_no_further_day(tmp_path: Path) -> None:
    """Killed between sending and recording; found by a member the next morning, before the first tick."""

    async def whole() -> None:
        world = fresh(tmp_path, little_library(10), FakeMessenger())
        try:
            await world.set_up(at="09:00", zone="UTC")
            await world.live(timedelta(days=1, hours=1))
            world.messenger.lose_answer = True
            world.now += timedelta(hours=2)
            await world.posts.tick(world.now)
            message, (post, _) = max(world.messenger.sent.items())
            world.now += timedelta(days=1)
            await world.answers.dont_know(post.id, GROUP, 1, "Ada", world.now, message=message)
            await world.posts.tick(world.now)
            newest = await world.posts.today(GROUP, DAILY)
        finally:
            await world.database.close()
        assert newest is not None
        assert newest.date == post.date + timedelta(days=1)

    asyncio.run(whole())
