"""What every kind of card shares: the interface, and the two ways of giving options."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from deckwright.diagnostics import shorten
from deckwright.kinds.layout import Content, Fields, Item, Items, NoteLayout, Nothing, Report, Siblings
from deckwright.markup import GapText, find_gaps
from deckwright.model import (
    Card,
    Choice,
    Distractor,
    Distractors,
    Form,
    Gap,
    Open,
    Option,
    Prompt,
    SelfGraded,
    Text,
)


def _written_or_siblings(value: object) -> str:
    return "siblings" if isinstance(value, str) else "written"


Wrong = Annotated[
    Annotated[Literal["siblings"], Tag("siblings")] | Annotated[Distractors, Tag("written")],
    Discriminator(_written_or_siblings),
]
"""Wrong options: written ones, or drawn from the right options of the same topic."""

LOOKALIKE = re.compile(r"\{\{\s*(?:C\d+:|c(?:0|\d{3,})\d*:|c\d+:(?!:)|c\d+\s+:|c:)")
"""What was meant as a gap and would stay as text."""

SHOWN_WRONG = 3
"""A question in chat shows one right option and at most this many wrong ones."""


class KindCard(Card):
    """A card of some kind: its own fields, its checks, its note and its prompts."""

    LAYOUT: ClassVar[NoteLayout]

    @property
    @abstractmethod
    def question(self) -> str:
        """What is asked, as Markdown (gaps as written)."""

    @property
    @abstractmethod
    def answer(self) -> str:
        """What is answered, as Markdown: the first paragraph is the answer itself."""

    @abstractmethod
    def layout(self) -> Fields:
        """What the note's own fields hold."""

    @abstractmethod
    def prompts(self, siblings: Siblings = ()) -> tuple[Prompt, ...]:
        """What can be asked; ``siblings`` are the other cards of the topic."""

    def check(self, report: Report) -> None:
        """Report what the fields' types cannot say."""

    @property
    def gaps(self) -> tuple[int, ...]:
        """The gap numbers, ascending; empty for a kind whose note makes one card."""
        return ()

    def short_answer(self) -> str | None:
        """The answer as an option for a sibling's question, or None if it has no short form."""
        return None


def same_option(text: str) -> str:
    """What two options share that say the same; capitals count in maths and code alone."""
    folded = " ".join(text.split()).rstrip(".")
    return folded if any(mark in folded for mark in "$\\`") else folded.casefold()


def check_options(options: Iterable[tuple[tuple[str | int, ...], str]], report: Report) -> None:
    """Report options that say the same as an earlier one; each comes with its path."""
    seen: set[str] = set()
    for path, text in options:
        folded = same_option(text)
        if folded in seen:
            report("duplicate-option", path, f"expected options that differ, found {shorten(text)} twice")
        seen.add(folded)


class WithOptions(KindCard):
    """A kind that is open unless the author gives a right option and wrong ones."""

    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"right": ["wrong"], "wrong": ["right"]}}
    )

    right: Text | None = None
    wrong: Wrong | None = None

    @property
    def distractors(self) -> tuple[Distractor, ...]:
        """The written distractors; siblings are not among them."""
        return self.wrong if isinstance(self.wrong, tuple) else ()

    def check(self, report: Report) -> None:
        """Check that right and wrong come together and differ."""
        if self.right is not None and self.wrong is None:
            report(
                "fields-clash",
                ("right",),
                "expected `wrong` beside `right`, found none",
                hint="add wrong options, or leave `right` out for an open question",
            )
        if self.wrong is not None and self.right is None:
            report(
                "no-right-option",
                ("wrong",),
                "expected a right option, found only wrong ones",
                hint="add `right:` with the right option in few words",
            )
        options = [(("right",), self.right)] if self.right is not None else []
        wrong = [(("wrong", i, "text"), d.text) for i, d in enumerate(self.distractors)]
        check_options([*options, *wrong], report)

    def short_answer(self) -> str | None:
        """The right option."""
        return self.right

    def form(self, siblings: Siblings) -> Form:
        """A choice where there are options, else an open question."""
        if self.right is None or self.wrong is None:
            return Open(self.key_points, self.red_flags)
        if self.wrong == "siblings":
            others = (s.short_answer() for s in siblings if isinstance(s, KindCard) and not s.retired)
            # Two cards may have the same right option: shown as a wrong one it would be graded wrong.
            texts = {same_option(text): text for text in others if text is not None}
            texts.pop(same_option(self.right), None)
            wrong = tuple(Option(text, right=False) for text in texts.values())
        else:
            wrong = tuple(Option(d.text, right=False, why=d.why) for d in self.distractors)
        return Choice((Option(self.right, right=True), *wrong), draw=min(SHOWN_WRONG, len(wrong)))

    def mistakes(self) -> Content:
        """The distractors as mistakes people make, for the back of the card."""
        items = tuple(Item(d.text, d.why) for d in self.distractors)
        return Items(items) if items else Nothing()


