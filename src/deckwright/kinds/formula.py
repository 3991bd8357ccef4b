"""A formula whose parts are asked one by one."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from deckwright.kinds.base import WithGaps
from deckwright.kinds.layout import (
    Example,
    Fields,
    Formula,
    NoteLayout,
    Nothing,
    Report,
    SymbolRow,
    Symbols,
    prose,
)
from deckwright.markup import GapText, reveal
from deckwright.model import Code, Gap, Latex, Model, Number, Plain, Text


class Symbol(Model):
    """A symbol of the formula: what it means, its shape or unit, and the gap that hides it."""

    symbol: Latex
    means: Text
    shape: Text | None = None
    unit: Text | None = None
    part: Gap | None = None


class WorkedExample(Model):
    """Numbers put in: the library's own tests recompute the result."""

    given: Text
    compute: Code
    result: Plain
    tolerance: Number | None = None


class FormulaCard(WithGaps):
    """A formula with gaps; asked in chat by choice, or shown with the gap and self-graded."""

    LAYOUT: ClassVar = NoteLayout(
        "formula",
        "Formula",
        ("Formula", "Name", "Symbols", "Conditions", "Example", "Mistakes"),
        cloze=True,
    )

    kind: Literal["formula"] = "formula"
    name: Text
    formula: Latex
    symbols: tuple[Symbol, ...] = Field(default=(), strict=False)
    conditions: Text | None = None
    example: WorkedExample | None = None

    @property
    def gap_field(self) -> str:
        """The formula."""
        return "formula"

    @property
    def question(self) -> str:
        """The formula's name."""
        return self.name

    @property
    def answer(self) -> str:
        """The whole formula, displayed."""
        return f"$$\n{reveal(self.formula).strip()}\n$$"

    def gap_option(self, gap: GapText) -> str:
        """A gap's LaTeX as inline maths."""
        return f"${gap.hidden.strip()}$"

    def check(self, report: Report) -> None:
        """Check gaps and options, and that a symbol's part is a gap."""
        super().check(report)
        gaps = {f"c{n}" for n in self.gaps}
        for i, symbol in enumerate(self.symbols):
            if symbol.part is not None and symbol.part not in gaps:
                report(
                    "unknown-gap",
                    ("symbols", i, "part"),
                    f'expected a gap of the formula, found "{symbol.part}"',
                )

    def layout(self) -> Fields:
        """The formula, its name, legend, conditions and example."""
        rows = tuple(
            SymbolRow(s.symbol, s.means, "; ".join(t for t in (s.shape, s.unit) if t), s.part)
            for s in self.symbols
        )
        shown = self.example
        return {
            "Formula": Formula(self.formula),
            "Name": prose(self.name),
            "Symbols": Symbols(rows) if rows else Nothing(),
            "Conditions": prose(self.conditions),
            "Example": Example(shown.given, shown.compute, shown.result) if shown else Nothing(),
            "Mistakes": self.mistakes(),
        }


CARD = FormulaCard
