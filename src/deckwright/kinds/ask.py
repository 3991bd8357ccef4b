"""A question to ask the interviewer, and how to read the reply."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from deckwright.kinds.base import WithOptions
from deckwright.kinds.layout import (
    Fields,
    NoteLayout,
    Siblings,
    key_point_items,
    prose,
    red_flag_items,
)
from deckwright.model import Prompt, Text


class AskCard(WithOptions):
    """What to find out and from whom; the question that finds it out."""

    LAYOUT: ClassVar = NoteLayout(
        "ask",
        "Ask",
        (
            "Find Out",
            "Whom",
            "Question",
            "Reveals",
            "Good Sign",
            "Bad Sign",
            "Mistakes",
            "Key Points",
            "Red Flags",
        ),
    )

    kind: Literal["ask"] = "ask"
    find_out: Text
    whom: Text
    question_: Text = Field(alias="question")
    reveals: Text
    good_sign: Text
    bad_sign: Text

    @property
    def question(self) -> str:
        """The situation: what to find out, and from whom."""
        return f"You want to find out {self.find_out.strip()}. What do you ask {self.whom.strip()}?"

    @property
    def answer(self) -> str:
        """The question to ask, then what it reveals and how to read the reply."""
        return "\n\n".join(
            (
                self.question_.strip(),
                self.reveals.strip(),
                f"**Good sign:** {self.good_sign.strip()}",
                f"**Bad sign:** {self.bad_sign.strip()}",
            )
        )

    def layout(self) -> Fields:
        """The situation, the question, and the signs in the reply."""
        return {
            "Find Out": prose(self.find_out),
            "Whom": prose(self.whom),
            "Question": prose(self.question_),
            "Reveals": prose(self.reveals),
            "Good Sign": prose(self.good_sign),
            "Bad Sign": prose(self.bad_sign),
            "Mistakes": self.mistakes(),
            "Key Points": key_point_items(self),
            "Red Flags": red_flag_items(self),
        }

    def prompts(self, siblings: Siblings = ()) -> tuple[Prompt, ...]:
        """One prompt."""
        return (Prompt(self.card_id, 0, self.form(siblings)),)


CARD = AskCard
