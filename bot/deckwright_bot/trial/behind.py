"""What has just happened behind the scenes: who did what, the rules it is about, and the rows that were written.

Every transaction belongs to one doer: to the interaction that the bot was answering, however many are under way, or
to the bot itself.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from deckwright_bot.sandbox.events import Event, MessageCreated, MessageEdited
from deckwright_bot.sandbox.interaction import (
    UPDATES,
    Callback,
    Interaction,
    InteractionAnswered,
    InteractionSent,
    InteractionType,
)
from deckwright_bot.sandbox.model import Message
from deckwright_bot.trial import deeds, rules, words
from deckwright_bot.trial.deeds import Deed, Key
from deckwright_bot.trial.doing import Done, answer_of, done_by, what_of
from deckwright_bot.trial.misses import Misses
from deckwright_bot.trial.people import post_of
from deckwright_bot.trial.rows import Reader, Row
from deckwright_bot.trial.rules import Said

if TYPE_CHECKING:
    from deckwright_bot.trial.group import TrialGroup

log = logging.getLogger(__name__)

KEPT: Final = 60
ROWS_KEPT: Final = 12
NEAR: Final = 16
"""Among so many of the last entries that is looked for which something belongs to."""


@dataclass(slots=True)
class Entry:
    """One thing that happened."""

    number: int
    at: datetime
    who: str
    what: str
    rules: Said = field(default_factory=dict)
    later: Said = field(default_factory=dict)
    """Of these, what was worked out afterwards."""
    answer: str = ""
    milliseconds: int | None = None
    """Until the reply stood there, not until the bot said that it is thinking."""
    rows: list[Row] = field(default_factory=list)
    more: int = 0
    """Rows beyond those that are kept."""
    again: int = 1
    """How often the same happened in a row."""
    begun: float = 0.0
    key: Key = ()
    over: bool = False

    def write(self, rows: list[Row]) -> None:
        """Put rows under it."""
        room = max(0, ROWS_KEPT - len(self.rows))
        self.rows += rows[:room]
        self.more += len(rows[room:])


class Behind:
    """Keeps the last entries; ``tell`` is called when there is something new."""

    def __init__(self, group: TrialGroup, tell: Callable[[], None] = lambda: None) -> None:
        self._world = group.sandbox.core.world
        self._database = group.database
        self._bot = group.bot
        self._tell = tell
        self._reader = Reader(group.data)
        self._count = 0
        self._done: dict[int, tuple[Entry, Done]] = {}
        self._thinking: dict[int, int] = {}
        self._faces: dict[int, int] = {}
        self._misses = Misses(group.people, group.owner.guild.id, group.bot.context.services.standings)
        self._closed: list[date] = []
        self._answered: list[tuple[Entry, int, date]] = []
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self._end = group.sandbox.core.hub.subscribe(self._hear)
        self._database.written = self._written

    def close(self) -> None:
        """Listen and read no more."""
        self._database.written = lambda: None
        self._end()
        self._reader.close()

    def moved(self, what: str) -> None:
        """The clock was moved."""
        self._add(words.THE_CLOCK, what)
        self._tell()

    async def settle(self) -> None:
        """Work out what closes cost and answers earned; new entries tell of it."""
        closed, self._closed = self._closed, []
        answered, self._answered = self._answered, []
        for entry, member, day in answered:
            held = await self._misses.earned(member, day)
            if held is not None:
                entry.later = words.of_rule("R21", "earned", held=held)
                entry.rules |= entry.later
        for day in closed:
            found = await self._misses.of(day)
            if found is not None:
                self._add(self._world.bot.name, found.what, found.rules)

    # -- rows ---------------------------------------------------------------------------------------

    def _written(self) -> None:
        """A transaction has ended, and nobody else has written yet."""
        try:
            self._look()
        except Exception:
            # The task that wrote is the bot's, and this is no fault of its.
            log.exception("the rows that were written could not be told")

    def _look(self) -> None:
        rows = self._reader.changes()
        if not rows:
            return
        found = self._done.get(self._bot.served() or 0)
        if found is None:
            self._by_itself(rows)
        else:
            course = deeds.course(rows, self._reader.known)
            self._by_itself(course)
            self._by(*found, [row for row in rows if row not in course])
        self._closed += [
            deeds.date_in(row) for row in rows if row.table == "posts" and row.now("state") == "closed"
        ]
        self._tell()

    def _by(self, entry: Entry, done: Done, rows: list[Row]) -> None:
        entry.write(rows)
        done.rows += rows
        self._rule(entry, done)
        for row in rows:
            if row.table == "answers" and row.how == "added":
                self._answered.append((entry, int(row.whole["member"]), deeds.date_in(row)))

    def _by_itself(self, rows: list[Row]) -> None:
        for deed, own in deeds.of_rows(rows, self._world):
            entry = self._find(deed.key) or self._did(deed)
            entry.write(own)
            entry.over = entry.over or deed.over
            if "R20" in deed.rules or "R9" in deed.rules:
                entry.rules |= deed.rules

    # -- entries ------------------------------------------------------------------------------------

    def _add(self, who: str, what: str, about: Said | None = None, key: Key = ()) -> Entry:
        self._count += 1
        now = self._world.clock.now()
        entry = Entry(self._count, now, who, what, dict(about or {}), begun=time.monotonic(), key=key)
        self.entries.append(entry)
        return entry

    def _did(self, deed: Deed) -> Entry:
        """An entry for something the bot did by itself; the same as just before is counted."""
        last = self.entries[-1] if self.entries else None
        if last is not None and (last.key, last.what) == (deed.key, deed.what):
            last.again, last.at, last.over = last.again + 1, self._world.clock.now(), False
            return last
        return self._add(self._world.bot.name, deed.what, deed.rules, deed.key)

    def _find(self, key: Key) -> Entry | None:
        """The entry to which something with that key belongs, while more of it is to come."""
        near = list(self.entries)[-NEAR:]
        return next((each for each in reversed(near) if each.key == key and not each.over), None)

    # -- what is heard ------------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        match event:
            case InteractionSent(interaction) if interaction.type is not InteractionType.AUTOCOMPLETE:
                entry = self._add(interaction.user.name, what_of(interaction))
                self._done[interaction.id] = (entry, done_by(interaction))
                while len(self._done) > KEPT:
                    del self._done[next(iter(self._done))]
            case InteractionAnswered(interaction):
                self._first_answer(interaction)
            case MessageCreated(message) | MessageEdited(message) if self._own(message):
                self._message(message, created=isinstance(event, MessageCreated))
            case MessageEdited(message) if message.id in self._thinking:
                self._reply(self._thinking.pop(message.id))
            case MessageCreated(message) if message.interaction is not None:
                self._said_instead(message)
            case _:
                return
        self._tell()

    def _own(self, message: Message) -> bool:
        """Whether the bot wrote it without having been asked."""
        return message.author_id == self._world.bot.id and message.interaction is None

    def _message(self, message: Message, *, created: bool) -> None:
        if message.id in self._thinking:
            self._reply(self._thinking.pop(message.id))
        if self._faces.get(message.id) == message.edits:
            return  # it was pinned, or has a thread now; its words are the same
        self._faces[message.id] = message.edits
        question = None if created else self._reader.where("quiz_questions", "message", message.id)
        closing = self._find(("close", post_of(message))) is not None
        deed = deeds.of_question(question, self._reader.known) if question is not None else None
        deed = deed or deeds.of_message(
            message, self._world, self._reader.known, created=created, closing=closing
        )
        entry = self._find(deed.key)
        if entry is None:
            entry = self._did(deed)
        else:
            entry.what = deed.what
        entry.over = entry.over or deed.over

    def _first_answer(self, interaction: Interaction) -> None:
        thinking = interaction.original if interaction.callback not in UPDATES else interaction.source
        if (
            interaction.callback in (Callback.DEFERRED_MESSAGE, Callback.DEFERRED_UPDATE)
            and thinking is not None
        ):
            self._thinking[thinking.id] = interaction.id
        self._reply(interaction.id)

    def _said_instead(self, message: Message) -> None:
        """The bot, which was to change the message that was pressed, has said something instead, as a refusal."""
        number = int((message.interaction or {}).get("id") or 0)
        awaited = next((each for each, other in self._thinking.items() if other == number), message.id)
        found = self._done.get(number)
        if awaited == message.id or found is None:
            return
        del self._thinking[awaited]
        self._reply(number)
        found[0].answer = words.ANSWERS["PRIVATE" if message.visible_to is not None else "PUBLIC"]

    def _reply(self, number: int) -> None:
        """Note what the reply is and after how long it stood there."""
        found = self._done.get(number)
        if found is None:
            return
        entry, done = found
        entry.answer = answer_of(done.interaction, waiting=number in self._thinking.values())
        if number not in self._thinking.values():
            entry.milliseconds = max(1, round(1000 * (time.monotonic() - entry.begun)))
        self._rule(entry, done)

    def _rule(self, entry: Entry, done: Done) -> None:
        entry.rules = rules.of(done, self._reader.known) | entry.later
