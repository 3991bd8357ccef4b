"""Markdown with maths and gaps: the short cut for plain texts changes nothing, and text stays text."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, strategies as st

from deckwright import markup
from deckwright.anki.html import HtmlRenderer, escape
from deckwright.markup import GAP_CLOSE, GAP_OPEN, find_gaps, is_plain, mark_gaps, reveal
from deckwright.texts import look_into


def by_parser(text: str) -> str:
    """The HTML by way of markdown-it, whatever the text."""
    return "".join(HtmlRenderer()._write(markup.parse(markup.clean(text))))


LIKELY = st.text("ab1290.)(-+=:;, \n\"'’“é→漢", max_size=40)
LINES = st.lists(
    st.sampled_from(
        [
            "",
            " ",
            "  ",
            "   ",
            "    ",
            "1. a",
            "12) b",
            "- c",
            "+",
            "===",
            "---",
            ":-",
            "word",
            " two words ",
            "a\u00a0",
            "\u00a0b",
            "\x0bc",
            "\u2028",
            "1.",
            "é",
        ]
    ),
    max_size=6,
).map("\n".join)
ANY = st.text(st.characters(codec="utf-8"), max_size=40)


@given(LIKELY | LINES | ANY)
@example("one\n\ntwo")
@example("one\n \ntwo\nthree")
@example(" \n one\n")
@example('say "yes"')
@example("1.5 is more than 1")
@example("a\n1) b")
@example("a\n:-")
@example("a\n\u00a0\nb")
@example("\u00a0a\u00a0")
@example("a\x0c\nb")
@example("a\x0b")
@example("a\u2028b")
@example("a\x85\n\x1fb")
def test_a_plain_text_gives_the_html_that_the_parser_gives(text: str) -> None:
    if is_plain(text):
        assert HtmlRenderer().block(text) == by_parser(text)


@pytest.mark.parametrize(
    "text",
    [
        "Why does it overfit?",
        "Two lines\nof words",
        "One.\n\nTwo.",
        "It costs 5.50 (or 6)",
        'say "x"',
        "é → 漢, 𝕏",
    ],
)
def test_words_are_plain(text: str) -> None:
    assert is_plain(text)


@pytest.mark.parametrize(
    "text",
    ["*a*", "`a`", "$x$", r"\(x\)", "- a", "a\n- b", "1. a", "a\n    b", "    a", "a  \nb", "# a", "> a", "a\n===",
     "![a](b)", "<b>", "&amp;", "a | b", "{{c1::a}}", "~~a~~", "a\tb", "\ue101", "\ue002"],
)  # fmt: skip
def test_what_markdown_might_read_is_not_plain(text: str) -> None:
    assert not is_plain(text)


def hidden(text: str) -> list[tuple[int, str, str | None]]:
    return [(gap.number, gap.hidden, gap.hint) for gap in find_gaps(text)[0]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{c1::a}}", [(1, "a", None)]),
        ("{{c1::a::b}}", [(1, "a", "b")]),
        ("x {{c2::a}} y {{c1::b}}", [(2, "a", None), (1, "b", None)]),
        (r"{{c1::\frac{a}{b}}}", [(1, r"\frac{a}{b}", None)]),
        (r"{{c1::{a}}}", [(1, "{a}", None)]),
        (r"{{c1::\text{a::b}}}", [(1, r"\text{a::b}", None)]),
        (r"{{c1::a \} b}}", [(1, r"a \} b", None)]),
        ("{{c1::`a`::b::c}}", [(1, "`a`::b", "c")]),
        ("{{c1::`std::vector`}}", [(1, "`std::vector`", None)]),
        ("{{c1::x[::2]}}", [(1, "x[::2]", None)]),
        ("{{c1::[0, 1)::interval}}", [(1, "[0, 1)", "interval")]),
        ("{{c99::a}}", [(99, "a", None)]),
        ("{{c0::a}} {{c100::a}} {{C1::a}} {{ c1::a}} {{c1:a}}", []),
        ("{{c1::a\nb}}", [(1, "a\nb", None)]),
    ],
)
def test_gaps_are_found_by_their_braces(text: str, found: list[tuple[int, str, str | None]]) -> None:
    assert hidden(text) == found
    assert find_gaps(text)[1] == []


@pytest.mark.parametrize("opening", ["{{c1::", r"\(", r"\[", "\\[\n", "\\[\n\n", "{{c1::a}", "`", "$"])
def test_a_text_full_of_openings_takes_time_in_proportion_to_its_length(opening: str) -> None:
    text = opening * (60_000 // len(opening))
    before = time.process_time()
    look_into(text)

    assert time.process_time() - before < 4


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (r"\[x\] and more", r"<p>\[x\] and more</p>"),
        (r"\[x\] (where $x$ is more)", r"<p>\[x\] (where \(x\) is more)</p>"),
        (r"> \[x\] said", r"<blockquote><p>\[x\] said</p></blockquote>"),
        ("\\[\nx\n= y\n\\]\nmore", "\\[x\n= y\\]<p>more</p>"),
    ],
)
def test_what_follows_displayed_maths_on_its_line_is_kept(text: str, html: str) -> None:
    assert html in HtmlRenderer().block(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{c1::a", "it never closes"),
        ("{{c1::a}", "it never closes"),
        ("{{c1::a {b}}", "it never closes"),
        ("{{c1::a {{c2::b}} c}}", "gaps cannot be nested"),
        ("{{c1::}}", "it hides nothing"),
        ("{{c1:: ::hint}}", "it hides nothing"),
    ],
)
def test_a_broken_gap_says_why_and_where(text: str, reason: str) -> None:
    broken = find_gaps(f"é {text}")[1]
    assert (broken[0].reason, broken[0].start) == (reason, 2)


@given(st.text("{}c1:a\\$ \n", max_size=40))
def test_marking_gaps_keeps_everything_outside_them(text: str) -> None:
    gaps = find_gaps(text)[0]
    marked = mark_gaps(text)
    assert marked.count(GAP_CLOSE) == len(gaps)
    assert sum(ord(char) > GAP_OPEN for char in marked) == len(gaps)
    if not gaps:
        assert marked == reveal(text) == text


def test_revealing_shows_what_gaps_hide() -> None:
    assert reveal("a {{c1::b::hint}} {{c2::$x_{1}$}}") == "a b $x_{1}$"


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</div></p>", "a & b &lt; c", '" onclick="x', "{{c1::x}}",
     "{{Front}}", "<!-- x", "javascript:alert(1)", "<a href='x'>"],
)  # fmt: skip
def test_hostile_text_stays_text(hostile: str) -> None:
    html = HtmlRenderer().block(hostile)
    inside = html.removeprefix("<p>").removesuffix("</p>")
    assert "<" not in inside
    assert "{{" not in html
    assert '"' not in inside


@given(st.text("<>&\"'{}c1:a=/ \n!-", max_size=40))
def test_no_text_makes_a_tag_or_a_cloze(text: str) -> None:
    html = HtmlRenderer().block(text)
    for tag in ("p", "ul", "li", "blockquote", "br", "hr", "code", "pre", "h1", "h2", 'pre class="code"'):
        html = html.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    assert "<" not in html
    assert "{{" not in html


@given(ANY)
def test_escaping_keeps_the_text(text: str) -> None:
    import html

    assert html.unescape(escape(text)) == html.unescape(html.escape(text))


def test_typed_private_characters_are_no_gaps() -> None:
    assert "{{c1::" not in HtmlRenderer().block("a \ue101x\ue002 b", gaps=True)


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$x$", [("x", False)]),
        (r"\(x\) and \[y\]", [("x", False), ("y", True)]),
        ("$$x$$", [("x", True)]),
        ("It costs $5 and $6", []),
        (r"It costs \$5", []),
        ("`$x$`", []),
        ("$x_{{{c1::i}}}$", [("x_{i}", False)]),
        ("words", []),
    ],
)
def test_formulas_are_found_where_they_stand(text: str, formulas: list[tuple[str, bool]]) -> None:
    assert markup.formulas(text) == formulas
