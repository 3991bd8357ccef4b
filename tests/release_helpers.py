"""Small libraries written by tests, and releases of them at times the tests choose."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deckwright import builder, release
from deckwright.anki.notes import DeckNotes, Note, all_notes
from deckwright.anki.package import package_bytes
from deckwright.anki.reader import PackageContent, read_bytes
from deckwright.builder import Output
from deckwright.compiler import Compilation, compile_library
from deckwright.lock import Lock, write_file
from deckwright.release import ReleasePlan
from deckwright.source import LOCK_FILE

DAY = 86_400
T0 = 1_700_000_000
T1 = T0 + 10 * DAY
T2 = T1 + 10 * DAY
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="{0}" height="{0}"/></svg>'

Cards = Sequence[Mapping[str, Any]]


@dataclass
class Shelf:
    """A library on disk that a test rewrites."""

    root: Path
    title: str = "Lib"
    namespace: str = "lib"
    titles: dict[str, str] = field(default_factory=dict)

    def write(self, decks: Mapping[str, Cards], **more: Any) -> Shelf:
        """Replace the library's cards; JSON is YAML."""
        self.root.mkdir(parents=True, exist_ok=True)
        head = {"title": self.title, "namespace": self.namespace, "decks": list(decks), **more}
        (self.root / "library.yaml").write_text(json.dumps(head, ensure_ascii=False), "utf-8")
        for folder in self.root.iterdir():
            if folder.is_dir() and not folder.name.startswith("."):
                for file in folder.glob("*.yaml"):
                    file.unlink()
        for slug, cards in decks.items():
            folder = self.root / slug
            folder.mkdir(exist_ok=True)
            title = {"title": self.titles.get(slug, slug.title()), "description": f"About {slug}."}
            (folder / "deck.yaml").write_text(json.dumps(title), "utf-8")
            topic = {"topic": f"{slug}-topic", "title": f"All of {slug}", "cards": list(cards)}
            (folder / "topic.yaml").write_text(json.dumps(topic, ensure_ascii=False), "utf-8")
        return self

    def compile(self) -> Compilation:
        """Read it; formulas are only balanced, which is quick."""
        return compile_library(self.root, check_maths=False)

    def output(self, now: int) -> tuple[Compilation, Output]:
        """Read and render it."""
        compilation = self.compile()
        assert compilation.library is not None, list(compilation.problems)
        return compilation, builder.output(compilation, now, lock=compilation.lock)

    def plan(self, now: int, *accept: str) -> ReleasePlan:
        """What a release would do."""
        compilation, made = self.output(now)
        return release.plan(compilation, made, now, accept=accept)

    def release(self, now: int, *accept: str) -> ReleasePlan:
        """Release, as the command does: lock first."""
        made = self.plan(now, *accept)
        assert not made.problems.failed(), [str(problem.message) for problem in made.problems]
        write_file(self.root / LOCK_FILE, made.lock)
        return made

    def codes(self, now: int, *accept: str) -> set[str]:
        """The codes a release is refused or warned with."""
        return {problem.code.name for problem in self.plan(now, *accept).problems}

    @property
    def lock_text(self) -> str:
        """The lock as it stands."""
        return (self.root / LOCK_FILE).read_text("utf-8")

    @property
    def lock(self) -> Lock:
        """The lock as it is read."""
        lock = self.compile().lock
        assert lock is not None
        return lock

    def packages(self, out: Path, now: int) -> dict[str, Path]:
        """Build; every package by its name."""
        report = builder.build(self.compile(), out, now)
        return {package.path.name: package.path for package in report.packages}

    def package(self, now: int = T2) -> bytes:
        """The whole library's package, even where problems forbid a build."""
        return as_package(self.output(now)[1])

    def guids(self) -> dict[str, str]:
        """The GUID of every card."""
        return {note.card_id: note.guid for note in notes_of(self.output(T2)[1])}


def notes_of(made: Output) -> list[Note]:
    """Every note."""
    return list(all_notes(made.decks))


def as_package(made: Output) -> bytes:
    """The package of an output."""
    return package_bytes("lib", made.decks, made.used_types(made.decks), {})


def as_content(made: Output) -> PackageContent:
    """What is in the package of an output."""
    return read_bytes(as_package(made))


def with_times(made: Output, times: Mapping[str, int], types: int | None = None) -> Output:
    """An output whose notes carry the given times."""
    decks = tuple(
        DeckNotes(
            deck.deck,
            deck.full_name,
            tuple(replace(note, time=times.get(note.card_id, note.time)) for note in deck.notes),
        )
        for deck in made.decks
    )
    kinds = made.note_types
    if types is not None:
        kinds = {key: replace(each, time=types) for key, each in kinds.items()}
    return Output(decks, kinds)


