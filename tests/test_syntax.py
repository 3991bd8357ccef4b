"""The YAML reader: what was typed stays, places are right, and hostile files cost nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from deckwright import syntax
from deckwright.diagnostics import Diagnostic, Problems
from deckwright.source import MAX_FILE_BYTES, SourceFile
from deckwright.syntax import Bare, Document, Mapping, Scalar, Sequence, find, parse, read_document, to_data


def parsed(text: str) -> tuple[Document, list[Diagnostic]]:
    """The file as nodes, and its problems."""
    problems = Problems()
    return parse(SourceFile(Path("t.yaml"), "t.yaml", text), problems), list(problems)


def read(folder: Path, content: bytes) -> tuple[Document, list[Diagnostic]]:
    """The file as the compiler reads it, and its problems."""
    path = folder / "t.yaml"
    path.write_bytes(content)
    problems = Problems()
    return read_document(path, "t.yaml", problems), list(problems)


def data(document: Document) -> Any:
    assert document.root is not None
    return to_data(document.root, [])


def codes(problems: list[Diagnostic]) -> list[str]:
    return [problem.code.name for problem in problems]


def place(document: Document, *path: str | int) -> tuple[int, int, int, int]:
    assert document.root is not None
    return tuple(document.span(find(document.root, path)))[1:]  # type: ignore[return-value]


@pytest.mark.parametrize(
    "typed",
    [
        "no",
        "yes",
        "on",
        "012",
        "1.10",
        "2024-01-01",
        "$5 and $6",
        "1_000",
        "0x1F",
        "1e3",
        "12:30:45",
        "a#b",
        "=",
        "<<",
    ],
)
@pytest.mark.parametrize("way", ["nodes", "plain"])
def test_values_stay_what_was_typed(typed: str, way: str, tmp_path: Path) -> None:
    document, problems = read(tmp_path, f"front: {typed}\n".encode())
    made = data(document) if way == "nodes" else document.take_data()
    assert made == {"front": typed}
    assert not problems


@pytest.mark.parametrize("typed", ["2024", "true", "False", "1.5", "-3", "0o17", "0x1F", ".inf", "1e3"])
def test_a_bare_number_or_boolean_is_text_that_knows_it_was_bare(typed: str) -> None:
    document, problems = parsed(f"front: {typed}\nback: '{typed}'\n")
    made = data(document)
    assert made == {"front": typed, "back": typed}
    assert type(made["front"]) is Bare
    assert type(made["back"]) is str
    assert not problems


@pytest.mark.parametrize("typed", ["", "~", "null", "Null", "NULL"])
def test_nothing_is_none_and_is_collected(typed: str) -> None:
    document, _ = parsed(f"front: {typed}\n")
    nothing: list[Scalar] = []
    assert document.root is not None
    assert to_data(document.root, nothing) == {"front": None}
    assert [node.value for node in nothing] == [None]


def test_quoted_words_for_nothing_are_text() -> None:
    document, _ = parsed("a: 'null'\nb: \"~\"\nc: ''\n")
    assert data(document) == {"a": "null", "b": "~", "c": ""}


def test_keys_are_text_whatever_they_look_like() -> None:
    document, problems = parsed("12: a\ntrue: b\n~: c\n")
    made = data(document)
    assert made == {"12": "a", "true": "b", "": "c"}
    assert {type(key) for key in made} == {str}
    assert not problems


def test_places_count_characters_from_one() -> None:
    document, _ = parsed("front: Why?\nback: 'quoted'\ntags: [é, 𝕏y, z]\n")
    assert place(document, "front") == (1, 8, 1, 12)
    assert place(document, "back") == (2, 7, 2, 15)
    assert place(document, "tags", 1) == (3, 11, 3, 13)
    assert place(document, "tags", 2) == (3, 15, 3, 16)


def test_keys_have_places_of_their_own() -> None:
    document, _ = parsed("cards:\n  - id: x\n    front: y\n")
    card = find(document.root, ("cards", 0)) if document.root else None
    assert isinstance(card, Mapping)
    assert document.span(card.keys["front"]) == ("t.yaml", 3, 5, 3, 10)
    assert place(document, "cards", 0)[:2] == (2, 5)


def test_a_block_scalar_begins_at_its_bar() -> None:
    document, _ = parsed("a: |\n  one\n  two\nb: x\n")
    assert place(document, "a")[:2] == (1, 4)
    block = find(document.root, ("a",)) if document.root else None
    assert isinstance(block, Scalar)
    assert block.block
    assert block.value == "one\ntwo\n"
    assert place(document, "b") == (4, 4, 4, 5)


def test_find_stops_where_the_path_leaves_the_tree() -> None:
    document, _ = parsed("a: [x]\n")
    assert document.root is not None
    assert isinstance(find(document.root, ("a", 5)), Sequence)
    assert isinstance(find(document.root, ("b",)), Mapping)


def test_places_are_the_same_when_asked_for_later(tmp_path: Path) -> None:
    text = "topic: t\ncards:\n  - id: x\n    front: |\n      é→ text\n    tags: [a, 'b']\n"
    later, _ = read(tmp_path, text.encode())
    at_once, _ = parsed(text)
    assert later.take_data() == data(at_once)
    for path in ((), ("cards", 0), ("cards", 0, "front"), ("cards", 0, "tags", 1)):
        assert place(later, *path) == place(at_once, *path)


def test_the_data_of_a_plain_file_is_given_away_once(tmp_path: Path) -> None:
    document, _ = read(tmp_path, b"a: b\n")
    assert document.take_data() == {"a": "b"}
    assert document.take_data() is None
    assert data(document) == {"a": "b"}


def test_of_a_duplicate_key_the_first_stays() -> None:
    document, problems = parsed("a: 1\nb: 2\na: 3\n")
    assert data(document) == {"a": "1", "b": "2"}
    assert codes(problems) == ["duplicate-key"]
    assert problems[0].span[1:3] == (3, 1)
    assert problems[0].related[0].span[1:3] == (1, 1)


def test_a_list_as_a_key_is_a_problem() -> None:
    _, problems = parsed("? [a]\n: b\n")
    assert codes(problems) == ["key-not-text"]


def test_an_alias_is_what_its_anchor_is() -> None:
    document, problems = parsed("a: &x [one, two]\nb: *x\n")
    assert data(document) == {"a": ["one", "two"], "b": ["one", "two"]}
    assert not problems


@pytest.mark.parametrize("text", ["a: *x\n", "a: &x [*x]\n"])
def test_an_alias_needs_a_complete_anchor(text: str) -> None:
    document, problems = parsed(text)
    assert document.root is None
    assert codes(problems) == ["yaml-syntax"]


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    began = time.process_time()
    document, problems = parsed("\n".join(lines))
    assert document.root is None
    assert codes(problems) == ["too-many-aliases"]
    assert time.process_time() - began < 1


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_ten_thousand_levels_are_refused_without_recursion(opening: str) -> None:
    document, problems = parsed("x: " + opening * 10_000)
    assert document.root is None
    assert codes(problems) == ["too-deep"]


def test_the_deepest_file_that_is_allowed_is_read() -> None:
    inside = syntax.MAX_DEPTH - 1
    document, problems = parsed("x: " + "[" * inside + "y" + "]" * inside)
    assert document.root is not None
    assert not problems


def test_a_giant_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert path.stat().st_size > MAX_FILE_BYTES
    monkeypatch.setattr(Path, "read_bytes", lambda _self: pytest.fail("it was read"))
    problems = Problems()
    document = read_document(path, "t.yaml", problems)
    assert document.root is None
    assert codes(list(problems)) == ["file-too-large"]


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\ufffe"])
def test_a_control_character_has_a_place(character: str) -> None:
    document, problems = parsed(f"a: b\nfront: é x{character}y\n")
    assert document.root is None
    assert codes(problems) == ["yaml-syntax"]
    assert f"U+{ord(character):04X}" in problems[0].message
    assert problems[0].span[1:3] == (2, 11)


def test_windows_line_ends_and_a_mark_of_byte_order_change_nothing(tmp_path: Path) -> None:
    plain = b"front: |\n  one\n  two\nback: x\n"
    other = b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")
    first, _ = read(tmp_path, plain)
    second, problems = read(tmp_path, other)
    assert first.take_data() == second.take_data() == data(first) == data(second)
    assert place(first, "back") == place(second, "back") == (4, 7, 4, 8)
    assert not problems


def test_what_is_not_utf8_names_the_byte_and_its_line(tmp_path: Path) -> None:
    document, problems = read(tmp_path, b"a: b\nc: caf\xe9\n")
    assert document.root is None
    assert codes(problems) == ["not-utf8"]
    assert problems[0].span.line == 2
    assert "0xe9" in problems[0].message


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    problems = Problems()
    assert read_document(tmp_path / "none.yaml", "none.yaml", problems).root is None
    assert codes(list(problems)) == ["unreadable-file"]


def test_of_several_documents_only_the_first_is_read() -> None:
    document, problems = parsed("a: b\n---\nc: d\n")
    assert data(document) == {"a": "b"}
    assert codes(problems) == ["many-documents"]
    assert problems[0].span.line == 2


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!str", "!!int", "!own"])
@pytest.mark.parametrize("value", ["x", "[x]", "{x: y}"])
def test_tags_are_refused_and_do_nothing(tag: str, value: str) -> None:
    _, problems = parsed(f"a: {tag} {value}\n")
    assert codes(problems) == ["tag-not-allowed"]
    assert "found the tag" in problems[0].message


@pytest.mark.parametrize("text", [r'a: "x \n y"', 'a: "x\n\n  $\\\\alpha$ y"'])
def test_a_backslash_in_double_quotes_is_a_warning(text: str) -> None:
    _, problems = parsed(text)
    assert codes(problems) == ["backslash-in-double-quotes"]
    line, column = problems[0].span[1:3]
    assert text.split("\n")[line - 1][column - 1] == "\\"


def test_an_escaped_quote_is_no_problem(tmp_path: Path) -> None:
    document, problems = read(tmp_path, rb'a: "say \"x\""')
    assert data(document) == {"a": 'say "x"'}
    assert not problems


@pytest.mark.parametrize("text", ["", "# only a remark\n", "---\n"])
def test_an_empty_file_has_no_data(text: str, tmp_path: Path) -> None:
    document, problems = read(tmp_path, text.encode())
    assert document.take_data() is None
    assert not problems


@pytest.mark.parametrize(
    "text",
    [
        "a: b: c\n",
        "a: [x\n",
        "\ta: b\n",
        "a: 'x\n",
        'a: "\\q"\n',
        "a: @x\n",
        "- a\nb: c\n",
        "%YAML x\n---\na: b\n",
    ],
)
def test_bad_syntax_is_one_problem_with_a_place(text: str, tmp_path: Path) -> None:
    document, problems = read(tmp_path, text.encode())
    assert document.root is None
    assert codes(problems) == ["yaml-syntax"]
    assert problems[0].span.line >= 1


class TypedLoader(yaml.SafeLoader):
    """PyYAML's own pure loader, for which every scalar is text."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012  it is yaml's attribute


