"""Blocks as the Markdown that Discord renders; what an author wrote as text stays text.

Discord's dialect differs from everybody's: a line break is a line break, ``-# ``, ``||`` and ``<t:1>`` mean
something, there are no tables and no images, and a backslash is an escape before any sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby

from deckwright.chat.blocks import (
    PLAIN,
    Block,
    Break,
    CodeSpan,
    Fence,
    Heading,
    Image,
    Listing,
    Maths,
    Paragraph,
    Quote,
    Rule,
    Run,
    Style,
    Table,
    Words,
)

ZERO_WIDTH = "\u200b"
MAX_HEADING = 3
"""Discord has three levels; what is deeper becomes bold."""

# Discord draws these signs as emoji unless they are escaped.
_EMOJI_SIGNS = "©®™‼⁉ℹ↔-↙↩↪▪▫▶◀◻-◾☀-☄☎☑☔☕☘☝☠-☯☸-☺♀♂♈-♓♟-♨♻♾♿⚒-⚗⚙⚛⚜⚠⚡✂✅✈-✍✏✒✔✖✝✡✳✴❄❇❌❎❗❣❤➕➖➗➡⤴⤵⬅-⬇⬛⬜⭐⭕〰〽"
_ESCAPED = re.compile(rf"[\\*_`~|<{_EMOJI_SIGNS}]|:(?=[\w+-]+:)")
_EVERYONE = re.compile(r"@(?=everyone|here)")
_URL = re.compile(r"https?://[^\s<>\[\]\\|*`_~]+(?:[_~][^\s<>\[\]\\|*`_~]+)*", re.IGNORECASE)
_SCHEME = re.compile(r"(https?)://", re.IGNORECASE)
_URL_TAIL = re.compile(r"[.,:;\"'!?)\]]+$")
_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|-#|>|[+-](?=\s|$)|\d+(?=[.)](?:\s|$)))", re.MULTILINE)
_LANGUAGE = re.compile(r"[a-z0-9_+\-.#]+", re.IGNORECASE)
_WEB = re.compile(r"https?://[^\s<>/][^\s<>]*", re.IGNORECASE)


class NeedsPictureError(Exception):
    """A block holds what no text in chat can show."""


ReadMaths = Callable[[Maths], str | None]
"""A formula as text, or None where it needs a picture."""


def escape(text: str, *, line_start: bool = True) -> str:
    """Text that Discord shows as it stands; addresses of web pages stay links."""
    out: list[str] = []
    at = 0
    for found in _URL.finditer(text):
        url = _URL_TAIL.sub("", found[0])
        if _WEB.fullmatch(url):
            # In angle brackets an address needs no escapes and unfolds no preview.
            out += [_escape(text[at : found.start()]), f"<{url}>"]
            at = found.start() + len(url)
    out.append(_escape(text[at:]))
    made = "".join(out)
    return _at_line_start(made) if line_start else made


def _escape(text: str) -> str:
    escaped = _EVERYONE.sub(f"@{ZERO_WIDTH}", _ESCAPED.sub(r"\\\g<0>", text))
    return _SCHEME.sub(r"\1\\://", escaped)


def _at_line_start(text: str) -> str:
    """Nothing at the beginning of a line is taken for a heading, a list, a quotation or small print."""

    def write(found: re.Match[str]) -> str:
        sign = found[2]
        return f"{found[1]}{sign}\\" if sign.isdigit() else f"{found[1]}\\{sign}"

    return _LINE_START.sub(write, text)


def code_span(text: str) -> str:
    """Code within a line, in as many backticks as it takes; too many of its own make it plain text."""
    code = " ".join(text.split("\n"))
    for ticks in ("`", "``"):
        if not re.search(rf"(?<!`){ticks}(?!`)", code):
            edge = " " if code.startswith("`") or code.endswith("`") else ""
            return f"{ticks}{edge}{code}{edge}{ticks}" if code.strip() else escape(code)
    return escape(code)


def fence(language: str, text: str) -> str:
    """A block of code; a fence within it cannot end it."""
    code = re.sub("`(?=``)", f"`{ZERO_WIDTH}", text)
    code = f"{code}{ZERO_WIDTH}" if code.endswith("`") else code
    label = language.lower() if _LANGUAGE.fullmatch(language) else ""
    return f"```{label}\n{code}\n```"


def write(blocks: Sequence[Block], maths: ReadMaths) -> str:
    """The blocks as one message text. Raises `NeedsPictureError` where a text cannot show one of them."""
    return _Writer(maths).blocks(blocks)


def separator(before: Block, after: Block) -> str:
    """What stands between two blocks: Discord gives fences and headings room of its own."""
    tight = isinstance(before, Heading | Fence) or isinstance(after, Fence)
    return "\n" if tight or (isinstance(before, Paragraph) and isinstance(after, Listing)) else "\n\n"


class _Writer:
    def __init__(self, maths: ReadMaths) -> None:
        self._maths = maths

    def blocks(self, blocks: Sequence[Block]) -> str:
        out = ""
        for i, block in enumerate(blocks):
            out += (separator(blocks[i - 1], block) if i else "") + self._block(block)
        return out

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(runs):
                return self.runs(runs)
            case Heading(level, runs):
                if level > MAX_HEADING:
                    return self.runs([_bold(run) for run in runs])
                return f"{'#' * level} {self.runs(runs)}"
            case Fence(language, text):
                return fence(language, text)
            case Listing(items, first):
                return "\n".join(self._item(item, first, i) for i, item in enumerate(items))
            case Quote(inner):
                return "\n".join(f"> {line}" for line in self.blocks(inner).split("\n"))
            case Table():
                raise NeedsPictureError
            case Rule():
                return "⸻"

    def _item(self, item: Sequence[Block], first: int | None, at: int) -> str:
        mark = "- " if first is None else f"{first + at}. "
        indent = "  " if first is None else " " * len(mark)
        lines = ""
        for i, block in enumerate(item):
            written = self._block(block)
            if not isinstance(block, Fence):
                # An indented fence would not be one, so that it stands at the edge.
                written = written.replace("\n", f"\n{indent}")
                written = (indent if i else "") + written
            lines += ("\n" if i else "") + written
        return mark + lines

    def runs(self, runs: Sequence[Run]) -> str:
        made = self._line(runs, links=True)
        # Only an accidental "](" makes a link of brackets, so that others need no escape.
        return (
            made if "](" not in self._line(runs, links=False) else self._line(runs, links=True, brackets=True)
        )

    def _line(self, runs: Sequence[Run], *, links: bool, brackets: bool = False) -> str:
        out = ""
        for href, group in groupby(runs, key=_href):
            part = list(group)
            if not href or not links:
                out = self._styled(part, out, brackets=brackets)
            else:
                out += self._link(href, part, brackets=brackets)
        return out

    def _link(self, href: str, runs: Sequence[Run], *, brackets: bool) -> str:
        shown = "".join(run.text for run in runs if isinstance(run, Words | CodeSpan))
        text = self._styled(runs, "", brackets=brackets)
        if not _WEB.fullmatch(href):
            address = href.removeprefix("mailto:")
            return text if shown == address else f"{text} ({escape(address, line_start=False)})"
        if shown == href:
            return f"<{href}>"
        if re.search(r"[\[\]]|\w://|\w\.\w", shown):
            # Discord shows no link under a text with brackets, or under one that looks like another address.
            return f"{text} (<{href}>)"
        return f"[{text}](<{href}>)"

    def _styled(self, runs: Sequence[Run], before: str, *, brackets: bool) -> str:
        out = before
        opened: list[str] = []
        for run in (*runs, Words("")):
            wanted = _marks(PLAIN if isinstance(run, Break) else getattr(run, "style", PLAIN))
            lead = ""
            if isinstance(run, Words) and run.text != (bare := run.text.lstrip(" ")):
                lead, run = run.text[: -len(bare)] if bare else run.text, Words(bare, run.style)  # noqa: PLW2901
            out, opened = _restyle(out, opened, wanted, lead)
            at_start = not re.search(rf"[^\n *_~{ZERO_WIDTH}]", out[out.rfind("\n") + 1 :])
            piece = self._run(run, at_start=at_start)
            out += piece.replace("[", r"\[") if brackets and not isinstance(run, CodeSpan) else piece
        return out

    def _run(self, run: Run, *, at_start: bool) -> str:
        match run:
            case Words(text):
                return escape(text, line_start=at_start)
            case CodeSpan(text):
                return code_span(text)
            case Break():
                return "\n"
            case Maths():
                if (read := self._maths(run)) is None:
                    raise NeedsPictureError
                return escape(read, line_start=at_start)
            case Image():
                raise NeedsPictureError


def _href(run: Run) -> str:
    return run.style.href if isinstance(run, Words | CodeSpan | Maths) else ""


def _bold(run: Run) -> Run:
    match run:
        case Words(text, style):
            return Words(text, style._replace(bold=True))
        case _:
            return run


def _marks(style: Style) -> list[str]:
    return [mark for mark, on in (("**", style.bold), ("~~", style.strike), ("*", style.italic)) if on]


def _restyle(out: str, opened: Sequence[str], wanted: Sequence[str], lead: str) -> tuple[str, list[str]]:
    """Close what is no longer wanted, innermost first, then open what is new.

    ``lead`` are the spaces between; a mark beside a space on its inner side would be no mark.
    """
    kept = 0
    while kept < min(len(opened), len(wanted)) and opened[kept].replace("_", "*") == wanted[kept]:
        kept += 1
    left = list(opened[:kept])
    bare = out.rstrip(" ") if opened[kept:] else out
    spaces = out[len(bare) :] + lead
    out = bare + "".join(reversed(opened[kept:])) + spaces
    for mark in wanted[kept:]:
        # Three stars in a row are read in more than one way.
        chosen = "_" if mark == "*" and (left or out.endswith("*")) else mark
        if out.endswith(chosen[0]) and not out.endswith("\\" + chosen[0]):
            out += ZERO_WIDTH
        out += chosen
        left.append(chosen)
    return out, left
