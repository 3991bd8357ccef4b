"""What the command does: keep a page up to date while files change, or write it down once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deckwright.cache import Cache
from deckwright.diagnostics import Problems
from deckwright.preview.chat import ChatForms
from deckwright.preview.entries import Json
from deckwright.preview.released import Released
from deckwright.preview.server import PreviewServer
from deckwright.preview.site import write_site
from deckwright.preview.workshop import Workshop
from deckwright.watching import changes

POLL_SECONDS = 0.1
"""How often a served library is looked at: half a second is all the time a save has."""

__all__ = ["Released", "Session", "Written", "serving", "write"]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: how many cards and bytes, and what is wrong with the library."""

    cards: int
    size: int
    problems: Problems
    failed: bool


def write(
    root: Path, out: Path, now: int, *, cache: Cache | None = None, old: Released | None = None
) -> Written:
    """Write the page as files into ``out``, also for a library with errors: it shows them.

    Raises:
        OSError: if a file cannot be written.
    """
    workshop = Workshop(root, now, cache=cache, old=old)
    chat = ChatForms(cache)
    try:
        snapshot = workshop.refresh()
        size = write_site(out, snapshot, chat)
        return Written(len(snapshot.cards), size, workshop.problems, snapshot.failed)
    finally:
        chat.close()
        workshop.close()


class Session:
    """A page being served; `watch` keeps it up to date."""

    def __init__(self, root: Path, workshop: Workshop, server: PreviewServer) -> None:
        self._root = root
        self._workshop = workshop
        self.server = server

    @property
    def url(self) -> str:
        """Where the page is."""
        return self.server.url

    def watch(self, poll: float = POLL_SECONDS) -> Iterator[str]:
        """Refresh after every change, for ever; says what went wrong besides the cards."""
        for _changed in changes(self._root, poll=poll):
            try:
                self._workshop.refresh()
            except OSError as error:
                # An editor may have moved a file away for a moment; the next look finds it.
                yield f"error: {error}"


@contextmanager
def serving(
    root: Path, now: int, *, port: int = 0, cache: Cache | None = None, old: Released | None = None
) -> Iterator[Session]:
    """Serve the library's page until the block ends, however it ends but with a bug.

    Raises:
        OSError: if the port is taken.
    """
    workshop = Workshop(root, now, cache=cache, old=old, live=True)
    # The cache belongs to the thread that compiles; chat forms are asked for on the server's threads.
    chat = ChatForms()
    workshop.refresh()

    def form(card: str, ordinal: int) -> Json | None:
        shown = workshop.snapshot.cards.get(card)
        return None if shown is None else chat.form(shown.subject, ordinal)

    server = PreviewServer(workshop, root, port=port, chat=form)
    server.start()
    with contextlib.suppress(KeyboardInterrupt):
        try:
            yield Session(root, workshop, server)
        finally:
            server.close()
            chat.close()
