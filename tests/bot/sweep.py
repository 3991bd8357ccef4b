"""What must hold between the database and what was seen, looked at again and again (R1-R4, R6, R8-R11, R13, R15, R20)."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from bot.observer import Observer
from bot.recount import LATEST, PostRow, QuestionRow, Rows, letters
from bot.troubles import DOWN, MACHINE, SLOW_DATABASE, Group
from bot.wording import said, tells_of_a_pause, titles_of
from deckwright_bot.sandbox import text_of
from deckwright_bot.ui.texts import ENGLISH

NEVER_AGAIN = timedelta(days=13)
"""So long no question comes twice, whatever the pool."""
PATIENCE = 0.8
"""The part of R8's six hours in which the bot must have been free to post; less excuses it."""
REMEMBERED = 15.0
"""Real seconds after which a refusal may still bring a pause about, as two more come only with the next tries."""
SOON = 2.0
"""Free real seconds in which what is due must be done."""


class Sweep:
    """The laws of what stands in the database; ``look`` goes through them once."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.sandbox = observer.sandbox
        self.books = observer.books
        self.clock = observer.clock
        self.machine = observer.machine
        self.troubles = observer.troubles
        self.figures = observer.figures
        self.fail = observer.fail
        self.once = observer.once
        self._judged: set[object] = set()
        self._stale: dict[object, float] = {}
        """Since when a message shows other counts than are stored."""

    def look(self) -> None:
        """Compare the database with what was seen; call it again and again."""
        for violation in self.sandbox.violations:
            self.once(violation, f"[{violation.kind}] {violation.text}")
        self._requests()
        for group in self.observer.groups.values():
            if group.set_up is None:
                continue
            rows = self.books.rows(group.id)
            self._paused(group)
            self._wished(group)
            self._kept(rows)
            self._clicks(rows)
            self._posts(group, rows)
            self._dates(group, rows)
            for question in self.books.questions(group.id):
                self._question(group, rows, question)

    def _requests(self) -> None:
        for one in self.sandbox.core.requests:
            # What was done before its answer was lost may be refused the second time: an answer, a thread.
            if one.status == 400 and not one.path.endswith(("/callback", "/threads")):
                self.fail(f"a request was refused: {one.method} {one.path} {one.body}")
        self.sandbox.core.requests.clear()

    def _paused(self, group: Group) -> None:
        pauses, now = self.books.pauses(group.id), time.time()
        if pauses > group.pauses and not self.troubles.hit(
            group.looked - REMEMBERED, now, group.id, kind="refusal"
        ):
            self.fail(f"{group.owner.guild.name} was paused, but nothing was refused (R9)")
        group.pauses, group.looked = pauses, now

    def _wished(self, group: Group) -> None:
        if group.wished is not None and self.books.time_of_day(group.id) == group.wished:
            group.timetables.append(replace(group.timetables[-1], at=group.wished, since=self.clock.now()))
            group.wished = None

    def at_rest(self) -> None:
        """What must hold when nothing has gone wrong for a while."""
        for group in self.observer.groups.values():
            rows = self.books.rows(group.id)
            self._shared(group, rows)
            self._told(group)
            for post in rows.posts:
                self._steps(group, rows, post)

    def _shared(self, group: Group, rows: Rows) -> None:
        """R31: every message that shows a member's words is written down, or it could never be taken back."""
        known = {one.shared for one in rows.answers.values()}
        for channel in group.owner.guild.channels.values():
            for message in channel.public_messages:
                sharing = any(said("share.title", title) for title in titles_of(message))
                if sharing and message.id not in known:
                    self.fail(f"a shared answer is not written down: {text_of(message)[:80]!r}")

    def _told(self, group: Group) -> None:
        """R9: the owner is told once a pause; one that is killed at that very moment tells it again, or not at all."""
        owner = group.owner
        told = sum(tells_of_a_pause(message) for message in owner.sees(owner.dm))
        pauses = self.books.pauses(group.id)
        if told > pauses + self.figures.faults["kills"]:
            self.fail(f"{owner.user.name} was told {told} times of {pauses} pauses (R9)")

    def _steps(self, group: Group, rows: Rows, post: PostRow) -> None:
        """R9, R15: thread, pin and live count came, unless Discord refused them."""
        message = self.observer.messages.get(post.id)
        if post.state != "sent" or message is None or message.channel_id in self.observer.gone:
            return
        mine = [one for one in rows.answers.values() if one.post == post.id]
        seen, now = self.observer.seen[post.id], time.time()
        since = max([seen, *(self.clock.real(one.at) for one in mine)])
        if self.troubles.hit(seen, now, group.id, kind="refusal"):
            return
        if self.troubles.clear(since, now, group.id) < SOON:
            return
        for name, step in (("thread", post.thread), ("pin", post.pin)):
            if step not in (None, "done"):
                self.fail(f"the {name} of the post of {post.day} is {step} (R9)")
        answers = len(mine)
        key = "post.count.none" if answers == 0 else "post.count.one" if answers == 1 else "post.count.many"
        count = said(key, text_of(message))
        if count is None or (answers > 1 and int(count["count"]) != answers):
            self.fail(
                f"the post of {post.day} does not show its {answers} answers: {text_of(message)[-60:]!r}"
            )

    def _kept(self, rows: Rows) -> None:
        """R13: what a member was shown is kept, as it was shown."""
        numbers = {post.id for post in rows.posts}
        for (post, member), choice in self.observer.shown.items():
            kept = rows.answers.get((post, member))
            if post in numbers and (kept is None or kept.reply != choice):
                self.once(
                    ("kept", post, member),
                    f"{member} was shown {choice} for post {post}, kept is {kept} (R13)",
                )

    def _clicks(self, rows: Rows) -> None:
        """R11, R13: an answer counts by the time of its click, which lies in the window."""
        blur = timedelta(seconds=0.01 * self.clock.speed)
        for answer in rows.answers.values():
            post = rows.post(answer.post)
            if post is None or post.opens is None or post.closes is None:
                continue
            # By a machine's clock that is ahead a post opens before the members' clocks say so, and by one that
            # is behind their clicks come from the future, so that they count as of now.
            opened = min(post.opens, self.clock.at(self.machine.first(post.opens))) - self.machine.behind
            if not opened - blur <= answer.at < post.closes:
                self.once(("click", answer.post, answer.member), f"{answer} lies outside of {post} (R11)")
            if self.machine.first(answer.at) > time.time() + 0.01:
                self.once(("future", answer.post, answer.member), f"{answer} comes from the future (R13)")

    def _posts(self, group: Group, rows: Rows) -> None:
        now = time.time()
        # Later a small pool may be used up, and what was missed comes back on Fridays.
        early = [post for post in rows.posts if post.out and post.day - rows.posts[0].day < NEVER_AGAIN]
        for prompt, times in Counter(post.prompt for post in early).items():
            if times > 1:
                self.once(("asked", group.id, prompt), f"{prompt} was asked {times} times (R10)")
        for post in rows.posts:
            if not post.out or post.opens is None or post.closes is None:
                continue
            message = self.observer.messages.get(post.id)
            if message is None or post.message != message.id:
                self.once(
                    ("message", post.id), f"the post of {post.day} is {post.state}, but nobody saw it (R6)"
                )
                continue
            self._instants(group, post)
            if post.state == "sent":
                due = self.machine.since(post.closes)
                if due is not None and self.troubles.clear(due, now, group.id) > SOON:
                    self.once(("close", post.id), f"the post of {post.day} does not close (R15)")
                continue
            closes = self.machine.first(post.closes)
            self._outage(post, post.opens, post.closes)
            if message.channel_id in self.observer.gone:
                continue
            refused = self.troubles.hit(closes, now, group.id, kind="refusal")
            shown = ENGLISH["post.closed"] in titles_of(message) or post.state == "void"
            late = self.troubles.clear(closes, now, group.id) > SOON
            if late and not shown and not refused:
                self.once(("reveal", post.id), f"the post of {post.day} is closed and not revealed (R15)")
            elif shown and post.state == "closed" and not refused:
                self._counts(group, rows, post, text_of(message))

    def _counts(self, group: Group, rows: Rows, post: PostRow, text: str) -> None:
        """R15: the reveal counts what is stored; a click that is heard of after the close comes a little later."""
        self._same_counts(group, post.id, f"the reveal of {post.day}", text, letters(rows, post))

    def _question(self, group: Group, rows: Rows, question: QuestionRow) -> None:
        """R13, R15, in a quiz: what its question shows in the end counts what is stored."""
        message = self.observer.questions.get(question.id)
        if not question.shown or message is None or message.channel_id in self.observer.gone:
            return
        since = self.observer.question_seen[question.id]
        if not self.troubles.hit(since, time.time(), group.id, kind="refusal"):
            chosen = [
                one.choice
                for one in rows.played
                if (one.quiz, one.number) == question.id and len(one.choice) == 1
            ]
            due = {str(each["letter"]): chosen.count(each["letter"]) for each in question.options}
            self._same_counts(group, question.id, f"question {question.id}", text_of(message), due)

    def _same_counts(self, group: Group, subject: object, where: str, text: str, due: dict[str, int]) -> None:
        found = [match for line in text.splitlines() if (match := said("reveal.counts", line))]
        shown, now = {match["letter"]: int(match["count"]) for match in found}, time.time()
        if shown == due:
            self._stale.pop(subject, None)
        elif self.troubles.clear(self._stale.setdefault(subject, now), now, group.id) > SOON:
            self.once(("counts", subject), f"{where} shows {shown}, recounted {due} (R15)")

    def _outage(self, post: PostRow, opens: datetime, closes: datetime) -> None:
        """R20: half of the window without a bot, no more and no less; near half the bot's clock decides.

        Judged as soon as it is closed: later a clock that was set back may show the window once more.
        """
        if ("outage", post.id) in self._judged:
            return
        self._judged.add(("outage", post.id))
        stretches, unseen = self.troubles.stretches, self.machine.unseen
        missing = unseen(opens, closes, stretches(DOWN))
        at_most = unseen(opens, closes, stretches(DOWN, MACHINE, SLOW_DATABASE))
        if post.outage and at_most < 0.3:
            self.fail(f"the post of {post.day}: an outage, with {missing:.0%} down (R20)")
        if not post.outage and missing > 0.8:
            self.fail(f"the post of {post.day}: no outage, with {missing:.0%} down (R20)")

    def _instants(self, group: Group, post: PostRow) -> None:
        """R1, R8, R11: when a post was due, was sent and closes."""
        if ("instants", post.id) in self._judged:
            return
        self._judged.add(("instants", post.id))
        assert post.scheduled is not None
        assert post.claimed is not None
        assert post.closes is not None
        assert post.opens is not None
        seen = self.observer.seen[post.id]
        claimed = self.machine.last(post.claimed, seen)
        if claimed is None:
            self.fail(f"the post of {post.day} was sent before it was claimed (R6)")
            return
        really = self.clock.at(claimed)
        first = group.set_up is not None and group.set_up[0] <= really <= group.set_up[1]
        steady = group.settled(really - timedelta(hours=12), really + timedelta(hours=12))
        timetable = group.timetable(really)
        if steady and not first and post.scheduled != timetable.instant(post.day):
            self.fail(
                f"the post of {post.day} was due at {timetable.instant(post.day)}, not {post.scheduled} (R1)"
            )
        if steady and post.closes != timetable.closing(post.day, post.opens):
            due = timetable.closing(post.day, post.opens)
            self.fail(f"the post of {post.day} closes at {post.closes}, not {due} (R11)")
        if not post.scheduled <= post.claimed <= post.scheduled + LATEST:
            self.fail(f"the post of {post.day} was claimed at {post.claimed}, due {post.scheduled} (R8)")
        on_time = post.scheduled + LATEST + timedelta(seconds=self.clock.speed)
        if self.machine.at(seen) > on_time and not self.troubles.hit(claimed, seen, group.id, kind="posts"):
            self.fail(f"the post of {post.day} was sent at {self.clock.at(seen)}, due {post.scheduled} (R8)")

    def _dates(self, group: Group, rows: Rows) -> None:
        """R1 to R4: every date has its post, but where a rule lets it go without."""
        if not rows.posts or group.set_up is None:
            return
        first, by_day = rows.posts[0], {post.day: post for post in rows.posts}
        now = min(self.clock.now(), self.machine.now())
        begun = {group.timetables[0].local(moment) for moment in group.set_up}
        if first.day not in begun:
            self.once(("first", group.id), f"the first post is dated {first.day}, not {begun} (R12)")
        last_out, day = first, first.day
        figures = self.figures.dates[group.id] = Counter()
        while True:
            day += timedelta(days=1)
            timetable = group.timetable(now)
            due = timetable.instant(day)
            if due + LATEST + timedelta(seconds=self.clock.speed) > now:
                break
            post = by_day.get(day)
            figures["all"] += timetable.asks_on(day)
            figures["free"] += self._was_free(due, group) is not None
            if post is not None and post.out:
                last_out = post
                figures["out"] += 1
                if not timetable.asks_on(day) and group.settled(due - timedelta(days=2), now):
                    self.once(("off", group.id, day), f"{day} is a day off, and has a post")
                continue
            if ("date", group.id, day) in self._judged or not timetable.asks_on(day):
                continue
            if not group.settled(due - timedelta(days=2), due + timedelta(days=2)):
                continue
            assert last_out.opens is not None
            if due - last_out.opens < timedelta(hours=13) or self._was_free(due, group) is None:
                continue
            figures["missing"] += 1
            state = post.state if post is not None else "without a row"
            free = self._was_free(due, group)
            self.once(
                ("date", group.id, day),
                f"{group.owner.guild.name}: {day} is {state}, though posting was free for {free:.1f} s (R8)",
            )

    def _was_free(self, due: datetime, group: Group) -> float | None:
        """For how long posting was free in R8's six hours; None if that was too short to ask for a post."""
        first, last = self.clock.real(due), self.clock.real(due + LATEST)
        if self.troubles.hit(first, last, group.id, kind="dates"):
            return None
        free = self.troubles.clear(first, last, group.id)
        return free if free >= PATIENCE * (last - first) else None
