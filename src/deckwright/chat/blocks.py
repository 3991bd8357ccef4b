"""Markdown as blocks and runs: what every way of writing for chat starts from.

The asked gap has become ``[ … ]`` here (or its hint between the brackets), all others are revealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from deckwright import markup

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

GAP = "[ … ]"
_MARKS = re.compile(f"({markup.GAP_MARKS.pattern})")
_TEXT_ARGUMENT = re.compile(r"\\(?:text|mbox|textrm|textbf|textit)\s*\{[^{}]*$")


class Style(NamedTuple):
    """How a run of text looks, and where it links to."""

    bold: bool = False
    italic: bool = False
    strike: bool = False
    href: str = ""


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Words:
    """Text in one style."""

    text: str
    style: Style = PLAIN


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """Code within a line."""

    text: str
    style: Style = PLAIN


@dataclass(frozen=True, slots=True)
class Maths:
    """A formula as it is read, and as it is drawn: in a drawing the asked gap is a formula too."""

    latex: str
    display: bool = False
    drawn: str = ""
    style: Style = PLAIN


@dataclass(frozen=True, slots=True)
class Image:
    """An image, by the name the author wrote, and what it shows."""

    source: str
    alt: str


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line, where the author asked for one."""


Run: TypeAlias = Words | CodeSpan | Maths | Image | Break


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; a displayed formula is a paragraph of its own."""

    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, of level 1 to 6."""

    level: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Fence:
    """Program text; an empty language leaves it plain."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; ``first`` is the number of the first item, or None for bullets."""

    items: tuple[tuple[Block, ...], ...]
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody said."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; the first row is the head."""

    rows: tuple[tuple[tuple[Run, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line between two parts."""


Block: TypeAlias = Paragraph | Heading | Fence | Listing | Quote | Table | Rule


def blocks(text: str, *, gap: int | None = None, told: int | None = None) -> tuple[Block, ...]:
    """The blocks of a Markdown text. ``gap`` is the gap to ask, ``told`` the one whose text comes out bold.

    With neither, ``{{c1::…}}`` is text like any other.
    """
    clean = markup.clean(text)
    if gap is None and told is None:
        return Reader(bold_gap=False).read(clean)
    return Reader(bold_gap=gap is None).read(
        _keep_gap(clean, told if gap is None else gap, hide=gap is not None)
    )


def formula(latex: str, *, gap: int | None = None) -> Maths:
    """A displayed formula with gaps, of which ``gap`` is asked and the others are revealed."""
    return _maths(_keep_gap(markup.clean(latex), gap, hide=True), display=True)


def runs_of(found: Sequence[Block]) -> tuple[Run, ...]:
    """The runs of all paragraphs in a row, for places that have room for a line only."""
    runs: list[Run] = []
    for block in found:
        inner: tuple[Run, ...]
        match block:
            case Paragraph(inner) | Heading(_, inner):
                pass
            case Fence(_, text):
                inner = (CodeSpan(text),)
            case Listing(items):
                inner = runs_of([part for item in items for part in item])
            case Quote(parts):
                inner = runs_of(parts)
            case Table(rows):
                inner = tuple(run for row in rows for cell in row for run in (*cell, Words(" ")))
            case Rule():
                continue
        runs += [Break(), *inner] if runs else inner
    return tuple(runs)


def _keep_gap(text: str, number: int | None, *, hide: bool) -> str:
    """The text with one gap's marks, holding its hint where it is hidden, and every other gap revealed."""
    found, _ = markup.find_gaps(text)
    out: list[str] = []
    at = 0
    for gap in found:
        inside = gap.hidden
        if gap.number == number:
            inside = (
                chr(markup.GAP_OPEN + gap.number) + ((gap.hint or "") if hide else inside) + markup.GAP_CLOSE
            )
        out += [text[at : gap.start], inside]
        at = gap.end
    return "".join([*out, text[at:]])


class Reader:
    """Walks markdown-it's tree; ``bold_gap`` tells whether marks mean "bold" or "hidden"."""

    def __init__(self, *, bold_gap: bool) -> None:
        self._bold_gap = bold_gap
        self._in_gap = False

    def read(self, text: str) -> tuple[Block, ...]:
        """The blocks of a text in which the gap that matters is marked."""
        if markup.is_plain(text) and not markup.GAP_MARKS.search(text):
            lines = (" ".join(paragraph.split("\n")) for paragraph in markup.paragraphs(text))
            return tuple(Paragraph((Words(line),)) for line in lines)
        from markdown_it.tree import SyntaxTreeNode

        return self._blocks(SyntaxTreeNode(markup.parse(text)).children)

    def _blocks(self, nodes: Sequence[SyntaxTreeNode]) -> tuple[Block, ...]:
        return tuple(block for node in nodes if (block := self._block(node)) is not None)

    def _block(self, node: SyntaxTreeNode) -> Block | None:
        kind = node.type
        if kind == "paragraph":
            return Paragraph(self._runs(node))
        if kind == "heading":
            return Heading(int(node.tag[1:]), self._runs(node))
        if kind in ("fence", "code_block"):
            return Fence(node.info.strip().split(" ")[0], self._code(node.content.rstrip("\n")))
        if kind in ("bullet_list", "ordered_list"):
            first = None if kind == "bullet_list" else int(node.attrGet("start") or 1)
            return Listing(tuple(self._blocks(item.children) for item in node.children), first)
        if kind == "blockquote":
            return Quote(self._blocks(node.children))
        if kind == "table":
            rows = (row for part in node.children for row in part.children)
            return Table(tuple(tuple(self._runs(cell) for cell in row.children) for row in rows))
        if kind == "hr":
            return Rule()
        if kind.startswith("math_"):
            return Paragraph((_maths(node.content, display=True, hide=not self._bold_gap),))
        return None

    def _runs(self, node: SyntaxTreeNode) -> tuple[Run, ...]:
        return tuple(_merged(self._inline(node.children, PLAIN)))

    def _inline(self, nodes: Sequence[SyntaxTreeNode], style: Style) -> Iterator[Run]:
        for node in nodes:
            kind = node.type
            if kind == "inline":
                yield from self._inline(node.children, style)
            elif kind in ("text", "text_special"):
                yield from self._words(node.content, style)
            elif kind == "code_inline":
                yield CodeSpan(self._code(node.content), self._now(style))
            elif kind.startswith("math_"):
                display = markup.is_display(node.token) if node.token else False
                yield _maths(node.content, display=display, hide=not self._bold_gap, style=self._now(style))
            elif kind == "image":
                yield Image(str(node.attrGet("src") or ""), node.content)
            elif kind == "softbreak":
                yield Words(" ", self._now(style))
            elif kind == "hardbreak":
                yield Break()
            else:
                yield from self._inline(node.children, _styled(node, style))

    def _now(self, style: Style) -> Style:
        return style._replace(bold=True) if self._in_gap else style

    def _words(self, text: str, style: Style) -> Iterator[Run]:
        if not self._bold_gap:
            yield Words(_bracketed(text), style)
            return
        for part in _MARKS.split(text):
            if markup.GAP_MARKS.fullmatch(part):
                self._in_gap = part != markup.GAP_CLOSE
            elif part:
                yield Words(part, self._now(style))

    def _code(self, text: str) -> str:
        return markup.GAP_MARKS.sub("", text) if self._bold_gap else _bracketed(text)


def _styled(node: SyntaxTreeNode, style: Style) -> Style:
    match node.type:
        case "strong":
            return style._replace(bold=True)
        case "em":
            return style._replace(italic=True)
        case "s":
            return style._replace(strike=True)
        case "link":
            return style._replace(href=str(node.attrGet("href") or ""))
        case _:
            return style


def _merged(runs: Iterator[Run]) -> Iterator[Run]:
    """Neighbouring words of one style as one run, so that what spans them is seen as a whole."""
    last: Words | None = None
    for run in runs:
        if isinstance(run, Words):
            if not run.text:
                continue
            if last is not None and last.style == run.style:
                last = Words(last.text + run.text, run.style)
                continue
            if last is not None:
                yield last
            last = run
            continue
        if last is not None:
            yield last
            last = None
        yield run
    if last is not None:
        yield last


def _bracketed(text: str) -> str:
    """Marks of the hidden gap as brackets that are seen."""
    shown = re.sub("[\ue101-\ue163]\ue002", GAP, text)
    return re.sub("[\ue101-\ue163]", "[", shown).replace(markup.GAP_CLOSE, "]")


def _maths(latex: str, *, display: bool, hide: bool = True, style: Style = PLAIN) -> Maths:
    tidy = markup.tidy_latex(latex)
    if not hide:
        shown = _MARKS.sub("", tidy)
        return Maths(shown, display, shown, style)
    if not markup.GAP_MARKS.search(tidy):
        return Maths(tidy, display, tidy, style)
    return Maths(_replace_gap(tidy, drawn=False), display, _replace_gap(tidy, drawn=True), style)


def _replace_gap(latex: str, *, drawn: bool) -> str:
    """LaTeX with the asked gap in brackets: as text for reading, as a formula for a drawing."""

    def write(found: re.Match[str]) -> str:
        hint = found[1]
        if _TEXT_ARGUMENT.search(latex[: found.start()]):
            return f"[{hint or '...'}]" if drawn else f"[ {hint or '…'} ]"
        if re.search(r"[\\{}$^_&%#]", hint):
            return f"{{[{hint}]}}" if drawn else f"{{\\text{{[}}{hint}\\text{{]}}}}"
        # Spaced like a fraction, but as one group where a script or a command takes it.
        inner = re.search(r"(?:[_^]|\\[A-Za-z]+)\s*$", latex[: found.start()])
        group = "{%s}" if inner else r"\mathinner{%s}"
        if drawn:
            return group % (rf"[\,\text{{{hint}}}\,]" if hint else r"[\,\ldots\,]")
        return group % rf"\text{{[ {hint or '…'} ]}}"

    return re.sub("[\ue101-\ue163]([^\ue002]*)\ue002", write, latex)
