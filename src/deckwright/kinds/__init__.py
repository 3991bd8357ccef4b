"""The kinds of card: one module each; adding a kind is adding a file that defines ``CARD``."""

from __future__ import annotations

import importlib
import pkgutil

from deckwright.kinds.base import KindCard

_SHARED = {"base", "layout"}


def _find() -> dict[str, type[KindCard]]:
    found: dict[str, type[KindCard]] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _SHARED:
            card: type[KindCard] = importlib.import_module(f"{__name__}.{module.name}").CARD
            found[card.LAYOUT.key] = card
    return found


KINDS: dict[str, type[KindCard]] = _find()
"""Every kind by its name in YAML."""

__all__ = ["KINDS", "KindCard"]
