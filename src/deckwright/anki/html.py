"""Field content to the HTML that Anki stores.

Anki inserts a field's HTML as it stands: text is escaped here, ``{{`` of the author's is broken up
so that no cloze is made by accident, maths goes out in MathJax's delimiters with its own escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Protocol, assert_never

from deckwright import markup
from deckwright.kinds.layout import (
    CaseTable,
    Content,
    Example,
    Formula,
    Items,
    Nothing,
    OptionList,
    Program,
    Prose,
    Symbols,
    Words,
)

if TYPE_CHECKING:
    from markdown_it.token import Token
    from pygments.lexer import Lexer

VERSION = 3
"""Raised whenever the same content would give other HTML; part of every cache key."""

MAX_HIGHLIGHT = 20_000
"""Longer code stays plain: a highlighter's patterns are not all linear in the input."""


class TextCache(Protocol):
    """Results of pure steps, kept between runs."""

    def get(self, step: str, content: str) -> str | None:
        """What was kept for this step and content, or None."""

    def put(self, step: str, content: str, result: str) -> None:
        """Keep a result."""


@dataclass(slots=True)
class HtmlRenderer:
    """Renders one library's content; ``media`` maps an image's `image_name` to its packaged name."""

    media: Mapping[str, str] = field(default_factory=dict)
    cache: TextCache | None = None

    def field(self, content: Content) -> str:
        """One field of a note."""
        match content:
            case Nothing():
                return ""
            case Words(text):
                return escape(text)
            case Prose(text, gaps):
                return self.block(text, gaps=gaps)
            case Formula(latex):
                return _clozes(_maths(markup.mark_gaps(markup.clean(latex).strip()), display=True))
            case Program(language, text):
                return _code_block(text.rstrip("\n"), language)
            case Items(items):
                return self._items([(item.lead, item.note) for item in items])
            case Symbols():
                return self._symbols(content)
            case OptionList():
                return self._options(content)
            case CaseTable():
                return self._cases(content)
            case Example():
                return self._example(content)
            case _:
                assert_never(content)

    def block(self, text: str, *, gaps: bool = False) -> str:
        """Markdown as paragraphs, lists, tables and code."""
        if markup.is_plain(text):
            # A plain text holds none of the other characters that need an escape.
            quoted = text.replace('"', "&quot;")
            return "".join([f"<p>{paragraph}</p>" for paragraph in markup.paragraphs(quoted)])
        return self._cached("gaps" if gaps else "block", text)

    def inline(self, text: str) -> str:
        """Markdown without the paragraph around it, where there is only one."""
        html = self.block(text)
        single = html.startswith("<p>") and html.endswith("</p>") and html.count("<p>") == 1
        return html[3:-4] if single else html

    def _cached(self, step: str, text: str) -> str:
        # Image names depend on the files beside the cards, so such a text is rendered anew.
        cache = None if "![" in text else self.cache
        key = f"html-{VERSION}-{markup.VERSION}-{_parts()}-{step}"
        if cache is not None and (kept := cache.get(key, text)) is not None:
            return kept
        text_in = markup.clean(text)
        if step == "gaps":
            html = _clozes("".join(self._write(markup.parse(markup.mark_gaps(text_in)))))
        else:
            html = "".join(self._write(markup.parse(text_in)))
        if cache is not None:
            cache.put(key, text, html)
        return html

    def _write(self, tokens: Sequence[Token]) -> Iterator[str]:
        for token in tokens:
            if token.type == "inline":
                yield from self._write(token.children or [])
            elif markup.is_maths(token):
                yield _maths(token.content, display=markup.is_display(token))
            elif token.type in ("text", "text_special"):
                yield escape(token.content)
            elif token.type == "code_inline":
                yield f"<code>{escape(token.content)}</code>"
            elif token.type in ("fence", "code_block"):
                yield _code_block(token.content.rstrip("\n"), token.info.strip().split(" ")[0])
            elif token.type == "image":
                yield self._image(token)
            elif token.type == "link_open":
                yield f'<a href="{escape(str(token.attrGet("href") or ""))}">'
            elif token.type == "softbreak":
                yield "\n"
            elif token.type == "hardbreak":
                yield "<br>"
            elif token.type == "hr":
                yield "<hr>"
            elif token.type == "table_open":
                yield '<div class="scroll"><table>'
            elif token.type == "table_close":
                yield "</table></div>"
            elif token.hidden:
                continue
            elif token.tag:
                yield _tag(token)

    def _image(self, token: Token) -> str:
        source = str(token.attrGet("src") or "")
        name = self.media.get(markup.image_name(source), source)
        return f'<img src="{escape(name)}" alt="{escape(token.content)}">'

    def _items(self, items: Sequence[tuple[str, str | None]]) -> str:
        rows = "".join(
            f'<li><div class="lead">{self.inline(lead)}</div>'
            + (f'<div class="note">{self.inline(note)}</div>' if note else "")
            + "</li>"
            for lead, note in items
        )
        return f'<ul class="items">{rows}</ul>'

    def _symbols(self, symbols: Symbols) -> str:
        rows = "".join(
            (f'<tr data-part="{row.part}">' if row.part else "<tr>")
            + f"<td>{_maths(row.symbol, display=False)}</td>"
            + f"<td>{self.inline(row.means)}</td><td>{self.inline(row.unit) if row.unit else ''}</td></tr>"
            for row in symbols.rows
        )
        return f'<div class="scroll"><table class="symbols">{rows}</table></div>'

    def _options(self, options: OptionList) -> str:
        rows = "".join(
            ('<li class="right">' if option.right else "<li>")
            + f'<div class="option">{self.inline(option.text)}</div>'
            + (f'<div class="why">{self.inline(option.why)}</div>' if option.why else "")
            + "</li>"
            for option in options.options
        )
        return f'<ol class="options">{rows}</ol>'

    def _cases(self, cases: CaseTable) -> str:
        rows = "".join(
            f"<tr><td><code>{escape(row.call)}</code></td><td><code>{escape(row.expect)}</code></td></tr>"
            for row in cases.rows
        )
        return f'<div class="scroll"><table class="cases">{rows}</table></div>'

    def _example(self, example: Example) -> str:
        return (
            f"<p>{self.inline(example.given)}</p>"
            f"<p><code>{escape(example.compute)}</code> = <strong>{self.inline(example.result)}</strong></p>"
        )


