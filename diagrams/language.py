"""Language models: attention, masks, scaling, retrieval."""

from __future__ import annotations

import math

from diagrams.axes import Axes, Scale
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
    Sheet,
)


def attention_lookup() -> Sheet:
    """One query meets four keys; the weights mix four values."""
    tokens = ("the", "cat", "slept", "it")
    scores = (0.2, 2.7, 0.6, 1.1)
    total = math.fsum(math.exp(score) for score in scores)
    weights = [math.exp(score) / total for score in scores]
    rounded = [f"{weight:.2f}" for weight in weights]
    sheet = Sheet(
        "Attention as a lookup",
        f"The query of the token “it” is compared with the keys of four tokens: the, cat, slept, it. The weights, "
        f"{', '.join(rounded)}, sum to 1 and mix the four values into one output; most of it is the value of “cat”",
    )
    column, wide = 118.0, 84.0
    left = 162.0
    sheet.text(16, 40, "tokens", colour=QUIET)
    sheet.text(16, 94, "keys", colour=BLUE, bold=True)
    sheet.text(16, 168, "weights", colour=INK, bold=True)
    sheet.text(16, 242, "values", colour=GREEN, bold=True)
    bus = 130.0
    middle = [left + number * column + wide / 2 for number in range(4)]
    for number, (token, weight, share) in enumerate(zip(tokens, weights, rounded, strict=True)):
        x = left + number * column
        sheet.text(middle[number], 40, token, anchor="middle", italic=True)
        sheet.labelled(x, 64, wide, 44, f"k_{number + 1}", fill=BLUE_TINT, colour=BLUE)
        sheet.labelled(x, 212, wide, 44, f"v_{number + 1}", fill=GREEN_TINT, colour=GREEN)
        sheet.text(middle[number], 168, share, anchor="middle", bold=number == 1)
        sheet.line([(middle[number], 110), (middle[number], 146)], colour=LINES)
        sheet.line([(middle[number], 178), (middle[number], 210)], colour=INK, width=1 + 10 * weight)
        sheet.line(
            [(middle[number], 258), (middle[number], 276), (left + 1.5 * column + wide / 2, 306)],
            colour=INK,
            width=1 + 10 * weight,
        )
    sheet.line([(124, bus), (middle[3], bus)], colour=ORANGE, width=2.5)
    sheet.marks([(x, bus) for x in middle], colour=ORANGE, radius=5)
    sheet.labelled(16, bus - 17, 108, 34, "query: it", fill=ORANGE_TINT, colour=ORANGE, size=19)
    sheet.labelled(left + 1.5 * column + wide / 2 - 70, 304, 140, 42, "output: mix", fill=GREY_TINT)
    return sheet


def mask_families() -> Sheet:
    """Who may look at whom in three families of Transformers."""
    sheet = Sheet(
        "Masks of three families of Transformers",
        "Three squares of who, by row, may look at whom, by column. Encoder: all cells are filled. Decoder: the lower "
        "triangle with the diagonal. Encoder-decoder: a full square among the input, a lower triangle among the "
        "output, and a full rectangle of cross-attention from the output to the input",
    )

    def cells(
        left: float, top: float, side: float, rows: int, columns: int, *, causal: bool, fill: str
    ) -> None:
        for row in range(rows):
            for column in range(columns):
                seen = not causal or column <= row
                sheet.box(
                    left + column * side + 1,
                    top + row * side + 1,
                    side - 2,
                    side - 2,
                    fill=fill if seen else "#ffffff",
                    stroke="none" if seen else GREY_TINT,
                    radius=3,
                )

    side = 33.0
    top = 84.0
    cells(52, top, side, 4, 4, causal=False, fill=BLUE)
    sheet.text(52 + 2 * side, 46, "encoder", anchor="middle", bold=True)
    cells(224, top, side, 4, 4, causal=True, fill=ORANGE)
    sheet.text(224 + 2 * side, 46, "decoder", anchor="middle", bold=True)
    small, x = 29.0, 408.0
    cells(x, top, small, 4, 4, causal=False, fill=BLUE)
    cells(x, top + 4 * small + 6, small, 3, 4, causal=False, fill=GREEN)
    cells(x + 4 * small + 6, top + 4 * small + 6, small, 3, 3, causal=True, fill=ORANGE)
    sheet.text(x + 3.6 * small, 46, "encoder-decoder", anchor="middle", bold=True)
    sheet.text(28, top + 2 * side, "who looks", anchor="middle", colour=QUIET, size=SMALLEST, upwards=True)
    sheet.text(52 + 2 * side, top + 4 * side + 26, "at whom", anchor="middle", colour=QUIET, size=SMALLEST)
    sheet.text(
        224 + 2 * side,
        top + 4 * side + 26,
        "itself and before",
        anchor="middle",
        colour=ORANGE,
        size=SMALLEST,
    )
    sheet.text(x + 4 * small + 14, top + 1.7 * small, "input", colour=BLUE)
    sheet.text(x + 4 * small + 14, top + 1.7 * small + 25, "to input", colour=BLUE)
    y = top + 7 * small + 36
    sheet.text(x + 2 * small, y, "cross-", anchor="middle", colour=GREEN)
    sheet.text(x + 2 * small, y + 24, "attention", anchor="middle", colour=GREEN)
    sheet.text(x + 4 * small + 10, y, "output", colour=ORANGE)
    return sheet


