"""Small libraries for tests: the YAML stands in the test, the folder is made here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent, indent

from deckwright.compiler import Compilation, compile_library

LIBRARY = "title: Test\nnamespace: test\ndecks: [main]\n"
DECK = "title: 1 Main\n"


class NoMaths:
    """A maths checker that likes every formula, for tests that are about something else."""

    def check(self, latex: str, *, display: bool) -> str | None:  # noqa: ARG002
        return None


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files, given by their path below ``root``."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
    return root


def topic(cards: str, name: str = "topic") -> str:
    """A topic file around the given card list."""
    return f"topic: {name}\ntitle: A topic\ncards:\n" + indent(dedent(cards).strip("\n"), "  ") + "\n"


def library(root: Path, cards: str, *, deck: str = DECK, head: str = LIBRARY) -> Path:
    """A library of one deck and one topic with the given cards."""
    return write(root, {"library.yaml": head, "main/deck.yaml": deck, "main/topic.yaml": topic(cards)})


def compiled(root: Path, *, maths: bool = False) -> Compilation:
    """Compile without a cache, and without MathJax unless asked for."""
    return compile_library(root, maths=None if maths else NoMaths())


def codes(compilation: Compilation) -> list[str]:
    """The codes of the problems found, by place."""
    return [problem.code.name for problem in compilation.problems]
