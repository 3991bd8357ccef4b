"""Waiting for a library's files to change, by looking at them: works on every disk and needs nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

POLL_SECONDS = 0.2

Snapshot = dict[str, tuple[int, int]]


def snapshot(root: Path, ignore: Path | None = None) -> Snapshot:
    """Every file of the library with its time and size; hidden ones and the folder ``ignore`` are left out."""
    found: Snapshot = {}
    skipped = None if ignore is None else os.path.realpath(ignore)
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(folder, name)) != skipped  # noqa: PTH118
        ]
        for name in files:
            if not name.startswith("."):
                path = os.path.join(folder, name)  # noqa: PTH118  a hot loop over plain strings
                try:
                    status = os.stat(path)  # noqa: PTH116
                except OSError:
                    continue
                found[path] = (status.st_mtime_ns, status.st_size)
    return found


def changes(root: Path, *, ignore: Path | None = None, poll: float = POLL_SECONDS) -> Iterator[list[str]]:
    """Yield the changed paths each time something in ``root`` changes; never ends by itself.

    ``ignore`` is the folder that a build writes into: it may lie inside the library's.
    """
    before = snapshot(root, ignore)
    while True:
        time.sleep(poll)
        after = snapshot(root, ignore)
        if after != before:
            changed = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
            before = after
            yield changed
