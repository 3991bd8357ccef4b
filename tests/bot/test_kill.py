"""The bot killed with SIGKILL at random moments of all that it does: nothing doubled, nothing acknowledged lost.

After each kill an independent look, with nothing but SQLite and what people see, at a copy of its file and at the
sandbox's messages. ``DECKWRIGHT_KILLS=500`` kills more often than the usual 25, ``DECKWRIGHT_SEED=8`` otherwise.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.fakes import LITTLE, LITTLE_OPEN
from bot.server import title_of
from deckwright_bot.sandbox import DriverError, Member, Options, Outcome, Sandbox
from deckwright_bot.sandbox.events import Event, MessageCreated
from deckwright_bot.sandbox.model import Message
from deckwright_bot.sandbox.outcome import buttons_of, text_of
from deckwright_bot.ui.texts import ENGLISH

KILLS = int(os.environ.get("DECKWRIGHT_KILLS", "25"))
SEED = int(os.environ.get("DECKWRIGHT_SEED", "7"))
SPEED = 7200
LONGEST = 60 + 7 * KILLS
WHILE_STARTING = 0.3
"""The share of kills that come before the bot is there."""

RESULTS = {ENGLISH[key] for key in ("result.right", "result.wrong", "result.dont-know", "open.model")}
ALREADY = ENGLISH["result.already"]
REPLIES = "SELECT quiz, number, member, choice FROM quiz_answers"

KINDS = ("daily", "group quiz", "solo quiz", "settings")

Clicked = tuple[int, int, int]
"""A quiz, the number of a question in it, and who answered."""


class Bot:
    """The bot as a process of its own, on a simulated clock that restarts agree on."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        anchor = datetime.now(UTC)
        self.sandbox = sandbox
        self.path = folder / "bot.sqlite"
        self._environment = os.environ | {
            "DISCORD_TOKEN": sandbox.token,
            "DECKWRIGHT_API_BASE": sandbox.api_base,
            "DECKWRIGHT_LIBRARY": str(library(folder)),
            "DECKWRIGHT_DATABASE": str(self.path),
            "DECKWRIGHT_CLOCK": f"2026-03-20T08:00:00Z x{SPEED} @{anchor.isoformat()}",
            "DECKWRIGHT_CACHE": str(folder / "cache"),
        }
        self.log = folder / "bot.log"
        self._out = self.log.open("ab")
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "deckwright_bot", "run"],
            env=self._environment,
            stdout=self._out,
            stderr=self._out,
        )
        return self.process

    async def there(self) -> None:
        """Wait until this run of it has identified itself."""
        while not self.sandbox.gateway.open_sessions():
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            await asyncio.sleep(0.02)

    def kill(self) -> None:
        assert self.process.poll() is None, f"it ended by itself\n{self.log.read_text()[-3000:]}"
        self.process.kill()
        self.process.wait(20)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(20)
        self._out.close()


def library(folder: Path) -> Path:
    """Small, so that the bot is there soon."""
    cards = folder / "cards"
    (cards / "deck").mkdir(parents=True)
    (cards / "library.yaml").write_text("title: Little\nnamespace: little\ndecks: [deck]\n")
    (cards / "deck" / "deck.yaml").write_text("title: Deck\n")
    texts = [*(LITTLE.format(n=n) for n in range(60)), *(LITTLE_OPEN.format(n=n) for n in range(20))]
    (cards / "deck" / "topic.yaml").write_text(f"topic: topic\ntitle: Topic\ncards:{''.join(texts)}")
    return cards


@dataclass
class Seen:
    """What everybody sees, and what somebody was told is done."""

    posts: list[int] = field(default_factory=list)
    quizzes: list[tuple[str, ...]] = field(default_factory=list)
    """The messages of quizzes in their order: lobby, question, final."""
    daily: dict[tuple[int, int], str | None] = field(default_factory=dict)
    """Acknowledged answers by post and member; the letter where it is known."""
    together: dict[Clicked, str] = field(default_factory=dict)
    alone: set[Clicked] = field(default_factory=set)
    switches: dict[str, set[bool]] = field(default_factory=dict)
    """What a switch may be: one thing once it was acknowledged, two while a press was not."""
    done: Counter[str] = field(default_factory=Counter)
    """How often what was acknowledged, to know that something happened at all."""

    def hear(self, event: Event) -> None:
        """Note every message of the bot's as it is when it comes, before it is edited."""
        if not isinstance(event, MessageCreated) or event.message.visible_to is not None:
            return
        names = [str(button["custom_id"]) for button in buttons_of(event.message)]
        title = title_of(event.message)
        if title == "Question of the day":
            self.posts.append(next(int(name.split(":")[2]) for name in names if name.startswith("dw:mine")))
        elif title == "A quiz is about to begin":
            self.quizzes.append(("lobby", names[0].split(":")[2]))
        elif re.fullmatch(r"Question \d+ of \d+", title):
            self.quizzes.append(("question", *names[0].split(":")[2:3], title.split()[1]))
        elif title.startswith("The quiz"):
            self.quizzes.append(("final",))


