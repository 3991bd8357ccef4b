"""The preview of all cards, begun when somebody first asks for it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path


class CardPages:
    """The preview's own server for a library; it lives as long as this does."""

    def __init__(self, library: Path, now: int) -> None:
        self._library = library
        self._now = now
        self._running = contextlib.ExitStack()
        self._lock = asyncio.Lock()
        self._address: str | None = None

    async def address(self) -> str:
        """Where the preview is.

        Raises:
            OSError: if it cannot be served.
        """
        async with self._lock:
            if self._address is None:
                self._address = await asyncio.to_thread(self._serve)
        return self._address

    def _serve(self) -> str:
        from deckwright.cache import Cache
        from deckwright.preview.running import serving

        # Whoever built the decks has typeset every formula already.
        cache = Cache()
        try:
            return self._running.enter_context(serving(self._library, self._now, cache=cache)).url
        finally:
            cache.close()

    def close(self) -> None:
        """End it, if it was begun."""
        self._running.close()
