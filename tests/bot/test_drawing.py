"""What drawing keeps in memory: bounded while it works, given back when it rests; and nobody waits too long for it."""

from __future__ import annotations

import asyncio
import ctypes
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from bot.server import Server, button_named, story, words_of
from deckwright import cache as caches
from deckwright.cache import Cache
from deckwright.render import formula
from deckwright.render.formula import FormulaEngine
from deckwright_bot import memory
from deckwright_bot.client import StudyBot
from deckwright_bot.cogs import context as contexts
from deckwright_bot.sandbox.interaction import Callback, InteractionAnswered
from deckwright_bot.store import migrate as migrations
from deckwright_bot.ui import render
from deckwright_bot.ui.kept import OVERHEAD, Kept
from deckwright_bot.ui.render import Renderer

pytest.importorskip("resvg_py")

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def table(number: int) -> str:
    """A text that chat shows as a picture, with a formula in it."""
    return f"| a | b |\n|---|---|\n| {number} | $\\frac{{x_{{{number}}}}}{{2}}$ |"


def awake(renderer: Renderer) -> bool:
    """Whether MathJax is in memory."""
    return renderer._painter.engine._machine is not None


# what is kept


def test_the_oldest_go_first_and_what_was_asked_for_again_is_not_old() -> None:
    kept: Kept[str, bytes] = Kept(3 * (OVERHEAD + 1), len)
    made: list[str] = []

    def ask(key: str) -> None:
        def make() -> bytes:
            made.append(key)
            return b"x"

        kept.get(key, make)

    for key in "abcadab":
        ask(key)

    assert made == ["a", "b", "c", "d", "b"]
    assert len(kept) == 3


@pytest.mark.parametrize("sizes", [range(0, 4000, 37), [10_000] * 5, [1, 10_000, 2, 3]])
def test_never_more_is_kept_than_the_limit(sizes: list[int]) -> None:
    kept: Kept[int, bytes] = Kept(6000, len)
    for number, size in enumerate(sizes):
        assert len(kept.get(number, lambda size=size: b"x" * size)) == size  # type: ignore[misc]
        assert kept.weight <= 6000
        assert kept.weight == sum(weight for _, weight in kept._made.values())


def test_what_outweighs_the_limit_drives_nothing_else_out() -> None:
    kept: Kept[str, bytes] = Kept(2000, len)
    kept.get("small", lambda: b"x")
    kept.get("huge", lambda: b"x" * 5000)

    assert kept.get("small", lambda: b"made again") == b"x"


def test_pictures_and_texts_are_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "KEPT", 60_000)
    renderer = Renderer()
    for number in range(40):
        assert renderer.show([renderer.piece(table(number))]).pictures

    assert 0 < renderer._pictures.weight <= 60_000
    assert 0 < renderer._pieces.weight <= 60_000
    renderer.close()