WORDS = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=("Cs", "Cc"),
        exclude_characters="\ufeff\u2028\u2029\x85\ufffe\uffff",
    ),
    max_size=30,
)
KEYS = st.text("abc-_ é1", min_size=1, max_size=6)
TREES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
STYLES = st.sampled_from([None, "'", "|", ">"])


def with_nothing_as_text(node: Any) -> Any:
    """Our data with None as the text that was typed, for PyYAML's loader knows no nothing here."""
    if isinstance(node, dict):
        return {key: with_nothing_as_text(value) for key, value in node.items()}
    if isinstance(node, list):
        return [with_nothing_as_text(item) for item in node]
    return "" if node is None else node


@given(st.dictionaries(KEYS, TREES, max_size=5), STYLES, st.sampled_from([None, True, False]))
def test_data_is_what_pyyaml_reads_as_text(
    tree: dict[str, Any],
    style: str | None,
    flow: bool | None,  # noqa: FBT001  Hypothesis gives it
) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, default_style=style, default_flow_style=flow, width=40)
    expected = yaml.load(text, TypedLoader)
    document, problems = parsed(text)
    assert [code for code in codes(problems) if code != "backslash-in-double-quotes"] == []
    assert with_nothing_as_text(data(document)) == expected


@given(st.text("ab:-#&*!|>'\"%@`{}[],? \n\\~01é\t", max_size=60))
def test_without_nodes_the_data_is_the_same_or_there_is_none(text: str) -> None:
    plain = syntax._plain(text)
    document, problems = parsed(text)
    if plain is not None:
        assert not problems
        assert plain == data(document)
        assert [type(leaf) for leaf in leaves(plain)] == [type(leaf) for leaf in leaves(data(document))]


def leaves(node: Any) -> list[Any]:
    """Every scalar of plain data."""
    if isinstance(node, dict):
        return [leaf for value in node.values() for leaf in leaves(value)]
    return [leaf for item in node for leaf in leaves(item)] if isinstance(node, list) else [node]
