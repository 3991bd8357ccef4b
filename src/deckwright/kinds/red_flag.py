"""An interview answer to judge: what would you say back?"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from deckwright.kinds.base import SHOWN_WRONG, KindCard, check_options
from deckwright.kinds.layout import (
    Fields,
    Item,
    Items,
    NoteLayout,
    Nothing,
    Report,
    Siblings,
    Words,
    key_point_items,
    prose,
    red_flag_items,
)
from deckwright.model import Choice, Distractor, Flag, Open, Option, Prompt, Text

SOUND = "Nothing, it is sound."
"""The option every red-flag question offers, so that "something is wrong" is no pattern."""


class RedFlagCard(KindCard):
    """A candidate's answer, flawed or sound; asked in chat with four options, or open."""

    LAYOUT: ClassVar = NoteLayout(
        "red-flag",
        "Red flag",
        ("Question", "Said", "Verdict", "Better", "Sound", "Mistakes", "Key Points", "Red Flags"),
    )
    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["flaw"], "properties": {"sound": {"const": False}}},
                {
                    "required": ["sound"],
                    "properties": {"sound": {"const": True}, "right": False, "flaw": False},
                },
            ],
            "if": {"required": ["flaw"]},
            "then": {"dependentRequired": {"right": ["wrong"], "wrong": ["right"]}},
        }
    )

    kind: Literal["red-flag"] = "red-flag"
    question_: Text = Field(alias="question")
    said: Text
    flaw: Text | None = None
    sound: Flag = False
    better: Text
    right: Text | None = None
    wrong: (
        Annotated[
            tuple[Distractor, ...],
            Field(min_length=SHOWN_WRONG, max_length=SHOWN_WRONG, strict=False),
        ]
        | None
    ) = None

    @property
    def question(self) -> str:
        """The interview question and what the candidate said."""
        said = "\n".join(f"> {line}" for line in self.said.strip().split("\n"))
        return f"{self.question_.rstrip()}\n\n{said}"

    @property
    def verdict(self) -> str:
        """The flaw in one line, or that there is none."""
        return self.flaw if self.flaw is not None else SOUND

    @property
    def answer(self) -> str:
        """The verdict, then the better answer."""
        return f"{self.verdict.rstrip()}\n\n{self.better}"

    def check(self, report: Report) -> None:
        """A card is flawed or sound, not both, and its options fit."""
        if self.sound and self.flaw is not None:
            report(
                "fields-clash",
                ("sound",),
                "expected `flaw` or `sound: true`, found both",
                hint="keep `flaw` where something is wrong with the answer, else `sound: true`",
            )
        if not self.sound and self.flaw is None:
            report(
                "fields-clash",
                (),
                "expected `flaw`, or `sound: true` where nothing is wrong, found neither",
                hint="say in one line what is wrong with the answer: `flaw: …`",
            )
        if self.sound and self.right is not None:
            report(
                "two-right-options",
                ("right",),
                f'expected no `right` on a sound card ("{SOUND}" is right), found one',
                hint="leave `right` out",
            )
        if not self.sound and self.wrong is not None and self.right is None:
            report(
                "no-right-option",
                ("wrong",),
                "expected a right option, found only wrong ones",
                hint="add `right:` with the flaw in few words",
            )
        if self.right is not None and self.wrong is None:
            report(
                "fields-clash",
                ("right",),
                "expected `wrong` beside `right`, found none",
                hint="add three wrong options, or leave `right` out for an open question",
            )
        right = [(("right",), text) for text in (SOUND, self.right) if text is not None]
        wrong = [(("wrong", i, "text"), d.text) for i, d in enumerate(self.wrong or ())]
        check_options([*right, *wrong], report)

    def layout(self) -> Fields:
        """Question, the candidate's words, verdict and repair."""
        mistakes = tuple(Item(d.text, d.why) for d in self.wrong or ())
        return {
            "Question": prose(self.question_),
            "Said": prose(self.said),
            "Verdict": prose(self.verdict),
            "Better": prose(self.better),
            "Sound": Words("sound") if self.sound else Nothing(),
            "Mistakes": Items(mistakes) if mistakes else Nothing(),
            "Key Points": key_point_items(self),
            "Red Flags": red_flag_items(self),
        }

    def prompts(self, siblings: Siblings = ()) -> tuple[Prompt, ...]:  # noqa: ARG002
        """A choice that always offers "nothing, it is sound", or an open question."""
        if self.wrong is None:
            return (Prompt(self.card_id, 0, Open(self.key_points, self.red_flags)),)
        wrong = tuple(Option(d.text, right=False, why=d.why) for d in self.wrong)
        if self.sound:
            options = (Option(SOUND, right=True, why=self.better), *wrong)
        else:
            right = Option(str(self.right), right=True, why=self.flaw)
            sound = Option(SOUND, right=False, why=self.flaw, always=True)
            options = (right, sound, *wrong)
        return (Prompt(self.card_id, 0, Choice(options, draw=SHOWN_WRONG)),)


CARD = RedFlagCard
