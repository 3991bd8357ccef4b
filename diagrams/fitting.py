"""How a model fits: learning curves, complexity, double descent, and what penalties allow."""

from __future__ import annotations

import math
from random import Random

from diagrams.axes import Axes, Scale
from diagrams.sheet import (
    BLUE,
    BLUE_TINT,
    GREEN,
    INK,
    LINES,
    ORANGE,
    QUIET,
    SMALLEST,
    Point,
    Sheet,
)


def learning_curves() -> Sheet:
    """Two pairs of learning curves that ask for different things."""
    sheet = Sheet(
        "Learning curves of two models",
        "Training and validation error from 1,000 to 8,000 rows. Left, model A: 1 to 3 % and 15 to 9 %, the gap "
        "is closing around the target of 5 %. Right, model B: 13 to 14 % and 16 to 15 %, both level off far "
        "above the target",
    )
    ticks = [(1000.0, "1k"), (2000.0, "2k"), (4000.0, "4k"), (8000.0, "8k")]
    panels = (
        (62.0, "A: a gap that closes", (1.0, 3.0), (15.0, 9.0), 5.0),
        (362.0, "B: a plateau too high", (13.0, 14.0), (16.0, 15.0), 14.5),
    )
    for left, name, training, validation, limit in panels:
        axes = Axes(sheet, left, 76, 250, 200, Scale(1000, 8000, log=True), Scale(0, 18))
        y_ticks = (
            [(0.0, "0"), (5.0, "5"), (10.0, "10"), (15.0, "15")]
            if left < 100
            else [(0.0, "0"), (5.0, ""), (10.0, ""), (15.0, "")]
        )
        axes.frame("rows", x_ticks=ticks, y_ticks=y_ticks)
        sheet.text(left, 32, name, bold=True)
        axes.level(5, colour=GREEN, dash="3 5")
        for (start, end), colour, dash in ((validation, ORANGE, ""), (training, BLUE, "9 6")):

            def error(rows: float, start: float = start, end: float = end, limit: float = limit) -> float:
                # A power law from the first figure to the last, with the limit both curves go to.
                power = math.log((start - limit) / (end - limit)) / math.log(8)
                return limit + (start - limit) * math.pow(rows / 1000, -power)

            axes.curve(error, colour=colour, width=3.5, dash=dash)
            sheet.marks([axes.at(1000, start), axes.at(8000, end)], colour=colour, radius=5)
    sheet.text(74, 66, "error, %", size=SMALLEST, colour=QUIET)
    sheet.text(160, 132, "validation", colour=ORANGE)
    sheet.text(80, 244, "training", colour=BLUE)
    sheet.text(244, 214, "target", colour=GREEN)
    sheet.text(430, 94, "validation", colour=ORANGE)
    sheet.text(430, 150, "training", colour=BLUE)
    sheet.text(544, 214, "target", colour=GREEN)
    return sheet


def complexity_u() -> Sheet:
    """Squared bias, variance and noise of a series with more and more terms."""
    sheet = Sheet(
        "Bias, variance and noise over complexity",
        "Error over model complexity within one family: squared bias falls, variance rises, noise stays level; "
        "their sum, the test error, is U-shaped",
    )
    noise, rows, share = 0.30, 12.0, 1.4
    axes = Axes(sheet, 54, 30, 430, 270, Scale(1, 16), Scale(0, 2.4))

    def bias(terms: float) -> float:
        # Coefficients that fall as 1/j leave about 1/terms of squared bias behind.
        return share / terms

    def variance(terms: float) -> float:
        # Each orthogonal term that is estimated costs one part of the noise.
        return noise * terms / rows * 2.2

    def total(terms: float) -> float:
        return bias(terms) + variance(terms) + noise

    best = math.sqrt(share * rows / (noise * 2.2))
    axes.frame("complexity", "error", ends=True)
    axes.upright(best, colour=LINES)
    axes.curve(bias, colour=BLUE, dash="9 6")
    axes.curve(variance, colour=GREEN, dash="2 6")
    axes.level(noise, colour=QUIET, dash="12 5 2 5", width=2.5)
    axes.curve(total, colour=ORANGE, width=4.5)
    x = axes.right + 14
    sheet.text(x, axes.at(0, total(16))[1] + 6, "test error", colour=ORANGE, bold=True)
    sheet.text(x, axes.at(0, variance(16))[1] + 6, "variance", colour=GREEN)
    sheet.text(x, axes.at(0, noise)[1] - 2, "noise", colour=QUIET)
    sheet.text(x, axes.at(0, bias(16))[1] + 10, "squared bias", colour=BLUE)
    middle = axes.at(best, 0)[0]
    sheet.text(middle - 10, 52, "too simple", anchor="end")
    sheet.text(middle + 10, 52, "too flexible")
    return sheet


