"""The shipped library: clean under its own policy, and everything it computes is computed again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deckwright.compiler import Compilation, cards_of, compile_library
from deckwright.kinds import KINDS
from deckwright.kinds.code import CodeCard
from deckwright.kinds.formula import FormulaCard
from deckwright.model import Choice

RUNNER = Path(__file__).with_name("run_card.py")


@cache
def shipped() -> Compilation:
    return compile_library(Path("cards"))


def all_cards(kind: type[Any]) -> list[Any]:
    compilation = shipped()
    return (
        []
        if compilation.library is None
        else [c for c in cards_of(compilation.library) if isinstance(c, kind)]
    )


def run(task: dict[str, Any]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-I", str(RUNNER)],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"OPENBLAS_NUM_THREADS": "1", "PATH": os.environ.get("PATH", "")},
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_the_library_has_no_problem_of_any_kind() -> None:
    assert [f"{p.span.place} {p.code.name} {p.message}" for p in shipped().problems] == []


def test_the_library_has_every_kind_and_every_deck() -> None:
    library = shipped().library
    assert library is not None

    assert {card.kind for card in cards_of(library)} == set(KINDS)
    assert [deck.slug for deck in library.decks] == [
        "theory", "formulas", "red-flags", "questions-to-ask", "system-design", "coding", "behavioural",
    ]  # fmt: skip
    assert sum(1 for _ in library.cards) >= 80


@pytest.mark.parametrize("card", all_cards(FormulaCard), ids=lambda card: card.id)
def test_a_worked_example_computes_what_it_prints(card: FormulaCard) -> None:
    assert card.example is not None

    assert run({"task": "example", **card.example.model_dump()}) == []


@pytest.mark.parametrize("card", all_cards(CodeCard), ids=lambda card: card.id)
def test_a_solution_passes_its_cases(card: CodeCard) -> None:
    assert card.cases
    task = {"task": card.language, "solution": card.solution, "setup": card.setup}

    assert run({**task, "cases": [case.model_dump() for case in card.cases]}) == []


def test_a_wrong_result_would_be_found() -> None:
    assert run({"task": "example", "compute": "1 + 1", "result": "3", "tolerance": None})
    case = {"call": "f(1)", "expect": "3", "tolerance": None}
    assert run({"task": "python", "solution": "def f(x): return x", "cases": [case], "setup": None})
    rows = {"call": "solution", "expect": "[(2,)]", "tolerance": None}
    assert run({"task": "sql", "solution": "SELECT 1", "cases": [rows], "setup": None})


def test_a_program_that_never_ends_is_stopped() -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(RUNNER)],
        input=json.dumps({"task": "python", "solution": "while True: pass", "cases": [], "setup": None}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode != 0


ABSOLUTE = frozenset(["always", "never", "all", "only", "every", "no", "none", "must", "cannot"])
HEDGING = frozenset(
    [
        "may",
        "might",
        "can",
        "could",
        "often",
        "usually",
        "some",
        "sometimes",
        "probably",
        "perhaps",
        "likely",
        "tend",
        "tends",
        "about",
        "few",
        "rather",
        "partly",
        "most",
        "mostly",
        "generally",
        "typically",
        "if",
        "unless",
        "need",
    ]
)

STRATEGIES: dict[str, Callable[[list[str], set[str]], float]] = {
    "longest": lambda words, _front: sum(map(len, words)),
    "shortest": lambda words, _front: -sum(map(len, words)),
    "most hedged": lambda words, _front: sum(word in HEDGING for word in words),
    "no absolutes": lambda words, _front: -sum(word in ABSOLUTE for word in words),
    "echo": lambda words, front: len(front & set(words)),
    "echo by share": lambda words, front: len(front & set(words)) / max(1, len(words)),
}


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9%']+", text.lower())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_blind_guesser_stays_within_ten_points_of_chance(strategy: str) -> None:
    """Who knows nothing and picks by length, caution or echo guesses; and so does who picks the opposite."""
    library = shipped().library
    assert library is not None
    hits, total, chance = 0.0, 0, 0.0
    for card in cards_of(library):
        front = set(words_of(card.question))
        for prompt in card.prompts():
            if not isinstance(prompt.form, Choice):
                continue
            options = prompt.form.options
            scores = [STRATEGIES[strategy](words_of(option.text), front) for option in options]
            picked = [option for option, score in zip(options, scores, strict=True) if score == max(scores)]
            hits += sum(option.right for option in picked) / len(picked)
            chance += 1 / len(options)
            total += 1

    assert abs(hits / total - chance / total) < 0.10
