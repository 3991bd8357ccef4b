"""Watches a bot in the sandbox from outside, all along, and writes down whatever breaks a rule.

It hears every event of the sandbox as it happens; what only the database can tell is `Sweep`'s. Where the bot could
not do its work through no fault of its own, `Troubles` says so; nothing else excuses it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from bot.machine_clock import MachineClock
from bot.recount import Books, PostRow, QuestionRow, right_and_all, secrets, tells
from bot.troubles import Group, Time, Troubles
from bot.wording import custom_ids, post_of, question_of, raw, raw_alt, said, titles_of, words_of
from deckwright_bot.sandbox import Sandbox, text_of
from deckwright_bot.sandbox.events import ChannelDeleted, Event, MessageCreated, MessageEdited
from deckwright_bot.sandbox.interaction import Interaction, InteractionAnswered, InteractionSent
from deckwright_bot.sandbox.model import Message
from deckwright_bot.ui.texts import ENGLISH

ROLE_GONE = "roles deleted, a post out"
ACKNOWLEDGED_WITHIN = 3.0
"""Discord's own law, in real seconds."""


@dataclass
class Figures:
    """What was seen, for the report."""

    interactions: int = 0
    in_time: int = 0
    excused: int = 0
    slowest: float = 0.0
    edits: int = 0
    dates: dict[int, Counter[str]] = field(default_factory=dict)
    """Each group's dates: all, those with a post, those for which one was demanded."""
    shown: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    """How often each fault really struck."""


