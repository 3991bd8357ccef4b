"""Problems as text: for a terminal, as JSON, as annotations of a GitHub workflow.

Every function is pure: diagnostics in, text out. File names, messages and source lines may hold
anything an author (or an attacker) typed, so nothing here lets a control character through.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from rich.cells import cell_len
from rich.text import Text

from deckwright.diagnostics import Diagnostic, Related, Severity
from deckwright.source import LOCK_FILE, MAX_FILE_BYTES, YAML_SUFFIXES, Span

Lines: TypeAlias = Callable[[str], Sequence[str]]
"""A file's lines by the name a `Span` gives it; no lines for a file that cannot be shown."""

MOST_SHOWN = 300
SHOWN_SUFFIXES = YAML_SUFFIXES | {".md"}
MIN_ROOM = 16
"""The fewest cells of source a snippet shows, however narrow the terminal is."""
TAB = "    "
ELLIPSIS = "…"
REPLACED = "\N{REPLACEMENT CHARACTER}"

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}
_JOINERS = "\u200c\u200d"


@dataclass
class SourceLines:
    """Lines read from disk when they are first asked for: `Lines` for a real run."""

    _known: dict[str, Sequence[str]] = field(default_factory=dict)

    def __call__(self, file: str) -> Sequence[str]:
        """The lines of a card source, a guide or a lock; none for images and for what cannot be read."""
        if file not in self._known:
            self._known[file] = _read(Path(file))
        return self._known[file]


def _read(path: Path) -> Sequence[str]:
    if path.suffix.lower() not in SHOWN_SUFFIXES and path.name != LOCK_FILE:
        return ()
    try:
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return ()
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except (OSError, ValueError):
        return ()
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


# --- terminal ----------------------------------------------------------------------------------


def as_text(
    problems: Iterable[Diagnostic], lines: Lines | None = None, *, width: int = 80, most: int = MOST_SHOWN
) -> Text:
    """Each problem with its source line, then the sum; empty where there is no problem.

    Print it with ``soft_wrap=True``: messages may be longer than the terminal is wide, and a link
    to a place must not be broken. Colour is left to the console, ``.plain`` has none. Without
    ``lines`` the sources are read from disk. After ``most`` problems only their number is told: nobody
    reads more of them at once.
    """
    found = list(problems)
    source = SourceLines() if lines is None else lines
    out = Text()
    for problem in found[:most]:
        _problem(out, problem, source, width)
        out.append("\n")
    if len(found) > most:
        out.append(f"… and {_counted(len(found) - most, 'problem')} more\n\n")
    if found:
        out.append(summary(found), style="bold")
    return out


def summary(problems: Iterable[Diagnostic]) -> str:
    """``2 errors, 1 warning in 3 files``."""
    found = list(problems)
    if not found:
        return "no problems"
    errors = sum(p.severity is Severity.ERROR for p in found)
    counts = [(errors, "error"), (len(found) - errors, "warning")]
    said = ", ".join(_counted(count, noun) for count, noun in counts if count)
    return f"{said} in {_counted(len({p.span.file for p in found}), 'file')}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _problem(out: Text, problem: Diagnostic, lines: Lines, width: int) -> None:
    style = _STYLES[problem.severity]
    out.append(_place(problem.span), style="bold")
    out.append(": ")
    out.append(f"{problem.severity.value}[{problem.code.name}]", style=style)
    out.append(f": {_one_line(problem.message)}\n")
    _snippet(out, problem.span, lines, width, style)
    if problem.hint:
        out.append("hint", style="bold cyan")
        out.append(f": {_one_line(problem.hint)}\n")
    for related in problem.related:
        out.append(_place(related.span), style="bold")
        out.append(": ")
        out.append("note", style="bold cyan")
        out.append(f": {_one_line(related.message)}\n")


def _place(span: Span) -> str:
    return f"{safe(span.file)}:{span.line}:{span.column}"


def _snippet(out: Text, span: Span, lines: Lines, width: int, style: str) -> None:
    known = lines(span.file)
    if not 1 <= span.line <= len(known) or not known[span.line - 1].strip():
        return
    line = known[span.line - 1]
    start = min(span.column - 1, len(line))
    # Of a span over several lines the first one is shown, up to its end.
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    number = str(span.line)
    gutter = " " * len(number)
    shown, before, marked = window(line, start, end, width - len(f" {number} | "))
    out.append(f" {number} | ", style="blue")
    out.append(f"{shown}\n")
    out.append(f" {gutter} | ", style="blue")
    out.append(" " * before)
    out.append("^" * marked, style=style)
    out.append("\n")