class Look:
    """A look at a copy of the bot's file as a kill left it; the bot gets no help from it."""

    def __init__(self, path: Path) -> None:
        copy = path.with_name("look.sqlite")
        for end in ("", "-wal"):
            copy.with_name(copy.name + end).unlink(missing_ok=True)
            if path.with_name(path.name + end).exists():
                shutil.copyfile(path.with_name(path.name + end), copy.with_name(copy.name + end))
        self.path = copy

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as database:
            return database.execute(statement).fetchall()

    def agrees(self, seen: Seen) -> None:
        """Whether the file is whole and holds what people were told; and what they see is there once."""
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        assert self.rows("PRAGMA foreign_key_check") == []
        if not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'posts'"):
            assert not seen.posts
            return
        self._posts(seen)
        self._quizzes(seen)
        answers = {
            tuple(key): letter for *key, letter in self.rows("SELECT post, member, choice FROM answers")
        }
        assert seen.daily.keys() <= answers.keys(), "an acknowledged answer is lost"
        assert all(letter in (None, answers[key]) for key, letter in seen.daily.items())
        replies = {tuple(key): letter for *key, letter in self.rows(REPLIES)}
        assert seen.together.keys() | seen.alone <= replies.keys(), "an acknowledged answer of a quiz is lost"
        assert all(replies[key] == letter for key, letter in seen.together.items())
        self._points()
        for name, may in seen.switches.items():
            ((now,),) = self.rows(f"SELECT {name} FROM series")
            assert bool(now) in may, f"{name} was acknowledged as {may}, and is {now}"

    def _posts(self, seen: Seen) -> None:
        posts = self.rows("SELECT id, date, state, message FROM posts ORDER BY date")
        twice = [post for post, count in Counter(seen.posts).items() if count > 1]
        assert twice == [], "a post stands there twice"
        dates = [date.fromisoformat(day) for _, day, _, _ in posts]
        assert not dates or dates == [dates[0] + timedelta(days=n) for n in range(len(dates))]
        shown = {number for number, _, _, message in posts if message is not None}
        # One may have been sent at the very end, and not be recorded yet.
        claimed = {number for number, _, state, _ in posts if state == "claimed"}
        assert shown <= set(seen.posts) <= shown | claimed

    def _quizzes(self, seen: Seen) -> None:
        named = [each for each in seen.quizzes if each[0] != "final"]
        twice = [each for each, count in Counter(named).items() if count > 1]
        assert twice == [], "a message of a quiz stands there twice"
        order = "".join(each[0][0] for each in seen.quizzes)
        assert re.fullmatch("(lq*f)*(lq*)?", order), f"a table is missing or doubled: {order}"
        running = self.rows(
            "SELECT channel, count(*) FROM quizzes WHERE kind = 'group' AND phase <> 'ended' GROUP BY 1"
        )
        assert all(count == 1 for _, count in running)
        alone = self.rows(
            "SELECT host, count(*) FROM quizzes WHERE kind = 'solo' AND phase <> 'ended' GROUP BY 1"
        )
        assert all(count == 1 for _, count in alone)
        sent = self.rows(
            "SELECT quiz, number FROM quiz_questions, quizzes WHERE quiz = id AND kind = 'group'"
            " AND quiz_questions.message IS NOT NULL"
        )
        assert {("question", str(quiz), str(number)) for quiz, number in sent} <= set(seen.quizzes)

    def _points(self) -> None:
        """An answer and its points are one: neither is there without the other."""
        due = self.rows(
            "SELECT 'post/' || a.group_id || '/daily/' || p.date, a.member, CASE a.right WHEN 1 THEN 10 ELSE 2 END"
            " FROM answers a JOIN posts p ON p.id = a.post WHERE a.choice IS NOT NULL"
        )
        kept = self.rows(
            "SELECT source, member, sum(points) FROM points WHERE source LIKE 'post/%' AND (source, member) IN"
            " (SELECT 'post/' || a.group_id || '/daily/' || p.date, a.member FROM answers a"
            " JOIN posts p ON p.id = a.post WHERE a.choice IS NOT NULL) GROUP BY 1, 2"
        )
        assert sorted(due) == sorted(kept)