def test_a_formula_leaves_nothing_in_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice what MathJax needs to start; three hundred formulas that each left something would not fit."""
    monkeypatch.setattr(formula, "_MEMORY_BYTES", 20_000_000)
    monkeypatch.setattr(formula, "_FORMULAS_A_MACHINE", 10**9)
    with FormulaEngine() as engine:
        for number in range(300):
            latex = rf"\newcommand{{\mine}}{{x_{{{number}}}}} \frac{{\mine}}{{2}} \tag{{{number}}}"
            assert isinstance(engine.svg(latex, display=True), str)


# the cache's file


def test_results_reach_the_file_before_there_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caches, "FRESH_CHARACTERS", 1000)
    path = tmp_path / "results.sqlite"
    long_lived, other = Cache(path), Cache(path)
    for number in range(50):
        long_lived.put("step", str(number), "x" * 99)
        assert sum(map(len, long_lived._fresh.values())) <= 1000

    assert other.get("step", "0") == "x" * 99
    assert other.get("step", "49") is None
    long_lived.close()
    assert other.get("step", "49") == "x" * 99
    assert long_lived.get("step", "49") == "x" * 99, "a closed cache opens its file again"
    other.close()
    long_lived.close()


def test_the_cache_s_file_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "MAX_BYTES", 200_000)
    path = tmp_path / "results.sqlite"
    for number in range(40):
        kept = Cache(path)
        kept.put("step", str(number), "x" * 20_000)
        kept.close()

    assert path.stat().st_size < 400_000


def test_a_cache_that_could_not_be_written_is_tried_again_after_a_rest(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "results.sqlite"
    path.parent.write_text("in the way")
    kept = Cache(path)
    kept.put("step", "a", "lost")
    kept.close()
    path.parent.unlink()
    kept.put("step", "a", "kept")
    kept.close()

    assert kept.get("step", "a") == "kept"
    kept.close()


# rest


def test_drawing_rests_once_nothing_was_drawn_for_a_while(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    renderer = Renderer(Cache(path))
    assert not renderer.rest(), "nothing was drawn yet"
    first = renderer.show([renderer.piece(table(1))])

    assert not renderer.rest(), "somebody may be drawing"
    assert awake(renderer)
    assert renderer.rest()
    assert not awake(renderer)
    assert not renderer.rest(), "there is nothing left to give back"

    # Others find on disk what was drawn, and a kept picture wakes nobody.
    again = Renderer(Cache(path))
    assert again.show([again.piece(table(1))]).pictures == first.pictures
    assert not awake(again)
    assert renderer.show([renderer.piece(table(1))]).pictures == first.pictures
    assert not renderer.rest()
    assert renderer.show([renderer.piece(table(2))]).pictures
    assert awake(renderer)
    for each in (renderer, again):
        each.close()


def test_the_bot_lets_drawing_rest_by_itself(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            renderer = bot.context.renderer
            await bot.context.draw(lambda: renderer.show([renderer.piece(table(1))]))
            assert bot._rest_ticker is not None
            assert bot._rest_ticker.running
            for _ in range(2):
                await bot._rest_ticker.tick(after_another=True)
            assert not awake(renderer)

    story(tmp_path, tell)


@pytest.mark.parametrize("library", ["", "musl"])
def test_another_c_library_is_asked_for_nothing(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object) -> None:
        raise AssertionError(library)

    monkeypatch.setattr(platform, "libc_ver", lambda: (library, ""))
    monkeypatch.setattr(ctypes, "CDLL", opened)

    memory.settle()
    memory.give_back()


# starting


def test_a_start_that_finds_nothing_to_migrate_loads_no_alembic(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    migrations.migrate(path, NOW)
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from deckwright_bot.store.migrate import examine, migrate\n"
        "path = Path(sys.argv[1])\n"
        "assert examine(path) and migrate(path, datetime.now(UTC)) == []\n"
        "assert not {'alembic', 'mako'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, timeout=60)


def test_the_files_of_migrations_are_named_by_their_versions() -> None:
    known = [
        each.revision for each in ScriptDirectory(str(migrations.FOLDER)).walk_revisions("base", "heads")
    ]

    assert migrations.versions() == known[::-1]
    assert migrations.newest() == ScriptDirectory(str(migrations.FOLDER)).get_current_head()


# waiting


@contextmanager
def held_up(bot: StudyBot) -> Iterator[threading.Event]:
    """The drawing thread is at something long."""
    go_on = threading.Event()
    bot.context.drawing.submit(go_on.wait, 30)
    try:
        yield go_on
    finally:
        go_on.set()


def test_a_member_is_acknowledged_while_their_result_waits_to_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contexts, "PATIENCE", 0.05)

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            told: list[int] = []

            def hear(event: object) -> None:
                if isinstance(event, InteractionAnswered):
                    told.append(event.interaction.id)

            server.sandbox.core.hub.subscribe(hear)
            with held_up(bot) as go_on:
                doing = [
                    asyncio.create_task(server.ada.click(post, button_named(post, "pick"))),
                    asyncio.create_task(server.bob.slash("daily")),
                ]
                await server.sandbox.until(lambda: len(told) == 2, 20)
                go_on.set()
                answered, asked = await asyncio.gather(*doing)
        for outcome in (answered, asked):
            assert outcome.callback is Callback.DEFERRED_MESSAGE
            assert not outcome.thinking
            assert words_of(outcome.message)
            assert outcome.ephemeral

    story(tmp_path, tell)


def test_whoever_practises_or_looks_a_card_up_is_acknowledged_before_it_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contexts, "PATIENCE", 0.05)

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            asked = await server.ada.slash("quiz solo", questions=2)
            card = bot.context.services.library.askables[0].key.card
            told: list[int] = []

            def hear(event: object) -> None:
                if isinstance(event, InteractionAnswered):
                    told.append(event.interaction.id)

            server.sandbox.core.hub.subscribe(hear)
            with held_up(bot) as go_on:
                doing = [
                    asyncio.create_task(server.ada.click(asked.message, "I don't know")),
                    asyncio.create_task(server.bob.slash("card", find=card)),
                ]
                await server.sandbox.until(lambda: len(told) == 2, 20)
                go_on.set()
                replied, found = await asyncio.gather(*doing)
        assert replied.callback is Callback.DEFERRED_UPDATE
        assert replied.message.id == asked.message.id
        assert "Next" in str(replied.message.components)
        assert found.callback is Callback.DEFERRED_MESSAGE
        assert not found.thinking

    story(tmp_path, tell)
