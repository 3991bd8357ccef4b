"""The JSON Schema says what the compiler says, about every card file either of them may meet."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies as st

from deckwright.compiler import compile_library
from deckwright.kinds import KINDS
from deckwright.schema import HELP, schema_text, topic_schema
from libraries import LIBRARY, NoMaths, write

SAMPLES = Path("src/deckwright/kinds/samples")
SCHEMA = topic_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# What only the compiler can see: text inside text, other cards, other files.
BEYOND_A_SCHEMA = {
    "broken-gap", "cloze-without-gap", "unknown-gap", "duplicate-id", "unknown-needs", "needs-loop", "no-siblings",
    "duplicate-option", "unbalanced-maths", "missing-media", "broken-link", "bad-media", "duplicate-key",
    "backslash-in-double-quotes", "duplicate-guid", "media-case-twin",
}  # fmt: skip


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: no dates, no yes and no, no octal by a zero."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    import re

    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
Core.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(node.value, 10))


def sample(kind: str) -> dict[str, Any]:
    """The sample card of a kind."""
    found: list[dict[str, Any]] = yaml.load((SAMPLES / f"{kind}.yaml").read_text("utf-8"), Core)
    return found[0]


def verdicts(tmp_path: Path, text: str, kind: str = "recall") -> tuple[bool, bool, list[str]]:
    """What the schema and the compiler think of a topic file in a deck of ``kind``."""
    root = write(
        tmp_path,
        {
            "library.yaml": LIBRARY,
            "main/deck.yaml": f"title: 1 Main\nkind: {kind}\n",
            "main/topic.yaml": text,
        },
    )
    problems = compile_library(root, maths=NoMaths()).problems
    # A name that cannot be a gap's is a matter of shape; a gap the text does not have is not.
    seen = [p.code.name for p in problems if p.code.name not in BEYOND_A_SCHEMA or "such as c1" in p.message]
    return VALIDATOR.is_valid(yaml.load(text, Core)), not seen, seen


def as_yaml(card: dict[str, Any]) -> str:
    return json.dumps({"topic": "topic", "title": "A topic", "cards": [card]}, ensure_ascii=False)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_committed_copy_is_what_the_command_prints() -> None:
    assert Path("cards/deckwright.schema.json").read_text("utf-8") == schema_text()


@pytest.mark.parametrize("path", sorted(Path("cards").glob("*/*.yaml")), ids=str)
def test_every_shipped_topic_fits_and_names_the_schema(path: Path) -> None:
    if path.name == "deck.yaml":
        return
    text = path.read_text("utf-8")

    assert text.startswith("# yaml-language-server: $schema=../deckwright.schema.json\n")
    assert [e.message for e in VALIDATOR.iter_errors(yaml.load(text, Core))] == []


def test_every_field_of_every_kind_has_a_line_of_help() -> None:
    fields = {field.alias or name for kind in KINDS.values() for name, field in kind.model_fields.items()}

    assert fields - {"kind"} == set(HELP)


@pytest.mark.parametrize("kind", KINDS)
def test_both_accept_the_sample_of_a_kind(kind: str, tmp_path: Path) -> None:
    card = sample(kind) | {"kind": kind}

    assert verdicts(tmp_path, as_yaml(card))[:2] == (True, True)


VALUES: list[Any] = [
    "", "  ", "text", "two words", "2024-02-29", "2023-02-29", "c1", "siblings", "true", True, False, 0, 12, 1.5, None,
    [], ["a"], ["a b"], [""], {}, {"text": "x"}, [{"text": "x", "why": "y"}], [{"text": "x", "more": 1}],
    {"c1": "x"}, {"c1": [{"text": "x"}]}, {"cx": "x"}, "easy", "hard", "Bad_Id", "a-" * 50, [["a"]],
    {"since": "2026-01-01", "reason": "x"}, {"say": "x"}, [{"say": "x", "words": ["a"]}], [{"say": "x", "words": "a"}],
    [{"claim": "x"}], [{"text": "a", "right": True}, {"text": "b"}], [{"text": "a", "right": True}] * 2,
    [{"text": f"{n}", "why": "y"} for n in range(3)], [{"text": f"{n}"} for n in range(4)],
]  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_card_with_a_field_put_out_of_shape_gets_one_verdict(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Add, change or remove fields at random: the schema accepts just what the compiler accepts."""
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    card = deepcopy(sample(kind)) | {"kind": kind}
    names = [*SCHEMA["$defs"][kind]["properties"], "unknown"]
    for _ in range(data.draw(st.integers(1, 2))):
        name = data.draw(st.sampled_from(names))
        if name == "kind":
            continue
        if data.draw(st.booleans()) and name in card:
            del card[name]
        else:
            card[name] = data.draw(st.sampled_from(VALUES))
    schema, compiler, seen = verdicts(tmp_path_factory.mktemp("schema"), as_yaml(card))

    assert schema == compiler, seen


@pytest.mark.parametrize(
    ("line", "accepted"),
    [
        ("front: no", True),
        ("front: 012", True),
        ("front: 1.10", True),
        ("front: $5 and $6", True),
        ("front: 2024-01-01", True),
        ("front: 2024", True),
        ("front: true", True),
        ("front:", False),
        ("front: null", False),
        ("front: ''", False),
        ("core: yes\n    front: x", False),
        ("core: 'true'\n    front: x", False),
        ("core: TRUE\n    front: x", True),
        ("id: other\n    hint: 3", False),
    ],
)
def test_plain_yaml_values_mean_the_same_to_both(line: str, accepted: bool, tmp_path: Path) -> None:  # noqa: FBT001
    text = f"topic: topic\ntitle: T\ncards:\n  - id: card\n    back: x\n    {line}\n"
    if line.startswith("id:"):
        text = text.replace("  - id: card\n", "  - tags: [a]\n")

    assert verdicts(tmp_path, text)[:2] == (accepted, accepted)


def test_a_card_that_names_no_kind_is_of_its_decks_kind(tmp_path: Path) -> None:
    card = sample("ask")

    assert verdicts(tmp_path / "ask", as_yaml(card), kind="ask")[:2] == (True, True)
    assert jsonschema.Draft202012Validator(topic_schema("ask")).is_valid(json.loads(as_yaml(card)))
    assert not jsonschema.Draft202012Validator(topic_schema("recall")).is_valid(json.loads(as_yaml(card)))