@dataclass
class Person:
    """Somebody who does this and that, and remembers what the bot said is done."""

    member: Member
    rng: random.Random
    seen: Seen
    host: bool = False
    sheet: Message | None = None
    panel: Message | None = None

    async def live(self) -> None:
        """Do things, one after the other, whether or not the bot is there."""
        kinds: list[Callable[[], Awaitable[None]]] = [self.answer] * 3 + [self.play] * 5 + [self.practise] * 3
        if self.host:
            kinds += [self.set] * 3 + [self.lead] * 4
        while True:
            try:
                await asyncio.wait_for(self.rng.choice(kinds)(), 5)
            except (DriverError, TimeoutError):
                self.seen.done["no answer"] += 1
            await asyncio.sleep(self.rng.uniform(0.01, 0.15))

    def newest(self, name: str) -> Message | None:
        found = [
            message
            for message in self.member.sees()
            if message.visible_to is None and any(name in each["custom_id"] for each in buttons_of(message))
        ]
        return found[-1] if found else None

    async def press(self, message: Message, custom_id: str) -> Outcome | None:
        """Press a button; None if nobody answered."""
        done = await self.member.click(message, custom_id)
        return None if done.failed or done.thinking else done

    async def answer(self) -> None:
        """Answer the newest open post; an answer counts only if the bot said so."""
        post = self.newest("dw:dont-know")
        if post is None:
            return
        name = self.pick(post, r"dw:(pick|dont-know|open):")
        number, word = int(name.split(":")[2]), name.split(":")[3:]
        done = await self.press(post, name)
        if done is not None and done.interaction.modal is not None:
            done = await self.member.submit(done, {"text": "words"})
        if done is None or done.failed or title_of(done.message) not in RESULTS:
            return
        # An earlier click may have counted although nobody heard of it; then that one stands.
        new = name.startswith("dw:pick") and ALREADY not in text_of(done.message)
        self.seen.daily.setdefault((number, self.member.user.id), word[0] if new else None)
        self.seen.done["daily"] += 1

    async def play(self) -> None:
        """Answer the newest question of a quiz in the channel, or join one."""
        lobby, question = self.newest("dw:quiz-join"), self.newest("dw:quiz:")
        if question is None or (lobby is not None and lobby.id > question.id):
            if lobby is not None:
                await self.press(lobby, self.pick(lobby, "dw:quiz-join"))
            return
        name = self.pick(question, r"dw:quiz:")
        _, _, quiz, word = name.split(":")
        done = await self.press(question, name)
        found = re.search(r"You chose ([A-Z])\.", done.text) if done is not None else None
        if found is not None:
            self.seen.together[int(quiz), int(word.split("-")[0]), self.member.user.id] = found[1]
            self.seen.done["group quiz"] += 1

    async def practise(self) -> None:
        """Go on with a quiz alone, or begin one."""
        names = [one["custom_id"] for one in buttons_of(self.sheet)] if self.sheet is not None else []
        names = [name for name in names if name.startswith("dw:solo:")]
        if self.sheet is None or not names:
            begun = await self.member.slash("quiz solo", questions=5)
            self.sheet = begun.message if not begun.failed else None
            return
        weights = [1 if name.endswith("-stop") else 10 for name in names]
        name = self.rng.choices(names, weights)[0]
        done = await self.press(self.sheet, name)
        _, _, quiz, word = name.split(":")
        number, what = word.split("-", maxsplit=1)
        now = [one["custom_id"] for one in buttons_of(self.sheet)]
        if (
            done is not None
            and what not in ("stop", "show", "next")
            and f"dw:solo:{quiz}:{number}-next" in now
        ):
            self.seen.alone.add((int(quiz), int(number), self.member.user.id))
            self.seen.done["solo quiz"] += 1

    async def set(self) -> None:
        """Press a switch of the settings."""
        if self.panel is None:
            opened = await self.member.slash("settings")
            self.panel = opened.message if not opened.failed else None
            return
        name = self.pick(self.panel, "dw:panel-switch")
        _, _, number, switch = name.split(":")
        wanted = number == "1"
        self.seen.switches.setdefault(switch, {True, False}).add(wanted)
        done = await self.press(self.panel, name)
        if done is not None and f"dw:panel-switch:{int(not wanted)}:{switch}" in json.dumps(
            self.panel.components
        ):
            self.seen.switches[switch] = {wanted}
            self.seen.done["settings"] += 1

    async def lead(self) -> None:
        """Begin a quiz, and hurry it on."""
        go = self.newest("dw:quiz-go")
        if go is None or not self.seen.quizzes or self.seen.quizzes[-1][0] == "final":
            await self.member.slash("quiz group", questions=3, seconds=10)
            return
        name = self.pick(go, r"dw:quiz-(go|end)", rare="dw:quiz-end")
        if await self.press(go, name) is not None:
            self.seen.done["hurry"] += 1

    def pick(self, message: Message, pattern: str, rare: str = "never") -> str:
        names = [str(one["custom_id"]) for one in buttons_of(message) if not one.get("disabled")]
        fits = [name for name in names if re.match(pattern, name)]
        if not fits:
            raise DriverError(f"nothing to press: {names}")
        return self.rng.choices(fits, [1 if name.startswith(rare) else 12 for name in fits])[0]


