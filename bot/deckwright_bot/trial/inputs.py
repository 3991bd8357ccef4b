"""Fields of forms and options of commands: what Discord's client would not send, in its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deckwright_bot.sandbox.calls import BOOLEAN, CHECKBOX, INTEGER, NUMBER
from deckwright_bot.sandbox.component_limits import LABEL, ROW, TEXT_INPUT
from deckwright_bot.sandbox.limits import Findings
from deckwright_bot.sandbox.model import Json
from deckwright_bot.trial import words

MAX_INPUT: Final = 4000


def input_in(part: Json) -> Json | None:
    """The part of a form that is filled in; None for a text."""
    if part["type"] == ROW:
        inner: Json = part["components"][0]
        return inner
    return part["component"] if part["type"] == LABEL else None


def mistake(one: Json, given: Mapping[str, Any]) -> str | None:
    """What is wrong with a field, in the words in which Discord says it."""
    value, findings = given.get(str(one["custom_id"])), Findings()
    required = one.get("required") is not False
    if one["type"] == TEXT_INPUT:
        text = str(value or "")
        if text or required:
            least = one.get("min_length") or int(required)
            if not text:
                return words.REQUIRED_FIELD
            findings.text(("value",), text, one.get("max_length") or MAX_INPUT, least)
    elif one["type"] != CHECKBOX:
        count = len(value) if isinstance(value, list) else 0
        least, most = one.get("min_values"), one.get("max_values")
        least = 1 if least is None else least
        if count == 0 and (required or least > 0):
            return words.REQUIRED_FIELD if required else None
        findings.count(("values",), [None] * count, 1 if most is None else most, least if required else 0)
    return findings.found[0][2] if findings.found else None


def outside(option: Json, text: str) -> str | None:
    """Why a value does not fit its option; None where it does."""
    kind, findings = option["type"], Findings()
    if kind in (INTEGER, NUMBER):
        try:
            number = int(text) if kind == INTEGER else float(text)
        except ValueError:
            return words.NOT_A_NUMBER.format(value=text[:40])
        least, most = option.get("min_value"), option.get("max_value")
        if (least is not None and number < least) or (most is not None and number > most):
            return f"int value should be between {least} and {most}."
    elif kind == BOOLEAN and text.casefold() not in ("true", "false"):
        return words.NOT_OFFERED.format(values="True, False")
    else:
        findings.text(("value",), text, option.get("max_length") or 6000, option.get("min_length") or 0)
        offered = [str(each["value"]) for each in option.get("choices") or []]
        if offered and text not in offered:
            return words.NOT_OFFERED.format(values=", ".join(offered))
    return findings.found[0][2] if findings.found else None