class Observer:
    """Hears everything; ``broken`` lists what must not be."""

    def __init__(self, sandbox: Sandbox, books: Books, clock: Time, machine: MachineClock) -> None:
        self.sandbox = sandbox
        self.books = books
        self.clock = clock
        self.machine = machine
        self.troubles = Troubles()
        self.groups: dict[int, Group] = {}
        self.broken: list[str] = []
        self.figures = Figures()
        self.messages: dict[int, Message] = {}
        """The public message of each post."""
        self.seen: dict[int, float] = {}
        """When it was first seen."""
        self.questions: dict[tuple[int, int], Message] = {}
        """The message of each question of a group quiz, by quiz and number."""
        self.question_seen: dict[tuple[int, int], float] = {}
        self.shown: dict[tuple[int, int], str] = {}
        """What a member was told is their reply, by post and member."""
        self.revealed: set[int] = set()
        self.two_bots = False
        """Whether another bot is at work on the same database, which may undo an edit."""
        self.gone: set[int] = set()
        """Channels that were deleted."""
        self._sent: dict[int, float] = {}
        self._took: dict[int, float] = {}
        self._came: set[object] = set()
        self._judged: set[object] = set()
        sandbox.core.hub.subscribe(self._hear)

    def fail(self, text: str) -> None:
        moment = self.clock.now()
        self.broken.append(f"[{moment:%m-%d %H:%M}] {text}")

    def once(self, subject: object, text: str) -> None:
        """Fail, but only once about that subject."""
        if subject not in self._judged:
            self._judged.add(subject)
            self.fail(text)

    # --- as it happens ---------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        try:
            match event:
                case InteractionSent(interaction):
                    self._asked(interaction)
                case InteractionAnswered(interaction):
                    self._answered(interaction)
                case MessageCreated(message) | MessageEdited(message):
                    self._message(message, new=isinstance(event, MessageCreated))
                case ChannelDeleted(channel):
                    self.gone.add(channel.id)
        except Exception as error:  # noqa: BLE001  a fault of the observer must be seen, not hang the sandbox
            self.fail(f"the observer itself failed: {error!r}")

    def _asked(self, interaction: Interaction) -> None:
        self.figures.interactions += 1
        self._sent[interaction.id] = time.time()
        asyncio.get_running_loop().call_later(ACKNOWLEDGED_WITHIN + 0.8, self._in_time, interaction)

    def _in_time(self, interaction: Interaction) -> None:
        sent, took = self._sent[interaction.id], self._took.get(interaction.id)
        until = sent + ACKNOWLEDGED_WITHIN
        excuse = (
            self.troubles.hit(sent, until, interaction.guild_id, kind="answers")
            or self.troubles.queued(sent, until) > ACKNOWLEDGED_WITHIN / 3
        )
        if took is not None:
            self.figures.in_time += 1
            self.figures.slowest = max(self.figures.slowest, 0.0 if excuse else took)
        elif excuse:
            self.figures.excused += 1
        else:
            self.fail(f"an interaction was not acknowledged within 3 s: {interaction.data}")

    def _answered(self, interaction: Interaction) -> None:
        self._took[interaction.id] = time.time() - self._sent[interaction.id]
        if interaction.modal is not None:
            self._raw(words_of(interaction.modal), "a form")
        for choice in interaction.choices or []:
            self._raw(str(choice["name"]), "a suggestion")

    def _message(self, message: Message, *, new: bool) -> None:
        if message.author_id != self.sandbox.core.world.bot.id:
            return
        text = text_of(message)
        self._raw(text, f"message {message.id}")
        for one in message.attachments:
            if raw_alt(one.description or ""):
                self.once(("alt", one.description), f"raw words for a picture: {one.description!r} (R33)")
            text += f"\n{one.description}"
        if new and message.visible_to is None:
            self._only_once(message, text)
        if message.visible_to is not None or message.guild_id is None:
            return
        if message.interaction is not None:
            self.fail(f"a reply is public: {text!r}")
        group = self.groups.get(message.guild_id)
        number = post_of(message)
        post = self.books.post(number) if number is not None else None
        if number is not None:
            self._post(message, number, post, new=new)
        if group is not None and new:
            self._pinged(message, group)
        if group is not None:
            question = self._question(message, group, new=new)
            self._secret(text, group, post or question)

    def _only_once(self, message: Message, text: str) -> None:
        """What comes once comes once, whatever Discord's answer was: a greeting (R12), a reminder of a post (R32)."""
        about: object = None
        if ENGLISH["hello.title"] in titles_of(message):
            about = "greeting", message.guild_id
        elif (reminder := said("remind.text", text)) is not None:
            about = "reminder", message.channel_id, reminder["link"]
        if about is not None and about in self._came:
            self.fail(f"it came twice: {text!r}")
        if about is not None:
            self._came.add(about)

    def _post(self, message: Message, number: int, post: PostRow | None, *, new: bool) -> None:
        if post is None or post.group != message.guild_id:
            self.fail(f"a post {number} is public that was never claimed (R6)")
            return
        if new and number in self.messages:
            self.fail(f"the post of {post.day} came twice (R1)")
        if new:
            self.messages[number] = message
            self.seen[number] = time.time()
            self.figures.shown["posts"] += 1
        else:
            self.figures.edits += 1
        if ENGLISH["post.closed"] in titles_of(message):
            self._reveal(message, post)
        else:
            self._open(message, post, new=new)

    def _question(self, message: Message, group: Group, *, new: bool) -> QuestionRow | None:
        """The question of a quiz that a message shows: once, and with its key only when it is over."""
        if ENGLISH["quiz.lobby.title"] in titles_of(message) and new:
            self._once_shown("lobby", message)
        named, rows = question_of(message), self.books.questions(group.id)
        found = next((one for one in rows if one.id == named or one.message == message.id), None)
        if named is None and found is None:
            return None
        if found is None:
            self.fail(f"question {named} is public that was never written down")
            return None
        if new:
            self._once_shown(("question", found.id), message)
            self.questions[found.id] = message
            self.question_seen[found.id] = time.time()
        over = any(said("quiz.over", title) for title in titles_of(message))
        self.figures.shown["questions over"] += over and not new
        if over and not found.over:
            self.fail(f"the key of question {found.id} is public while it can be answered")
        return found

    def _once_shown(self, about: object, message: Message) -> None:
        # A lobby is the one of its quiz by the number in its buttons.
        about = (about, message.guild_id, *sorted(custom_ids(message)))
        if about in self._came:
            self.fail(f"it came twice: {text_of(message)!r}")
        self._came.add(about)

    def _open(self, message: Message, post: PostRow, *, new: bool) -> None:
        rows, text = self.books.rows(post.group), text_of(message)
        count = said("post.count.many", text)
        if count is not None and int(count["count"]) > right_and_all(rows, post)[1]:
            self.fail(f"the post of {post.day} shows {count['count']} answers, more than there are")
        if post.id in self.revealed and not self.two_bots:
            self.fail(f"the post of {post.day} was revealed, and now is open again (R15)")
        if not new:
            return
        closed = [one for one in rows.posts if one.state == "closed" and one.day < post.day]
        # With two bots the last one may have been closed between the reading and the sending, and an answer that
        # comes late may come just then.
        due, now = [right_and_all(rows, one) for one in closed[-2:]], time.time()
        calm = not self.troubles.hit(now - 5.0, now, post.group, kind="answers")
        line = said("post.yesterday.choice", text)
        if calm and line is not None and (int(line["right"]), int(line["count"])) not in due:
            self.fail(f"the post of {post.day} tells of yesterday {line[0]!r}, recounted {due} (R15)")
        if closed and not any(said(f"post.yesterday.{form}", text) for form in ("choice", "open", "none")):
            self.fail(f"the post of {post.day} tells nothing of yesterday (R15)")

    def _reveal(self, message: Message, post: PostRow) -> None:
        self.revealed.add(post.id)
        self.figures.shown["reveals"] += 1
        if post.closes is None or time.time() < self.machine.first(post.closes):
            self.fail(f"the post of {post.day} was revealed before its close (R15)")
        if any(name.startswith(("dw:pick", "dw:open", "dw:dont-know")) for name in custom_ids(message)):
            self.fail(f"the reveal of {post.day} has buttons to answer with (R15)")

    def _pinged(self, message: Message, group: Group) -> None:
        allowed = set()
        if group.ping is not None:
            allowed = {one for one, m in group.owner.guild.members.items() if group.ping in m.roles}
        if message.mention_everyone or message.notified - allowed:
            self.fail(f"a message pinged {sorted(message.notified)} (R34)")
        post = self.books.post(number) if (number := post_of(message)) is not None else None
        if post is None or post.claimed is None:
            return
        since, claimed = group.pinged_since or group.role_gone, self.machine.first(post.claimed)
        # What happens to roles the bot hears through its socket, and a post may be on its way just then.
        deaf = self.troubles.hit(claimed - 1.0, time.time(), group.id, kind="answers")
        known, mentions = since is not None and claimed > since + 0.5 and not deaf, "<@&" in message.content
        self.figures.faults[ROLE_GONE] += group.role_gone is not None and not mentions
        if known and group.pinged_since is not None and message.notified != allowed:
            self.fail(f"the post of {post.day} did not ping its role (R9)")
        if known and group.role_gone is not None and mentions:
            self.fail(f"the post of {post.day} mentions a role that is gone: {message.content!r}")

    def _secret(self, text: str, group: Group, own: PostRow | QuestionRow | None) -> None:
        """R15: while a post is open, nothing public tells its key, its reasons, its counts or a choice."""
        now = time.time()
        for key in ("result.yours", "result.key", "result.points", "result.streak"):
            if said(key, text):
                self.fail(f"public: {text!r} (R14)")
        closed = (
            own.over
            if isinstance(own, QuestionRow)
            else own is not None and own.closes is not None and self.machine.first(own.closes) <= now
        )
        if not closed and (said("reveal.counts", text) or "✓" in text or "✗" in text):
            self.fail(f"counts or marks in public before the close: {text!r} (R15)")
        for post in self.books.rows(group.id).posts:
            is_open = (
                post.state in ("claimed", "sent")
                and post.closes is not None
                and self.machine.first(post.closes) > now
            )
            if is_open and (told := tells(text, secrets(post, own))) is not None:
                self.fail(f"the post of {post.day} is open, and public is: {' '.join(told)!r} (R15)")
        for question in self.books.questions(group.id):
            if not question.over and (told := tells(text, secrets(question, own))) is not None:
                self.fail(f"question {question.id} is open, and public is: {' '.join(told)!r} (R15)")

    def _raw(self, text: str, where: str) -> None:
        found = raw(text)
        if found is not None:
            self.once(("raw", text), f"raw {found!r} in {where}: {text!r} (R33)")
