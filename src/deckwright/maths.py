"""Formulas compiled once: the verdict of MathJax, kept by content and engine version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deckwright.cache import Cache
from deckwright.checks import MathsChecker

if TYPE_CHECKING:
    from deckwright.render.formula import FormulaEngine

_FINE = "ok"


class CachedMaths:
    """Asks the cache first; the engine starts only for a formula nobody has compiled yet."""

    def __init__(self, cache: Cache | None, checker: MathsChecker | None = None) -> None:
        self._cache = cache
        self._checker = checker
        self._engine: FormulaEngine | None = None
        self._seen: dict[tuple[str, bool], str | None] = {}

    def check(self, latex: str, *, display: bool) -> str | None:
        """Why MathJax refuses a formula, or None."""
        key = (latex, display)
        if key not in self._seen:
            self._seen[key] = self._check(*key)
        return self._seen[key]

    def _check(self, latex: str, display: bool) -> str | None:  # noqa: FBT001  a part of the key
        if self._checker is not None:
            return self._checker.check(latex, display=display)
        engine = self._made()
        step = f"maths-{engine.version}-{'display' if display else 'inline'}"
        kept = self._cache.get(step, latex) if self._cache is not None else None
        if kept is None:
            failure = engine.check(latex, display=display)
            kept = _FINE if failure is None else f"!{failure.message}"
            if self._cache is not None and (failure is None or failure.lasting):
                self._cache.put(step, latex, kept)
        return None if kept == _FINE else kept[1:]

    def _made(self) -> FormulaEngine:
        if self._engine is None:
            from deckwright.render.formula import FormulaEngine

            self._engine = FormulaEngine()
        return self._engine

    def close(self) -> None:
        """Stop the engine, if it was started."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
