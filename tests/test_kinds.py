"""What the kinds ask: exactly one right option, whatever the siblings say."""

from __future__ import annotations

from pathlib import Path

import pytest

from deckwright.compiler import cards_of
from deckwright.model import Choice
from libraries import codes, compiled, library


def test_a_sibling_with_the_same_right_option_is_no_wrong_one(tmp_path: Path) -> None:
    names = {"a": "The mean", "b": "the mean.", "c": "The median", "d": "the median", "e": "The mode"}
    cards = "".join(
        f"- {{id: {name}, front: q{name}, back: b, right: '{right}', wrong: siblings}}\n"
        for name, right in names.items()
    )
    compilation = compiled(library(tmp_path, cards))
    assert compilation.library is not None
    every = list(cards_of(compilation.library))
    (prompt,) = every[0].prompts(every)

    assert codes(compilation) == []
    assert isinstance(prompt.form, Choice)
    assert [(o.text, o.right) for o in prompt.form.options] == [
        ("The mean", True),
        ("the median", False),
        ("The mode", False),
    ]
    assert prompt.form.draw == 2


def test_siblings_that_all_say_the_same_are_no_options(tmp_path: Path) -> None:
    cards = "- {id: a, front: q, back: b, right: 'Yes', wrong: siblings}\n- {id: c, front: r, back: b, right: 'yes.', wrong: [{text: 'No'}]}"

    assert codes(compiled(library(tmp_path, cards))) == ["no-siblings"]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("Yes", "yes.", ["duplicate-option"]),
        ("$N$", "$n$", []),
        (r"\(O(n)\)", r"\(o(n)\)", []),
        ("`True`", "`true`", []),
        ("$n$", "$n$", ["duplicate-option"]),
    ],
)
def test_options_differ_by_a_capital_in_maths_and_code_alone(
    first: str,
    second: str,
    found: list[str],
    tmp_path: Path,
) -> None:
    cards = f"- {{id: a, kind: choice, front: q, options: [{{text: '{first}', right: true}}, {{text: '{second}'}}]}}"

    assert codes(compiled(library(tmp_path, cards))) == found


def test_the_option_every_red_flag_question_has_is_not_written_again(tmp_path: Path) -> None:
    cards = (
        "- {id: a, kind: red-flag, question: q, said: s, flaw: f, better: b, right: r,\n"
        "   wrong: [{text: x}, {text: 'nothing, it is sound'}, {text: z}]}"
    )

    assert codes(compiled(library(tmp_path, cards))) == ["duplicate-option"]


def test_a_topic_file_may_end_in_capitals(tmp_path: Path) -> None:
    root = library(tmp_path, "- {id: a, front: a, back: b}")
    (root / "main" / "topic.yaml").rename(root / "main" / "TOPIC.YAML")
    compilation = compiled(root)

    assert compilation.library is not None
    assert [card.id for card in compilation.library.cards] == ["a"]
