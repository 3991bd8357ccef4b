"""How gateway frames travel: as text, or in one long zlib or zstd stream per connection."""

from __future__ import annotations

import zlib
from typing import Protocol


class Frames(Protocol):
    """Turns a text into what is sent."""

    def pack(self, text: str) -> str | bytes:
        """The frame for one payload."""
        ...


class Plain:
    """Text as it is."""

    def pack(self, text: str) -> str | bytes:
        """The text itself."""
        return text


class Zlib:
    """``zlib-stream``: one context for the connection, each payload ends in a sync flush."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def pack(self, text: str) -> str | bytes:
        """The next piece of the stream."""
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class Zstd:
    """``zstd-stream``: one frame for the connection, each payload ends in a block flush."""

    def __init__(self) -> None:
        import zstandard

        self._stream = zstandard.ZstdCompressor().compressobj()
        self._flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def pack(self, text: str) -> str | bytes:
        """The next piece of the stream."""
        return self._stream.compress(text.encode()) + self._stream.flush(self._flush)


def frames(name: str | None) -> Frames:
    """The packing a client asked for in its address."""
    match name:
        case "zlib-stream":
            return Zlib()
        case "zstd-stream":
            return Zstd()
        case _:
            return Plain()
