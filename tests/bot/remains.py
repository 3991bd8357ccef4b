"""The bot's file as a kill left it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


class File:
    """A database, read with SQL alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def copy(self) -> File:
        """The same bytes elsewhere: whoever opens a killed program's file mends it, and the next bot gets no help."""
        copy = self._path.with_name("copy.sqlite")
        for end in ("", "-wal"):
            target, source = (path.with_name(path.name + end) for path in (copy, self._path))
            target.unlink(missing_ok=True)
            if source.exists():
                shutil.copyfile(source, target)
        return File(copy)

    def rows(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self._path)) as database:
            database.row_factory = sqlite3.Row
            return database.execute(statement).fetchall()
