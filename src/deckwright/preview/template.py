"""Anki's card templates in Python: fields, conditions, clozes. Tests compare it with the real Anki.

Only what note types of ours (and simple ones of others) use is here; what is not known raises
`TemplateError`, and the page shows its sentence where the card would stand.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"(<!--.*?-->)|\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_EMPTY = re.compile(r"(?:\s|</?(?:br|div) ?/?>)*", re.IGNORECASE)
_TAGS = re.compile(
    r"<!--.*?-->|<style.*?>.*?</style>|<script.*?>.*?</script>|<.*?>", re.DOTALL | re.IGNORECASE
)
_MATHS = re.compile(r"(\\[(\[])(.*?)(\\[])])", re.DOTALL)
_GAP = re.compile(r"\{\{c(\d+(?:,\d+)*)::|\}\}")
_GAP_NAME = re.compile(r"c(\d+)")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


class TemplateError(Exception):
    """A template that cannot be rendered; its text says why, for people."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side of one card is made of; ``front_side`` is the rendered front, for the back."""

    fields: Mapping[str, str]
    ordinal: int
    question: bool
    cloze: bool
    front_side: str = ""


def render(template: str, side: Side) -> str:
    """The HTML Anki would insert for this side."""
    out: list[str] = []
    conditions: list[tuple[str, bool]] = []
    at = 0
    for found in _TOKEN.finditer(template):
        shown = all(holds for _, holds in conditions)
        if shown:
            out.append(template[at : found.start()])
        at = found.end()
        if found[1] is not None:
            out += [found[1]] if shown else []
            continue
        sign, name = found[2][:1], found[2][1:].strip()
        if sign in ("#", "^"):
            conditions.append((name, _filled(name, side) == (sign == "#")))
        elif sign == "/":
            if not conditions or conditions[-1][0] != name:
                raise TemplateError(f"the template closes {name!r}, which is not open")
            conditions.pop()
        elif shown:
            out.append(_replacement(found[2], side))
    if conditions:
        raise TemplateError(f"the template never closes {conditions[-1][0]!r}")
    return "".join([*out, template[at:]])


def both_sides(
    front: str, back: str, fields: Mapping[str, str], ordinal: int, *, cloze: bool
) -> tuple[str, str]:
    """A card's front and back; a template that cannot be rendered shows its reason instead."""
    try:
        question = render(front, Side(fields, ordinal, question=True, cloze=cloze))
        answer = render(back, Side(fields, ordinal, question=False, cloze=cloze, front_side=question))
    except TemplateError as error:
        said = f"<p>This card cannot be shown: {html.escape(str(error))}.</p>"
        return said, said
    return question, answer


def _filled(name: str, side: Side) -> bool:
    if name in side.fields:
        return _EMPTY.fullmatch(side.fields[name]) is None
    if side.cloze and (gap := _GAP_NAME.fullmatch(name)):
        return int(gap[1]) == side.ordinal + 1
    if name == "FrontSide":
        return False
    raise TemplateError(f"the template asks for a field {name!r}, which the note type has not")


def _replacement(inside: str, side: Side) -> str:
    *filters, name = inside.split(":")
    if name == "FrontSide":
        return side.front_side
    if name not in side.fields:
        raise TemplateError(f"the template shows a field {name!r}, which the note type has not")
    text = side.fields[name]
    for each in reversed(filters):
        match each:
            case "text":
                text = strip(text)
            case "cloze":
                text = cloze(text, side.ordinal + 1, question=side.question)
            case "cloze-only":
                text = cloze_only(text, side.ordinal + 1, question=side.question)
            case _:
                raise TemplateError(f"the template uses {each!r}, which the preview does not know")
    return text


def strip(text: str) -> str:
    """``text:``, a field without its tags; entities are decoded."""
    plain = _TAGS.sub("", text)
    return html.unescape(plain).replace("\xa0", " ") if "&" in plain else plain


# --- clozes ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Gap:
    """A gap while it is read: its numbers, what it hides (texts and gaps in order), its hint."""

    written: str
    parts: list[str | _Gap] = field(default_factory=list)
    hint: str | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(int(number) for number in self.written.split(","))

    def add(self, text: str) -> None:
        """Take more of the text; the first ``::`` in it begins the hint."""
        if self.hint is None and "::" in text:
            text, _, self.hint = text.partition("::")
        if text:
            self.parts.append(text)


def _parse(text: str) -> list[str | _Gap]:
    whole = _Gap("0")
    whole.hint = ""
    opened = [whole]
    at = 0
    for found in _GAP.finditer(text):
        opened[-1].add(text[at : found.start()])
        at = found.end()
        if found[1] is not None:
            opened.append(_Gap(found[1]))
        elif len(opened) > 1:
            closed = opened.pop()
            opened[-1].parts.append(closed)
        else:
            opened[-1].parts.append("}}")
    # What stands in a gap that never closes is dropped, as Anki does.
    opened[-1].add(text[at:])
    return whole.parts


def _gaps(parts: list[str | _Gap]) -> Iterator[_Gap]:
    for part in parts:
        if isinstance(part, _Gap):
            yield part
            yield from _gaps(part.parts)


def cloze(text: str, number: int, *, question: bool) -> str:
    """``cloze:``, the text with one gap asked; within maths no mark is left, as in Anki."""
    parts = _parse(text)
    if not any(number in gap.numbers for gap in _gaps(parts)):
        return ""
    shown = "".join(_shown(part, number, question=question) for part in parts)
    return _MATHS.sub(lambda found: f"{found[1]}{_TAGS.sub('', found[2])}{found[3]}", shown)


def _shown(part: str | _Gap, number: int, *, question: bool) -> str:
    if isinstance(part, str):
        return part
    inside = "".join(_shown(each, number, question=question) for each in part.parts)
    if number not in part.numbers:
        return f'<span class="cloze-inactive" data-ordinal="{part.written}">{inside}</span>'
    if not question:
        return f'<span class="cloze" data-ordinal="{part.written}">{inside}</span>'
    hidden = _attribute(inside)
    return f'<span class="cloze" data-cloze="{hidden}" data-ordinal="{part.written}">[{part.hint or "..."}]</span>'


def cloze_only(text: str, number: int, *, question: bool) -> str:
    """``cloze-only:``, the asked gaps alone, or what is shown in their place."""
    asked = [gap for gap in _gaps(_parse(text)) if number in gap.numbers]
    if question:
        return ", ".join(gap.hint or "..." for gap in asked)
    return ", ".join(_plain(gap) for gap in asked)


def _plain(part: str | _Gap) -> str:
    return part if isinstance(part, str) else "".join(map(_plain, part.parts))


def _attribute(text: str) -> str:
    return "".join(
        _NAMED.get(char)
        or (char if (char.isascii() and char.isalnum()) or ord(char) > 255 else f"&#x{ord(char):02X};")
        for char in text
    )
