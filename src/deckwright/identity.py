"""Stable identities: what a learner's reviews hang on.

Every function here is frozen by tests. A changed result would give each learner a second copy of
each card without its history, so nothing here may ever change for released decks.
"""

from __future__ import annotations

import base64
import hashlib


def _number(kind: str, *parts: str) -> int:
    """64 bits that depend on every part; the kind keeps, say, a deck from equalling a note type."""
    digest = hashlib.sha256("\0".join(("deckwright", kind, *parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big")


def guid(namespace: str, first_id: str) -> str:
    """A note's GUID, from the namespace and the first id the card ever had (not its deck or text)."""
    return base64.b85encode(_number("note", namespace, first_id).to_bytes(8, "big")).decode()


def _epoch_id(kind: str, *parts: str) -> int:
    # Anki ids look like milliseconds since 1970; ids beyond tomorrow would be renumbered on import.
    return 1_400_000_000_000 + _number(kind, *parts) % 200_000_000_000


def note_type_id(namespace: str, kind: str) -> int:
    """A note type's id, by which Anki matches note types: from namespace and kind, not the name."""
    return _epoch_id("note-type", namespace, kind)


def deck_id(namespace: str, slug: str) -> int:
    """A deck's id; Anki drops it on import and goes by the name."""
    return _epoch_id("deck", namespace, slug)


def part_id(namespace: str, kind: str, part: str, name: str) -> int:
    """The id of a field (``part`` is ``field``) or template (``template``) of a note type."""
    return _number(part, namespace, kind, name) % (1 << 53)