def window(line: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """The part of a line that fits into ``room`` cells and shows the characters from ``start`` to ``end``.

    Returns the part made safe, with an ellipsis where it was cut, how many cells stand in it before
    the marked characters, and how many cells are marked (at least one).
    """
    room = max(room, MIN_ROOM)
    end = max(start + 1, min(end, len(line)))
    # No character is narrower than nothing, so what lies further off can never be shown.
    low, high = max(0, start - room), min(len(line), start + room + 1)
    cells = [cell_len(_visible(char)) for char in line[low:high]]
    if low > 0 or high < len(line) or sum(cells) > room:
        room -= 2
        at = start - low
        left = _fitting(reversed(cells[:at]), room // 3)
        right = _fitting(cells[at:], room - sum(cells[at - left : at]))
        left = _fitting(reversed(cells[:at]), room - sum(cells[at : at + right]))
        low, high = start - left, start + right
    lead = ELLIPSIS if low > 0 else ""
    tail = ELLIPSIS if high < len(line) else ""
    before = lead + safe(line[low:start])
    marked = safe(line[start : min(end, high)])
    rest = safe(line[min(end, high) : high])
    return f"{before}{marked}{rest}{tail}".rstrip(), cell_len(before), max(1, cell_len(marked))


def _fitting(cells: Iterable[int], room: int) -> int:
    """How many of the cells fit into the room, from the first on."""
    used = 0
    count = 0
    for cell in cells:
        used += cell
        if used > room:
            break
        count += 1
    return count


def safe(text: str) -> str:
    """The text with every character that could steer a terminal or hide text made visible."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    if char == "\t":
        return TAB
    code = ord(char)
    if code < 0x20:  # the C0 controls have pictures of their own
        return chr(0x2400 + code)
    if code == 0x7F:  # and so has DEL
        return "\N{SYMBOL FOR DELETE}"
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    # Unassigned and private characters are harmless; other formats reorder or hide what follows.
    return char if category in ("Cn", "Co") or char in _JOINERS else REPLACED


def _one_line(text: str) -> str:
    return safe(" ".join(text.split()))


# --- machines ----------------------------------------------------------------------------------


def as_json(problems: Iterable[Diagnostic]) -> str:
    """An array with one object a problem, keys always in the same order.

    Characters outside ASCII are escaped, so that the output is the same under any encoding.
    """
    return json.dumps([_object(problem) for problem in problems], indent=2)


def _object(problem: Diagnostic) -> dict[str, object]:
    return {
        **_where(problem.span),
        "severity": problem.severity.value,
        "code": problem.code.name,
        "message": problem.message,
        "hint": problem.hint,
        "card": problem.card,
        "related": [_related(related) for related in problem.related],
    }


def _related(related: Related) -> dict[str, object]:
    return {**_where(related.span), "message": related.message}


def _where(span: Span) -> dict[str, object]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def as_github(problems: Iterable[Diagnostic]) -> str:
    """One workflow command a problem, which GitHub shows as an annotation beside the line."""
    return "\n".join(_command(problem) for problem in problems)


def _command(problem: Diagnostic) -> str:
    span = problem.span
    properties: dict[str, str | int] = {"file": span.file, "line": span.line}
    if span.end_line == span.line:
        properties |= {"col": span.column, "endLine": span.end_line, "endColumn": span.end_column}
    else:
        # GitHub refuses an annotation with columns over several lines.
        properties |= {"endLine": span.end_line}
    properties["title"] = problem.code.name
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    parts = [problem.message]
    if problem.hint:
        parts.append(f"hint: {problem.hint}")
    parts += [f"{related.span.place}: note: {related.message}" for related in problem.related]
    return f"::{problem.severity.value} {written}::{_data(chr(10).join(parts))}"


def _data(text: str) -> str:
    lines = (safe(line) for line in text.replace("\r", "\n").replace("%", "%25").split("\n"))
    return "%0A".join(lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