def scaling_law() -> Sheet:
    """A power law on plain and on logarithmic axes."""
    sheet = Sheet(
        "Loss above its floor on plain and on logarithmic axes",
        "Loss above its floor against model size, with invented constants: on plain axes a curve that flattens, "
        "on two logarithmic axes almost a straight line falling to the right",
    )

    def excess(billions: float) -> float:
        # A/N^a + B/D^b with tokens in a fixed proportion to the parameters.
        return 0.28 * math.pow(billions, -0.34) + 0.32 * math.pow(billions, -0.28)

    plain = Axes(sheet, 78, 66, 222, 210, Scale(0.1, 100), Scale(0, 1.25))
    plain.frame(
        "size, billions",
        "loss − floor",
        x_ticks=[(50, "50"), (100, "100")],
        y_ticks=[(0, "0"), (0.5, "0.5"), (1, "1")],
    )
    sizes = [0.1 * 1000 ** (i / 90) for i in range(91)]
    plain.curve([(size, excess(size)) for size in sizes], colour=BLUE, width=3.5)
    sheet.text(189, 38, "plain axes", anchor="middle", bold=True)
    logs = Axes(sheet, 384, 66, 232, 210, Scale(0.1, 100, log=True), Scale(0.1, 1.5, log=True))
    logs.frame(
        "size, billions",
        x_ticks=[(0.1, "0.1"), (1, "1"), (10, "10"), (100, "100")],
        y_ticks=[(0.1, "0.1"), (0.3, "0.3"), (1, "1")],
    )
    logs.curve(excess, colour=ORANGE, width=3.5)
    sheet.text(500, 38, "log-log axes", anchor="middle", bold=True)
    points = [logs.at(size, excess(size)) for size in (0.1, 1, 10, 100)]
    sheet.marks(points, colour=ORANGE, radius=5.5)
    sheet.marks([plain.at(size, excess(size)) for size in (0.1, 1, 10, 100)], colour=BLUE, radius=5.5)
    x, y = logs.at(2.2, 0.72)
    sheet.text(x, y, "× 10 leaves", colour=ORANGE)
    sheet.text(x, y + 25, "about half", colour=ORANGE)
    return sheet


def rag_pipeline() -> Sheet:
    """Retrieval, generation, and the place between them where one looks."""
    sheet = Sheet(
        "The two halves of retrieval-augmented generation",
        "Question, retriever, passages, prompt, model, answer in a row, with an eye over the passages that enter the "
        "prompt. Left of it is retrieval: is the needed passage there? Right of it is generation: was it used?",
    )
    names = ("question", "retriever", "passages", "prompt", "model", "answer")
    fills = (GREY_TINT, BLUE_TINT, BLUE_TINT, ORANGE_TINT, ORANGE_TINT, GREY_TINT)
    wide, gap, y, high = 88.0, 18.0, 148.0, 60.0
    left = 11.0
    places = [left + number * (wide + gap) for number in range(6)]
    for number, (x, name, fill) in enumerate(zip(places, names, fills, strict=True)):
        sheet.labelled(x, y, wide, high, name, fill=fill, size=SMALLEST)
        if number:
            sheet.arrow([(x - gap + 1, y + high / 2), (x - 1, y + high / 2)], head=9)
    border = places[3] - gap / 2
    sheet.line([(border, 112), (border, y - 8)], colour=GREEN, width=2.5)
    sheet.line([(border, y + high + 8), (border, 316)], colour=GREEN, width=2.5, dash="6 5")
    # An eye: two arcs and a pupil.
    upper = [(border - 42 + 84 * t, 82 - 26 * math.sin(math.pi * t)) for t in (i / 24 for i in range(25))]
    lower = [(x_, 164 - y_) for x_, y_ in reversed(upper)]
    sheet.line([*upper, *lower], colour=GREEN, width=3, closed=True, fill="#ffffff")
    sheet.circle(border, 82, 13, fill=GREEN)
    sheet.circle(border + 4, 78, 4, fill="#ffffff")
    sheet.text(border, 36, "look here", anchor="middle", colour=GREEN, bold=True)
    base = y + high + 26
    sheet.brace(places[0], border - 8, base, colour=BLUE)
    sheet.brace(border + 8, places[5] + wide, base, colour=ORANGE)
    for x, head, words, colour in (
        ((places[0] + border) / 2, "retrieval failed", "passage missing", BLUE),
        ((border + places[5] + wide) / 2, "generation failed", "passage there, answer wrong", ORANGE),
    ):
        sheet.text(x, base + 34, head, anchor="middle", bold=True, colour=colour)
        sheet.text(x, base + 62, words, anchor="middle", colour=INK)
    return sheet