# double descent: a simulation


def _solved(matrix: list[list[float]], vector: list[float]) -> list[float]:
    """Solve a positive definite system by Cholesky's decomposition."""
    size = len(vector)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        row = lower[i]
        for j in range(i + 1):
            other = lower[j]
            rest = matrix[i][j]
            for k in range(j):
                rest -= row[k] * other[k]
            if i == j:
                row[i] = math.sqrt(rest)
            else:
                row[j] = rest / other[j]
    first = [0.0] * size
    for i in range(size):
        first[i] = (vector[i] - math.fsum(lower[i][k] * first[k] for k in range(i))) / lower[i][i]
    found = [0.0] * size
    for i in reversed(range(size)):
        rest = first[i] - math.fsum(lower[k][i] * found[k] for k in range(i + 1, size))
        found[i] = rest / lower[i][i]
    return found


_ROWS = 30
_SIZES = (2, 4, 7, 11, 15, 19, 22, 25, 27, 29, 30, 31, 33, 36, 40, 48, 60, 80, 110, 160, 240, 360)
_REPEATS = 24
_PENALTY = 1e-3


def _errors(rng: Random) -> tuple[list[float], list[float]]:
    """Training and test error for each number of random features, on one draw of noisy data."""
    inputs, tests = 8, 60

    def normals(count: int) -> list[float]:
        return [rng.gauss(0, 1) for _ in range(count)]

    truth = normals(inputs)
    scale = 1 / math.sqrt(math.fsum(t * t for t in truth))

    def target(row: list[float]) -> float:
        return scale * math.fsum(t * x for t, x in zip(truth, row, strict=True))

    rows = [normals(inputs) for _ in range(_ROWS + tests)]
    clean = [target(row) for row in rows]
    labels = [value + rng.gauss(0, 0.5) for value in clean[:_ROWS]]
    gram = [[0.0] * _ROWS for _ in rows]
    fitted, unseen = [], []
    size = 0
    for wanted in _SIZES:
        while size < wanted:
            weights = normals(inputs)
            # One more random feature: a unit of a hidden layer that is never trained.
            values = [max(0.0, math.fsum(w * x for w, x in zip(weights, row, strict=True))) for row in rows]
            for row, value in zip(gram, values, strict=True):
                if value:
                    for j in range(_ROWS):
                        row[j] += value * values[j]
            size += 1
        ridge = [
            [entry + (_PENALTY * size if i == j else 0.0) for j, entry in enumerate(gram[i])]
            for i in range(_ROWS)
        ]
        dual = _solved(ridge, labels)
        made = [math.fsum(k * a for k, a in zip(row, dual, strict=True)) for row in gram]
        fitted.append(math.fsum((m - y) ** 2 for m, y in zip(made, labels, strict=False)) / _ROWS)
        unseen.append(
            math.fsum((m - y) ** 2 for m, y in zip(made[_ROWS:], clean[_ROWS:], strict=True)) / tests
        )
    return fitted, unseen


def double_descent() -> Sheet:
    """Test error over model size, from a simulation with random features."""
    sheet = Sheet(
        "Double descent in a simulation",
        f"Test error over model size: it falls, climbs to a peak near {_ROWS} features, as many as training rows, "
        "where the training error first reaches zero, and falls again (simulation with random features and "
        "noisy labels)",
    )
    rng = Random(5)
    runs = [_errors(rng) for _ in range(_REPEATS)]
    training = [math.fsum(run[0][i] for run in runs) / _REPEATS for i in range(len(_SIZES))]
    unseen = [math.fsum(run[1][i] for run in runs) / _REPEATS for i in range(len(_SIZES))]
    top = 4.8
    axes = Axes(sheet, 64, 26, 540, 262, Scale(2, 360, log=True), Scale(0, top))
    axes.frame(
        "number of features",
        "mean squared error",
        x_ticks=[(2, "2"), (10, "10"), (_ROWS, str(_ROWS)), (100, "100"), (360, "360")],
    )
    axes.upright(_ROWS, colour=QUIET)
    with sheet.within(axes.left, axes.top - 4, axes.width + 6, axes.height + 8):
        axes.curve(list(zip(_SIZES, training, strict=True)), colour=BLUE, dash="9 6")
        axes.curve(list(zip(_SIZES, unseen, strict=True)), colour=ORANGE, width=4)
    sheet.text(*axes.at(55, 2.3), "test error", colour=ORANGE, bold=True)
    sheet.text(*axes.at(2.2, 0.15), "training error", colour=BLUE)
    sheet.lines(axes.at(46, 0)[0], 52, "as many features\nas training rows", colour=QUIET)
    return sheet


