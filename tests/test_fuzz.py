"""Whatever a card file holds: a problem or a package, never a traceback, a hang, or a package Anki dislikes."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from deckwright.anki.html import HtmlRenderer
from deckwright.builder import build
from deckwright.compiler import compile_library
from deckwright.diagnostics import Severity
from libraries import DECK, LIBRARY, NoMaths, compiled, library, topic, write
from real_anki import RealAnki

NOW = 1_790_000_000
SHIPPED = [*sorted(Path("cards").glob("*/*.yaml")), Path("cards/library.yaml")]

HOSTILE = [
    "<script>alert(1)</script>",
    "a < b and c > d & e",
    "<" * 3000,
    "{{field}} {{Front}} {{#Front}}x{{/Front}} {{FrontSide}}",
    "{{c1::not a gap here}} and {{c2::",
    "}}}} {{{{ ::",
    "[sound:evil.mp3] [$]x[/$] [latex]y[/latex]",
    "<img src=x onerror=alert(1)> <svg onload=alert(1)>",
    "[link](javascript:alert%281%29)".replace("javascript", "https://a.b/?javascript"),
    "\u202eright to left\u202c \u200b\u200d zero width \ufeff",
    "a\u0301 NFD, 😀 emoji, \u4f60\u597d, \ue001 private \ue102",
    "x" * 100_000,
    "a `{{c1::code}}` b",
    "![alt](https://example.org/x.png)".replace("!", "\\!"),
    "&amp;lt; &#60; %s %(x)s ${y} \\N{DASH}".replace("${y}", "\\${y}"),
    "$0.50 \\$x\\$ 100%",
    "line one  \nline two\n\n> quote\n\n1. a\n2. b",
]


def yaml_text(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def visible(field: str) -> str:
    """What a reader sees of a field's HTML, as one line."""
    text = re.sub(r"<br>|</(?:p|li|div|td|tr|h\d|blockquote|pre)>", " ", field)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split())


def test_hostile_text_stays_text_and_the_real_anki_takes_it(tmp_path: Path) -> None:
    cards = "\n".join(
        f"- id: hostile-{n}\n  front: {yaml_text(f'Q{n} {text}')}\n  back: {yaml_text(text)}\n"
        f"  hint: {yaml_text(text)}\n  key_points: [{{say: {yaml_text(text)}}}]"
        for n, text in enumerate(HOSTILE)
    )
    clozes = "\n".join(
        f"- id: cloze-{n}\n  kind: cloze\n  text: {yaml_text('A {{c1::gap}} in ' + text)}"
        for n, text in enumerate(HOSTILE)
        if "{{c" not in text
    )
    root = library(tmp_path / "cards", f"{cards}\n{clozes}")
    compilation = compiled(root)
    errors = [p for p in compilation.problems if p.severity is Severity.ERROR]

    assert [f"{p.span.place} {p.message}" for p in errors] == []
    report = build(compilation, tmp_path / "out", NOW)
    with RealAnki(tmp_path / "anki") as anki:
        log = anki.import_package(report.packages[-1].path)
        assert set(log.counts) == {"new"}
        assert anki.flaws() == []
        fields = {made["Id"]: made for made in (anki.fields(guid) for guid in anki.contents())}
    for n in range(len(HOSTILE)):
        front = fields[f"hostile-{n}"]["Front"]
        assert "<script" not in front
        assert not re.search(r"<[a-z]+[^>]* on[a-z]+=", front)
    assert visible(fields["hostile-0"]["Back"]) == "<script>alert(1)</script>"
    assert visible(fields["hostile-3"]["Back"]) == HOSTILE[3]


def test_what_a_gap_hides_is_hidden_whole_in_the_real_anki(tmp_path: Path) -> None:
    hidden = ("std::vector", "`std::vector`", "$a::b$", "x[::2]", "a:", "*a*: b", r"a\:: b")
    source = "".join(
        f"- {{id: card-{i}, kind: cloze, text: 'Say {{{{c1::{text}::the hint}}}} now'}}\n"
        f"- {{id: bare-{i}, kind: cloze, text: 'Say {{{{c1::{text}}}}} now'}}\n"
        for i, text in enumerate(hidden)
    )
    compilation = compiled(library(tmp_path / "cards", source))
    assert [p.message for p in compilation.problems] == []
    build(compilation, tmp_path / "out", NOW)

    with RealAnki(tmp_path / "anki") as anki:
        anki.import_package(tmp_path / "out" / "test.apkg")
        cards = [anki.col.get_card(ident) for ident in anki.col.find_cards("")]
        shown = {card.note()["Id"]: visible(card.question()) for card in cards}
    for i, text in enumerate(hidden):
        assert "Say [the hint] now" in shown[f"card-{i}"], text
        if text not in ("std::vector", r"a\:: b"):  # these two are a word and its hint
            assert "Say [...] now" in shown[f"bare-{i}"], text


