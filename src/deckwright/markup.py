"""Markdown with maths and gaps, parsed once for every renderer.

Text becomes markdown-it tokens: ``math_inline`` and ``math_block`` carry LaTeX without its
delimiters. Gaps (``{{c1::hidden::hint}}``) are found by their braces before Markdown sees the text and
are carried through as three private characters, so that neither Markdown, maths nor a
highlighter can tear one apart; a renderer turns the characters into what its output needs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

VERSION = 2
"""Raised whenever the same text would parse into other tokens; part of every cache key."""

GAP_OPEN = 0xE100
"""The private character ``chr(GAP_OPEN + n)`` opens gap n (1 to 99)."""
GAP_HINT = "\ue001"
GAP_CLOSE = "\ue002"
GAP_MARKS = re.compile("[\ue001\ue002\ue101-\ue163]")
_PRIVATE = re.compile("[\ue001\ue002\ue100-\ue163]")

# Without one of these a text is plain paragraphs, and Markdown need not be asked.
# In UTF-8 the byte EE begins the private characters, and no others.
_SPECIAL = b"\\`*_[]!<>&#~|${}\t\r\0\xee"
_SPECIAL_START = re.compile(r" *(?:[-+=]|\d+[.)])| {4}")
# Markdown strips paragraphs of every kind of space, so that one which is no plain one matters at an end.
_SPECIAL_LINE = re.compile(r"  \n|\n {4}|\n *(?:[-+=]|\d+[.)]|[^\S \n])|[^\S \n] *\n")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_GAP_START = re.compile(r"\{\{c([1-9][0-9]?)::")


@dataclass(frozen=True, slots=True)
class GapText:
    """One gap as written: its number, what it hides, its hint, and where it stands in the text."""

    number: int
    hidden: str
    hint: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BrokenGap:
    """A gap that cannot be read: what is wrong and where in the text."""

    reason: str
    start: int


def find_gaps(text: str) -> tuple[list[GapText], list[BrokenGap]]:
    """Every gap of a text by matching braces, so that LaTeX inside one needs no care.

    Nested gaps and gaps that never close come back as `BrokenGap`.
    """
    gaps: list[GapText] = []
    broken: list[BrokenGap] = []
    at = 0
    closing: dict[int, int] | None = None
    while found := _GAP_START.search(text, at):
        if closing is None:
            closing = _closing_braces(text)
        # The second brace of a gap's start: what closes it must be doubled too.
        end = closing.get(found.start() + 1)
        end = end if end is not None and text.startswith("}}", end) else None
        if end is None:
            broken.append(BrokenGap("it never closes", found.start()))
            at = found.end()
            continue
        inside = text[found.end() : end]
        if _GAP_START.search(inside):
            broken.append(BrokenGap("gaps cannot be nested", found.start()))
        hidden, hint = _split_hint(inside)
        gap = GapText(int(found[1]), hidden, hint, found.start(), end + 2)
        gaps.append(gap)
        if not hidden.strip():
            broken.append(BrokenGap("it hides nothing", found.start()))
        at = end + 2
    return gaps, broken


def _closing_braces(text: str) -> dict[int, int]:
    r"""Where each brace that opens is closed, in one pass however many never are; ``\{`` is no brace."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif brace[0] == "}" and opened:
            closing[opened.pop()] = brace.start()
    return closing


def _split_hint(inside: str) -> tuple[str, str | None]:
    """Split ``hidden::hint`` at the last ``::``, unless that is inside braces, brackets, code or maths."""
    hidden, mark, hint = inside.rpartition("::")
    torn = hidden.count("{") != hidden.count("}") or hidden.count("$") % 2 or hidden.count("`") % 2
    # A slice, x[::2]; of an interval such as [0, 1) only one side has a bracket.
    torn = torn or (hidden.count("[") > hidden.count("]") and hint.count("]") > hint.count("["))
    return (inside, None) if not mark or torn else (hidden, hint)


def mark_gaps(text: str) -> str:
    """Replace the gaps' braces by private characters."""
    gaps, _ = find_gaps(text)
    out: list[str] = []
    at = 0
    for gap in gaps:
        hint = "" if gap.hint is None else GAP_HINT + gap.hint
        out += [text[at : gap.start], chr(GAP_OPEN + gap.number), gap.hidden, hint, GAP_CLOSE]
        at = gap.end
    return "".join([*out, text[at:]])


def gap_numbers(marks: Iterable[str]) -> Iterator[int]:
    """The numbers of the gaps that the marks open."""
    return (ord(mark) - GAP_OPEN for mark in marks if ord(mark) > GAP_OPEN)


def unmark(text: str, write: Callable[[int, str, str | None], str]) -> str:
    """Replace marked gaps by what ``write(number, hidden, hint)`` returns."""

    def replace(found: re.Match[str]) -> str:
        hidden, mark, hint = found[2].partition(GAP_HINT)
        return write(ord(found[1]) - GAP_OPEN, hidden, hint if mark else None)

    return re.sub("([\ue101-\ue163])([^\ue002]*)\ue002", replace, text)


def reveal(text: str) -> str:
    """The text with every gap replaced by what it hides."""
    return unmark(mark_gaps(text), lambda _number, hidden, _hint: hidden)


