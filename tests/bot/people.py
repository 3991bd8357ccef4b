"""What members do in the simulated weeks, and whether what they are shown is private, stored and right."""

from __future__ import annotations

import random
import time

from bot import recount
from bot.observer import Observer
from bot.recount import DONT_KNOW, Books, Rows, secrets, tells
from bot.troubles import Group, Time
from bot.wording import ECHO, custom_ids, said, titles_of
from deckwright_bot.sandbox import Member, Outcome
from deckwright_bot.sandbox.model import Message
from deckwright_bot.sandbox.outcome import buttons_of
from deckwright_bot.ui.texts import ENGLISH

RESULTS = ("result.right", "result.wrong", "result.dont-know", "open.model")
INVISIBLE = " \n\t\u200b\u202c\u202e\x00\x1b"
WORDS = (
    "It averages over many trees, which lowers the variance and leaves the bias as it is.",
    "Overfitting: the training loss falls while the validation loss rises.",
    "I would ask what it costs to be wrong, and for whom.",
    "no idea, something with gradients?",
)
HOSTILE = (
    "'; DROP TABLE posts; --",
    "@everyone <@&1> <@123456789012345678>",
    "\u202eright to left\u202c",
    "\u200b\u200b",
    "**bold** `code` ||spoiler|| ~~struck~~ # not a heading",
    f"$\\{ECHO}$ <script>alert(1)</script>",
    "x" * 4000,
    "{given} {0} %s %(name)s",
    "\x00\x1b[31m",
    "🜁" * 500,
)


def put_off(text: str) -> bool:
    """Whether an answer only says to try again: the database is out of reach, or somebody was too fast."""
    return any(said(key, text) for key in ("error.database", "error.too-fast"))


