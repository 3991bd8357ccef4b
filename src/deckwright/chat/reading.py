"""How a formula is read in chat: as text where it reads well, and in one line in any case."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from deckwright.cache import Cache

if TYPE_CHECKING:
    from deckwright.render.formula import FormulaEngine


@dataclass(frozen=True, slots=True)
class Reading:
    """A formula in words: ``text`` is None where it needs a picture; ``linear`` always says it."""

    text: str | None
    linear: str


class MathsReader(Protocol):
    """Reads formulas: the door through which MathJax comes in."""

    def read(self, latex: str, *, display: bool) -> Reading:
        """How the formula is read."""


class FormulaReader:
    """Asks the cache first; the engine starts only for a formula that nobody has read yet."""

    def __init__(self, cache: Cache | None = None, engine: FormulaEngine | None = None) -> None:
        self._cache = cache
        self._own = engine is None
        self._engine = engine
        self._seen: dict[tuple[str, bool], Reading] = {}

    def read(self, latex: str, *, display: bool) -> Reading:
        """How the formula is read. One that MathJax refuses is nothing to read: its card has a problem."""
        key = (latex, display)
        if key not in self._seen:
            self._seen[key] = self._read(*key)
        return self._seen[key]

    def _read(self, latex: str, display: bool) -> Reading:  # noqa: FBT001  a part of the key
        # Neither the engine nor the writer is loaded for a library without formulas.
        from deckwright.chat import unicode_maths
        from deckwright.render.formula import FormulaEngine, FormulaFailure

        if self._engine is None:
            self._engine = FormulaEngine()
        place = "display" if display else "inline"
        step = f"chat-maths-{unicode_maths.VERSION}-{self._engine.version}-{place}"
        kept = self._cache.get(step, latex) if self._cache is not None else None
        if kept is not None:
            return Reading(*json.loads(kept))
        tree = self._engine.tree(latex, display=display)
        if isinstance(tree, FormulaFailure):
            return Reading(None, "formula")
        reading = Reading(unicode_maths.as_text(tree), unicode_maths.linear(tree))
        if self._cache is not None:
            self._cache.put(step, latex, json.dumps([reading.text, reading.linear]))
        return reading

    def close(self) -> None:
        """Stop the engine, if this reader started it."""
        if self._engine is not None and self._own:
            self._engine.close()
            self._engine = None
