"""How long a build takes and how much memory, beside a naive script and beside the physical floor.

``python bench/bench_compile.py [--sizes 1000,10000,50000] [--runs 3] [--all]`` generates libraries of
plain cards and runs, in turns and each as a process of its own:

- *naive*: PyYAML's ``safe_load`` and genanki with its defaults, as one would write it in an hour;
- *deckwright*: ``compile_library`` and ``build``, which writes two packages;
- *floor*: the same rows from JSON by ``executemany``, compressed once; no YAML, no checks, no HTML.

CPU seconds are user and system time of the whole process, start of the interpreter and imports
included. Nothing is asserted: the figures are for people.
"""

# ruff: noqa: INP001  a script that prints, runs processes and needs no secrets

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SEED = 1
FIELDS = ("front", "back", "hint", "why_asked")
CHARACTERS = 300
NAIVE_LIMIT = 10_000

NAIVE = """
import sys, genanki, yaml
library, out = sys.argv[1:]
with open(library + "/plain/cards.yaml", encoding="utf-8") as file:
    cards = yaml.safe_load(file)["cards"]
names = ["Front", "Back", "Hint", "Why Asked"]
back = "{{FrontSide}}<hr id=answer>{{Back}}{{Hint}}{{Why Asked}}"
model = genanki.Model(1607392319, "Simple", fields=[{"name": name} for name in names],
                      templates=[{"name": "Card 1", "qfmt": "{{Front}}", "afmt": back}])
deck = genanki.Deck(2059400110, "Bench")
for card in cards:
    fields = [card["front"], card["back"], card["hint"], card["why_asked"]]
    deck.add_note(genanki.Note(model=model, fields=fields, tags=card["tags"]))
genanki.Package(deck).write_to_file(out + "/naive.apkg")
"""

OURS = """
import sys
from pathlib import Path
from deckwright.builder import build
from deckwright.compiler import compile_library
compilation = compile_library(Path(sys.argv[1]), check_maths=False)
assert not compilation.problems, list(compilation.problems)[:3]
build(compilation, Path(sys.argv[2]), 1_700_000_000)
"""

FLOOR = """
import json, sqlite3, sys, zipfile
library, out = sys.argv[1:]
with open(library + "/cards.json", encoding="utf-8") as file:
    cards = json.load(file)
connection = sqlite3.connect(out + "/floor.anki2")
connection.execute("PRAGMA journal_mode=OFF")
connection.execute("PRAGMA synchronous=OFF")
connection.execute("CREATE TABLE notes (id integer PRIMARY KEY, guid text, mid integer, mod integer, usn integer,"
                   " tags text, flds text, sfld integer, csum integer, flags integer, data text)")
connection.execute("CREATE TABLE cards (id integer PRIMARY KEY, nid integer, did integer, ord integer, mod integer,"
                   " usn integer, type integer, queue integer, due integer, ivl integer, factor integer,"
                   " reps integer, lapses integer, left integer, odue integer, odid integer, flags integer, data text)")
connection.executemany("INSERT INTO notes VALUES (?, ?, 1, 0, -1, ?, ?, ?, 0, 0, '')", (
    (i, c["id"], " ".join(c["tags"]),
     "\\x1f".join((c["front"], c["back"], c["hint"], c["why_asked"])), c["front"])
    for i, c in enumerate(cards)))
connection.executemany("INSERT INTO cards VALUES (?, ?, 1, 0, 0, -1, 0, 0, ?, 0, 0, 0, 0, 0, 0, 0, 0, '')",
                       ((i, i, i) for i in range(len(cards))))
connection.commit()
connection.close()
with zipfile.ZipFile(out + "/floor.apkg", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
    archive.write(out + "/floor.anki2", "collection.anki2")
"""

SCRIPTS = {"naive": NAIVE, "deckwright": OURS, "floor": FLOOR}

REBUILD = """
import sys
from pathlib import Path
from deckwright.builder import build
from deckwright.cache import Cache
from deckwright.compiler import compile_library
cache = Cache(Path(sys.argv[3]))
compilation = compile_library(Path(sys.argv[1]), cache=cache)
build(compilation, Path(sys.argv[2]), 1_700_000_000, cache=cache)
cache.close()
"""

EMPTY_APP = """
import typer
app = typer.Typer()
def command(number):
    @app.command(f"command{{number}}")
    def run() -> None:
        "Do nothing."
for number in range({count}):
    command(number)
app(["--help"])
"""


class Used(NamedTuple):
    """What one process took: CPU seconds, wall-clock seconds and its peak of resident memory in MB."""

    cpu: float
    wall: float
    memory: float


