"""What has just happened behind the scenes: who did what, the rules it is about, and the rows that were written.

The rows are read from the bot's database file before and after, by a reader of its own that writes nothing.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from deckwright_bot.sandbox.events import Event, MessageCreated, MessageEdited
from deckwright_bot.sandbox.interaction import (
    Callback,
    Interaction,
    InteractionAnswered,
    InteractionSent,
    InteractionType,
)
from deckwright_bot.sandbox.model import Channel, Message, MessageType
from deckwright_bot.sandbox.state import World
from deckwright_bot.trial import words
from deckwright_bot.trial.people import button_of, is_open
from deckwright_bot.ui.ids import parse

KEPT: Final = 60
ROWS_KEPT: Final = 12
LONGEST_VALUE: Final = 60
UNTOLD_TABLES: Final = frozenset({"uptime", "alembic_version", "package_builds"})
"""The heartbeat of every tick, the schema's number, and the lists of all cards in a package."""
UNTOLD_COLUMNS: Final = frozenset({"looked", "wakes", "present", "asked"})
"""Notes of when something was last looked at; they change without anything having happened."""

Values = Mapping[str, Any]
Rows = dict[tuple[Any, ...], dict[str, Any]]
"""The rows of a table by their primary keys."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was written: in which table, how, and its values, of a changed one those that changed."""

    table: str
    how: str
    values: Values


class Reader:
    """Reads all rows of the bot's database, and tells what changed since it last looked."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
        )
        self._version = -1
        self._known: dict[str, Rows] = {}
        self.changes()

    def close(self) -> None:
        """End reading."""
        self._connection.close()

    def changes(self) -> list[Row]:
        """The rows written since the last call; `data_version` tells cheaply that there are none."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return []
        self._version = version
        before, self._known = self._known, self._read()
        found: list[Row] = []
        for table, rows in self._known.items():
            found += _compared(table, before.get(table, {}), rows)
        return found

    def _read(self) -> dict[str, Rows]:
        tables = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            str(name): self._rows(str(name))
            for (name,) in tables
            if name not in UNTOLD_TABLES and not str(name).startswith("sqlite_")
        }

    def _rows(self, table: str) -> Rows:
        described = self._connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        keys = [str(each[1]) for each in described if each[5]]
        cursor = self._connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608  a name from the schema
        names = [str(each[0]) for each in cursor.description]
        found: Rows = {}
        for values in cursor:
            row = dict(zip(names, values, strict=True))
            found[tuple(row[key] for key in keys)] = {
                name: value[: LONGEST_VALUE + 1] if isinstance(value, str) else value
                for name, value in row.items()
                if name not in UNTOLD_COLUMNS
            }
        return found


def _compared(table: str, before: Rows, after: Rows) -> list[Row]:
    added = [Row(table, "added", _filled(after[n])) for n in after.keys() - before.keys()]
    removed = [Row(table, "removed", _filled(before[n])) for n in before.keys() - after.keys()]
    changed = []
    for number in after.keys() & before.keys():
        old, new = before[number], after[number]
        if old != new:
            changed.append(Row(table, "changed", {k: v for k, v in new.items() if old.get(k) != v}))
    return [*added, *changed, *removed]


def _filled(row: dict[str, Any]) -> Values:
    return {name: value for name, value in row.items() if value is not None}


@dataclass(slots=True)
class Entry:
    """One thing that happened."""

    number: int
    at: datetime
    who: str
    what: str
    rules: tuple[str, ...] = ()
    answer: str = ""
    milliseconds: int | None = None
    rows: list[Row] = field(default_factory=list)
    more: int = 0
    """Rows beyond those that are kept."""
    again: int = 1
    """How often the same happened in a row."""
    begun: float = 0.0


