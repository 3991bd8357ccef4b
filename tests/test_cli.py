"""The commands as a person calls them: what they say, what they write, how they end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deckwright.cli import FILES, OK, PROBLEMS, USAGE, app
from deckwright.watching import snapshot
from libraries import library, write

GOOD = "- {id: first, front: Why?, back: Because.}"
BAD = "- {id: first, front: Why?, bakc: Because.}"


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("DECKWRIGHT_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def process(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Call the command as a process of its own, through main()."""
    return subprocess.run(
        [sys.executable, "-m", "deckwright", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=cwd,
    )


def test_every_command_has_an_example_in_its_help() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        shown = call(name, "--help")
        assert shown.exit_code == OK
        assert "Example: deckwright " in " ".join(shown.output.split()), name


def test_a_new_library_builds(tmp_path: Path) -> None:
    assert call("init", tmp_path / "cards", "--title", "My cards").exit_code == OK
    built = call("build", tmp_path / "cards", "--out", tmp_path / "out")

    assert built.exit_code == OK, built.output
    assert len(list((tmp_path / "out").glob("*.apkg"))) == 8
    assert "8 packages" in built.output


def test_a_build_names_each_package_and_what_is_unreleased(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    built = call("build", root, "--out", tmp_path / "out")

    assert "test-main.apkg" in built.output
    assert "there is no release of this library yet" in built.output
    with zipfile.ZipFile(tmp_path / "out/test.apkg") as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_DEFLATED}


def test_a_failed_build_leaves_the_old_files(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    call("build", root, "--out", tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    library(root, BAD)
    failed = call("build", root, "--out", tmp_path / "out")

    assert failed.exit_code == PROBLEMS
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_one_deck_can_be_built_alone(tmp_path: Path) -> None:
    call("init", tmp_path / "cards")
    built = call("build", tmp_path / "cards", "--out", tmp_path / "out", "--deck", "ask")

    assert [path.name.split("-")[-1] for path in (tmp_path / "out").iterdir()] == ["ask.apkg"]
    assert built.exit_code == OK


def test_an_unknown_deck_is_named_with_a_hint(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    built = call("build", root, "--out", tmp_path / "out", "--deck", "mian")

    assert built.exit_code == USAGE
    assert 'did you mean "main"?' in built.output


def test_check_reports_every_problem_and_fails(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", f"{BAD}\n- {{id: first, front: a, back: b}}")
    checked = call("check", root, "--format", "json")
    found = json.loads(checked.stdout)

    assert checked.exit_code == PROBLEMS
    assert [each["code"] for each in found] == ["unknown-field", "duplicate-id"]
    assert found[0]["hint"] == 'did you mean "back"?'


def test_warnings_fail_only_a_strict_check(tmp_path: Path) -> None:
    root = write(library(tmp_path / "cards", GOOD), {"main/lost.png": b"x"})

    assert call("check", root).exit_code == OK
    assert call("check", root, "--strict").exit_code == PROBLEMS


def test_check_locked_fails_until_a_release(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)

    assert call("check", root, "--locked").exit_code == PROBLEMS
    assert call("release", root, "--out", tmp_path / "out").exit_code == OK
    assert call("check", root, "--locked").exit_code == OK


def test_check_fix_adds_ids(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", "- {front: Why does it rain?, back: Because.}")

    assert call("check", root).exit_code == PROBLEMS
    assert call("check", root, "--fix").exit_code == OK
    assert "id: does-it-rain" in (root / "main/topic.yaml").read_text("utf-8") or "id: rain" in (
        root / "main/topic.yaml"
    ).read_text("utf-8")


def test_a_release_with_nothing_new_changes_no_lock(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    call("release", root, "--out", tmp_path / "out")
    before = (root / "deckwright.lock").read_bytes()
    again = call("release", root, "--out", tmp_path / "out")

    assert again.exit_code == OK
    assert (root / "deckwright.lock").read_bytes() == before


def test_a_release_refuses_a_library_with_problems(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", BAD)

    assert call("release", root, "--out", tmp_path / "out").exit_code == PROBLEMS
    assert not (root / "deckwright.lock").exists()
    assert not (tmp_path / "out").exists()


def test_diff_says_what_an_import_will_do(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    call("build", root, "--out", tmp_path / "out")
    library(root, f"{GOOD}\n- {{id: second, front: New?, back: Yes.}}")
    shown = call("diff", tmp_path / "out/test.apkg", root)

    assert shown.exit_code == OK, shown.output
    assert "second" in shown.output
    assert json.loads(call("diff", tmp_path / "out/test.apkg", root, "--json").stdout)


def test_diff_of_no_package_is_a_sentence(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    (tmp_path / "x.apkg").write_bytes(b"not a zip")

    for name in ("x.apkg", "missing.apkg"):
        done = process("diff", tmp_path / name, root)
        assert done.returncode == FILES
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.stderr


def test_new_show_stats_schema_and_explain_speak(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)

    assert call("new", "recall", "main", "fresh", root).output.strip().endswith("fresh.yaml:5")
    (root / "main/fresh.yaml").unlink()
    assert "Because." in call("show", "first", root).output
    assert call("show", "frist", root).exit_code == PROBLEMS
    assert json.loads(call("stats", root, "--json").stdout)["cards"] == 1
    assert "1 Main" in call("stats", root).output
    deck = root / "main/deck.yaml"
    deck.write_text(deck.read_text("utf-8").replace("Main", "Main | side"))
    assert r"| 1 Main \| side | 1 |" in call("stats", root, "--markdown").output
    assert json.loads(call("schema").stdout)["$schema"]
    assert "wrong" in call("explain", "duplicate-id").output
    assert call("explain", "duplicate-idd").exit_code == USAGE


def test_show_reads_formulas_and_leaves_no_field_out() -> None:
    formula = call("show", "softmax-definition").output
    code = call("show", "logistic-loss-from-logits").output
    recall = call("show", "lasso-exact-zeros").output

    assert "softmax(z)ₖ = " in formula
    assert "gap 2: ∑" in formula
    for heading in ("symbols", "conditions", "example", "options for gap 2"):
        assert f"│ {heading} " in formula
    for heading in ("front", "signature", "solution", "trap", "cases", "complexity"):
        assert f"│ {heading} " in code
    for heading in ("key points", "red flags", "follow-ups", "options"):
        assert f"│ {heading} " in recall
    assert "\\" not in formula + recall


def test_a_folder_without_a_library_is_a_sentence(tmp_path: Path) -> None:
    done = process("build", tmp_path / "nowhere")

    assert done.returncode == PROBLEMS
    assert "no-library" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_output_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    (tmp_path / "out").write_text("a file")
    done = process("build", root, "--out", tmp_path / "out")

    assert done.returncode == FILES
    assert done.stderr.startswith("error: ")


@pytest.mark.parametrize("epoch", ["0", "-1", "soon", "99999999999", "1.5", "²", "１７００００００００"])
def test_a_senseless_source_date_is_refused(
    epoch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = library(tmp_path / "cards", GOOD)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)

    assert call("build", root, "--out", tmp_path / "out").exit_code == USAGE


def test_the_same_source_date_gives_the_same_bytes_with_or_without_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = library(tmp_path / "cards", "- {id: first, front: 'Why $x^2$ and **b**?', back: '`c`'}")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for name in ("cold", "warm", "broken"):
        if name == "broken":
            for path in Path(os.environ["DECKWRIGHT_CACHE"]).iterdir():
                path.write_bytes(b"not a database at all" * 100)
        assert call("build", root, "--out", tmp_path / name).exit_code == OK
    made = [(tmp_path / name / "test.apkg").read_bytes() for name in ("cold", "warm", "broken")]

    assert made[0] == made[1] == made[2]


def test_watch_builds_again_after_a_change_and_survives_a_mistake(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    out = tmp_path / "out"
    with (tmp_path / "log").open("w") as log:
        watching = subprocess.Popen(
            [sys.executable, "-m", "deckwright", "build", str(root), "--out", str(out), "--watch"],
            stdout=subprocess.DEVNULL,
            stderr=log,
        )

    def wait_for(seen: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not seen():
            assert time.monotonic() < deadline
            assert watching.poll() is None
            time.sleep(0.05)

    try:
        wait_for(lambda: "Watching" in (tmp_path / "log").read_text("utf-8"))
        before = (out / "test.apkg").stat().st_mtime_ns
        library(root, BAD)
        wait_for(lambda: "unknown-field" in (tmp_path / "log").read_text("utf-8"))
        library(root, GOOD.replace("Because", "Since"))
        wait_for(lambda: (out / "test.apkg").stat().st_mtime_ns != before)
    finally:
        watching.send_signal(signal.SIGINT)
        watching.wait(timeout=20)
    assert watching.returncode == 130


def test_watch_is_not_woken_by_its_own_packages(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    before = snapshot(root, tmp_path / "cards" / "build")
    assert call("build", root, "--out", root / "build").exit_code == OK

    assert snapshot(root, tmp_path / "cards" / "build") == before
    assert snapshot(root) != before


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "arguments",
    [("stats",), ("stats", "--json"), ("show", "first"), ("check", "--strict"), ("explain", "empty-text")],
)
def test_any_encoding_of_the_output_is_enough(
    encoding: str, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = library(tmp_path / "cards", GOOD.replace("Because", "漢字 → “é” \\u0142"))
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    command = [
        sys.executable,
        "-m",
        "deckwright",
        *arguments,
        *([] if arguments[0] == "explain" else [str(root)]),
    ]
    done = subprocess.run(command, capture_output=True, check=False)

    assert b"Traceback" not in done.stderr
    assert done.returncode == OK
    assert done.stdout


def test_an_interrupted_build_leaves_nothing_half_written(tmp_path: Path) -> None:
    """Kill a build at growing delays: every package there is whole."""
    root = library(
        tmp_path / "cards", "\n".join(f"- {{id: c{n}, front: q{n}, back: a{n}}}" for n in range(3000))
    )
    out = tmp_path / "out"
    assert process("build", root, "--out", out).returncode == OK
    for number in range(8):
        library(root, "\n".join(f"- {{id: c{n}, front: q{n}, back: b{number}-{n}}}" for n in range(3000)))
        running = subprocess.Popen(
            [sys.executable, "-m", "deckwright", "build", str(root), "--out", str(out)],
            stdout=subprocess.DEVNULL,
        )
        time.sleep(0.15 * (number + 1))
        running.kill()
        running.wait()
        for path in out.glob("*.apkg"):
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
    shutil.rmtree(out)


def test_accepting_what_is_not_there_is_refused(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", GOOD)
    done = call("release", root, "--out", tmp_path / "out", "--accept", "gap-vanished:frist")

    assert done.exit_code == USAGE
    assert "no such problem" in done.output
    assert not (root / "deckwright.lock").exists()


def test_a_refused_release_names_what_can_be_accepted(tmp_path: Path) -> None:
    root = library(tmp_path / "cards", f"{GOOD}\n- {{id: second, front: a, back: b}}")
    call("release", root, "--out", tmp_path / "out")
    library(root, GOOD)
    refused = call("release", root, "--out", tmp_path / "out")

    assert refused.exit_code == PROBLEMS
    assert "--accept released-card-deleted:second" in refused.output


def test_the_version_is_printed() -> None:
    assert call("--version").output.startswith("deckwright 0.")
