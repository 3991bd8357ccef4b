"""Systems at work: stages, stores, joins over time, releases."""

from __future__ import annotations

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
    SMALLEST,
    Point,
    Sheet,
)


def upload_funnel() -> Sheet:
    """Uploads checked in stages, the cheapest first."""
    sheet = Sheet(
        "Upload checks in stages",
        "A funnel of four stages with counts a day: hashes of known pictures and a small model see 5,000,000 uploads, "
        "the large model the 500,000 that stay unclear, people the last 2,000",
    )
    stages = (
        ("hashes of known pictures", "5,000,000", 400.0),
        ("small model", "5,000,000", 400.0),
        ("large model", "500,000", 210.0),
        ("people", "2,000", 96.0),
    )
    fills = (GREY_TINT, BLUE_TINT, ORANGE_TINT, GREEN_TINT)
    middle, high, step = 226.0, 58.0, 78.0
    sheet.text(470, 34, "a day", colour=QUIET)
    for number, ((name, count, wide), fill) in enumerate(zip(stages, fills, strict=True)):
        y = 44 + number * step
        following = stages[number + 1][2] if number + 1 < len(stages) else wide
        sheet.labelled(middle - wide / 2, y, wide, high, name, fill=fill)
        sheet.text(470, y + high / 2 + 7, count, bold=True)
        if number + 1 < len(stages):
            sheet.arrow([(middle, y + high + 1), (middle, y + step - 2)], colour=INK, head=9)
            if following < wide * 0.8:
                sheet.text(middle + 16, y + high + 16, "unclear", colour=QUIET, size=SMALLEST)
    return sheet


def two_stage_funnel() -> Sheet:
    """A cheap retriever before an accurate ranker."""
    sheet = Sheet(
        "Two stages of a recommender",
        "50 million items go through a nearest-neighbour search, which leaves 500 candidates; the ranker orders these "
        "in 5 ms, and 20 are shown. The ranker on all 50 million would take 500 s",
    )
    y, high = 60.0, 130.0
    sheet.labelled(20, y - 24, 130, high + 48, "50\nmillion\nitems", fill=GREY_TINT, bold=True)
    sheet.arrow([(152, y + high / 2), (186, y + high / 2)])
    sheet.labelled(
        188, y + 14, 150, high - 28, "search\nover stored\nembeddings", fill=BLUE_TINT, colour=BLUE
    )
    sheet.arrow([(340, y + high / 2), (418, y + high / 2)])
    sheet.text(377, y + high / 2 - 12, "500", anchor="middle", bold=True)
    sheet.labelled(420, y + 28, 108, high - 56, "ranker\n5 ms", fill=ORANGE_TINT, colour=ORANGE)
    sheet.arrow([(530, y + high / 2), (602, y + high / 2)])
    sheet.text(564, y + high / 2 - 12, "20", anchor="middle", bold=True)
    sheet.line([(20, 240), (620, 240)], colour=LINES, dash="3 6")
    sheet.text(20, 276, "✗", colour=ORANGE, size=26)
    sheet.text(58, 274, "ranker on all: 50 million × 10 µs = 500 s", colour=ORANGE)
    sheet.text(20, 320, "✓", colour=GREEN, size=26)
    sheet.text(58, 318, "ranker on candidates: 500 × 10 µs = 5 ms", colour=GREEN)
    return sheet


def two_stores() -> Sheet:
    """One definition that feeds both stores, against two pieces of code."""
    sheet = Sheet(
        "One definition for two stores",
        "Left, right way: one feature definition in one pipeline writes to a store of history for training and a store "
        "of latest values for serving, which agree. Right, wrong way: two pieces of code, one for each store, whose "
        "values differ",
    )
    sheet.line([(322, 20), (322, 340)], colour=LINES, dash="3 6")
    for left, good in ((18.0, True), (336.0, False)):
        colour = GREEN if good else ORANGE
        sheet.text(
            left + 143,
            40,
            "one pipeline ✓" if good else "two programs ✗",
            anchor="middle",
            bold=True,
            colour=colour,
        )
        first, second = left + 68, left + 218
        if good:
            sheet.labelled(left + 53, 64, 180, 54, "one definition", fill=GREEN_TINT, colour=GREEN)
            sheet.arrow([(left + 113, 120), (first, 168)], colour=GREEN, width=2.5)
            sheet.arrow([(left + 173, 120), (second, 168)], colour=GREEN, width=2.5)
        else:
            sheet.labelled(left + 2, 64, 132, 54, "code 1", fill=ORANGE_TINT, colour=ORANGE)
            sheet.labelled(left + 152, 64, 132, 54, "code 2", fill=ORANGE_TINT, colour=ORANGE)
            sheet.arrow([(first, 120), (first, 168)], colour=ORANGE, width=2.5)
            sheet.arrow([(second, 120), (second, 168)], colour=ORANGE, width=2.5)
        sheet.labelled(left + 2, 170, 132, 58, "history", fill=GREY_TINT)
        sheet.labelled(left + 152, 170, 132, 58, "latest value", fill=GREY_TINT)
        sheet.arrow([(first, 230), (first, 266)])
        sheet.arrow([(second, 230), (second, 266)])
        sheet.text(first, 290, "training", anchor="middle")
        sheet.text(second, 290, "serving", anchor="middle")
        values = ("12.40", "12.40") if good else ("12.40", "9.30")
        sheet.text(first, 330, values[0], anchor="middle", colour=colour, bold=True)
        sheet.text(second, 330, values[1], anchor="middle", colour=colour, bold=True)
        sheet.text((first + second) / 2, 302, "spend", size=SMALLEST, anchor="middle", colour=QUIET)
        sheet.text((first + second) / 2, 331, "=" if good else "≠", size=26, anchor="middle", colour=colour)
    return sheet


