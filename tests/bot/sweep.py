"""What must hold between the database and what was seen, looked at again and again (R1-R4, R6, R8-R11, R13, R15, R20)."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta

from bot.observer import Observer
from bot.recount import LATEST, PostRow, Rows
from bot.troubles import MACHINE, Group
from bot.wording import said, titles_of
from deckwright_bot.sandbox import text_of
from deckwright_bot.ui.texts import ENGLISH

NEVER_AGAIN = timedelta(days=13)
"""So long no question comes twice, whatever the pool."""
PATIENCE = 0.8
"""The part of R8's six hours in which the bot must have been free to post; less excuses it."""
SOON = 2.0
"""Free real seconds in which what is due must be done."""


class Sweep:
    """The laws of what stands in the database; ``look`` goes through them once."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.sandbox = observer.sandbox
        self.books = observer.books
        self.clock = observer.clock
        self.troubles = observer.troubles
        self.figures = observer.figures
        self.fail = observer.fail
        self.once = observer.once
        self._judged: set[object] = set()

    def look(self) -> None:
        """Compare the database with what was seen; call it again and again."""
        for violation in self.sandbox.violations:
            self.once(violation, f"[{violation.kind}] {violation.text}")
        self._requests()
        for group in self.observer.groups.values():
            if group.set_up is None:
                continue
            rows = self.books.rows(group.id)
            self._paused(group, rows)
            self._kept(rows)
            self._clicks(rows)
            self._posts(group, rows)
            self._dates(group, rows)

    def _requests(self) -> None:
        for one in self.sandbox.core.requests:
            # What was done before its answer was lost may be refused the second time: an answer, a thread.
            if one.status == 400 and not one.path.endswith(("/callback", "/threads")):
                self.fail(f"a request was refused: {one.method} {one.path} {one.body}")
        self.sandbox.core.requests.clear()

    def _paused(self, group: Group, rows: Rows) -> None:
        paused = rows.paused == "failures"
        if paused and not group.was_paused:
            group.pauses += 1
            now = time.time()
            if not self.troubles.hit(now - 2.0, now, group.id, kind="refusal"):
                self.fail(f"{group.owner.guild.name} was paused, but nothing was refused (R9)")
        group.was_paused = paused

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
        """R9: the owner is told once a pause; a bot that was killed at that very moment may not have come to it."""
        owner = group.owner
        told = sum(bool(said("owner.paused", text_of(message))) for message in owner.sees(owner.dm))
        if told > group.pauses:
            self.fail(f"{owner.user.name} was told {told} times of {group.pauses} pauses (R9)")

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
            if not post.opens - blur <= answer.at < post.closes:
                self.once(("click", answer.post, answer.member), f"{answer} lies outside of {post} (R11)")

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
            closes = self.clock.real(post.closes)
            if post.state == "sent":
                if self.troubles.clear(closes, now, group.id) > SOON:
                    self.once(("close", post.id), f"the post of {post.day} does not close (R15)")
                continue
            self._outage(post, self.clock.real(post.opens), closes)
            if message.channel_id in self.observer.gone:
                continue
            refused = self.troubles.hit(closes, now, group.id, kind="refusal")
            shown = ENGLISH["post.closed"] in titles_of(message) or post.state == "void"
            late = self.troubles.clear(closes, now, group.id) > SOON
            if late and not shown and not refused:
                self.once(("reveal", post.id), f"the post of {post.day} is closed and not revealed (R15)")

    def _outage(self, post: PostRow, opens: float, closes: float) -> None:
        """R20: half of the window without a bot, no more and no less; near half the bot's clock decides."""
        missing = self.troubles.lasted("down", opens, closes) / (closes - opens)
        stalled = self.troubles.lasted(MACHINE, opens, closes) / (closes - opens)
        if post.outage and missing + stalled < 0.3:
            self.once(("outage", post.id), f"post of {post.day}: an outage, with {missing:.0%} down (R20)")
        if not post.outage and missing > 0.8:
            self.once(("outage", post.id), f"post of {post.day}: no outage, with {missing:.0%} down (R20)")

    def _instants(self, group: Group, post: PostRow) -> None:
        """R1, R8, R11: when a post was due, was sent and closes."""
        if ("instants", post.id) in self._judged:
            return
        self._judged.add(("instants", post.id))
        assert post.scheduled is not None
        assert post.claimed is not None
        assert post.closes is not None
        assert post.opens is not None
        first = group.set_up is not None and group.set_up[0] <= post.claimed <= group.set_up[1]
        steady = group.settled(post.claimed - timedelta(hours=12), post.claimed + timedelta(hours=12))
        timetable = group.timetable(post.claimed)
        if steady and not first and post.scheduled != timetable.instant(post.day):
            self.fail(
                f"the post of {post.day} was due at {timetable.instant(post.day)}, not {post.scheduled} (R1)"
            )
        if steady and post.closes != timetable.closing(post.day, post.opens):
            due = timetable.closing(post.day, post.opens)
            self.fail(f"the post of {post.day} closes at {post.closes}, not {due} (R11)")
        if not post.scheduled <= post.claimed <= post.scheduled + LATEST:
            self.fail(f"the post of {post.day} was claimed at {post.claimed}, due {post.scheduled} (R8)")
        seen, claimed = self.observer.seen[post.id], self.clock.real(post.claimed)
        if seen < claimed - 0.01:
            self.fail(f"the post of {post.day} was sent before it was claimed (R6)")
        on_time = self.clock.real(post.scheduled + LATEST) + 1.0
        if seen > on_time and not self.troubles.hit(claimed, seen, group.id, kind="posts"):
            self.fail(f"the post of {post.day} was sent at {self.clock.at(seen)}, due {post.scheduled} (R8)")

    def _dates(self, group: Group, rows: Rows) -> None:
        """R1 to R4: every date has its post, but where a rule lets it go without."""
        if not rows.posts or group.set_up is None:
            return
        first, by_day, now = rows.posts[0], {post.day: post for post in rows.posts}, self.clock.now()
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
        free = self.troubles.clear(first, last, group.id)
        return free if free >= PATIENCE * (last - first) else None
