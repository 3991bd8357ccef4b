"""A pair of axes on a sheet: data to places, ticks, curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from diagrams.sheet import INK, LINES, QUIET, SMALLEST, Point, Sheet

Ticks = Iterable[tuple[float, str]]
"""Values and what is written at them; an empty text leaves a bare tick."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of data along an axis, perhaps logarithmic."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value stands: 0 at the low end, 1 at the high one."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def spread(self, count: int) -> list[float]:
        """Values evenly along the axis, both ends among them."""
        if self.log:
            return [self.low * (self.high / self.low) ** (i / (count - 1)) for i in range(count)]
        return [self.low + (self.high - self.low) * i / (count - 1) for i in range(count)]


@dataclass(frozen=True, slots=True)
class Axes:
    """A part of the sheet with scales."""

    sheet: Sheet
    left: float
    top: float
    width: float
    height: float
    x: Scale
    y: Scale

    @property
    def right(self) -> float:
        """The right end of the horizontal axis."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Where the horizontal axis stands."""
        return self.top + self.height

    def at(self, x: float, y: float) -> Point:
        """Where a point of the data stands on the sheet."""
        return (
            self.left + self.width * self.x.share(x),
            self.bottom - self.height * self.y.share(y),
        )

    def frame(
        self,
        x_label: str = "",
        y_label: str = "",
        *,
        x_ticks: Ticks = (),
        y_ticks: Ticks = (),
        ends: bool = False,
    ) -> None:
        """Draw both axes with their labels; ``ends`` gives them arrows' heads for scales without numbers."""
        sheet = self.sheet
        corner, high, far = (
            (self.left, self.bottom),
            (self.left, self.top - 6),
            (self.right + 6, self.bottom),
        )
        draw = sheet.arrow if ends else sheet.line
        draw([corner, high], colour=QUIET)
        draw([corner, far], colour=QUIET)
        deep, wide = 0.0, 0.0
        for value, words in x_ticks:
            x, _ = self.at(value, self.y.low)
            sheet.line([(x, self.bottom), (x, self.bottom + 5)], colour=QUIET)
            sheet.text(x, self.bottom + 23, words, size=SMALLEST, colour=QUIET, anchor="middle")
            deep = 22.0 if words else max(deep, 4.0)
        for value, words in y_ticks:
            _, y = self.at(self.x.low, value)
            sheet.line([(self.left - 5, y), (self.left, y)], colour=QUIET)
            if words:
                width = sheet.text(self.left - 9, y + 6, words, size=SMALLEST, colour=QUIET, anchor="end")
                wide = max(wide, width + 9)
        if x_label:
            sheet.text(
                self.left + self.width / 2, self.bottom + deep + 23, x_label, anchor="middle", colour=INK
            )
        if y_label:
            sheet.text(
                self.left - wide - 12, self.top + self.height / 2, y_label, anchor="middle", upwards=True
            )

    def curve(
        self,
        of: Callable[[float], float] | Sequence[Point],
        *,
        colour: str = INK,
        width: float = 3.0,
        dash: str = "",
        count: int = 81,
    ) -> None:
        """Draw a function over the whole axis, or a line through points of the data."""
        points = [(x, of(x)) for x in self.x.spread(count)] if callable(of) else of
        self.sheet.line([self.at(x, y) for x, y in points], colour=colour, width=width, dash=dash)

    def level(self, y: float, *, colour: str = LINES, dash: str = "6 5", width: float = 2.0) -> None:
        """Draw a horizontal line."""
        self.sheet.line(
            [self.at(self.x.low, y), self.at(self.x.high, y)], colour=colour, dash=dash, width=width
        )

    def upright(self, x: float, *, colour: str = LINES, dash: str = "6 5", width: float = 2.0) -> None:
        """Draw a vertical line."""
        self.sheet.line(
            [self.at(x, self.y.low), self.at(x, self.y.high)], colour=colour, dash=dash, width=width
        )

    def below(self, of: Callable[[float], float], low: float, high: float, fill: str) -> None:
        """Fill the area below a function from one value to another."""
        steps = [low + (high - low) * i / 60 for i in range(61)]
        floor = self.y.low
        points = [self.at(low, floor), *(self.at(x, of(x)) for x in steps), self.at(high, floor)]
        self.sheet.area(points, fill)
