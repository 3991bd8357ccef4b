"""The JSON Schema of topic files: what the compiler accepts, so that editors say it while typing."""

from __future__ import annotations

import json
from typing import Any

from deckwright.kinds import KINDS
from deckwright.model import TopicHead

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


HELP = {
    "id": "a slug, unique in the library: learners' reviews hang on it",
    "level": "easy, medium or hard; the deck's default where it is left out",
    "core": "true: first in every order",
    "tags": "words without spaces",
    "sources": "textbook sections or papers that support the card",
    "needs": "ids of cards to know first",
    "aliases": "ids this card had before",
    "retired": "takes a released card out of study; it stays, tagged",
    "volatile": "the day (YYYY-MM-DD) on which a fact that ages was last true",
    "guid": "the Anki GUID, only for decks that came from elsewhere",
    "key_points": "what an open answer must say, with the words people use for it",
    "red_flags": "typical wrong claims, with the words people use for them",
    "right": "the right option, short, for multiple choice in chat",
    "wrong": "up to three wrong options, each with a why; or the word siblings",
    "front": "the question, Markdown with maths between $ and $",
    "back": "the answer in the first paragraph, a blank line, then the explanation",
    "hint": "a nudge, unfolded on the front",
    "why_asked": "what the interviewer is after",
    "follow_ups": "questions that come next: text, or ask and answer",
    "text": "a text with gaps: {{c1::hidden}} or {{c1::hidden::hint}}",
    "extra": "what else to say, on the back",
    "options": "two to four options, one of them with right: true",
    "name": "what the formula is called",
    "formula": "LaTeX without dollars, with gaps {{c1::...}}",
    "symbols": "every symbol: symbol, means, shape or unit, and the part that hides it",
    "conditions": "when the formula holds",
    "example": "numbers put in: given, compute, result",
    "question": "the question",
    "said": "what the candidate said, in quotes",
    "flaw": "what is wrong with it, in one line",
    "sound": "true where nothing is wrong with the answer",
    "better": "the repaired answer, or why a sound one holds",
    "find_out": "what to find out",
    "whom": "whom to ask",
    "reveals": "what the reply reveals",
    "good_sign": "a reply that speaks for the place",
    "bad_sign": "a reply that speaks against it",
    "language": "the programming language, for highlighting",
    "signature": "the first line of the solution",
    "solution": "the program; never run by the compiler",
    "trap": "what breaks first",
    "setup": "what the cases need before they run",
    "cases": "calls and what they must give",
    "complexity": "time and memory",
}
"""One line on each field, for editors and for the authors' guide."""


def topic_schema(default_kind: str | None = None) -> Schema:
    """The schema of a topic file.

    A card that names no kind has its deck's; a topic file does not say which deck it is in, so
    such a card is accepted if some kind accepts it, or only ``default_kind`` where one is given.
    """
    definitions: Schema = {}
    for key, kind in KINDS.items():
        made = _tidy(kind.model_json_schema(by_alias=True, ref_template=f"#/$defs/{key}.{{model}}"))
        for name, inner in made.pop("$defs", {}).items():
            definitions[f"{key}.{name}"] = inner
        made["properties"]["kind"] = {"const": key, "description": kind.__doc__}
        made["title"] = f"{key} card"
        for name, field in made["properties"].items():
            if name in HELP:
                made["properties"][name] = {**field, "description": HELP[name]}
        made["required"] = [name for name in made["required"] if name != "kind"]
        definitions[key] = made
    unnamed = (
        {"$ref": f"#/$defs/{default_kind}"}
        if default_kind is not None
        else {"anyOf": [{"$ref": f"#/$defs/{key}"} for key in KINDS]}
    )
    definitions["card"] = {
        "type": "object",
        "properties": {"kind": {"enum": list(KINDS)}},
        "allOf": [
            {
                "if": {"required": ["kind"], "properties": {"kind": {"const": key}}},
                "then": {"$ref": f"#/$defs/{key}"},
            }
            for key in KINDS
        ]
        + [{"if": {"not": {"required": ["kind"]}}, "then": unnamed}],
    }
    head = _tidy(TopicHead.model_json_schema())
    head["properties"]["cards"] = {"type": "array", "items": {"$ref": "#/$defs/card"}}
    return {
        "$schema": DIALECT,
        "title": "Deckwright topic file",
        "description": "A topic of a deck: its cards, each with an id and the fields of its kind.",
        "type": "object",
        "properties": head["properties"],
        "required": ["topic", "title", "cards"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _tidy(schema: Any) -> Any:  # noqa: ANN401  any JSON
    """Take out what YAML has no use for: null (a field is left out instead), defaults, titles."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {
        key: _tidy(value)
        for key, value in schema.items()
        if key != "default" and not (key == "title" and isinstance(value, str))
    }
    if "patternProperties" in out:
        out.setdefault("additionalProperties", False)
    options = out.get("anyOf")
    if isinstance(options, list):
        rest = [option for option in options if option != {"type": "null"}]
        if len(rest) == 1:
            del out["anyOf"]
            out = {**rest[0], **out}
        else:
            out["anyOf"] = rest
    return out


def schema_text(default_kind: str | None = None) -> str:
    """The schema of topic files as it is committed beside the cards."""
    return json.dumps(topic_schema(default_kind), indent=2, ensure_ascii=False) + "\n"
