"""A folder of a trial's own, thrown away at its end; those of trials that were killed are thrown away by the next."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PREFIX: Final = "deckwright-trial-"
LOCK: Final = "lock"
"""Held by the trial whose folder it stands in; the system lets it go when the process ends, however it ends."""


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder, until the end of the block."""
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name, _held(Path(name)):
        yield Path(name)


def sweep(place: Path) -> list[str]:
    """Throw away the folders of trials that have surely ended; their names.

    A folder without a lock may belong to a trial that begins this very moment, and stays.
    """
    swept = []
    for folder in sorted(place.glob(f"{PREFIX}*")):
        with contextlib.suppress(OSError):
            if not folder.is_symlink() and folder.is_dir() and _ended(folder):
                shutil.rmtree(folder)
                swept.append(folder.name)
    return swept


if sys.platform == "win32":

    @contextmanager
    def _held(_folder: Path) -> Iterator[None]:
        yield

    def _ended(_folder: Path) -> bool:
        # Nobody can tell there by a file that the system may also delete.
        return False

else:
    import fcntl

    @contextmanager
    def _held(folder: Path) -> Iterator[None]:
        """Hold the folder's lock: it appears under its name only once it is locked."""
        new = folder / f"{LOCK}.new"
        with new.open("x") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            new.rename(folder / LOCK)
            yield

    def _ended(folder: Path) -> bool:
        """Whether it is ours, and nobody holds its lock."""
        if folder.stat().st_uid != os.getuid():
            return False
        with (folder / LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
