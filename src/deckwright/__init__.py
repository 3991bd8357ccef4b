"""Write a card once: YAML cards to Anki packages, and to anything else that walks the library.

    from pathlib import Path
    import deckwright

    compilation = deckwright.compile_library(Path("cards"))
    for problem in compilation.problems:
        print(problem.span.place, problem.message)
    if not compilation.problems.failed():
        deckwright.build(compilation, Path("build"), now=1_790_000_000)

The names below are the public ones; a test pins them. They load when first used, so that
``import deckwright`` costs nothing by itself.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deckwright.anki.html import HtmlRenderer
    from deckwright.builder import BuildReport, build, output
    from deckwright.compiler import Compilation, cards_of, compile_library, prompts_of
    from deckwright.diagnostics import Diagnostic, Problems, Severity
    from deckwright.kinds import KINDS, KindCard
    from deckwright.lock import Lock
    from deckwright.model import Card, Choice, Deck, Library, Open, Option, Prompt, SelfGraded, Topic
    from deckwright.schema import topic_schema
    from deckwright.source import Span

_HOME = {
    "BuildReport": "builder",
    "Card": "model",
    "Choice": "model",
    "Compilation": "compiler",
    "Deck": "model",
    "Diagnostic": "diagnostics",
    "HtmlRenderer": "anki.html",
    "KINDS": "kinds",
    "KindCard": "kinds",
    "Library": "model",
    "Lock": "lock",
    "Open": "model",
    "Option": "model",
    "Problems": "diagnostics",
    "Prompt": "model",
    "SelfGraded": "model",
    "Severity": "diagnostics",
    "Span": "source",
    "Topic": "model",
    "build": "builder",
    "cards_of": "compiler",
    "compile_library": "compiler",
    "output": "builder",
    "prompts_of": "compiler",
    "topic_schema": "schema",
}

__version__ = "0.1.0"
__all__ = [
    "KINDS",
    "BuildReport",
    "Card",
    "Choice",
    "Compilation",
    "Deck",
    "Diagnostic",
    "HtmlRenderer",
    "KindCard",
    "Library",
    "Lock",
    "Open",
    "Option",
    "Problems",
    "Prompt",
    "SelfGraded",
    "Severity",
    "Span",
    "Topic",
    "__version__",
    "build",
    "cards_of",
    "compile_library",
    "output",
    "prompts_of",
    "topic_schema",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  whatever the name stands for
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
