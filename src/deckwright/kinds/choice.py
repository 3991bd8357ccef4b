"""A question with options, one of them right."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from deckwright.kinds.base import SHOWN_WRONG, KindCard, check_options
from deckwright.kinds.layout import Fields, NoteLayout, OptionItem, OptionList, Report, Siblings, prose
from deckwright.model import Choice, Flag, Model, Option, Prompt, Text


class ChoiceOption(Model):
    """One option: its text, whether it is right, and why."""

    text: Text
    right: Flag = False
    why: Text | None = None


_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": ChoiceOption.model_json_schema(),
    "minItems": 2,
    "maxItems": SHOWN_WRONG + 1,
    "contains": {"properties": {"right": {"const": True}}, "required": ["right"]},
    "minContains": 1,
    "maxContains": 1,
}
Options = Annotated[
    tuple[ChoiceOption, ...],
    Field(min_length=2, max_length=SHOWN_WRONG + 1, strict=False),
    WithJsonSchema(_SCHEMA),
]


class ChoiceCard(KindCard):
    """Front with options; the card shuffles them, chat shows them as buttons."""

    LAYOUT: ClassVar = NoteLayout("choice", "Choice", ("Front", "Options"))

    kind: Literal["choice"] = "choice"
    front: Text
    options: Options

    @property
    def question(self) -> str:
        """The front."""
        return self.front

    @property
    def answer(self) -> str:
        """The right option and its reason."""
        right = next((option for option in self.options if option.right), None)
        if right is None:
            return ""
        return right.text if right.why is None else f"{right.text.rstrip()}\n\n{right.why}"

    def check(self, report: Report) -> None:
        """Exactly one option is right, and no two are the same."""
        right = [i for i, option in enumerate(self.options) if option.right]
        if not right:
            report(
                "no-right-option",
                ("options",),
                "expected one option with `right: true`, found none",
                hint="mark the right option",
            )
        for extra in right[1:]:
            report(
                "two-right-options",
                ("options", extra, "right"),
                f"expected one right option, found {len(right)}",
                hint="leave `right` out of the others",
            )
        check_options(((("options", i, "text"), o.text) for i, o in enumerate(self.options)), report)

    def layout(self) -> Fields:
        """The front and the options.

        Their stored order is drawn from the card's id: where a client runs no scripts and cannot
        shuffle, the right one still stands in no favourite place.
        """

        def place(option: ChoiceOption) -> bytes:
            return hashlib.sha256(f"{self.id}\n{option.text}".encode()).digest()

        options = tuple(OptionItem(o.text, o.right, o.why) for o in sorted(self.options, key=place))
        return {"Front": prose(self.front), "Options": OptionList(options)}

    def prompts(self, siblings: Siblings = ()) -> tuple[Prompt, ...]:  # noqa: ARG002
        """One choice."""
        options = tuple(Option(o.text, o.right, o.why) for o in self.options)
        return (Prompt(self.card_id, 0, Choice(options, draw=len(options) - 1)),)

    def short_answer(self) -> str | None:
        """The right option's text."""
        return next((option.text for option in self.options if option.right), None)


CARD = ChoiceCard
