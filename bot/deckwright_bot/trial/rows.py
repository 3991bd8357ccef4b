"""The rows that the bot writes, told of one transaction after the other, and whose doing each transaction was.

They are read from the database's file by a reader of its own that writes nothing, right after each commit and before
the next transaction can begin.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from deckwright_bot.store.database import Connection, Database

LONGEST_VALUE: Final = 120
"""Letters of a value that are read: a night's stage, by which its end is known, stands within them."""
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
    """``added``, ``changed`` or ``removed``."""
    values: Values
    whole: Values = field(default_factory=dict)
    """All its values, of a removed one the last; its key is among them."""
    before: Values = field(default_factory=dict)
    """Of a changed one, what the values that changed were."""

    def now(self, name: str) -> object:
        """What a value was changed to, or was added with; None where it was not written."""
        return self.values.get(name) if self.how != "removed" else None


class TellingDatabase(Database):
    """The bot's database; after every transaction ``written`` is called, by the task whose transaction it was."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """One transaction that may write, as of any database.

        Raises:
            DatabaseError: as there.
        """
        async with super().writing() as connection:
            yield connection
        # Nobody else was let in meanwhile: between the lock's end and here nothing is awaited.
        self.written()


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

    def known(self, table: str, *key: object) -> Values | None:
        """A row as it was at the last look, by its primary key."""
        return self._known.get(table, {}).get(key)

    def where(self, table: str, name: str, value: object) -> Values | None:
        """The first row of a table with that value, as it was at the last look."""
        rows = self._known.get(table, {}).values()
        return next((row for row in rows if row.get(name) == value), None)

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
    added = [Row(table, "added", _filled(row), row) for key, row in after.items() if key not in before]
    removed = [Row(table, "removed", _filled(row), row) for key, row in before.items() if key not in after]
    changed = []
    for key, new in after.items():
        old = before.get(key, new)
        if old != new:
            other = [name for name, value in new.items() if old.get(name) != value]
            values, was = {name: new[name] for name in other}, {name: old.get(name) for name in other}
            changed.append(Row(table, "changed", values, new, was))
    return [*added, *changed, *removed]


def _filled(row: dict[str, Any]) -> Values:
    return {name: value for name, value in row.items() if value is not None}