# penalties


_CENTRE: Point = (0.82, 1.85)
_BEND = ((0.8, -0.3), (-0.3, 0.8))
"""The loss is the quadratic form of this matrix around its minimum."""


def _loss(point: Point) -> float:
    x, y = point[0] - _CENTRE[0], point[1] - _CENTRE[1]
    return _BEND[0][0] * x * x + 2 * _BEND[0][1] * x * y + _BEND[1][1] * y * y


def _contour(level: float) -> list[Point]:
    """The ellipse on which the loss has this value."""
    (a, b), (_, c) = _BEND
    # Cholesky's factor turns the ellipse into a circle.
    first = math.sqrt(a)
    second, third = b / first, math.sqrt(c - (b / first) ** 2)
    radius = math.sqrt(level)
    points = []
    for i in range(73):
        angle = 2 * math.pi * i / 72
        y = radius * math.sin(angle) / third
        x = (radius * math.cos(angle) - second * y) / first
        points.append((_CENTRE[0] + x, _CENTRE[1] + y))
    return points


def _diamond(turn: float) -> Point:
    """A point on the border of the unit diamond; ``turn`` runs from 0 to 4."""
    corners = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0))
    side = min(int(turn), 3)
    (ax, ay), (bx, by) = corners[side], corners[side + 1]
    share = turn - side
    return ax + (bx - ax) * share, ay + (by - ay) * share


def _disc(turn: float) -> Point:
    return math.cos(turn * math.pi / 2), math.sin(turn * math.pi / 2)


def l1_l2_regions() -> Sheet:
    """The lowest loss within a diamond and within a disc."""
    sheet = Sheet(
        "The budgets of L1 and L2",
        "Contours of one loss around its minimum. Left they first touch the diamond of L1 at a corner on an axis, "
        "so one weight is zero; right they first touch the disc of L2 off the axes, so both weights shrink "
        "and neither is zero",
    )
    for left, name, border, words in (
        (20.0, "L1", _diamond, "θ_1 = 0"),
        (330.0, "L2", _disc, "θ_1 ≠ 0"),
    ):
        axes = Axes(sheet, left, 24, 290, 312, Scale(-1.4, 2.467), Scale(-1.2, 2.96))
        turns = [i / 400 for i in range(1601)]
        best = min((border(turn) for turn in turns), key=_loss)
        region = (
            [axes.at(*border(i / 20)) for i in range(80)]
            if border is _disc
            else [axes.at(*border(i)) for i in range(4)]
        )
        sheet.line(region, colour=BLUE, width=2.5, closed=True, fill=BLUE_TINT)
        sheet.arrow([axes.at(-1.4, 0), axes.at(2.4, 0)], colour=QUIET)
        sheet.arrow([axes.at(0, -1.2), axes.at(0, 2.9)], colour=QUIET)
        with sheet.within(left, 14, 290, 332):
            for share in (0.12, 0.45, 1.0):
                ellipse = [axes.at(*point) for point in _contour(_loss(best) * share)]
                sheet.line(ellipse, colour=ORANGE, width=2.5 if share == 1 else 1.8)
        sheet.marks([axes.at(*_CENTRE)], shape="cross", colour=ORANGE, radius=8)
        spot = axes.at(*best)
        sheet.circle(*spot, 7, fill=INK)
        if best[0] == 0:
            sheet.text(spot[0] - 16, spot[1] + 3, words, anchor="end", bold=True)
        else:
            sheet.text(spot[0] + 52, spot[1] + 32, words, bold=True)
        sheet.text(*axes.at(-1.3, 2.6), name, size=26, bold=True, colour=BLUE)
        x, y = axes.at(2.4, 0)
        sheet.text(x - 4, y + 24, "θ_1", anchor="end", colour=QUIET)
        x, y = axes.at(0, 2.9)
        sheet.text(x - 10, y + 16, "θ_2", anchor="end", colour=QUIET)
        sheet.text(*axes.at(1.5, 0.95), "loss", colour=ORANGE)
    return sheet