class WithGaps(KindCard):
    """A kind whose text has gaps: one card and one prompt a gap."""

    right: dict[Gap, Text] = Field(default_factory=dict)
    wrong: dict[Gap, Distractors] = Field(default_factory=dict)

    @property
    @abstractmethod
    def gap_field(self) -> str:
        """The name of the field that holds the gaps."""

    @property
    def gap_texts(self) -> tuple[GapText, ...]:
        """The gaps in the order of the text."""
        return tuple(find_gaps(getattr(self, self.gap_field))[0])

    @property
    def gaps(self) -> tuple[int, ...]:
        """The gap numbers, ascending, each once."""
        return tuple(sorted({gap.number for gap in self.gap_texts}))

    def gap_option(self, gap: GapText) -> str:
        """A gap's hidden text as an option in chat."""
        return gap.hidden

    def check(self, report: Report) -> None:
        """Check the gaps and that options belong to one of them."""
        found, broken = find_gaps(getattr(self, self.gap_field))
        for flaw in broken:
            report(
                "broken-gap",
                (self.gap_field,),
                f"expected a gap such as {{{{c1::hidden}}}}, found one that is wrong: {flaw.reason}",
                hint="close it with }} and leave no { open inside it",
                needle=getattr(self, self.gap_field)[flaw.start : flaw.start + 6],
            )
        lookalike = LOOKALIKE.search(getattr(self, self.gap_field))
        if lookalike is not None and not broken:
            report(
                "broken-gap",
                (self.gap_field,),
                f"expected a gap such as {{{{c1::hidden}}}}, found {lookalike[0]!r}",
                hint="a gap begins with {{c, a number from 1 to 99, and two colons",
                needle=lookalike[0],
            )
        if not found and not broken:
            report(
                "cloze-without-gap",
                (self.gap_field,),
                "expected at least one gap, found none",
                hint="mark what to hide as {{c1::hidden}}",
            )
        numbers = {f"c{gap.number}" for gap in found}
        for name, values in (("right", self.right), ("wrong", self.wrong)):
            for gap in values:
                if gap not in numbers:
                    known = ", ".join(sorted(numbers)) or "none"
                    report("unknown-gap", (name, gap), f'expected a gap of the text ({known}), found "{gap}"')
        for gap in self.right:
            if gap not in self.wrong:
                report(
                    "fields-clash", ("right", gap), f"expected `wrong` for {gap} beside `right`, found none"
                )
        for shown in found:
            key = f"c{shown.number}"
            if key in self.wrong:
                right = self.right.get(key, self.gap_option(shown))
                wrong = [(("wrong", key, i, "text"), d.text) for i, d in enumerate(self.wrong[key])]
                check_options([(("right",), right), *wrong], report)

    def prompts(self, siblings: Siblings = ()) -> tuple[Prompt, ...]:  # noqa: ARG002
        """One prompt a gap: a choice where the gap has wrong options, else self-graded."""
        first = {gap.number: gap for gap in reversed(self.gap_texts)}
        return tuple(Prompt(self.card_id, n, self._form(first[n])) for n in self.gaps)

    def _form(self, gap: GapText) -> Form:
        key = f"c{gap.number}"
        if key not in self.wrong:
            return SelfGraded()
        wrong = tuple(Option(d.text, right=False, why=d.why) for d in self.wrong[key])
        right = Option(self.right.get(key, self.gap_option(gap)), right=True)
        return Choice((right, *wrong), draw=len(wrong))

    def mistakes(self) -> Content:
        """The distractors of all gaps as mistakes people make."""
        items = tuple(Item(d.text, d.why) for gap in sorted(self.wrong) for d in self.wrong[gap])
        return Items(items) if items else Nothing()
