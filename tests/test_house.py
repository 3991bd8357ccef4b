"""The rooms of the house: who may import whom, which names are public, what is documented."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import deckwright

SOURCE = Path(deckwright.__file__).parent

# Top to bottom: a room imports only rooms below its own. ARCHITECTURE.md shows the same table.
ROOMS = (
    {"__main__"},
    {"cli"},
    {"preview"},
    {"showing", "scaffold"},
    {"release", "adopt", "fixing"},
    {"diff"},
    {"builder", "stats"},
    {"compiler"},
    {"schema", "report", "explanations", "watching"},
    {"anki", "chat"},
    {"maths"},
    {"render"},
    {"policy", "history", "guide"},
    {"checks"},
    {"kinds", "study"},
    {"decode", "texts", "lock", "cache", "collector"},
    {"model"},
    {"markup", "identity"},
    {"syntax"},
    {"diagnostics"},
    {"source"},
)

OWNERS = {
    "genanki": {"anki/package.py"},
    "yaml": {"syntax.py"},
    "quickjs": {"render/formula.py"},
    "fontTools": {"render/fonts.py", "render/truetype.py"},
    "resvg_py": {"render/png.py"},
    "snowballstemmer": {"study/words.py"},
    "rich": {"showing.py", "report.py", "cli.py"},
    "typer": {"cli.py"},
}

FORBIDDEN = {"discord", "sqlalchemy", "asyncio", "aiosqlite", "deckwright_bot", "anki", "aqt", "random"}
CLOCK_READERS = {"cli.py", "watching.py"}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found |= {str(each.value) for each in node.args if isinstance(each, ast.Constant)}
    return found


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room(name: str) -> int | None:
    return next((number for number, names in enumerate(ROOMS) if name in names), None)


def test_every_module_has_a_room() -> None:
    names = {path.relative_to(SOURCE).parts[0].removesuffix(".py") for path in modules()}

    assert names - {"__init__"} == set().union(*ROOMS)


def test_a_room_imports_only_rooms_below_it() -> None:
    wrong = []
    for path in modules():
        own_name = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        own = room(own_name)
        for name in imports(path):
            parts = name.split(".")
            if own is None or parts[0] != "deckwright" or len(parts) == 1 or parts[1] == own_name:
                continue
            other = room(parts[1])
            if other is not None and other <= own:
                wrong.append(f"{path.relative_to(SOURCE)} imports {name}")

    assert wrong == []


def test_each_outside_library_has_one_door() -> None:
    wrong = []
    for path in modules():
        name = path.relative_to(SOURCE).as_posix()
        roots = {found.split(".")[0] for found in imports(path)}
        wrong += [
            f"{name} imports {lib}" for lib, doors in OWNERS.items() if lib in roots and name not in doors
        ]
        wrong += [f"{name} imports {lib}" for lib in FORBIDDEN & roots]
        if roots & {"time"} and name not in CLOCK_READERS:
            wrong.append(f"{name} reads the clock")

    assert wrong == []


def test_the_public_names_are_these() -> None:
    assert deckwright.__all__ == [
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


def test_every_public_name_loads_and_has_a_docstring() -> None:
    for name in deckwright.__all__:
        value = getattr(deckwright, name)
        assert name in ("KINDS", "__version__") or value.__doc__, name


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys, deckwright; print(sorted(m for m in sys.modules if m.startswith('deckwright.')))"
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_command_line_is_light() -> None:
    """`--help` needs none of the heavy parts."""
    code = (
        "import sys; import deckwright.cli; "
        "print([m for m in ('pydantic', 'yaml', 'genanki', 'markdown_it', 'rich.console') if m in sys.modules])"
    )
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_adding_a_kind_is_adding_a_file() -> None:
    from deckwright.kinds import KINDS

    for key in KINDS:
        module = importlib.import_module(f"deckwright.kinds.{key.replace('-', '_')}")
        assert KINDS[key] is module.CARD
        assert (SOURCE / "kinds" / "templates" / f"{key}.html").is_file()
        assert (SOURCE / "kinds" / "samples" / f"{key}.yaml").is_file()


BOT = SOURCE.parents[1] / "bot" / "deckwright_bot"

# What each room of the bot may import of the bot itself.
BOT_ROOMS = {
    "__init__": set(),
    "__main__": {"app"},
    "app": {
        "settings",
        "memory",
        "clock",
        "client",
        "cogs",
        "services",
        "store",
        "ui",
        "sandbox",
        "trial",
        "wiring",
    },
    "trial": {"sandbox", "services", "store", "ui", "wiring"},
    "wiring": {"clock", "client", "cogs", "messenger", "services", "stage", "store", "ui"},
    "client": {"clock", "cogs", "messenger", "pacing", "services", "store", "ui"},
    "messenger": {"clock", "cogs", "services", "store", "ui"},
    "stage": {"cogs", "messenger", "services", "store", "ui"},
    "cogs": {"clock", "services", "store", "ui"},
    "ui": {"memory", "services", "store"},
    "services": {"store"},
    "store": set(),
    "clock": {"settings"},
    "pacing": set(),
    "memory": set(),
    "settings": set(),
    "sandbox": set(),
}
WITHOUT_DISCORD = {"services", "store", "clock", "settings"}


def test_the_bot_s_rooms_import_only_what_they_may() -> None:
    wrong = []
    for path in sorted(BOT.rglob("*.py")):
        own = path.relative_to(BOT).parts[0].removesuffix(".py")
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "deckwright_bot" and len(parts) > 1 and parts[1] != own:
                room_name = parts[1]
                if room_name in BOT_ROOMS and room_name not in BOT_ROOMS[own]:
                    wrong.append(f"{path.relative_to(BOT)} imports {name}")
            if parts[0] == "discord" and own in WITHOUT_DISCORD:
                wrong.append(f"{path.relative_to(BOT)} imports discord")
            if parts[0] == "sqlalchemy" and own != "store":
                wrong.append(f"{path.relative_to(BOT)} imports sqlalchemy")

    assert wrong == []
