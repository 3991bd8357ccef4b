"""Rows for training and rows for judging: windows over time, folds within folds, oversampling."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from diagrams.sheet import (
    BLUE,
    BLUE_TINT,
    GREEN,
    GREEN_TINT,
    GREY_TINT,
    INK,
    LINES,
    ORANGE,
    ORANGE_TINT,
    QUIET,
    Point,
    Sheet,
)


def expanding_and_rolling() -> Sheet:
    """Two ways to choose the training window as time goes on."""
    sheet = Sheet(
        "Expanding and rolling training windows",
        "Four validation steps over time. Above, the expanding window keeps its start and grows; below, the "
        "rolling window keeps its length and moves along. Each is validated on the block that follows it",
    )
    left, block, high, step = 150.0, 66.0, 22.0, 29.0
    for top, name, rolling in ((46.0, "expanding", False), (196.0, "rolling", True)):
        sheet.text(left - 14, top + 52, name, anchor="end", bold=True)
        sheet.text(
            left - 14,
            top + 78,
            "same length" if rolling else "same start",
            anchor="end",
            size=18,
            colour=QUIET,
        )
        for number in range(4):
            y = top + number * step
            start = number if rolling else 0
            sheet.line([(left, y + high / 2), (left + 7 * block, y + high / 2)], colour=GREY_TINT)
            sheet.box(
                left + start * block,
                y,
                (3 + number - start) * block - 3,
                high,
                fill=BLUE_TINT,
                stroke=BLUE,
                radius=4,
            )
            sheet.box(left + (3 + number) * block, y, block - 3, high, fill=ORANGE, radius=4)
    sheet.box(left, 14, 26, 18, fill=BLUE_TINT, stroke=BLUE, radius=4)
    sheet.text(left + 36, 30, "train", colour=BLUE)
    sheet.box(left + 110, 14, 26, 18, fill=ORANGE, radius=4)
    sheet.text(left + 146, 30, "validate", colour=ORANGE)
    sheet.arrow([(left, 330), (left + 7 * block, 330)], colour=QUIET)
    sheet.text(left - 14, 336, "time", anchor="end", colour=QUIET)
    return sheet


def label_gap_timeline() -> Sheet:
    """Labels of the last training rows are settled after the cut."""
    sheet = Sheet(
        "Label windows that reach over the cut",
        "Time line with the cut between 31 May and 1 June. The 30 days that settle the label of 1 May end on "
        "31 May, before the cut; those of 2, 16 and 31 May reach into June. The rows from 2 to 31 May are the "
        "gap that is left out between training and validation",
    )
    year = 2026
    first, last = date(year, 4, 20), date(year, 7, 4)
    left, right = 24.0, 616.0

    def place(day: date) -> float:
        return left + (right - left) * (day - first).days / (last - first).days

    day_wide = place(first + timedelta(days=1)) - left
    cut, gap, axis = place(date(year, 6, 1)), place(date(year, 5, 2)), 300.0
    sheet.box(gap, 20, cut - gap, axis - 20, fill=ORANGE_TINT, radius=0)
    sheet.box(left, 20, gap - left, axis - 20, fill=BLUE_TINT, radius=0)
    sheet.box(cut, 20, right - cut, axis - 20, fill=GREEN_TINT, radius=0)
    sheet.text((left + gap) / 2, 48, "train", anchor="middle", colour=BLUE, bold=True)
    sheet.text((gap + cut) / 2, 48, "gap: leave out", anchor="middle", colour=ORANGE, bold=True)
    sheet.text((cut + right) / 2, 48, "validate", anchor="middle", colour=GREEN, bold=True)
    sheet.line([(cut, 20), (cut, axis + 8)], colour=INK, width=3)
    rows = ((1, "1 May"), (2, "2 May"), (16, "16 May"), (31, "31 May"))
    for number, (day, name) in enumerate(rows):
        y = 96 + number * 52
        row = date(year, 5, day)
        # The label looks at the 30 days that follow the row's own.
        start, end = place(row) + day_wide / 2, place(row + timedelta(days=31)) - 2
        late = row + timedelta(days=30) >= date(year, 6, 1)
        colour = ORANGE if late else BLUE
        sheet.line([(start, y), (end, y)], colour=colour, width=4, dash="" if not late else "9 7")
        sheet.line([(end, y - 8), (end, y + 8)], colour=colour, width=4)
        sheet.marks([(start, y)], colour=colour, radius=6)
        sheet.text(start - 13, y + 7, name, anchor="end", colour=colour)
    sheet.text(end + 8, 96 + 3 * 52 - 16, "30 days", anchor="end", colour=ORANGE)
    sheet.arrow([(left, axis), (right + 8, axis)], colour=QUIET)
    for day_, name in (
        (date(year, 5, 1), "1 May"),
        (date(year, 6, 1), "1 June"),
        (date(year, 7, 1), "1 July"),
    ):
        x = place(day_)
        sheet.line([(x, axis), (x, axis + 7)], colour=QUIET)
        sheet.text(min(x, 590), axis + 32, name, anchor="middle", colour=QUIET)
    return sheet


def nested_folds() -> Sheet:
    """An outer loop for the score, an inner one for the choice."""
    sheet = Sheet(
        "Nested cross-validation",
        "Left, the outer loop: five rows of five folds, each time another fold is kept for the score. Right, "
        "the inner loop within the four training folds of one outer step: each of them validates once, to "
        "choose the setting. The kept fold takes no part in it",
    )
    side, gap = 46.0, 5.0
    left, top = 26.0, 76.0
    sheet.text(left, 36, "outer loop: score", bold=True, colour=ORANGE)
    for row in range(5):
        for column in range(5):
            x, y = left + column * (side + gap), top + row * (side + gap)
            kept = row == column
            if kept:
                sheet.labelled(
                    x, y, side, side, "test", fill=ORANGE_TINT, stroke=ORANGE, colour=ORANGE, size=18
                )
            else:
                sheet.box(x, y, side, side, fill=BLUE_TINT)
    x = left + 5 * (side + gap)
    inner_left, inner_top = 394.0, 76.0
    sheet.box(left - 6, top - 6, 5 * (side + gap) + 7, side + 12, fill="none", stroke=INK, radius=8)
    sheet.arrow([(x + 4, top + side / 2), (inner_left - 14, top + side / 2)], colour=INK)
    sheet.text(inner_left, 36, "inner loop: choose", bold=True, colour=GREEN)
    for row in range(4):
        for column in range(4):
            x, y = inner_left + column * (side + 6 + gap), inner_top + row * (side + gap)
            if row == column:
                sheet.labelled(
                    x, y, side + 6, side, "val", fill=GREEN_TINT, stroke=GREEN, colour=GREEN, size=18
                )
            else:
                sheet.box(x, y, side + 6, side, fill=BLUE_TINT)
    y = inner_top + 4 * (side + gap) + 28
    sheet.text(inner_left, y, "four folds of the step;", colour=QUIET, size=19)
    sheet.text(inner_left, y + 25, "the fifth stays outside", colour=QUIET, size=19)
    return sheet


def smote_inside_folds() -> Sheet:
    """The wrong and the right order of splitting and oversampling."""
    sheet = Sheet(
        "Oversampling before and after the split",
        "Two orders of the same steps. Wrong: data with 1 % fraud, SMOTE, then the split; the validation fold "
        "holds 50 % fraud, and synthetic rows made from neighbours lie on both sides. Right: data, split, "
        "then SMOTE in the training folds only; the validation fold keeps its 1 % of real rows",
    )

    def box(x: float, y: float, wide: float, words: str, fill: str, colour: str) -> None:
        sheet.labelled(x, y, wide, 58, words, fill=fill, colour=colour, size=19)

    for top, mark, right in ((20.0, "✗", False), (194.0, "✓", True)):
        colour = GREEN if right else ORANGE
        middle = top + 72
        sheet.text(34, middle + 9, mark, size=30, colour=colour, anchor="middle")
        box(60, middle - 29, 98, "data\n1 % fraud", GREY_TINT, INK)
        sheet.arrow([(160, middle), (188, middle)], colour=INK)
        box(190, middle - 29, 84, "split" if right else "SMOTE", BLUE_TINT if right else ORANGE_TINT, INK)
        up, down = middle - 38, middle + 38
        if right:
            sheet.arrow([(276, middle - 8), (306, up)], colour=INK)
            sheet.arrow([(276, middle + 8), (306, down)], colour=INK)
            box(308, up - 29, 84, "train", GREY_TINT, INK)
            sheet.arrow([(394, up), (422, up)], colour=INK)
            box(424, up - 29, 190, "SMOTE", ORANGE_TINT, INK)
            box(308, down - 29, 306, "validate: 1 % fraud, all real", GREEN_TINT, GREEN)
        else:
            sheet.arrow([(276, middle), (304, middle)], colour=INK)
            box(306, middle - 29, 66, "split", BLUE_TINT, INK)
            sheet.arrow([(374, middle - 8), (404, up)], colour=INK)
            sheet.arrow([(374, middle + 8), (404, down)], colour=INK)
            box(406, up - 29, 208, "train", GREY_TINT, INK)
            box(406, down - 29, 208, "validate: 50 %\npartly synthetic", ORANGE_TINT, ORANGE)
    sheet.line([(20, 181), (620, 181)], colour=LINES, dash="3 6")
    return sheet


def smote_segment() -> Sheet:
    """Synthetic rows lie on segments between minority rows, wherever these lead."""
    sheet = Sheet(
        "SMOTE on segments between minority rows",
        "Minority rows, triangles, are joined to near minority rows by segments with synthetic rows, diamonds, "
        "on them. Most lie inside the minority group; one segment leads to an outlying minority row through "
        "the majority, dots, and its synthetic row lies among majority rows",
    )
    rng = Random(11)
    minority: list[Point] = [(86, 96), (132, 62), (176, 106), (118, 150), (196, 164), (150, 206), (82, 196)]
    outlier: Point = (392, 288)
    segments = [
        (minority[0], minority[1], 0.45),
        (minority[1], minority[2], 0.62),
        (minority[2], minority[4], 0.38),
        (minority[3], minority[0], 0.5),
        (minority[5], minority[3], 0.4),
        (minority[6], minority[5], 0.55),
    ]
    bad = (minority[5], outlier, 0.6)
    made = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b, t in [*segments, bad]]
    majority: list[Point] = []
    while len(majority) < 46:
        point = (rng.uniform(216, 410), rng.uniform(40, 326))
        clear = all(abs(point[0] - x) + abs(point[1] - y) > 23 for x, y in [*majority, outlier, made[-1]])
        if clear and point[0] - point[1] * 0.25 > 196:
            majority.append(point)
    for a, b, _ in segments:
        sheet.line([a, b], colour=BLUE, width=2)
    sheet.line([bad[0], bad[1]], colour=ORANGE, width=2.5, dash="7 5")
    sheet.marks(majority, colour=LINES, radius=6)
    sheet.marks([*minority, outlier], shape="triangle", colour=BLUE, radius=9)
    sheet.marks(made[:-1], shape="diamond", colour=GREEN, radius=7)
    sheet.marks(made[-1:], shape="diamond", colour=ORANGE, radius=8)
    sheet.circle(*made[-1], 19, stroke=ORANGE, width=2.5)
    x = 440.0
    sheet.marks([(x, 84)], shape="triangle", colour=BLUE, radius=9)
    sheet.text(x + 20, 91, "minority", colour=BLUE)
    sheet.marks([(x, 124)], colour=LINES, radius=6)
    sheet.text(x + 20, 131, "majority", colour=QUIET)
    sheet.marks([(x, 164)], shape="diamond", colour=GREEN, radius=7)
    sheet.text(x + 20, 171, "synthetic", colour=GREEN)
    sheet.marks([(x, 236)], shape="diamond", colour=ORANGE, radius=8)
    sheet.circle(x, 236, 15, stroke=ORANGE, width=2.5)
    sheet.lines(x + 24, 230, "synthetic, and\namong the\nmajority", colour=ORANGE)
    return sheet
