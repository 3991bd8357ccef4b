"""The rules as a whole: pure, and told to members in plain words."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import deckwright.study
from deckwright.study import grading, outages, points, pool, posting, reminders, schedule, streak
from deckwright.study.question import Points

ROOM = Path(deckwright.study.__file__).parent
MODULES = sorted(ROOM.glob("*.py"))
PAGE = Path("docs/rules.md").read_text("utf-8")
WORDS = " ".join(PAGE.split())
ALLOWED = {"deckwright.model", "deckwright.markup", "deckwright.study", "snowballstemmer", "fsrs"}
IMPURE = {
    "random",
    "time",
    "os",
    "secrets",
    "uuid",
    "sqlite3",
    "asyncio",
    "socket",
    "subprocess",
    "pathlib",
    "io",
}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_rules_import_only_the_model_and_pure_parts_of_the_standard_library(path: Path) -> None:
    wrong = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            allowed = any(name == room or name.startswith(f"{room}.") for room in ALLOWED)
            root = name.split(".")[0]
            if not allowed and (root in IMPURE or root not in sys.stdlib_module_names):
                wrong.append(name)

    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_rules_read_no_clock_and_no_file(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    attributes = {func.attr for func in calls if isinstance(func, ast.Attribute)}
    names = {func.id for func in calls if isinstance(func, ast.Name)}

    assert attributes & {"now", "utcnow", "today", "read_text", "write_text"} == set()
    assert names & {"open", "print", "input", "eval", "exec", "hash", "id"} == set()


@pytest.mark.parametrize("number", range(1, 35))
def test_every_rule_is_told_on_the_members_page(number: int) -> None:
    assert re.search(rf"\bR{number}\b", PAGE)


def test_the_members_page_knows_no_other_rules() -> None:
    assert {int(found) for found in re.findall(r"\bR(\d+)\b", PAGE)} == set(range(1, 35))


def hours(value: object) -> str:
    from datetime import timedelta

    assert isinstance(value, timedelta)
    return f"{value // timedelta(hours=1)} hours"


@pytest.mark.parametrize(
    "words",
    [
        f"up to {hours(schedule.LATEST)} late",
        f"less than {hours(schedule.APART)} after the last one",
        f"at least {hours(schedule.SHORTEST)} and at most {hours(schedule.LONGEST)}",
        f"{pool.LOW} questions are left",
        f"A right choice: **{Points().right} points**",
        f"**{Points().open} points**, whatever the grade",
        f"**{Points().other} points**",
        f"once in {points.QUIZ_AGAIN.days} days",
        f"Every {streak.FREEZE_EVERY} answers",
        f"at most {streak.FREEZES_HELD}",
        f"1 to {streak.LONGEST_PAUSE} days",
        f"After {posting.PATIENCE} such refusals",
        f"{hours(reminders.BEFORE_CLOSE).replace('3', 'three')} before",
        "half of its time",
    ],
)
def test_the_members_page_has_the_numbers_of_the_code(words: str) -> None:
    assert words in WORDS


def test_the_rules_that_live_here_are_named_where_they_live() -> None:
    """R5 lives by absence; R9 to R34 beyond these are the bot's own."""
    here = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, *range(18, 29), 32}
    text = "\n".join(path.read_text("utf-8") for path in MODULES)

    assert {number for number in here if re.search(rf"\bR{number}\b", text)} == here


def test_every_public_function_and_type_of_the_rules_is_documented() -> None:
    missing = []
    for module in (grading, outages, points, pool, posting, reminders, schedule, streak):
        for name, value in vars(module).items():
            own = getattr(value, "__module__", None) == module.__name__
            if own and not name.startswith("_") and callable(value) and not value.__doc__:
                missing.append(f"{module.__name__}.{name}")

    assert missing == []