def as_of_join() -> Sheet:
    """Which value of a feature a row may see."""
    sheet = Sheet(
        "The value as of the prediction",
        "Time line of one customer: feature values at days 1, 8 and 20, a prediction on day 10, its label on day 17. "
        "The as-of join takes the value of day 8, the join with the latest value that of day 20, which was not known",
    )
    left, right, axis = 96.0, 610.0, 236.0

    def x(day: float) -> float:
        return left + (right - left) * (day - 1) / 21

    values: list[tuple[int, int]] = [(1, 0), (8, 1), (20, 4)]
    sheet.box(x(10), 66, right - x(10), axis - 66, fill=GREY_TINT, radius=0)
    sheet.text(x(10) + 12, 92, "not known yet", colour=QUIET)
    steps: list[Point] = []
    for number, (day, value) in enumerate(values):
        end = values[number + 1][0] if number + 1 < len(values) else 22
        y = axis - 24 - value * 24
        steps += [(x(day), y), (x(end), y)]
    sheet.line(steps, colour=BLUE, width=3)
    spots = [(x(day), axis - 24 - value * 24) for day, value in values]
    sheet.marks(spots, colour=BLUE, radius=6)
    for (spot_x, spot_y), (_, value) in zip(spots, values, strict=True):
        sheet.text(
            spot_x + (4 if value != 1 else -8),
            spot_y - 13,
            str(value),
            colour=BLUE,
            bold=True,
            anchor="start" if value != 1 else "end",
        )
    sheet.lines(left - 82, axis - 76, "complaints\nso far", colour=BLUE, size=SMALLEST)
    sheet.arrow([(left - 6, axis), (right + 12, axis)], colour=QUIET)
    for day in (1, 8, 10, 17, 20):
        sheet.line([(x(day), axis), (x(day), axis + 6)], colour=QUIET)
        sheet.text(x(day), axis + 26, str(day), anchor="middle", colour=QUIET, size=SMALLEST)
    sheet.text(left - 22, axis + 26, "day", anchor="end", colour=QUIET, size=SMALLEST)
    sheet.line([(x(10), 52), (x(10), axis)], colour=INK, width=3)
    sheet.text(x(10), 42, "prediction", anchor="middle", bold=True)
    sheet.line([(x(17), 112), (x(17), axis)], colour=INK, dash="5 5")
    sheet.text(x(17) - 8, 128, "label", anchor="end", colour=INK)
    base = axis + 36
    sheet.arrow(
        [(x(10), base), (x(10), base + 24), (x(8), base + 24), (x(8), base + 2)], colour=GREEN, width=2.5
    )
    sheet.text(x(8) - 14, base + 31, "as-of join ✓", anchor="end", colour=GREEN, bold=True)
    sheet.arrow(
        [(x(10) + 6, base), (x(10) + 6, base + 24), (x(20), base + 24), (x(20), base + 2)],
        colour=ORANGE,
        width=2.5,
        dash="7 5",
    )
    sheet.text(x(11), base + 52, "latest value: leaks ✗", colour=ORANGE, bold=True)
    return sheet


def shadow_canary_split() -> Sheet:
    """Who sees which model in three steps of a release, and what each step answers."""
    sheet = Sheet(
        "Shadow run, canary, A/B test",
        "Three bars of traffic. Shadow: all users see the old model, the new one scores unseen; does it run? Canary: "
        "1 % see the new one; does it harm? A/B test: half see it; is it better?",
    )
    left, wide, high = 142.0, 290.0, 54.0
    rows = (
        ("shadow", 0.0, "Does it run?"),
        ("canary", 0.01, "Does it harm?"),
        ("A/B test", 0.5, "Is it better?"),
    )
    sheet.box(left, 18, 24, 20, fill=BLUE_TINT)
    sheet.text(left + 34, 35, "see the old", colour=BLUE)
    sheet.box(left + 160, 18, 24, 20, fill=ORANGE)
    sheet.text(left + 194, 35, "see the new", colour=ORANGE)
    for number, (name, share, question) in enumerate(rows):
        y = 66 + number * 98.0
        sheet.text(20, y + high / 2 + 7, name, bold=True)
        sheet.box(left, y, wide, high, fill=BLUE_TINT, radius=4)
        if share:
            # One per cent would be a hair: it gets just enough width to be seen.
            part = max(wide * share, 6)
            sheet.box(left + wide - part, y, part, high, fill=ORANGE, radius=2)
        else:
            sheet.box(left + 1, y + high + 6, wide - 2, 18, fill="none", stroke=ORANGE, radius=4, dash="6 5")
        words = {0.0: "all", 0.01: "99 %", 0.5: "50 %"}[share]
        middle = left + wide * (1 - share) / 2
        sheet.text(middle, y + high / 2 + 7, words, anchor="middle", colour=BLUE)
        if share == 0.01:
            sheet.text(left + wide, y + high + 24, "1 %", anchor="end", colour=ORANGE)
        sheet.text(left + wide + 24, y + high / 2 + 7, question, bold=True)
    sheet.text(left + wide + 24, 66 + high + 22, "new one unseen", colour=ORANGE, size=SMALLEST)
    return sheet
