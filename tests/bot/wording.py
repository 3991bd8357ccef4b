"""What a message says, read by the catalogue and the custom ids, so that no sentence stands here twice."""

from __future__ import annotations

import re

from deckwright_bot.sandbox import text_of
from deckwright_bot.sandbox.component_limits import walk
from deckwright_bot.sandbox.model import Json, Message
from deckwright_bot.ui.texts import ENGLISH
from test_chat import CODE, FENCE, RAW

UNRENDERED = re.compile(r"^#{4,} |^(?:-{3,}|\*{3,}|_{3,})$|^\[\^|^\|", re.MULTILINE)
ALT = re.compile(r"\\[A-Za-z]|\$|\{\{")
ECHO = "frac{a}{b}"
"""A mark in what is typed of ill will."""
_NUMBERS = {
    "count",
    "current",
    "best",
    "freezes",
    "points",
    "right",
    "rank",
    "page",
    "pages",
    "share",
    "left",
}


def _pattern(template: str) -> re.Pattern[str]:
    def value(name: re.Match[str]) -> str:
        inner = r"\d+" if name[1] in _NUMBERS else r"[A-Z]" if name[1] == "letter" else r".*"
        return f"(?P<{name[1]}>{inner})"

    return re.compile(re.sub(r"\\\{(\w+)\\\}", value, re.escape(template)))


PATTERNS = {key: _pattern(template) for key, template in ENGLISH.items()}


def said(key: str, text: str) -> re.Match[str] | None:
    """Where a text holds that sentence of the catalogue."""
    return PATTERNS[key].search(text)


def titles_of(message: Message) -> list[str]:
    return [str(embed["title"]) for embed in message.embeds if embed.get("title")]


def custom_ids(message: Message) -> list[str]:
    return [str(one["custom_id"]) for one in walk(message.components) if one.get("custom_id")]


def post_of(message: Message) -> int | None:
    """The post that a public message stands for."""
    found = (re.fullmatch(r"dw:mine:(\d+)", name) for name in custom_ids(message))
    return next((int(match[1]) for match in found if match), None)


def question_of(message: Message) -> tuple[int, int] | None:
    """The question of a group quiz that a message asks: the numbers of the quiz and of the question."""
    found = (re.fullmatch(r"dw:quiz:(\d+):(\d+)-.*", name) for name in custom_ids(message))
    return next(((int(match[1]), int(match[2])) for match in found if match), None)


def tells_of_a_pause(message: Message) -> bool:
    """Whether it tells an owner that posting stopped (R9)."""
    text = text_of(message)
    return any(said(key, text) for key in ("owner.paused", "owner.paused.gone"))


def raw(text: str) -> str | None:
    """R33: what in a text is LaTeX, HTML or Markdown that Discord does not render."""
    if ECHO in text or said("share.title", text) or said("report.log", text):
        return None  # what people typed is shown as they typed it
    plain = CODE.sub("", FENCE.sub("", text))
    found = RAW.search(plain) or UNRENDERED.search(plain)
    return found[0] if found else None


def raw_alt(words: str) -> bool:
    """R33, for a picture in words: read aloud as they are, they are no Markdown; but they are no LaTeX either."""
    return ALT.search(words) is not None


def words_of(form: Json) -> str:
    """All words of a form."""
    parts = [str(form.get("title") or "")]
    for one in walk(form.get("components") or []):
        parts += [str(one.get(key) or "") for key in ("label", "placeholder", "description", "content")]
    return "\n".join(parts)
