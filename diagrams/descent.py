"""Descent on quadratic surfaces: a saddle, a long valley."""

from __future__ import annotations

import math

from diagrams.axes import Axes, Scale
from diagrams.sheet import BLUE, GREEN, INK, LINES, ORANGE, Point, Sheet


def saddle() -> Sheet:
    """Descent comes in along the upward bend, lingers, leaves along the downward one."""
    sheet = Sheet(
        "Descent near a saddle point",
        "Contour lines of a saddle, higher left and right, lower above and below. A descent path comes in from the "
        "left, its steps get tiny near the centre, where it lingers, and it leaves downwards along the direction "
        "that bends down",
    )
    axes = Axes(sheet, 20, 14, 452, 332, Scale(-2.1, 2.1), Scale(-1.54, 1.54))
    with sheet.within(axes.left, axes.top, axes.width, axes.height):
        for level in (0.15, 0.6, 1.35, 2.4, 3.75):
            for sign in (-1, 1):
                steps = [i / 20 for i in range(-48, 49)]
                # The surface is x² − y².
                beside = [axes.at(sign * math.sqrt(level + t * t), t) for t in steps]
                above = [axes.at(t, sign * math.sqrt(level + t * t)) for t in steps]
                sheet.line(beside, colour=ORANGE, width=1.6)
                sheet.line(above, colour=BLUE, width=1.6, dash="6 5")
    x, y, rate = -1.95, -0.004, 0.1
    path: list[Point] = [(x, y)]
    while y > -1.4:
        x, y = x - rate * 2 * x, y + rate * 2 * y
        path.append((x, y))
    places = [axes.at(*point) for point in path]
    sheet.arrow(places, colour=INK, width=2.5)
    sheet.marks(places[:-1], colour=INK, radius=4.5)
    sheet.text(36, 156, "comes in", bold=True, halo=True)
    sheet.text(262, 190, "lingers", bold=True, halo=True)
    sheet.text(262, 316, "leaves", bold=True, halo=True)
    sheet.line([(490, 93), (524, 93)], colour=ORANGE, width=2)
    sheet.text(534, 100, "higher", colour=ORANGE)
    sheet.line([(490, 131), (524, 131)], colour=BLUE, width=2, dash="6 5")
    sheet.text(534, 138, "lower", colour=BLUE)
    sheet.marks([(507, 169)], colour=INK, radius=4.5)
    sheet.text(534, 176, "one step")
    return sheet


def long_valley() -> Sheet:
    """The same descent in a long valley and in a round bowl."""
    sheet = Sheet(
        "Descent in a long valley and in a round bowl",
        "Contours of two quadratic losses. Left, inputs as they come: a long narrow valley, in which the path zigzags "
        "and after 20 of the best constant steps is still far from the minimum. Right, standardised inputs: the "
        "contours are circles, and one step arrives",
    )
    kappa = 30.0
    left = Axes(sheet, 20, 70, 380, 220, Scale(-1.15, 0.35), Scale(-0.26, 0.26))
    steps = 20
    with sheet.within(20, 70, 380, 220):
        for level in (0.04, 0.2, 0.48, 0.9, 1.5, 2.3):
            sheet.line(
                [
                    left.at(math.sqrt(level) * math.cos(a), math.sqrt(level / kappa) * math.sin(a))
                    for a in (math.pi * i / 60 for i in range(121))
                ],
                colour=LINES,
                width=1.6,
            )
    step = 2 / (1 + kappa)
    x, y = -1.1, 0.17
    path = [(x, y)]
    for _ in range(steps):
        x, y = x - step * x, y - step * kappa * y
        path.append((x, y))
    places = [left.at(*point) for point in path]
    sheet.line(places, colour=ORANGE, width=2)
    sheet.marks(places, colour=ORANGE, radius=3.5)
    sheet.marks([left.at(0, 0)], shape="cross", colour=INK, radius=9)
    sheet.text(24, 40, "as they come", bold=True)
    sheet.text(24, 326, f"{steps} steps, still on the way", colour=ORANGE)
    right = Axes(sheet, 420, 80, 200, 200, Scale(-1.2, 1.2), Scale(-1.2, 1.2))
    for radius in (0.3, 0.6, 0.9, 1.18):
        centre = right.at(0, 0)
        sheet.circle(*centre, 100 * radius / 1.2, stroke=LINES, width=1.6)
    start = right.at(-0.85, 0.6)
    sheet.arrow([start, right.at(-0.06, 0.045)], colour=GREEN, width=2.5)
    sheet.marks([start], colour=GREEN, radius=4.5)
    sheet.marks([right.at(0, 0)], shape="cross", colour=INK, radius=9)
    sheet.text(424, 40, "standardised", bold=True)
    sheet.text(424, 326, "one step: there", colour=GREEN)
    sheet.line([(408, 24), (408, 338)], colour=LINES, dash="3 6")
    return sheet
