"""Every code has a failing sample, with the expectation written beside the cause.

A file ``tests/problems/<code>[.<what>].yaml`` is a topic file; the runner puts it into a library with
one deck. A folder of that name is a whole library. In either, a comment above the bad line says what
must be found there:

    #! <code> <column>[-<end column>] <words of the message or of the hint>

Columns count from 1, the end is exclusive; without an end only the beginning is compared.
Several such lines may stand above one line. Where no comment can stand directly above (inside a text),
``+N:`` before the column moves the expectation N lines further down. ``#! policy: {…}`` switches
rules of the library on. Files that can hold no comment (locks, images) have their
expectations in the folder's ``expect.txt``: ``<file>:<line>:<column>[-<end>] <code> <words>``.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from deckwright.compiler import compile_library
from deckwright.diagnostics import CODES, Diagnostic
from deckwright.source import MAX_FILE_BYTES

HERE = Path(__file__).parent / "problems"
LIBRARY = "title: Samples\nnamespace: samples\ndecks: [deck]\n"
DECK = "title: Deck\nkind: recall\n"
EXPECTATIONS = "expect.txt"

SHOWN_ELSEWHERE = {
    "unreleased": "tests/test_release.py: `check --locked` compares a build with the lock",
    "clock-behind": "tests/test_release.py: needs a clock",
    "renderer-changed": "tests/test_release.py: needs a rendered build",
    "off-main-branch": "tests/test_release.py: needs a repository",
    "old-note-unpaired": "tests/test_adopt.py: needs an old package",
    "old-note-ambiguous": "tests/test_adopt.py: needs an old package",
    "old-note-type": "tests/test_adopt.py: needs an old package",
    "unknown-drop": "tests/test_adopt.py: needs an old package",
}
"""Codes that no compilation raises, and where they are shown."""

MADE_HERE = {"no-library", "file-too-large", "not-utf8", "too-deep", "too-many-aliases", "unreadable-file"}
"""Codes whose samples are made by the tests at the end of this file: they are no text or too much of it."""

NEEDS_MATHJAX = {"maths-does-not-compile"}

_MARK = re.compile(
    r"\s*#! (?P<code>[a-z0-9-]+) (?:\+(?P<down>\d+):)?(?P<start>\d+)(?:-(?P<end>\d+))? (?P<words>.+)"
)
_LINE = re.compile(
    r"(?P<file>\S+?):(?P<line>\d+):(?P<start>\d+)(?:-(?P<end>\d+))? (?P<code>[a-z0-9-]+) (?P<words>.+)"
)
_POLICY = re.compile(r"^#! (policy: .+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Expected:
    """One problem that a sample announces."""

    file: str
    line: int
    start: int
    end: int | None
    code: str
    words: str

    def fits(self, found: Diagnostic) -> bool:
        """Whether a problem is the announced one, in code, place and words."""
        span = found.span
        end_fits = self.end is None or (self.end == span.end_column and span.line == span.end_line)
        return (
            (self.file, self.line, self.start, self.code)
            == (span.file, span.line, span.column, found.code.name)
            and end_fits
            and (self.words in found.message or self.words in (found.hint or ""))
        )


def samples() -> list[Path]:
    """Every sample on disk, in name order."""
    return sorted(p for p in HERE.iterdir() if p.is_dir() or p.suffix == ".yaml")


def code_of(sample: Path) -> str:
    """The code a sample is about, from its name."""
    return sample.name.split(".")[0]


def install(sample: Path, root: Path) -> None:
    """Put a sample on disk as a library in ``root``."""
    if sample.is_dir():
        shutil.copytree(sample, root)
        return
    text = sample.read_text("utf-8")
    policy = _POLICY.search(text)
    (root / "deck").mkdir(parents=True)
    (root / "library.yaml").write_text(LIBRARY + (f"{policy[1]}\n" if policy else ""), "utf-8")
    (root / "deck" / "deck.yaml").write_text(DECK, "utf-8")
    (root / "deck" / "sample.yaml").write_text(text, "utf-8")


def announced(root: Path) -> list[Expected]:
    """What the files of a library say must be found in them."""
    found: list[Expected] = []
    for path in sorted(root.rglob("*")):
        if path.suffix == ".yaml":
            found += marks(path.relative_to(root).as_posix(), path.read_text("utf-8"))
    aside = root / EXPECTATIONS
    for line in aside.read_text("utf-8").splitlines() if aside.exists() else ():
        matched = _LINE.fullmatch(line)
        assert matched is not None, f"{EXPECTATIONS} holds a line that is no expectation: {line}"
        end = matched["end"]
        found.append(Expected(matched["file"], int(matched["line"]), int(matched["start"]),
                              int(end) if end else None, matched["code"], matched["words"]))  # fmt: skip
    return found


def marks(file: str, text: str) -> list[Expected]:
    """The expectations in one file; each is about the next line that is none itself."""
    found: list[Expected] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if "#! " not in line or "#! policy:" in line:
            continue
        matched = _MARK.fullmatch(line)
        assert matched is not None, f"{file}:{number} holds a mark that is no expectation: {line}"
        target = number + 1
        while target <= len(lines) and lines[target - 1].lstrip().startswith("#!"):
            target += 1
        end = matched["end"]
        found.append(Expected(file, target + int(matched["down"] or 0), int(matched["start"]),
                              int(end) if end else None, matched["code"], matched["words"]))  # fmt: skip
    return found


def run(root: Path, *, check_maths: bool = False) -> list[Diagnostic]:
    """Compile the library in the working directory, so that places read as an author sees them."""
    return list(compile_library(root, check_maths=check_maths, for_chat=True).problems)


def shown(problem: Diagnostic) -> str:
    """A problem for a failing test, in the form of ``expect.txt``."""
    span = problem.span
    hint = f" | {problem.hint}" if problem.hint else ""
    return f"{span.place}-{span.end_column} {problem.code.name} {problem.message}{hint}"


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_a_sample_gives_exactly_the_problems_it_announces(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample gives the problems beside its lines: code, place and words, and no others."""
    if code_of(sample) in NEEDS_MATHJAX:
        pytest.importorskip("deckwright.render.formula")
    install(sample, tmp_path / "library")
    monkeypatch.chdir(tmp_path / "library")
    expected = announced(Path())
    found = run(Path(), check_maths=code_of(sample) in NEEDS_MATHJAX)
    missed = [e for e in expected if not any(e.fits(problem) for problem in found)]
    surplus = [shown(p) for p in found if not any(e.fits(p) for e in expected)]

    assert (missed, surplus) == ([], [])
    assert len(found) == len(expected)
    assert code_of(sample) in {e.code for e in expected}