def test_sigkill_at_random_moments_doubles_nothing_and_loses_nothing(tmp_path: Path) -> None:
    async def whole() -> None:
        rng, seen = random.Random(SEED), Seen()
        async with asyncio.timeout(LONGEST), Sandbox(Options()) as sandbox:
            sandbox.core.hub.subscribe(seen.hear)
            owner = sandbox.owner("Olga", "Study group")
            members = [owner.add_member(name) for name in ("Ada", "Bob", "Cy")]
            people = [Person(each, random.Random(rng.random()), seen) for each in members]
            people.append(Person(owner, random.Random(rng.random()), seen, host=True))
            owner.invite_bot()
            bot = Bot(sandbox, tmp_path)
            try:
                owner.patience = 30
                hello = await owner.wait_for(lambda message: "question a day" in title_of(message))
                form = await owner.click(hello, "Set up")
                wish = {
                    "Channel": owner.home,
                    "Time of day": "09:00",
                    "Time zone": "UTC",
                    "How hard": "medium",
                }
                await owner.submit(form, wish)
                lives = [asyncio.create_task(each.live()) for each in people]
                for _ in range(KILLS):
                    if rng.random() >= WHILE_STARTING:
                        await bot.there()
                    await asyncio.sleep(rng.uniform(0.05, 1.8))
                    bot.kill()
                    Look(bot.path).agrees(seen)
                    await sandbox.until(lambda: not sandbox.gateway.open_sessions())
                    bot.start()
                # The bot that lives on goes on: with posts, with quizzes to their end, with answers.
                before, enough = seen.done.copy(), len(seen.posts) + 2
                while len(seen.posts) < enough or not all(seen.done[kind] > before[kind] for kind in KINDS):
                    assert not any(life.done() for life in lives), [life for life in lives if life.done()]
                    await asyncio.sleep(0.1)
                for life in lives:
                    life.cancel()
                await asyncio.gather(*lives, return_exceptions=True)
                while "No quiz runs here" not in (await owner.slash("quiz stop")).text:
                    await asyncio.sleep(0.1)
                await sandbox.until(lambda: seen.quizzes[-1] == ("final",), 20)
                bot.kill()
                Look(bot.path).agrees(seen)
            finally:
                bot.process.poll() is None and bot.process.send_signal(10); await asyncio.sleep(1)
                print(seen.done, len(seen.posts), seen.quizzes[-12:], sandbox.gateway.open_sessions(), bot.process.poll())
                print(bot.log.read_text()[-3000:])
                bot.end()
        print(seen.done, len(seen.posts), Counter(each[0] for each in seen.quizzes))
        assert "Traceback" not in bot.log.read_text()

    asyncio.run(whole())
