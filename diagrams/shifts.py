"""What changes when data shift, and the shapes in which a metric tells of it."""

from __future__ import annotations

import math
from random import Random
from statistics import NormalDist

from diagrams.axes import Axes, Scale
from diagrams.sheet import BLUE, GREEN, INK, LINES, ORANGE, QUIET, SMALLEST, Point, Sheet

_NORMAL = NormalDist()
_APART = 1.25
"""How far each class's middle stands from the origin, along both axes alike."""


def _normal(rng: Random) -> float:
    return _NORMAL.inv_cdf(rng.random())


def _of_class(rng: Random, positive: bool) -> Point:  # noqa: FBT001
    middle = _APART if positive else -_APART
    return middle + _normal(rng), middle + _normal(rng)


def _rule(point: Point) -> float:
    """P(y | x) where both classes are equally common: a logistic rule."""
    return 1 / (1 + math.exp(-2 * _APART * (point[0] + point[1])))


def shift_kinds() -> Sheet:
    """Covariate, label and concept shift of one pair of classes."""
    sheet = Sheet(
        "Covariate, label and concept shift",
        "Four scatter plots of two classes with the line of even odds. Training: two clouds of equal size. Covariate "
        "shift: the points lie elsewhere, the line is the same. Label shift: both clouds stay in their places, one has "
        "far fewer points, and the line moves towards it. Concept shift: the points lie as before, but the line has turned and the classes with it",
    )
    rng = Random(8)
    count = 46
    training = [(_of_class(rng, i % 2 == 0), i % 2 == 0) for i in range(count)]
    moved: list[Point] = [(1.9 + 0.75 * _normal(rng), -1.3 + 1.25 * _normal(rng)) for _ in range(count)]
    covariate = [(point, rng.random() < _rule(point)) for point in moved]
    label = [(_of_class(rng, i % 8 == 0), i % 8 == 0) for i in range(count)]
    concept = [(point, rng.random() < _rule((0.0, point[1] * 1.6))) for point, _ in training]
    panels = (
        ("training", "", training, -1.0, 0.0),
        ("covariate shift", "P(x) moves", covariate, -1.0, 0.0),
        # With seven times as many negatives the line of even odds stands nearer to the positives.
        ("label shift", "P(y) moves", label, -1.0, math.log(7) / (2 * _APART)),
        ("concept shift", "P(y | x) moves", concept, 0.0, 0.0),
    )
    wide, high = 146.0, 196.0
    for number, (name, words, points, slope, lift) in enumerate(panels):
        left = 13 + number * (wide + 10)
        sheet.box(left, 62, wide, high, fill="#ffffff", stroke=LINES)
        axes = Axes(sheet, left, 62, wide, high, Scale(-3.4, 3.4), Scale(-4.56, 4.56))
        kept = [(p, y) for p, y in points if abs(p[0]) < 3.2 and abs(p[1]) < 4.3]
        sheet.marks([axes.at(*p) for p, y in kept if y], colour=BLUE, radius=4)
        sheet.marks([axes.at(*p) for p, y in kept if not y], shape="triangle", colour=ORANGE, radius=4.4)
        sheet.line(
            [axes.at(-3.2, lift - 3.2 * slope), axes.at(3.2, lift + 3.2 * slope)],
            colour=INK,
            width=2.5,
            dash="7 5",
        )
        sheet.text(left + wide / 2, 40, name, anchor="middle", size=SMALLEST, bold=True)
        if words:
            sheet.text(left + wide / 2, 288, words, anchor="middle", size=SMALLEST)
    for number, words in ((1, "same line"), (2, "same clouds"), (3, "new line")):
        left = 13 + number * (wide + 10)
        sheet.text(left + wide / 2, 316, words, anchor="middle", size=SMALLEST, colour=QUIET)
    return sheet


def degradation_shapes() -> Sheet:
    """Four shapes of a falling metric, each pointing elsewhere."""
    sheet = Sheet(
        "Four shapes of a falling metric",
        "Four small curves of precision by day. A step down on one day points to an event of that day; a slow slide to a "
        "changing world; one of three segments falling while the others stay level, to that segment's source; a dip that "
        "last year's curve, dashed, shows at the same time, to a season",
    )
    rng = Random(6)
    days, wide, high = 60, 288.0, 90.0
    panels = (
        "step: an event",
        "slide: a changing world",
        "one segment: its source",
        "as last year: a season",
    )
    for number, name in enumerate(panels):
        left, top = 18.0 + (number % 2) * (wide + 28), 46.0 + (number // 2) * 168
        axes = Axes(sheet, left, top, wide, high, Scale(0, days), Scale(0.53, 0.8))
        sheet.text(left, top - 12, name, bold=True)

        def noisy(levels: list[float], spread: float = 0.006) -> list[Point]:
            return [(float(day), level + spread * _normal(rng)) for day, level in enumerate(levels)]

        steady = [0.71] * (days + 1)
        slide = [0.73 - 0.13 * max(0, day - 8) / (days - 8) for day in range(days + 1)]
        season = [0.73 - 0.09 * math.exp(-(((day - 38) / 11) ** 2)) for day in range(days + 1)]
        step = [0.73 if day < 34 else 0.62 for day in range(days + 1)]
        if number == 2:
            axes.curve(noisy([0.77] * (days + 1)), colour=BLUE, width=2.2)
            axes.curve(noisy(steady), colour=GREEN, width=2.2)
            axes.curve(noisy([value - 0.055 for value in slide]), colour=ORANGE, width=3)
        elif number == 3:
            axes.curve(noisy([value + 0.015 for value in season], 0.003), colour=BLUE, width=2.2, dash="7 5")
            axes.curve(noisy(season), colour=ORANGE, width=3)
        else:
            axes.curve(noisy((step, slide)[number]), colour=ORANGE, width=3)
        axes.frame(ends=True)
    sheet.text(320, 336, "precision by day", anchor="middle", colour=QUIET)
    return sheet
