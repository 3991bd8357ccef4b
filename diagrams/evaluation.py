"""Scores against truth: ROC and precision-recall curves, calibration, the table of a test."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

from diagrams.axes import Axes, Scale
from diagrams.sheet import (
    BLUE,
    BLUE_TINT,
    GREEN,
    GREY_TINT,
    INK,
    LINES,
    ORANGE,
    ORANGE_TINT,
    PAPER,
    QUIET,
    Point,
    Sheet,
)

_NORMAL = NormalDist()
_APART = 1.5
"""Standard deviations between the mean scores of negatives and positives."""
_TENTHS = [(0.0, "0"), (0.5, "0.5"), (1.0, "1")]
_CUTS = [6.0 - 0.05 * i for i in range(221)]


def _rates(cut: float) -> tuple[float, float]:
    """False and true positive rate where every score above the cut counts as positive."""
    return 1 - _NORMAL.cdf(cut), 1 - _NORMAL.cdf(cut - _APART)


def _unit_square(sheet: Sheet, left: float = 96) -> Axes:
    return Axes(sheet, left, 24, 270, 270, Scale(0, 1), Scale(0, 1))


def _thinned(points: list[Point]) -> list[Point]:
    """Leave out points that stand closer together than anybody sees."""
    kept = points[:1]
    for point in points[1:]:
        if math.dist(point, kept[-1]) > 0.008:
            kept.append(point)
    return [*kept, points[-1]]


def roc_two_prevalences() -> Sheet:
    """Two prevalences give one ROC curve."""
    area = _NORMAL.cdf(_APART / math.sqrt(2))
    sheet = Sheet(
        "One ROC curve for two shares of positives",
        "ROC curves of the same scores at 10 % and at 1 % positives lie on each other: one curve, far above "
        f"the diagonal of chance, with area {area:.2f} both times",
    )
    axes = _unit_square(sheet)
    axes.frame("false positive rate", "true positive rate", x_ticks=_TENTHS, y_ticks=_TENTHS)
    axes.curve([(0, 0), (1, 1)], colour=LINES, width=2, dash="6 5")
    curve = _thinned([_rates(cut) for cut in _CUTS])
    axes.curve(curve, colour=BLUE, width=9)
    axes.curve(curve, colour=PAPER, width=4.5)
    axes.curve(curve, colour=ORANGE, width=4, dash="12 9")
    sheet.text(*axes.at(0.56, 0.40), "chance", colour=QUIET)
    sheet.text(410, 90, "positives", bold=True)
    for y, words, colour, dash in ((130, "10 %", BLUE, ""), (168, "1 %", ORANGE, "12 9")):
        if dash:
            sheet.line([(412, y - 7), (452, y - 7)], colour=colour, width=4, dash=dash)
        else:
            sheet.line([(412, y - 7), (452, y - 7)], colour=colour, width=9)
            sheet.line([(412, y - 7), (452, y - 7)], colour=PAPER, width=4.5)
        sheet.text(468, y, f"{words}:  area {area:.2f}", colour=colour)
    sheet.lines(410, 228, "Each axis is a rate\nwithin one class.", colour=INK)
    return sheet


def pr_two_prevalences() -> Sheet:
    """Two prevalences give two precision-recall curves."""
    curves = {share: [_precision(cut, share) for cut in _CUTS] for share in (0.10, 0.01)}
    areas = {share: _area(points) for share, points in curves.items()}
    sheet = Sheet(
        "Two precision-recall curves for two shares of positives",
        f"Precision-recall curves of the same scores: area {areas[0.10]:.2f} at 10 % positives, "
        f"{areas[0.01]:.2f} at 1 %; the level of chance, dashed, is the share of positives",
    )
    axes = _unit_square(sheet)
    axes.frame("recall", "precision", x_ticks=_TENTHS, y_ticks=_TENTHS)
    for share, colour, dash in ((0.10, BLUE, ""), (0.01, ORANGE, "")):
        axes.level(share, colour=colour)
        axes.curve(_thinned(curves[share]), colour=colour, width=3.5, dash=dash)
    sheet.text(*axes.at(0.50, 0.50), f"10 % positives: area {areas[0.10]:.2f}", colour=BLUE)
    sheet.text(*axes.at(0.25, 0.17), f"1 %: area {areas[0.01]:.2f}", colour=ORANGE)
    sheet.text(axes.right + 12, axes.at(0, 0.10)[1] + 5, "chance at 10 %", colour=BLUE)
    sheet.text(axes.right + 12, axes.at(0, 0.01)[1] + 5, "chance at 1 %", colour=ORANGE)
    sheet.lines(410, 60, "Precision mixes\nthe two classes.", colour=INK)
    return sheet


def _precision(cut: float, share: float) -> Point:
    false, true = _rates(cut)
    return true, share * true / (share * true + (1 - share) * false)


def _area(points: list[Point]) -> float:
    return math.fsum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))


def reliability_curve() -> Sheet:
    """Calibration before and after the log-odds were tripled."""
    sheet = Sheet(
        "Calibration before and after tripling the log-odds",
        "Calibration plot. Before, the observed share of positives equals the score, on the diagonal. After "
        "tripling the log-odds the curve is flatter in the middle: scores below one half are too low, scores "
        "above it too high; what was scored 0.90 is now scored 0.9986 and still comes true in 0.90 of the cases",
    )
    axes = _unit_square(sheet)
    axes.frame("score", "observed share", x_ticks=_TENTHS, y_ticks=_TENTHS)
    axes.curve([(0, 0), (1, 1)], colour=BLUE, width=3)
    shares = [_squashed(-9 + 0.1 * i) for i in range(181)]
    curve = [(_squashed(3 * _log_odds(share)), share) for share in shares]
    axes.curve(_thinned(curve), colour=ORANGE, width=3.5, dash="10 6")
    before, after = (0.9, 0.9), (_squashed(3 * _log_odds(0.9)), 0.9)
    start, end = axes.at(*before), axes.at(*after)
    sheet.arrow([(start[0] + 5, start[1]), (end[0] - 4, end[1])], colour=INK, head=8)
    sheet.marks([start], colour=BLUE, radius=5)
    sheet.marks([end], shape="diamond", colour=ORANGE, radius=5)
    sheet.text(end[0] + 12, end[1] + 7, f"0.90 becomes {after[0]:.4f}")
    sheet.line([(410, 113), (450, 113)], colour=BLUE, width=3)
    sheet.text(462, 120, "calibrated", colour=BLUE)
    sheet.line([(410, 150), (450, 150)], colour=ORANGE, width=3.5, dash="10 6")
    sheet.text(462, 157, "log-odds × 3", colour=ORANGE)
    sheet.text(*axes.at(0.04, 0.57), "score too low", colour=ORANGE)
    sheet.text(*axes.at(0.53, 0.36), "score too high", colour=ORANGE)
    return sheet


def _squashed(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def confusion_matrix() -> Sheet:
    """Ten thousand people by state and by test, and by which sums the rates divide."""
    people, prevalence, sensitivity, specificity = 10_000, 0.01, 0.99, 0.95
    ill = round(people * prevalence)
    healthy = people - ill
    found, passed = round(ill * sensitivity), round(healthy * specificity)
    missed, alarmed = ill - found, healthy - passed
    ppv, npv = found / (found + alarmed), passed / (passed + missed)
    sheet = Sheet(
        "A test of 10,000 people, read by rows and by columns",
        f"Table of {people:,} people, prevalence {prevalence:.0%}. Ill: {found} test positive, {missed} negative. "
        f"Healthy: {alarmed} positive, {passed:,} negative. Along the rows of the true state one reads sensitivity "
        f"{sensitivity:.0%} and specificity {specificity:.0%}, down the columns of results the predictive values "
        f"{ppv:.1%} and {npv:.2%}.".replace("%", " %"),
    )
    left, top, wide, high = 106.0, 52.0, 150.0, 90.0
    sheet.text(left + wide / 2, 38, "test +", anchor="middle", bold=True)
    sheet.text(left + wide * 1.5, 38, "test −", anchor="middle", bold=True)
    rows = ((found, missed, "ill", f"{ill:,}"), (alarmed, passed, "healthy", f"{healthy:,}"))
    for row, (positive, negative, name, total) in enumerate(rows):
        y = top + row * high
        sheet.text(left - 12, y + high / 2 - 3, name, anchor="end", bold=True)
        sheet.text(left - 12, y + high / 2 + 22, total, anchor="end", colour=QUIET)
        for column, count in enumerate((positive, negative)):
            right = (row == 0) == (column == 0)
            sheet.box(
                left + column * wide + 2,
                y + 2,
                wide - 4,
                high - 4,
                fill=BLUE_TINT if right else ORANGE_TINT,
            )
            sheet.text(
                left + (column + 0.5) * wide, y + high / 2 + 10, f"{count:,}", size=28, anchor="middle"
            )
    end = left + 2 * wide
    rates = (
        ("sensitivity", f"{found}/{ill}", f"{found / ill:.0%}"),
        ("specificity", f"{passed:,}/{healthy:,}", f"{passed / healthy:.0%}"),
    )
    for row, (name, _, share) in enumerate(rates):
        y = top + (row + 0.5) * high
        sheet.arrow([(end + 6, y), (end + 40, y)], colour=GREEN, width=3, head=12)
        sheet.text(end + 50, y - 4, name, colour=GREEN)
        sheet.text(end + 50, y + 22, share.replace("%", " %"), colour=GREEN, bold=True)
    bottom = top + 2 * high
    columns = (("PPV", ppv, ".1%"), ("NPV", npv, ".2%"))
    for column, (name, share_, form) in enumerate(columns):
        x = left + (column + 0.5) * wide
        sheet.arrow([(x, bottom + 6), (x, bottom + 40)], colour=BLUE, width=3, head=12)
        sheet.text(x, bottom + 64, name, colour=BLUE, anchor="middle")
        words = format(share_, form).replace("%", " %")
        sheet.text(x, bottom + 90, words, colour=BLUE, bold=True, anchor="middle")
    sheet.box(end + 12, bottom + 36, 212, 62, fill=GREY_TINT)
    sheet.lines(end + 22, bottom + 62, "Only PPV and NPV\nmove with prevalence.", size=19)
    return sheet
