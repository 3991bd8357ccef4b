"""Samples and tests: means of skewed values, power, looking too often."""

from __future__ import annotations

import math
from collections import Counter
from random import Random
from statistics import NormalDist

from diagrams.axes import Axes, Scale
from diagrams.sheet import (
    BLUE,
    BLUE_TINT,
    INK,
    LINES,
    ORANGE,
    ORANGE_TINT,
    QUIET,
    SMALLEST,
    Point,
    Sheet,
)

_NORMAL = NormalDist()


def means_of_skewed() -> Sheet:
    """Means become normal, single values do not."""
    sheet = Sheet(
        "Single values and means of a skewed distribution",
        "Four histograms on one axis: single order values, strongly skewed; means of 4, of 30 and of 200 orders. "
        "The more orders in a mean, the narrower and the more symmetric the histogram of means; that of single "
        "orders stays skewed",
    )
    rng = Random(3)
    spread = 0.9
    # Values with mean 1, so that the axis counts in means.
    middle = -spread * spread / 2
    low, high, bins = 0.0, 3.0, 75
    rows = (
        (1, "single orders", ORANGE),
        (4, "means of 4", BLUE),
        (30, "means of 30", BLUE),
        (200, "means of 200", BLUE),
    )
    left, wide, tall = 24.0, 420.0, 58.0
    for number, (size, name, colour) in enumerate(rows):
        draws = 6000 if size < 200 else 3000
        counts: Counter[int] = Counter()
        for _ in range(draws):
            mean = math.fsum(rng.lognormvariate(middle, spread) for _ in range(size)) / size
            if mean < high:
                counts[int((mean - low) / (high - low) * bins)] += 1
        base = 82 + number * 72.0
        top = max(counts.values())
        outline: list[Point] = [(left, base)]
        for each in range(bins):
            x = left + wide * each / bins
            y = base - tall * counts[each] / top
            outline += [(x, y), (x + wide / bins, y)]
        outline.append((left + wide, base))
        sheet.area(outline, ORANGE_TINT if size == 1 else BLUE_TINT)
        sheet.line(outline, colour=colour, width=2)
        sheet.line([(left, base), (left + wide, base)], colour=QUIET)
        sheet.text(left + wide + 16, base - 18, name, colour=colour, bold=size == 1)
    x = left + wide / 3
    sheet.line([(x, 18), (x, 302)], colour=INK, dash="3 5")
    sheet.text(x, 326, "mean", anchor="middle", colour=INK)
    sheet.text(left, 326, "0", anchor="middle", colour=QUIET)
    sheet.text(left + wide, 326, "3 × mean", anchor="end", colour=QUIET)
    return sheet


def power_two_curves() -> Sheet:
    """The power of one test for the planned effect and for half of it."""
    bar = _NORMAL.inv_cdf(0.975)
    planned = bar + _NORMAL.inv_cdf(0.8)
    powers = [1 - _NORMAL.cdf(bar - effect) + _NORMAL.cdf(-bar - effect) for effect in (planned, planned / 2)]
    sheet = Sheet(
        "Power for the planned effect and for half of it",
        "Two panels with the distribution of the z statistic without an effect and with one, and the bar at "
        f"1.96. Left, the planned effect: {powers[0]:.0%} of its curve lies beyond the bar. Right, half the "
        f"effect: only {powers[1]:.0%} does".replace("%", " %"),
    )
    for left, effect, power, name in (
        (28.0, planned, powers[0], "planned effect"),
        (336.0, planned / 2, powers[1], "half the effect"),
    ):
        axes = Axes(sheet, left, 90, 276, 200, Scale(-3, 6), Scale(0, 0.44))

        def shifted(x: float, effect: float = effect) -> float:
            return _NORMAL.pdf(x - effect)

        axes.below(shifted, bar, 6, ORANGE_TINT)
        axes.curve(_NORMAL.pdf, colour=BLUE, width=3, dash="8 5")
        axes.curve(shifted, colour=ORANGE, width=3)
        sheet.line([axes.at(-3, 0), axes.at(6, 0)], colour=QUIET)
        sheet.line([axes.at(bar, 0), axes.at(bar, 0.44)], colour=INK, width=2.5)
        x, base = axes.at(bar, 0)
        sheet.text(x, base + 24, "1.96", anchor="middle", size=SMALLEST)
        sheet.text(axes.at(0, 0)[0], base + 24, "0", anchor="middle", size=SMALLEST, colour=QUIET)
        sheet.text(left + axes.width / 2, 36, name, anchor="middle", bold=True)
        sheet.text(axes.at(2.25, 0)[0], 80, f"power {power:.0%}".replace("%", " %"), colour=ORANGE, bold=True)
        sheet.text(axes.at(-2.9, 0)[0], 80, "no effect", colour=BLUE)
    sheet.text(320, 344, "z statistic", anchor="middle", colour=QUIET)
    return sheet


def _looks(rng: Random, days: int) -> list[float]:
    """The two-sided p-value after each day of an A/A test with equal traffic."""
    total, found = 0.0, []
    for day in range(1, days + 1):
        total += _NORMAL.inv_cdf(rng.random())
        found.append(2 * (1 - _NORMAL.cdf(abs(total) / math.sqrt(day))))
    return found


def peeking_path() -> Sheet:
    """Twenty tests of nothing, looked at every day."""
    days, count = 14, 20
    # A seed whose share of crossings is near the true one of 22 %.
    rng = Random(88)
    paths = [_looks(rng, days) for _ in range(count)]
    crossed = [path for path in paths if min(path) < 0.05]
    ended = sum(path[-1] < 0.05 for path in paths)
    sheet = Sheet(
        "p-values of twenty A/A tests, looked at daily",
        f"p-values of {count} simulated A/A tests over {days} days, with the line at 0.05. {len(crossed)} of them "
        f"are below it on at least one morning, marked by dots, although both arms are identical; on the last "
        f"day {ended} {'is' if ended == 1 else 'are'}",
    )
    low = 0.008
    axes = Axes(sheet, 88, 30, 400, 264, Scale(1, days), Scale(low, 1, log=True))
    axes.sheet.box(
        axes.left,
        axes.at(1, 0.05)[1],
        axes.width,
        axes.bottom - axes.at(1, 0.05)[1],
        fill=ORANGE_TINT,
        radius=0,
    )
    axes.frame(
        "day",
        "p-value",
        x_ticks=[(1, "1"), (7, "7"), (14, "14")],
        y_ticks=[(1, "1"), (0.2, "0.2"), (0.05, "0.05"), (0.01, "0.01")],
    )
    for path in paths:
        if path not in crossed:
            axes.curve([(day, max(p, low)) for day, p in enumerate(path, 1)], colour=LINES, width=1.5)
    for path in crossed:
        points = [(float(day), max(p, low)) for day, p in enumerate(path, 1)]
        axes.curve(points, colour=ORANGE, width=2.5)
        sheet.marks([axes.at(*point) for point in points if point[1] < 0.05], colour=ORANGE, radius=5)
    axes.level(0.05, colour=INK, dash="")
    sheet.lines(506, 90, f"{len(crossed)} of {count}\ncross 0.05\nsome day", colour=ORANGE, bold=True)
    sheet.lines(506, 210, "No effect in\nany of them", colour=QUIET)
    return sheet