def measure(*arguments: str) -> Used:
    """Run a Python process to its end.

    Raises:
        SystemExit: if it fails; a figure of a failed run would mislead.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryFile() as log:
        began = os.times().elapsed
        child = subprocess.Popen([sys.executable, *arguments], stdout=log, stderr=log, env=environment)
        # wait4 gives the figures of this child alone; Popen must not wait for it as well.
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = os.times().elapsed - began
        if child.returncode != 0:
            log.seek(0)
            sys.exit(f"a measured process failed:\n{log.read().decode(errors='replace')}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Used(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit / 1e6)


def median(runs: list[Used]) -> Used:
    """The median of each figure by itself."""
    return Used(*(statistics.median(column) for column in zip(*runs, strict=True)))


def generate(folder: Path, size: int) -> None:
    """Write a library of one deck in one file, and its cards as JSON for the floor; the same every time."""
    rng = random.Random(SEED)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 10))) for _ in range(2000)]

    def text() -> str:
        picked: list[str] = []
        while sum(map(len, picked)) + len(picked) < CHARACTERS:
            picked.append(rng.choice(words))
        return " ".join(picked).capitalize() + "."

    plain = folder / "plain"
    plain.mkdir(parents=True)
    (folder / "library.yaml").write_text("title: Bench\nnamespace: bench\ndecks: [plain]\n", "utf-8")
    (plain / "deck.yaml").write_text("title: 1 Plain\n", "utf-8")
    cards = []
    with (plain / "cards.yaml").open("w", encoding="utf-8") as file:
        file.write("topic: cards\ntitle: Cards\ncards:\n")
        for number in range(size):
            card = {"id": f"card-{number}", **{name: text() for name in FIELDS}}
            lines = [f"    {name}: {value}" for name, value in card.items()]
            lines[0] = f"  - {lines[0].strip()}"
            file.write("\n".join([*lines, "    tags: [alpha, beta]\n"]))
            cards.append({**card, "tags": ["alpha", "beta"]})
    (folder / "cards.json").write_text(json.dumps(cards), "utf-8")


def compare(folder: Path, size: int, runs: int, *, with_naive: bool) -> dict[str, Used]:
    """Run the scripts in turns, so that a slow minute of the machine hits all of them."""
    library, out = folder / f"library-{size}", folder / "out"
    out.mkdir(exist_ok=True)
    generate(library, size)
    names = [name for name in SCRIPTS if with_naive or name != "naive"]
    taken: dict[str, list[Used]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            taken[name].append(measure("-c", SCRIPTS[name], str(library), str(out)))
            for file in out.iterdir():
                file.unlink()
    shutil.rmtree(library)
    return {name: median(each) for name, each in taken.items()}


def print_sizes(folder: Path, sizes: list[int], runs: int, *, always_naive: bool) -> None:
    """Print what each script took at each size, and the ratios."""
    print(
        f"{'cards':>7}  {'script':<11}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}{'of naive':>10}{'of floor':>10}"
    )
    for size in sizes:
        with_naive = always_naive or size <= NAIVE_LIMIT
        figures = compare(folder, size, runs, with_naive=with_naive)
        for name, used in figures.items():
            naive = f"{used.cpu / figures['naive'].cpu:.3f}x" if with_naive else "-"
            floor = f"{used.cpu / figures['floor'].cpu:.2f}x"
            print(
                f"{size:>7}  {name:<11}{used.cpu:>8.2f}{used.wall:>8.2f}{used.memory:>9.0f}{naive:>10}{floor:>10}"
            )


def print_rebuild(folder: Path, runs: int) -> None:
    """Print what the shipped library takes with a cold cache, and with a warm one after one changed card."""
    library, out, cache = folder / "cards", folder / "packages", folder / "cache" / "results.sqlite"
    shutil.copytree(ROOT / "cards", library)
    run = ("-c", REBUILD, str(library), str(out), str(cache))
    cold = measure(*run)
    changed = next(
        path for path in sorted(library.glob("*/*.yaml")) if "    front: " in path.read_text("utf-8")
    )
    warm = []
    for _ in range(runs):
        text = changed.read_text("utf-8")
        changed.write_text(text.replace("    front: ", "    front: Again, ", 1), "utf-8")
        warm.append(measure(*run))
        changed.write_text(text, "utf-8")
    again = median(warm)
    print(f"\ncards/, cold cache:                     {cold.cpu:.2f} CPU s, {cold.wall:.2f} s")
    print(f"cards/, one card changed, warm cache:   {again.cpu:.2f} CPU s, {again.wall:.2f} s")


def print_help(folder: Path, runs: int) -> None:
    """Print what ``deckwright --help`` takes, and an empty typer app with as many commands."""
    if importlib.util.find_spec("deckwright") is None or not (ROOT / "src/deckwright/cli.py").is_file():
        print("\ndeckwright --help: skipped, there is no deckwright/cli.py")
        return
    counting = "from typer.main import get_command; from deckwright.cli import app; print(len(get_command(app).commands))"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    counted = subprocess.run(
        [sys.executable, "-c", counting], capture_output=True, text=True, env=environment, check=False
    )
    if counted.returncode != 0:
        print(f"\ndeckwright --help: skipped, its commands cannot be counted:\n{counted.stderr[-300:]}")
        return
    empty = folder / "empty.py"
    empty.write_text(EMPTY_APP.format(count=int(counted.stdout)), "utf-8")
    start = "import sys; from deckwright.cli import main; sys.argv = ['deckwright', '--help']; main()"
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(measure("-c", start))
        theirs.append(measure(str(empty)))
    print(f"\ndeckwright --help:                      {median(ours).cpu:.2f} CPU s")
    print(f"empty typer app, {int(counted.stdout)} commands:           {median(theirs).cpu:.2f} CPU s")


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description="Whole-process CPU time and memory of a build.")
    parser.add_argument("--sizes", default="1000,10000,50000", help="numbers of cards, with commas between")
    parser.add_argument("--runs", type=int, default=3, help="runs of each script; the medians are printed")
    parser.add_argument(
        "--all", action="store_true", help=f"run the naive script above {NAIVE_LIMIT} cards too"
    )
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a table that grows as it is made
    with tempfile.TemporaryDirectory(prefix="deckwright-bench-") as temporary:
        folder = Path(temporary)
        sizes = [int(size) for size in options.sizes.split(",") if size]
        print_sizes(folder, sizes, options.runs, always_naive=options.all)
        print_rebuild(folder, options.runs)
        print_help(folder, options.runs)


if __name__ == "__main__":
    main()