def test_a_megabyte_on_one_line_is_a_card(tmp_path: Path) -> None:
    giant = "word < " * 150_000
    root = library(tmp_path / "cards", f"- id: giant\n  front: {yaml_text(giant)}\n  back: b")
    report = build(compiled(root), tmp_path / "out", NOW)

    with RealAnki(tmp_path / "anki") as anki:
        assert anki.import_package(report.packages[0].path).counts == {"new": 1}
        assert anki.flaws() == []


def test_nothing_in_a_card_file_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cards = """
    - id: code
      kind: code
      language: python
      front: f
      solution: open('executed', 'w')
      cases: [{call: "open('executed', 'w')", expect: "__import__('os').system('touch executed')"}]
    - id: formula
      kind: formula
      name: n
      formula: '{{c1::x}}'
      example: {given: g, compute: "open('executed', 'w')", result: '1'}
    """
    root = library(tmp_path / "cards", cards)
    build(compiled(root), tmp_path / "out", NOW)

    assert not (tmp_path / "executed").exists()


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)
pieces = st.sampled_from(
    ["$", "$$", "\\(", "\\)", "\\[", "{{c1::", "}}", "::", "{", "}", "<", ">", "&", "*", "_", "`", "```", "~~~", "\n",
     "\n\n", "- ", "1. ", "> ", "# ", "|", "![a](b.png)", "[a](b)", "\\", "  \n", "    ", "\t", "&lt;", "x", "1", " "]
)  # fmt: skip
texts = st.lists(st.one_of(pieces, words), min_size=1, max_size=12).map("".join)


@settings(max_examples=400, deadline=None)
@given(texts, st.booleans())
def test_any_text_renders_to_html_that_closes_what_it_opens(text: str, gaps: bool) -> None:  # noqa: FBT001
    made = HtmlRenderer().block(text, gaps=gaps)
    opened: list[str] = []
    for closing, name in re.findall(r"<(/?)([a-z][a-z0-9]*)[^>]*>", made):
        if name in ("br", "img", "hr"):
            continue
        if closing:
            assert opened.pop() == name
        else:
            opened.append(name)

    assert opened == []
    assert not re.search(r"<(?:script|style|iframe|object|form|input)", made)
    assert gaps or not re.search(r"\{\{c\d+::", made)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts)
def test_any_card_is_a_problem_or_a_package_anki_likes(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    cards = (
        f"- id: recall\n  front: {yaml_text(text)}\n  back: {yaml_text(text)}\n"
        f"- id: cloze\n  kind: cloze\n  text: {yaml_text(text)}\n"
        f"- id: formula\n  kind: formula\n  name: n\n  formula: {yaml_text(text)}\n"
    )
    compilation = compiled(library(folder / "cards", cards))
    if compilation.problems.failed():
        return
    report = build(compilation, folder / "out", NOW)
    with RealAnki(folder / "anki") as anki:
        assert anki.import_package(report.packages[-1].path).counts == {"new": 3}
        assert anki.flaws() == []


def flip(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def cut(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randrange(1, 200) :]


def double(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start : start + rng.randrange(1, 400)] + data[start:]


def swap(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


def insert(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    odd = [
        b"\t",
        b'"',
        b"'",
        b"{",
        b"[",
        b": ",
        b"- ",
        b"\x00",
        b"\xff",
        b"&a ",
        b"*a",
        b"!!python/object:x ",
        b"$",
        b"\\",
    ]
    return data[:at] + rng.choice(odd) + data[at:]


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (flip, cut, double, swap, insert)


@pytest.mark.parametrize("seed", range(12))
def test_mutated_real_files_never_raise(seed: int, tmp_path: Path) -> None:
    """Break shipped files in random ways: the compiler says what is wrong, or finds nothing wrong."""
    rng = random.Random(seed)
    for _ in range(12):
        path = rng.choice(SHIPPED)
        data = path.read_bytes()
        for _ in range(rng.randrange(1, 4)):
            data = rng.choice(MUTATIONS)(rng, data) or b"\n"
        name = "library.yaml" if path.name == "library.yaml" else f"main/{path.name}"
        files: dict[str, str | bytes] = {
            "library.yaml": LIBRARY,
            "main/deck.yaml": DECK,
            "main/other.yaml": topic("- {id: a, front: a, back: b}", "other"),
        }
        root = write(tmp_path / f"{rng.random()}", files | {name: data})
        compilation = compile_library(root, maths=NoMaths())

        assert all(p.span.line >= 1 and p.span.column >= 1 and p.message for p in compilation.problems)
        if compilation.library is not None and not compilation.problems.failed():
            build(compilation, root / "out", NOW)
