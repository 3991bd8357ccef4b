"""A question and its answer: the plainest kind."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from deckwright.kinds.base import WithOptions
from deckwright.kinds.layout import (
    Fields,
    Item,
    Items,
    NoteLayout,
    Nothing,
    Siblings,
    key_point_items,
    prose,
    red_flag_items,
)
from deckwright.model import Model, Prompt, Text


class FollowUp(Model):
    """A question that follows, and its answer if the author gives one."""

    ask: Text
    answer: Text | None = None


def _follow_up(value: object) -> object:
    return {"ask": value} if isinstance(value, str) else value


_SHAPE = FollowUp.model_json_schema()
_SHAPE_OR_TEXT = {"anyOf": [_SHAPE["properties"]["ask"], _SHAPE]}
AnyFollowUp = Annotated[FollowUp, BeforeValidator(_follow_up), WithJsonSchema(_SHAPE_OR_TEXT)]


class RecallCard(WithOptions):
    """Front and back; asked in chat as a choice where it has options, else as an open question."""

    LAYOUT: ClassVar = NoteLayout(
        "recall",
        "Recall",
        (
            "Front",
            "Back",
            "Hint",
            "Why Asked",
            "Follow-ups",
            "Mistakes",
            "Key Points",
            "Red Flags",
        ),
    )

    kind: Literal["recall"] = "recall"
    front: Text
    back: Text
    hint: Text | None = None
    why_asked: Text | None = None
    follow_ups: tuple[AnyFollowUp, ...] = Field(default=(), strict=False)

    @property
    def question(self) -> str:
        """The front."""
        return self.front

    @property
    def answer(self) -> str:
        """The back."""
        return self.back

    def layout(self) -> Fields:
        """Front, back and what can be unfolded."""
        ups = tuple(Item(up.ask, up.answer) for up in self.follow_ups)
        return {
            "Front": prose(self.front),
            "Back": prose(self.back),
            "Hint": prose(self.hint),
            "Why Asked": prose(self.why_asked),
            "Follow-ups": Items(ups) if ups else Nothing(),
            "Mistakes": self.mistakes(),
            "Key Points": key_point_items(self),
            "Red Flags": red_flag_items(self),
        }

    def prompts(self, siblings: Siblings = ()) -> tuple[Prompt, ...]:
        """One prompt."""
        return (Prompt(self.card_id, 0, self.form(siblings)),)


CARD = RecallCard