class Behind:
    """Keeps the last entries; ``tell`` is called when there is something new."""

    def __init__(self, world: World, data: Path, tell: Callable[[], None] = lambda: None) -> None:
        self._world = world
        self._tell = tell
        self._reader = Reader(data)
        self._count = 0
        self._about: dict[int, Entry] = {}
        self._faces: dict[int, int] = {}
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self._end = world.hub.subscribe(self._hear)

    def close(self) -> None:
        """Listen and read no more."""
        self._end()
        self._reader.close()

    def collect(self) -> None:
        """Put what was written since the last look under what happened last."""
        rows = self._reader.changes()
        if not rows:
            return
        entry = self.entries[-1] if self.entries else self._add(self._world.bot.name, words.TICK, ())
        room = max(0, ROWS_KEPT - len(entry.rows))
        entry.rows += rows[:room]
        entry.more += len(rows[room:])
        self._tell()

    def _add(self, who: str, what: str, rules: tuple[str, ...]) -> Entry:
        last = self.entries[-1] if self.entries else None
        now = self._world.clock.now()
        if last is not None and (last.who, last.what) == (who, what) and not last.milliseconds:
            last.again += 1
            last.at = now
            return last
        self._count += 1
        entry = Entry(self._count, now, who, what, rules, begun=time.monotonic())
        self.entries.append(entry)
        return entry

    def _hear(self, event: Event) -> None:
        match event:
            case InteractionSent(interaction) if interaction.type is not InteractionType.AUTOCOMPLETE:
                self.collect()
                what, rules = _done(interaction)
                self._about[interaction.id] = self._add(interaction.user.name, what, rules)
            case InteractionAnswered(interaction):
                self._answered(interaction)
            case MessageCreated(message) | MessageEdited(message) if self._by_itself(message):
                self.collect()
                if self._faces.get(message.id) == message.edits:
                    return  # it was pinned, or has a thread now; its words are the same
                self._faces[message.id] = message.edits
                what, rules = self._made(message, created=isinstance(event, MessageCreated))
                self._add(self._world.bot.name, what, rules)
            case MessageCreated() | MessageEdited():
                # The rest of an answer: what was written meanwhile belongs to it.
                self.collect()
                return
            case _:
                return
        self._tell()

    def _answered(self, interaction: Interaction) -> None:
        entry = self._about.pop(interaction.id, None)
        if entry is None or interaction.callback is None:
            return
        entry.milliseconds = max(1, round(1000 * (time.monotonic() - entry.begun)))
        private = interaction.callback is Callback.MESSAGE and _is_private(interaction.original)
        entry.answer = words.ANSWERS["PRIVATE" if private else interaction.callback.name]
        self.collect()

    def _by_itself(self, message: Message) -> bool:
        """Whether the bot wrote it without having been asked."""
        return message.author_id == self._world.bot.id and message.interaction is None

    def _made(self, message: Message, *, created: bool) -> tuple[str, tuple[str, ...]]:
        channel = self._world.channels.get(message.channel_id)
        named = {"what": titled(message), "where": _place(channel)}
        if message.type is MessageType.PINNED:
            return words.PINNED.format(**named), ()
        if message.type is MessageType.THREAD_CREATED:
            return words.THREAD.format(**named), ()
        if created:
            if button_of(message, "begin") is not None:
                return words.GREETING.format(**named), words.GREETED
            if is_open(message):
                return words.POST.format(**named), words.POSTED
            reminded = button_of(message, "stop-reminding") is not None
            return words.MESSAGE.format(**named), words.REMINDED if reminded else ()
        if is_open(message):
            return words.COUNT.format(**named), words.COUNTED
        if button_of(message, "mine") is not None:
            return words.REVEAL, words.REVEALED
        return words.EDIT.format(**named), ()


def titled(message: Message) -> str:
    """A message in a few words: its title, or how it begins."""
    for embed in message.embeds:
        if embed.get("title"):
            return f"“{embed['title']}”"
    return f"“{' '.join(message.content.split())[:40]}”" if message.content else "a message"


def command_of(data: Mapping[str, Any]) -> str:
    """The words of a slash command that was called: its name and subcommands."""
    name, options = str(data["name"]), data.get("options") or []
    while options and options[0].get("type") in (1, 2):
        name, options = f"{name} {options[0]['name']}", options[0].get("options") or []
    return name


def _done(interaction: Interaction) -> tuple[str, tuple[str, ...]]:
    """What somebody did, and the rules it is about."""
    data = interaction.data
    if interaction.type is InteractionType.COMMAND:
        command = command_of(data)
        return words.USED.format(what=command), words.OF_COMMAND.get(command, ())
    found = parse(str(data.get("custom_id", "")))
    rules = words.OF_ACTION.get(found.action if found is not None else "", ())
    if interaction.type is InteractionType.MODAL:
        return words.SENT_FORM, rules
    return _pressed(interaction, str(data.get("custom_id", ""))), rules


def _pressed(interaction: Interaction, custom_id: str) -> str:
    from deckwright_bot.sandbox.component_limits import walk

    components = interaction.source.components if interaction.source is not None else []
    for one in walk(components):
        if one.get("custom_id") == custom_id:
            if one["type"] != 2:
                return words.CHOSE.format(what=f"“{one.get('placeholder') or ''}”")
            return words.PRESSED.format(what=f"“{one.get('label') or ''}”")
    return words.PRESSED.format(what="")


def _is_private(message: Message | None) -> bool:
    return message is not None and message.visible_to is not None


def _place(channel: Channel | None) -> str:
    return f"#{channel.name}" if channel is not None and channel.guild_id is not None else words.PRIVATE_CHAT
