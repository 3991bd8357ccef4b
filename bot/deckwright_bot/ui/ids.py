"""Custom ids: what a button or modal says when it is used, readable again after any restart.

An id is ``dw:ACTION:NUMBER[:WORD]``. Nothing in one is trusted: it names a post, never a right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "dw"
LARGEST = 2**63 - 1
"""Of the numbers that the database and Discord know."""

_ID = re.compile(
    rf"{PREFIX}:(?P<action>[a-z-]{{1,20}})(?::(?P<number>[0-9]{{1,20}}))?(?::(?P<word>[\w-]{{1,40}}))?"
)


@dataclass(frozen=True, slots=True)
class ComponentId:
    """The meaning of a custom id."""

    action: str
    number: int | None = None
    word: str | None = None

    def __str__(self) -> str:
        parts = [PREFIX, self.action]
        if self.number is not None:
            parts.append(str(self.number))
        if self.word is not None:
            parts.append(self.word)
        return ":".join(parts)


def parse(text: str) -> ComponentId | None:
    """Read a custom id; None for one that is not ours or not whole."""
    found = _ID.fullmatch(text)
    number = found["number"] if found is not None else None
    if found is None or (number is not None and int(number) > LARGEST):
        return None
    return ComponentId(found["action"], int(number) if number else None, found["word"])
