"""What k-means makes of shapes it is not made for."""

from __future__ import annotations

import math
from random import Random

from diagrams.axes import Axes, Scale
from diagrams.sheet import BLUE, GREEN, INK, LINES, ORANGE, SMALLEST, Point, Sheet

_STARTS = 50


def _round(rng: Random, count: int, x: float, y: float, radius: float) -> list[Point]:
    """Points all over a disc."""
    found = []
    for _ in range(count):
        far, angle = radius * math.sqrt(rng.random()), 2 * math.pi * rng.random()
        found.append((x + far * math.cos(angle), y + far * math.sin(angle)))
    return found


def _ring(rng: Random, count: int, low: float, high: float) -> list[Point]:
    found = []
    for _ in range(count):
        far, angle = low + (high - low) * rng.random(), 2 * math.pi * rng.random()
        found.append((far * math.cos(angle), far * math.sin(angle)))
    return found


def _stripe(rng: Random, count: int, y: float) -> list[Point]:
    return [(20 * rng.random() - 10, y + rng.random() - 0.5) for _ in range(count)]


def _two_means(points: list[Point], rng: Random) -> list[Point]:
    """The centres of k-means with k = 2, best of many starts by Lloyd's algorithm."""
    best, best_cost = [], math.inf
    for _ in range(_STARTS):
        first = int(rng.random() * len(points))
        second = (first + 1 + int(rng.random() * (len(points) - 1))) % len(points)
        centres = [points[first], points[second]]
        while True:
            groups: tuple[list[Point], list[Point]] = ([], [])
            for point in points:
                groups[math.dist(point, centres[1]) < math.dist(point, centres[0])].append(point)
            moved = [
                (math.fsum(x for x, _ in group) / len(group), math.fsum(y for _, y in group) / len(group))
                for group in groups
            ]
            if moved == centres:
                break
            centres = moved
        cost = math.fsum(min(math.dist(p, c) ** 2 for c in centres) for p in points)
        if cost < best_cost - 1e-9:
            best, best_cost = sorted(centres), cost
    return best


def two_rings() -> Sheet:
    """Four pairs of groups, and where k-means draws its border."""
    sheet = Sheet(
        "Four data sets and what k-means makes of them",
        "Four data sets of two groups, with the straight border that k-means draws. Two equally wide round clouds of "
        "unequal counts are parted in the gap; two rings are cut in half; two long stripes are both cut across; of a "
        "narrow and a wide cloud, the edge of the wide one goes to the narrow one",
    )
    rng = Random(4)
    panels = (
        ("equally wide", "found", True, _round(rng, 14, -3, 0, 2) + _round(rng, 126, 3, 0, 2), (5.6, 2.6)),
        (
            "wide and narrow",
            "edge lost",
            False,
            _round(rng, 70, -13, 0, 1) + _round(rng, 70, 0, 0, 10),
            (12.6, 10.5),
        ),
        ("rings", "cut in half", False, _ring(rng, 60, 1.5, 2.5) + _ring(rng, 100, 4.5, 5.5), (6.2, 5.8)),
        ("stripes", "cut across", False, _stripe(rng, 14, 1.5) + _stripe(rng, 126, -1.5), (10.8, 2.6)),
    )
    wide, high = 296.0, 112.0
    for number, (name, verdict, good, points, reach) in enumerate(panels):
        left, top = 16 + (number % 2) * (wide + 16), 14 + (number // 2) * 172.0
        sheet.box(left, top, wide, 158, fill="#ffffff", stroke=LINES)
        unit = min((wide - 20) / 2 / reach[0], high / 2 / reach[1])
        aside = 2.0 if name == "wide and narrow" else 0.0
        middle = (left + wide / 2 + aside * unit, top + 8 + high / 2)
        axes = Axes(sheet, middle[0], middle[1] - unit, unit, unit, Scale(0, 1), Scale(0, 1))
        centres = _two_means(points, rng)
        groups: tuple[list[Point], list[Point]] = ([], [])
        for point in points:
            groups[math.dist(point, centres[1]) < math.dist(point, centres[0])].append(axes.at(*point))
        sheet.marks(groups[0], colour=BLUE, radius=2.6)
        sheet.marks(groups[1], shape="triangle", colour=ORANGE, radius=3.6)
        (ax, ay), (bx, by) = centres
        half = ((ax + bx) / 2, (ay + by) / 2)
        length = math.dist(*centres)
        along = (-(by - ay) / length, (bx - ax) / length)
        with sheet.within(left + 2, top + 2, wide - 4, high + 12):
            sheet.line(
                [axes.at(half[0] + s * along[0] * 40, half[1] + s * along[1] * 40) for s in (-1, 1)],
                colour=INK,
                width=2.5,
                dash="7 5",
            )
        base = top + 147
        sheet.text(left + 12, base, name, size=SMALLEST)
        sheet.text(
            left + wide - 12,
            base,
            f"{verdict} {'✓' if good else '✗'}",
            size=SMALLEST,
            anchor="end",
            bold=True,
            colour=GREEN if good else ORANGE,
        )
    return sheet
