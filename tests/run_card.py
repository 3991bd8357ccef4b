"""Run one card's program or arithmetic, in a process of its own with little time and memory.

Reads JSON on standard input, prints JSON: a list of problems, empty where all is well. The compiler
never runs what a card holds; only the library's own tests do, through this file.
"""

from __future__ import annotations

import json
import math
import resource
import sqlite3
import sys
from typing import Any

CPU_SECONDS = 4
MEMORY_BYTES = 2 * 1024**3


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def close(found: Any, wanted: Any, tolerance: float) -> bool:
    import numpy as np

    try:
        left, right = np.asarray(found), np.asarray(wanted)
    except ValueError:
        return bool(found == wanted)
    if left.shape != right.shape:
        return False
    if left.dtype.kind in "fc" or right.dtype.kind in "fc":
        return bool(np.allclose(left, right, rtol=0, atol=tolerance, equal_nan=True))
    return bool(np.array_equal(left, right))


def python_card(task: dict[str, Any]) -> list[str]:
    import numpy as np

    names: dict[str, Any] = {"np": np, "math": math}
    exec(task["solution"], names)
    wrong = []
    for case in task["cases"]:
        found, wanted = eval(case["call"], names), eval(case["expect"], names)
        if not close(found, wanted, case["tolerance"] or 1e-9):
            wrong.append(f"{case['call']} gives {found!r}, not {case['expect']}")
    return wrong


def sql_card(task: dict[str, Any]) -> list[str]:
    wrong = []
    for case in task["cases"]:
        database = sqlite3.connect(":memory:")
        database.executescript(task["setup"] or "")
        found = [tuple(row) for row in database.execute(task["solution"])]
        wanted = [tuple(row) for row in eval(case["expect"])]
        if found != wanted:
            wrong.append(f"the query gives {found!r}, not {wanted!r}")
    return wrong


def example(task: dict[str, Any]) -> list[str]:
    """The printed result must be the computed one, rounded to the digits that are printed."""
    import numpy as np

    names = {name: getattr(math, name) for name in dir(math) if not name.startswith("_")}
    found = float(
        eval(task["compute"], {"np": np, "math": math, "abs": abs, "max": max, "min": min, **names})
    )
    printed = task["result"].replace("\u2212", "-").split()[0].rstrip("%").replace(",", "")
    digits = len(printed.partition(".")[2])
    tolerance = task["tolerance"] or 0.5 * 10**-digits
    wanted = float(printed) / (100 if task["result"].strip().endswith("%") and abs(found) <= 1 else 1)
    tolerance /= 100 if wanted != float(printed) else 1
    return (
        []
        if abs(found - wanted) <= tolerance * (1 + 1e-9)
        else [f"computes {found!r}, prints {task['result']}"]
    )


TASKS = {"python": python_card, "sql": sql_card, "example": example}

if __name__ == "__main__":
    given = json.load(sys.stdin)
    import numpy as np  # noqa: F401  before the limits: its threads need processes

    limit()
    json.dump(TASKS[given["task"]](given), sys.stdout)