def is_plain(text: str) -> bool:
    """Whether the text is paragraphs of words alone, for which no Markdown parser is needed."""
    # Deleting bytes and comparing lengths takes a third of the time of a regular expression.
    raw = text.encode("utf-8", "surrogatepass")
    return (
        len(raw.translate(None, _SPECIAL)) == len(raw)
        and _SPECIAL_START.match(text) is None
        and text.strip() == text.strip(" \n")
        and ("\n" not in text or _SPECIAL_LINE.search(text) is None)
    )


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a plain text, their lines without spaces around them."""
    if "\n" not in (stripped := text.strip("\n ")):
        return [stripped] if stripped else []
    return [
        "\n".join(line.strip(" ") for line in block.split("\n") if line.strip(" "))
        for block in re.split(r"\n(?: *\n)+", text.strip("\n "))
        if block.strip("\n ")
    ]


def tidy_latex(latex: str) -> str:
    """LaTeX as it is judged and shown: lines kept (one may end in a comment), edges trimmed."""
    lines = (line.strip() for line in latex.strip().split("\n"))
    tidy = "\n".join(line for line in lines if line)
    # A control space at the end must not lose its space: its backslash would eat the delimiter.
    return f"{tidy} " if (len(tidy) - len(tidy.rstrip("\\"))) % 2 else tidy


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline"])
    # Every scheme parses as a link here; the checks refuse the ones that lead nowhere, with a place.
    setattr(parser, "validateLink", lambda _url: True)  # noqa: B010  how markdown-it is told
    parser.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_space=False,
        allow_digits=False,
        double_inline=True,
    )
    parser.block.ruler.before("fence", "bracket_block", _bracket_block)
    parser.inline.ruler.before("escape", "bracket_display", _bracket_display)
    parser.inline.ruler.before("escape", "bracket_inline", _bracket_inline)
    # Escapes stay tokens of their own, so that a stray \\( can be told from a typed bracket.
    parser.disable("text_join")
    return parser


def _bracket_end(state: StateInline | StateBlock, start: int, closing: str) -> int:
    """Where maths that begins at ``start`` is closed, -1 for nowhere.

    Of a text with many openings and nothing that closes them, only the first looks to the end.
    """
    kept = state.env.get(closing)
    if kept is None or kept[0] is not state.src:
        kept = state.env[closing] = (state.src, state.src.rfind(closing))
    if start + 2 > kept[1]:
        return -1
    end = state.src.find(closing, start + 2)
    return end if state.src[start + 2 : end].strip() else -1


def _bracket_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:  # noqa: FBT001
    r"""Read ``\[…\]`` on lines of its own, so that Markdown sees no list or rule in them.

    Where something follows on the last line it is left to `_bracket_display`, which loses nothing.
    """
    start = state.bMarks[first] + state.tShift[first]
    if not state.src.startswith("\\[", start) or (end := _bracket_end(state, start, "\\]")) < 0:
        return False
    line = first
    while line < last and state.eMarks[line] < end and not state.isEmpty(line):
        line += 1
    whole = line < last and start <= end < state.eMarks[line] and not state.isEmpty(line)
    quoted = line > first and state.parentType == "blockquote"
    if not whole or quoted or state.src[end + 2 : state.eMarks[line]].strip():
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.block = True
        token.content = state.src[start + 2 : end]
        token.map = [first, line + 1]
    state.line = line + 1
    return True


def _bracket_display(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  markdown-it's own call
    r"""Read ``\[…\]`` inside a line."""
    return _bracketed(state, "\\[", "\\]", None if silent else "math_inline_double")


def _bracket_inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  markdown-it's own call
    r"""Read ``\(…\)``."""
    return _bracketed(state, "\\(", "\\)", None if silent else "math_inline")


def _bracketed(state: StateInline, opening: str, closing: str, token: str | None) -> bool:
    start = state.pos
    if not state.src.startswith(opening, start) or (end := _bracket_end(state, start, closing)) < 0:
        return False
    if token is not None:
        state.push(token, "math", 0).content = state.src[start + 2 : end]
    state.pos = end + 2
    return True


def parse(text: str) -> list[Token]:
    """The block tokens of a text whose gaps are already marked (or that has none)."""
    return _parser().parse(text.rstrip("\n"))


def clean(text: str) -> str:
    """The text without the private characters that stand for gaps, should anyone type them."""
    return _PRIVATE.sub("\ufffd", text) if _PRIVATE.search(text) else text


def flatten(tokens: Sequence[Token]) -> Iterator[Token]:
    """Every token, the inline ones in place of the block that holds them."""
    for token in tokens:
        # An image has children too, the tokens of its alternative text; it stays one token.
        if token.children and token.type != "image":
            yield from flatten(token.children)
        else:
            yield token


def image_name(source: str) -> str:
    """An image's file name as it was meant: Markdown writes all but plain letters as ``%C3%B6``."""
    return unicodedata.normalize("NFC", unquote(source))


def is_maths(token: Token) -> bool:
    """Whether a token is a formula, whichever delimiters it was written with."""
    return token.type.startswith("math_")


def is_display(token: Token) -> bool:
    """Whether a formula stands on lines of its own."""
    return token.type in ("math_block", "math_inline_double")


def formulas(text: str) -> list[tuple[str, bool]]:
    """The LaTeX of every formula of a text, gaps revealed, and whether it is displayed."""
    if "$" not in text and "\\" not in text:
        return []
    tokens = flatten(parse(reveal(clean(text))))
    return [(t.content.strip(), is_display(t)) for t in tokens if is_maths(t)]