# --- cards -----------------------------------------------------------------------------------------


def recall(name: str, back: str = "Because.", **more: Any) -> dict[str, Any]:
    """The plainest card."""
    return {"id": name, "front": f"What is {name}?", "back": back, **more}


def cloze(name: str, text: str = "A {{c1::stump}} has {{c2::one}} split.", **more: Any) -> dict[str, Any]:
    """A sentence with gaps."""
    return {"id": name, "kind": "cloze", "text": f"{name}: {text}", **more}


def formula(name: str, latex: str = r"\frac{ {{c1::a}} }{ {{c2::b^{2} }} }", **more: Any) -> dict[str, Any]:
    """A formula with gaps."""
    return {"id": name, "kind": "formula", "name": f"The formula {name}", "formula": latex, **more}


def wrong(*texts: str) -> list[dict[str, str]]:
    """Distractors."""
    return [{"text": text, "why": f"Not {text}."} for text in texts]


def every_kind(picture: str = "roc.svg") -> dict[str, list[dict[str, Any]]]:
    """Short and long cards of all seven kinds in two decks."""
    code = "def f(x: int) -> int:\n    return {x: {1: 2}}[x][1] if x < 3 & 1 else x"
    return {
        "theory": [
            recall("short", back="Yes."),
            recall(
                "long",
                back="First `a < b` and $\\frac{a}{b^{2}}$.\n\n| a | b |\n| - | - |\n| $x_{i}$ | {{no gap}} |\n\n"
                + "\n\n".join(
                    f"Paragraph {i} with **bold**, *italic* and {'many words ' * 40}." for i in range(12)
                )
                + f"\n\n![the curve]({picture})\n\n```python\n{code}\n```",
                hint="Think of $5 and \\$6.",
                why_asked="It tells.",
                follow_ups=[{"ask": "And then?", "answer": "That."}, {"ask": "Why {{c1::not}}?"}],
                key_points=[{"say": "One", "words": ["one"]}],
                red_flags=[{"claim": "Never", "words": ["never"], "why": "Sometimes."}],
                right="Because",
                wrong=wrong("No", "Perhaps", "Never"),
                sources=["A book, chapter 3"],
                level="hard",
                core=True,
                tags=["extra"],
            ),
            cloze("gaps", wrong={"c1": wrong("tree", "log", "root")}, extra="More."),
            cloze("one-gap", "The {{c3::third::which?}} only, with $x^{ {{c3::2}} }$."),
            {
                "id": "pick",
                "kind": "choice",
                "front": f"Which one?\n\n![picture]({picture})",
                "options": [
                    {"text": "This", "right": True, "why": "It is."},
                    *({"text": f"That {i}", "why": "No."} for i in range(3)),
                ],
            },
            recall("old", retired={"since": "2023-10-01", "reason": "It is no longer so."}),
        ],
        "practice": [
            formula(
                "ratio",
                symbols=[
                    {"symbol": "a", "means": "the part", "part": "c1"},
                    {"symbol": "b", "means": "the whole", "shape": "n", "unit": "m"},
                ],
                conditions="$b \\neq 0$",
                example={"given": "$a = 1, b = 2$", "compute": "1 / 2**2", "result": "0.25"},
            ),
            {
                "id": "flawed",
                "kind": "red-flag",
                "question": "How do you split?",
                "said": '"At random, always."',
                "flaw": "Time leaks.",
                "better": "By time.",
                "right": "It leaks time",
                "wrong": wrong("Too slow", "Too small", "Too big"),
                "key_points": [{"say": "Leak"}],
            },
            {
                "id": "sound",
                "kind": "red-flag",
                "question": "How do you test?",
                "said": '"On data not seen."',
                "sound": True,
                "better": "It holds.",
                "wrong": wrong("Too slow", "Too small", "Too big"),
            },
            {
                "id": "on-call",
                "kind": "ask",
                "find_out": "who is woken at night",
                "whom": "the lead",
                "question": "What woke you last?",
                "reveals": "The truth.",
                "good_sign": "A date.",
                "bad_sign": "A laugh.",
            },
            {
                "id": "nested",
                "kind": "code",
                "language": "python",
                "front": "Write f.",
                "signature": "def f(x: int) -> int",
                "solution": code,
                "trap": "Braces: `{{c1::x}}`.",
                "cases": [{"call": "f(1)", "expect": "{1: {2: 3}}"}],
                "complexity": "$O(1)$",
            },
        ],
    }


def picture(shelf: Shelf, deck: str = "theory", name: str = "roc.svg", size: int = 4) -> None:
    """Put a picture beside a deck's cards."""
    (shelf.root / deck).mkdir(parents=True, exist_ok=True)
    (shelf.root / deck / name).write_text(SVG.format(size), "utf-8")
