"""Identities are frozen: a changed value here is a second copy of every card for every learner."""

from __future__ import annotations

from hypothesis import given, strategies as st

from deckwright import identity
from deckwright.kinds import KINDS

slugs = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,4}", fullmatch=True)


def test_the_guid_of_a_card_never_changes() -> None:
    assert identity.guid("ml-interviews", "forest-correlation-floor") == "rVK9_wg0Bv"


def test_the_ids_of_note_types_fields_templates_and_decks_never_change() -> None:
    assert identity.note_type_id("ml-interviews", "recall") == 1_534_312_308_653
    assert identity.part_id("ml-interviews", "recall", "field", "Front") == 6_834_019_359_916_348
    assert identity.part_id("ml-interviews", "recall", "template", "Card") == 3_867_468_910_077_446
    assert identity.deck_id("ml-interviews", "theory") == 1_531_470_761_613


def test_the_fields_of_every_note_type_never_change() -> None:
    common = (
        "Level", "Topic", "Sources", "Retired", "Released", "Id", "Spare 1", "Spare 2", "Spare 3", "Spare 4",
    )  # fmt: skip
    options = ("Mistakes", "Key Points", "Red Flags")
    assert {key: kind.LAYOUT.all_fields for key, kind in KINDS.items()} == {
        "recall": ("Front", "Back", "Hint", "Why Asked", "Follow-ups", *options, *common),
        "cloze": ("Text", "Extra", "Mistakes", *common),
        "choice": ("Front", "Options", *common),
        "formula": ("Formula", "Name", "Symbols", "Conditions", "Example", "Mistakes", *common),
        "red-flag": ("Question", "Said", "Verdict", "Better", "Sound", *options, *common),
        "ask": ("Find Out", "Whom", "Question", "Reveals", "Good Sign", "Bad Sign", *options, *common),
        "code": ("Front", "Signature", "Solution", "Trap", "Cases", "Complexity", *common),
    }


@given(slugs, slugs, slugs)
def test_another_id_or_namespace_gives_another_guid(namespace: str, first: str, second: str) -> None:
    assert (identity.guid(namespace, first) == identity.guid(namespace, second)) == (first == second)
    assert (identity.guid(first, namespace) == identity.guid(second, namespace)) == (first == second)


@given(slugs, slugs)
def test_ids_look_like_times_of_the_past_so_that_anki_keeps_them(namespace: str, name: str) -> None:
    for made in (identity.note_type_id(namespace, name), identity.deck_id(namespace, name)):
        assert 1_400_000_000_000 <= made < 1_600_000_000_000