def test_every_code_has_a_sample() -> None:
    """No code is without a sample, and no sample is about something that is no code."""
    about = {code_of(sample) for sample in samples()}

    assert set(CODES) == about | MADE_HERE | set(SHOWN_ELSEWHERE)
    assert not about & set(SHOWN_ELSEWHERE)


def test_messages_follow_the_house_style(tmp_path: Path) -> None:
    """Messages and hints are one line, begin small or with a quotation, and end without a full stop."""
    for i, sample in enumerate(samples()):
        install(sample, tmp_path / str(i))
        for problem in run(tmp_path / str(i)):
            for text in filter(None, (problem.message, problem.hint)):
                assert not text.endswith("."), text
                assert "\n" not in text
                assert not re.match(r"[A-Z][a-z]", text) or text.split()[0] in ("YAML", "Anki"), text


# --- samples that are no text, or too much of it -------------------------------------------------


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small library in the working directory, without a topic yet."""
    install(HERE / "empty-text.yaml", tmp_path / "library")
    (tmp_path / "library" / "deck" / "sample.yaml").unlink()
    monkeypatch.chdir(tmp_path / "library")
    return Path()


def only(found: list[Diagnostic]) -> tuple[str, str, str]:
    """The one problem: its code, its place and its message."""
    assert [shown(problem) for problem in found[1:]] == []
    return found[0].code.name, found[0].span.place, found[0].message


def test_a_folder_without_a_library_is_one_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """no-library names the folder and the file it looked for."""
    monkeypatch.chdir(tmp_path)
    found = run(Path())

    assert only(found)[:2] == ("no-library", "library.yaml:1:1")
    assert "deckwright init" in (found[0].hint or "")


def test_a_giant_file_is_refused_unread(library: Path) -> None:
    """file-too-large says how large a file may be; the file here is sparse and takes no room."""
    with (library / "deck" / "sample.yaml").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1024 * 1024)

    assert only(run(library)) == (
        "file-too-large", "deck/sample.yaml:1:1", "expected at most 80 MiB, found 81 MiB"
    )  # fmt: skip


def test_bytes_that_are_not_utf8_are_named_with_their_line(library: Path) -> None:
    """not-utf8 points at the line of the first bad byte."""
    (library / "deck" / "sample.yaml").write_bytes(b"topic: a\ntitle: caf\xe9\ncards: []\n")

    assert only(run(library)) == (
        "not-utf8", "deck/sample.yaml:2:1", "expected UTF-8 text, found byte 0xe9"
    )  # fmt: skip


def test_ten_thousand_levels_are_refused(library: Path) -> None:
    """too-deep stops at its limit, whatever comes after it."""
    levels = 10_000
    (library / "deck" / "sample.yaml").write_text("topic: a\ntitle: a\ncards: " + "[" * levels, "utf-8")
    code, place, message = only(run(library))

    assert (code, message) == ("too-deep", "expected at most 40 levels of nesting, found more")
    assert place.startswith("deck/sample.yaml:3:")


def test_a_bomb_of_aliases_is_refused(library: Path) -> None:
    """too-many-aliases counts what aliases unfold to, not what was typed."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (library / "deck" / "sample.yaml").write_text("\n".join(rows), "utf-8")

    assert only(run(library))[0] == "too-many-aliases"


def test_a_guide_that_is_not_there_is_a_problem_at_its_field(library: Path) -> None:
    """unreadable-file points at the field that names the file."""
    (library / "library.yaml").write_text(LIBRARY + "guide: GUIDE.md\n", "utf-8")

    assert only(run(library))[:2] == ("unreadable-file", "library.yaml:4:8")


def test_a_file_that_cannot_be_opened_is_a_problem(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """unreadable-file says what the system said."""
    (library / "deck" / "sample.yaml").write_text("topic: a\n", "utf-8")
    real = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "sample.yaml":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert only(run(library)) == (
        "unreadable-file", "deck/sample.yaml:1:1", "cannot be read: Permission denied"
    )  # fmt: skip


def test_a_file_that_cannot_be_read_hides_no_other_problem_and_makes_none(library: Path) -> None:
    """A card that needs one of an unreadable file is not blamed for it."""
    (library / "deck" / "broken.yaml").write_text("topic: [\n", "utf-8")
    card = "topic: a\ntitle: A\ncards:\n  - {id: one, front: q, back: a, needs: [elsewhere]}\n"
    (library / "deck" / "sample.yaml").write_text(card, "utf-8")

    assert only(run(library))[0] == "yaml-syntax"
