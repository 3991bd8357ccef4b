"""Who asked to be forgotten, beside the database, so that a restored backup brings nobody back (R31).

A file of lines, only ever appended to. Its head holds a random key, each line a request: an id, an instant,
and the member's id hashed with that key, so that the file names nobody to a reader who does not already
have the ids to compare. It lives outside the database because a backup put back must not undo it.
"""

from __future__ import annotations

import hmac
import logging
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from deckwright_bot.store.database import DatabaseError

log = logging.getLogger(__name__)

KIND = "deckwright-forgotten-1"
KEY_BYTES = 32
FOR_US_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Request:
    """One request to be forgotten: everything of that member up to an instant."""

    id: str
    at: datetime
    mark: str
    """The member, hashed; compare with `Forgotten.mark`."""


class Forgotten:
    """The file beside a database. Every method may wait for the disk; call it on a thread."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f"{database.name}.forgotten")

    def requests(self) -> tuple[Request, ...]:
        """Every request that was completely written; none where there is no file.

        A line cut short by a crash is passed over: its deletion was never confirmed to anybody.

        Raises:
            DatabaseError: if the head is damaged, for then nobody knows whom the lines mean.
        """
        return tuple(self._requests(self._lines()))

    def mark(self, member: int) -> str:
        """A member as the lines of this file name them.

        Raises:
            DatabaseError: as `requests`; also where there is no file.
        """
        return _mark(self._key(self._lines()), member)

    def marks(self, members: set[int]) -> dict[str, int]:
        """Members by their marks; empty where there is no file."""
        lines = self._lines()
        if not lines:
            return {}
        key = self._key(lines)
        return {_mark(key, member): member for member in members}

    def add(self, member: int, at: datetime) -> str:
        """Write a request down for good and return its id; it is on the disk when this returns.

        Raises:
            DatabaseError: if the disk refuses, or the file is damaged.
        """
        try:
            lines = self._lines()
            if not lines:
                self._make()
                lines = self._lines()
            made = secrets.token_hex(8)
            line = _checked(f"{made} {at.isoformat()} {_mark(self._key(lines), member)}")
            # After a crash the last line may lack its end; it must not swallow this one.
            whole = b"".join(lines).endswith(b"\n")
            with self.path.open("ab") as file:
                file.write(b"" if whole else b"\n")
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DatabaseError(
                f"{self.path.as_posix()}: a request cannot be written down: {error}"
            ) from error
        return made

    def _make(self) -> None:
        """The file with its head, whole or not at all."""
        staged = self.path.with_name(f"{self.path.name}.new")
        staged.unlink(missing_ok=True)
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_US_ONLY), "wb") as file:
            file.write(_checked(f"{KIND} {secrets.token_hex(KEY_BYTES)}"))
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self.path)
        _keep_name(self.path.parent)

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DatabaseError(f"{self.path.as_posix()}: the file cannot be read: {error}") from error

    def _key(self, lines: list[bytes]) -> bytes:
        head = _words(lines[0]) if lines else None
        if head is None or len(head) != 2 or head[0] != KIND:
            raise DatabaseError(
                f"{self.path.as_posix()}: the file is damaged, so nobody knows who asked to be forgotten; put back "
                "its newest copy. Removed, it keeps a restored backup from being cleaned"
            )
        return bytes.fromhex(head[1])

    def _requests(self, lines: list[bytes]) -> Iterator[Request]:
        if not lines:
            return
        self._key(lines)
        for number, line in enumerate(lines[1:], 2):
            words = _words(line)
            if words is not None and len(words) == 3:
                yield Request(words[0], datetime.fromisoformat(words[1]), words[2])
            elif line.strip():
                log.warning("%s: line %d is damaged and passed over", self.path.as_posix(), number)


def _mark(key: bytes, member: int) -> str:
    return hmac.new(key, str(member).encode(), sha256).hexdigest()


def _checked(text: str) -> bytes:
    """A line that tells whether it is whole."""
    return f"{text} {sha256(text.encode()).hexdigest()[:8]}\n".encode()


def _words(line: bytes) -> list[str] | None:
    """The words of a whole line; None for a damaged one."""
    text, _, _ = line.decode("utf-8", "replace").rstrip("\n").rpartition(" ")
    return text.split(" ") if line == _checked(text) else None


def _keep_name(folder: Path) -> None:
    """Make a new name in a folder survive a power cut, where the system knows how."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
