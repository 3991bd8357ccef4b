"""Results of pure, costly steps, kept between runs by content and version.

The cache can be deleted at any time and never changes a byte of the output: a key holds the step's
version and the whole input's hash, and a cache that cannot be read or written is done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from pathlib import Path

_SCHEMA = "CREATE TABLE IF NOT EXISTS results (key BLOB PRIMARY KEY, result TEXT NOT NULL) WITHOUT ROWID"
MAX_BYTES = 256 << 20
"""A file that grows beyond that is emptied: cards change, and what they were is never asked for again."""
FRESH_CHARACTERS = 1_000_000
"""So much is kept in memory before it is written; a program that runs for months must not collect for months."""


def default_path() -> Path:
    """Where the cache lives: ``$DECKWRIGHT_CACHE``, else the user's cache folder."""
    if chosen := os.environ.get("DECKWRIGHT_CACHE"):
        return Path(chosen) / "results.sqlite"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "deckwright" / "results.sqlite"


class Cache:
    """A small file of results, for one thread. Reads fall back to nothing; writes come together, at `close` at last."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or default_path()
        self._connection: sqlite3.Connection | None = None
        self._broken = False
        self._fresh: dict[bytes, str] = {}
        self._characters = 0

    def get(self, step: str, content: str) -> str | None:
        """The kept result of ``step`` for ``content``, or None."""
        key = _key(step, content)
        if key in self._fresh:
            return self._fresh[key]
        connection = self._open()
        if connection is None:
            return None
        try:
            row = connection.execute("SELECT result FROM results WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        return None if row is None else str(row[0])

    def put(self, step: str, content: str, result: str) -> None:
        """Keep a result for later runs."""
        self._fresh[_key(step, content)] = result
        self._characters += len(result)
        if self._characters > FRESH_CHARACTERS:
            self._write()

    def close(self) -> None:
        """Write what is new and let go of the file; whoever asks again opens it again."""
        self._write()
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
        self._broken = False

    def _write(self) -> None:
        """Write what is new; a full disk or another process in the way costs only the cache."""
        connection = self._open() if self._fresh else None
        if connection is not None:
            try:
                with connection:
                    connection.executemany(
                        "INSERT OR REPLACE INTO results VALUES (?, ?)", self._fresh.items()
                    )
                    if _bytes_used(connection) > MAX_BYTES:
                        connection.execute("DELETE FROM results")
            except sqlite3.Error as error:
                self._give_up(error)
        self._fresh.clear()
        self._characters = 0

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and not self._broken:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = sqlite3.connect(self._path, timeout=1.0)
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=OFF")
                # Hardly a result is asked for twice; 2 MB of pages would be kept for nothing.
                self._connection.execute("PRAGMA cache_size=-256")
                self._connection.execute(_SCHEMA)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)
        return self._connection

    def _give_up(self, error: Exception) -> None:
        """Do without; a file that is no database is thrown away, so that the next run starts anew."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
        self._broken = True
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)


def _bytes_used(connection: sqlite3.Connection) -> int:
    """How much of the file is not free for reuse."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _key(step: str, content: str) -> bytes:
    return hashlib.blake2b(f"{step}\0{content}".encode("utf-8", "surrogatepass"), digest_size=20).digest()