_MATHS_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}
_ESCAPES = _MATHS_ESCAPES | {ord("{"): "&#123;", ord("}"): "&#125;"}


def escape(text: str) -> str:
    """Text for HTML and for a double-quoted attribute.

    Its braces can neither open nor end a cloze, its brackets name no sound and no picture of LaTeX.
    """
    return _no_markup_of_anki(text.translate(_ESCAPES))


# What Anki itself reads in a field, whoever wrote it.
_ANKI_MARKUP = re.compile(r"\[(?=sound:|anki:|/?latex\]|/?\${1,2}\])", re.IGNORECASE)


def _no_markup_of_anki(html: str) -> str:
    return _ANKI_MARKUP.sub("&#91;", html) if "[" in html else html


def _clozes(html: str) -> str:
    """Marked gaps as Anki's clozes; a colon inside one cannot begin the hint.

    Anki splits a cloze at its first ``::``, which code and maths may hold as well.
    """
    if not markup.GAP_MARKS.search(html):
        return html
    out = []
    inside = False
    for part in re.split(f"({markup.GAP_MARKS.pattern})", html):
        if not markup.GAP_MARKS.fullmatch(part):
            out.append(re.sub(":(?=:|$)", "&#58;", part) if inside else part)
            continue
        inside = part != markup.GAP_CLOSE
        out.append(_gap_mark(part))
    return "".join(out)


def _gap_mark(mark: str) -> str:
    if mark == markup.GAP_CLOSE:
        return "}}"
    if mark == markup.GAP_HINT:
        return "::"
    return f"{{{{c{ord(mark) - markup.GAP_OPEN}::"


def _maths(latex: str, *, display: bool) -> str:
    """LaTeX between MathJax's delimiters; braces are spaced so that they end no cloze."""
    # The author's doubled braces first; the gaps' own come in afterwards.
    spaced = re.sub(r"\{(?=\{c\d)", "{ ", re.sub(r"\}(?=\})", "} ", markup.tidy_latex(latex)))
    spaced = re.sub(r"\}(?=\ue002)|\{(?=[\ue101-\ue163])|\ue002(?=\})", r"\g<0> ", spaced)
    html = _no_markup_of_anki(spaced.translate(_MATHS_ESCAPES))
    return rf"\[{html}\]" if display else rf"\({html}\)"


def _tag(token: Token) -> str:
    if token.nesting < 0:
        return f"</{token.tag}>"
    attributes = "".join(
        f' {name}="{escape(str(value))}"' for name, value in token.attrs.items() if name in ("start", "style")
    )
    return f"<{token.tag}{attributes}>"


def _code_block(code: str, language: str) -> str:
    lexer = _lexer(language) if language and len(code) <= MAX_HIGHLIGHT else None
    label = f' class="language-{escape(language)}"' if language else ""
    body = escape(code) if lexer is None else _highlight(code, lexer)
    return f'<pre class="code"><code{label}>{body}</code></pre>'


@cache
def _parts() -> str:
    """The versions of what writes the HTML: another one may write the same text otherwise."""
    from importlib.metadata import version

    return "-".join(version(name) for name in ("markdown-it-py", "mdit-py-plugins", "pygments"))


@cache
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _highlight(code: str, lexer: Lexer) -> str:
    """Code with Pygments' short classes; gaps are taken out for the lexer and put back after."""
    from pygments.token import STANDARD_TYPES

    marks: list[tuple[int, str]] = []
    bare = ""
    for part in re.split(f"({markup.GAP_MARKS.pattern})", code):
        if markup.GAP_MARKS.fullmatch(part):
            marks.append((len(bare), part))
        else:
            bare += part
    out: list[str] = []
    at = 0
    for kind, value in lexer.get_tokens(bare):
        css = STANDARD_TYPES.get(kind, "")
        for piece, mark in _split_at(value, at, marks):
            if piece:
                out.append(f'<span class="{css}">{escape(piece)}</span>' if css else escape(piece))
            if mark:
                out.append(mark)
        at += len(value)
    out += [mark for _, mark in marks]
    return "".join(out)


def _split_at(value: str, start: int, marks: list[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Pieces of a token, each with the gap mark that stands right after it; marks are used up."""
    at = 0
    while marks and marks[0][0] < start + len(value):
        place, mark = marks.pop(0)
        yield value[at : place - start], mark
        at = place - start
    yield value[at:], ""
