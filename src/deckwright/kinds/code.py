"""A programming task: write it, and know what breaks first."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from deckwright.kinds.base import KindCard
from deckwright.kinds.layout import (
    CaseRow,
    CaseTable,
    Fields,
    NoteLayout,
    Nothing,
    Program,
    Siblings,
    prose,
)
from deckwright.model import Code, Model, Number, Prompt, SelfGraded, Text


class Case(Model):
    """A call of the solution and what it must give, within ``tolerance`` for numbers."""

    call: Code
    expect: Code
    tolerance: Number | None = None


class CodeCard(KindCard):
    """A task with a signature; the solution is on the back and is never run by the compiler."""

    LAYOUT: ClassVar = NoteLayout(
        "code", "Code", ("Front", "Signature", "Solution", "Trap", "Cases", "Complexity")
    )

    kind: Literal["code"] = "code"
    language: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9+#_.-]*$")]
    front: Text
    signature: Code | None = None
    solution: Code
    trap: Text | None = None
    setup: Code | None = None
    cases: tuple[Case, ...] = Field(default=(), strict=False)
    complexity: Text | None = None

    @property
    def question(self) -> str:
        """The task."""
        return self.front

    @property
    def answer(self) -> str:
        """The solution as a fenced block, then the trap."""
        fenced = f"```{self.language}\n{self.solution.rstrip()}\n```"
        return fenced if self.trap is None else f"{fenced}\n\n{self.trap}"

    def layout(self) -> Fields:
        """The task, and the solution with its trap and cases."""
        rows = tuple(CaseRow(case.call, case.expect) for case in self.cases)
        return {
            "Front": prose(self.front),
            "Signature": Program(self.language, self.signature) if self.signature else Nothing(),
            "Solution": Program(self.language, self.solution),
            "Trap": prose(self.trap),
            "Cases": CaseTable(rows) if rows else Nothing(),
            "Complexity": prose(self.complexity),
        }

    def prompts(self, siblings: Siblings = ()) -> tuple[Prompt, ...]:  # noqa: ARG002
        """One self-graded prompt, never asked as the daily question."""
        return (Prompt(self.card_id, 0, SelfGraded(), daily=False),)


CARD = CodeCard