class People:
    """Members who answer, ask for results, streaks and boards. Every action says what came of it.

    What must not be raises AssertionError.
    """

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.books: Books = observer.books
        self.clock: Time = observer.clock
        self.compared = 0
        """How many streaks and boards were compared with a recount."""
        self.alone = 0
        """How many results of quizzes taken alone were compared with what is stored."""
        self._of: dict[int, list[Member]] = {}

    def join(self, group: Group, members: list[Member]) -> None:
        """Make members known."""
        self._of[group.id] = members

    def of(self, group: Group) -> list[Member]:
        """The members of a group."""
        return self._of[group.id]

    def open_post(self, group: Group, member: Member) -> Message | None:
        """The newest question the member sees with buttons to answer it."""
        return self._newest(group, member, ("dw:pick", "dw:open"), private=False)

    @staticmethod
    def _newest(group: Group, member: Member, names: tuple[str, ...], *, private: bool) -> Message | None:
        found = [
            message
            for message in member.sees(group.channel)
            if (message.visible_to is not None) is private
            and any(name.startswith(names) for name in custom_ids(message))
        ]
        return found[-1] if found else None

    async def answer(self, group: Group, member: Member, rng: random.Random) -> str:
        post = self.open_post(group, member)
        if post is None:
            return "no question"
        names = custom_ids(post)
        picks = [name for name in names if name.startswith(("dw:pick", "dw:open"))]
        if rng.random() < 0.1:
            picks = [name for name in names if name.startswith("dw:dont-know")]
        chosen = rng.choice(picks)
        before = self.books.rows(group.id)
        done = await member.click(post, chosen)
        if done.interaction.modal is None:
            return self.result(group, member, done, before, chosen)
        words = rng.choice((*WORDS, *HOSTILE))[:2000]
        before = self.books.rows(group.id)
        return self.result(group, member, await member.submit(done, {"text": words}), before, None, words)

    async def grade(self, group: Group, member: Member, rng: random.Random) -> str:
        result = self._newest(group, member, ("dw:grade",), private=True)
        if result is None:
            return "nothing to grade"
        name = rng.choice([name for name in custom_ids(result) if name.startswith("dw:grade")])
        number, before = int(name.split(":")[2]), self.books.rows(group.id)
        told = self.result(group, member, await member.click(result, name), before, None)
        earlier = before.answers.get((number, member.user.id))
        now = self.books.rows(group.id).answers.get((number, member.user.id))
        if earlier is not None and earlier.grade is not None:
            assert now is not None
            assert now.grade == earlier.grade, f"{earlier.grade} became {now.grade}: the first is final (R14)"
        return told

    async def card(self, group: Group, member: Member, rng: random.Random) -> str:
        """Look up a card, the one that is being asked above all: its key stays secret while the post is open."""
        posts = [post for post in self.books.rows(group.id).posts if post.prompt[0] is not None]
        if not posts:
            return "no card"
        wanted = posts[-1] if rng.random() < 0.7 else rng.choice(posts)
        text = self.private(await member.slash("card", find=str(wanted.prompt[0])))
        still = self.books.post(wanted.id)
        open_ = (
            still is not None
            and still.state == "sent"
            and still.closes
            and time.time() < self.observer.machine.first(still.closes)
        )
        told = tells(text or "", secrets(wanted)) if open_ else None
        assert told is None, f"the post of {wanted.day} is open, and /card tells {' '.join(told or ())!r}"
        return f"{wanted.prompt[0]}, {'open' if open_ else 'closed'}"

    async def solo(self, _group: Group, member: Member, rng: random.Random) -> str:
        """A quiz alone: private, and worth nothing on any board (R17)."""
        done = await member.slash("quiz solo", questions=5)
        clicks = 0
        for _ in range(rng.randint(1, 8)):
            if self.private(done) is None:
                break
            names = [one["custom_id"] for one in buttons_of(done.message) if not one.get("disabled")]
            if not names:
                break
            name = rng.choice(names)
            done = await member.click(done.message, name)
            self._kept_alone(done, name)
            clicks += 1
        return f"{clicks} clicks"

    def _kept_alone(self, done: Outcome, name: str) -> None:
        """R13, alone as well: whoever is shown a result has given the answer that is stored."""
        number, _, what = name.rsplit(":", 1)[-1].partition("-")
        results = [ENGLISH[key] for key in ("solo.right", "solo.wrong", "solo.dont-know", "solo.graded")]
        text = self.private(done) or ""
        if not name.startswith("dw:solo:") or not any(f"**{words}**" in text for words in results):
            return
        kept = self.books.solo_choice(int(name.split(":")[2]), int(number))
        assert kept == what, f"{name} was pressed, stored is {kept} (R13): {text}"
        self.alone += 1

    async def share(self, group: Group, member: Member, rng: random.Random) -> str:
        posts = [
            m for m in member.sees(group.channel) if any(n.startswith("dw:share") for n in custom_ids(m))
        ]
        if not posts:
            return "nothing to share"
        post = rng.choice(posts)
        name = next(name for name in custom_ids(post) if name.startswith("dw:share"))
        return str(self.private(await member.click(post, name)))[:40]

    async def again(self, group: Group, member: Member, rng: random.Random) -> str:
        return await self.answer(group, member, rng)

    async def mine(self, group: Group, member: Member, rng: random.Random) -> str:
        posts = [m for m in member.sees(group.channel) if any(n.startswith("dw:mine") for n in custom_ids(m))]
        if not posts:
            return "no question"
        post = rng.choice(posts)
        name = next(name for name in custom_ids(post) if name.startswith("dw:mine"))
        before = self.books.rows(group.id)
        return self.result(group, member, await member.click(post, name), before, None)

    async def daily(self, group: Group, member: Member, _rng: random.Random) -> str:
        before = self.books.rows(group.id)
        return self.result(group, member, await member.slash("daily"), before, None)

    def result(
        self,
        group: Group,
        member: Member,
        done: Outcome,
        before: Rows,
        clicked: str | None,
        words: str | None = None,
    ) -> str:
        """R13, R14, R17, R18: the result that is shown is private, stored, right and final."""
        text = self.private(done)
        if text is None:
            return "no answer in time"
        shown = next((key for key in RESULTS if ENGLISH[key] in titles_of(done.message)), None)
        if shown is None:
            if words is not None and said("error.empty", text):
                assert not words.strip(INVISIBLE), f"{words!r} was called empty (R13)"
            return text[:60].replace("\n", " ")
        numbers = [name.split(":")[2] for name in custom_ids(done.message) if name.count(":") >= 2]
        assert numbers, f"a result without buttons: {text}"
        number = int(numbers[0])
        after = self.books.rows(group.id)
        post = after.post(number)
        kept = after.answers.get((number, member.user.id))
        assert post is not None, f"a result for post {number} of another group"
        assert kept is not None, f"shown a result for {post.day}, but no answer is stored (R13): {text}"
        if kept.choice is None:
            assert shown == "open.model", f"shown {shown} for {kept.reply} (R14)"
        else:
            self._same(post.key, kept, shown, text)
        if words is not None and not said("result.already", text):
            assert str(kept.text).split() == words.split(), f"wrote {words!r}, stored {kept.text!r} (R13)"
        if clicked is not None and not said("result.already", text):
            wanted = clicked.split(":")[-1] if clicked.startswith("dw:pick") else DONT_KNOW
            assert kept.choice == wanted, f"clicked {wanted}, stored {kept.choice} (R13)"
        earlier = self.observer.shown.setdefault((number, member.user.id), kept.reply)
        assert earlier == kept.reply, f"shown {earlier} before, {kept.reply} now (R13)"
        earned = said("result.points", text)
        if after.same_standing(before, but=(number, member.user.id)):
            self.compared += 1
            worth = recount.points(after, kept)
            assert (int(earned["points"]) if earned else 0) == worth, f"{worth} points are due (R17): {text}"
            current, best, _ = recount.streak(after, member.user.id)
            streak = said("result.streak", text)
            found = (int(streak["current"]), int(streak["best"])) if streak else (0, best)
            assert found == (current, best), f"streak {current}, best {best} are due (R18): {text}"
        return f"{post.day} {kept.reply[:30]}, {shown}"

    @staticmethod
    def _same(key: str | None, kept: recount.AnswerRow, shown: str, text: str) -> None:
        right = kept.choice == key
        assert kept.right in (right, None), f"{kept} is stored, the key is {key}"
        due = "result.right" if right else "result.dont-know" if kept.choice == DONT_KNOW else "result.wrong"
        assert shown == due, f"shown {shown}, stored {kept.choice} with key {key} (R14)"
        named = said("result.key", text)
        assert named is None or named["letter"] == key, f"the key is {key} (R14): {text}"
        yours = said("result.yours", text)
        assert yours is None or yours["letter"] == kept.choice, f"stored {kept.choice} (R14): {text}"

    def private(self, done: Outcome) -> str | None:
        """The words of an answer, which is for its member alone; None if none came (the observer judges that)."""
        if done.failed or done.interaction.original is None:
            return None
        text = done.text
        assert done.ephemeral, f"the answer is public: {text!r}"
        assert not said("error.text", text) or self._excused(done), f"an interaction failed: {text}"
        return text

    def _excused(self, done: Outcome) -> bool:
        sent = done.interaction.created_at.timestamp()
        group, troubles = done.interaction.guild_id, self.observer.troubles
        # What an answer needs besides, such as the message that shares one, may have met a fault, too.
        return any(troubles.hit(sent, sent + 3, group, kind=kind) for kind in ("answers", "posts"))

    async def streak(self, group: Group, member: Member, _rng: random.Random) -> str:
        before = self.books.rows(group.id)
        text = self.private(await member.slash("streak show"))
        after = self.books.rows(group.id)
        found = said("streak.current", text or "")
        if found is None or not after.same_standing(before):
            return "nothing to compare"
        self.compared += 1
        shown = int(found["current"]), int(found["best"]), int(found["freezes"])
        due = recount.streak(after, member.user.id)
        assert shown == due, f"shown {shown}, recounted {due} (R18, R21)"
        return f"{shown}"

    async def board(self, group: Group, member: Member, rng: random.Random) -> str:
        period = rng.choice(("week", "month", "all"))
        timetable, machine = group.timetables[-1], self.observer.machine
        before, today, steps = self.books.rows(group.id), timetable.local(machine.now()), machine.steps
        text = self.private(await member.slash("leaderboard", period=period))
        after = self.books.rows(group.id)
        same_day = (today, steps) == (timetable.local(machine.now()), machine.steps)
        if text is None or put_off(text) or not same_day or not after.same_standing(before):
            return "nothing to compare"
        self.compared += 1
        due = recount.board(after, period, today)
        lines = [found for line in text.splitlines() if (found := said("board.line", line))]
        shown = sorted((int(f["rank"]), int(f["points"]), int(f["right"])) for f in lines)
        assert shown == sorted((one.rank, one.points, one.right) for one in due), (
            f"{period} board: shown {shown}, recounted {due} (R25, R26)"
        )
        mine = next((one for one in due if one.member == member.user.id), None)
        own = said("board.me", text)
        assert (own is not None) == (mine is not None), f"own line: {text}, due {mine} (R26)"
        if own is not None and mine is not None:
            assert (int(own["rank"]), int(own["points"])) == (mine.rank, mine.points), f"{text}, due {mine}"
        return f"{period}: {len(shown)} lines"

    async def export(self, _group: Group, member: Member, _rng: random.Random) -> str:
        text = self.private(await member.slash("privacy export"))
        return "exported" if text else "no answer in time"

    async def help(self, _group: Group, member: Member, _rng: random.Random) -> str:
        return str(self.private(await member.slash("help")))[:20]

    async def remind(self, group: Group, member: Member, _rng: random.Random) -> str:
        post = self.open_post(group, member)
        name = next((n for n in custom_ids(post) if n.startswith("dw:remind")), None) if post else None
        if post is None or name is None:
            return "no question"
        return str(self.private(await member.click(post, name)))[:40]

    async def pause(self, _group: Group, member: Member, rng: random.Random) -> str:
        return str(self.private(await member.slash("streak pause", days=rng.randint(1, 3))))[:60]

    async def anki(self, group: Group, member: Member, _rng: random.Random) -> str:
        result = self._newest(group, member, ("dw:report:",), private=True)
        name = next((n for n in custom_ids(result) if n.startswith("dw:anki")), None) if result else None
        if result is None or name is None:
            return "no result"
        return str(self.private(await member.click(result, name)))[:40]

    async def report(self, group: Group, member: Member, rng: random.Random) -> str:
        result = self._newest(group, member, ("dw:report:",), private=True)
        name = next((n for n in custom_ids(result) if n.startswith("dw:report:")), None) if result else None
        if result is None or name is None:
            return "no result"
        form = await member.click(result, name)
        if form.failed:
            return "no form in time"
        words = rng.choice(HOSTILE)[:1000]
        return str(self.private(await member.submit(form, {"text": words})))[:40]
