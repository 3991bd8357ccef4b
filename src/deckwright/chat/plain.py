"""Blocks as plain words: for screen readers, alternative texts and search."""

from __future__ import annotations

from collections.abc import Sequence

from deckwright.chat.blocks import (
    Block,
    Break,
    CodeSpan,
    Fence,
    Heading,
    Image,
    Listing,
    Maths,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
    Words,
)
from deckwright.chat.reading import MathsReader


def plain(blocks: Sequence[Block], maths: MathsReader) -> str:
    """The blocks in words, formulas in one line, images by what they show."""
    return "\n".join(filter(None, (_block(block, maths) for block in blocks)))


def _block(block: Block, maths: MathsReader) -> str:
    match block:
        case Paragraph(runs) | Heading(_, runs):
            return _runs(runs, maths)
        case Fence(_, text):
            return text
        case Listing(items, first):
            marks = ("•" if first is None else f"{first + i}." for i in range(len(items)))
            return "\n".join(f"{mark} {plain(item, maths)}" for mark, item in zip(marks, items, strict=True))
        case Quote(inner):
            return plain(inner, maths)
        case Table(rows):
            return "\n".join(" | ".join(_runs(cell, maths) for cell in row) for row in rows)
        case Rule():
            return ""


def _runs(runs: Sequence[Run], maths: MathsReader) -> str:
    return "".join(_run(run, maths) for run in runs).strip()


def _run(run: Run, maths: MathsReader) -> str:
    match run:
        case Words(text) | CodeSpan(text):
            return text
        case Maths(latex, display):
            reading = maths.read(latex, display=display)
            return reading.text or reading.linear
        case Image(_, alt):
            return alt or "picture"
        case Break():
            return "\n"
