"""Blocks handed to the drawing board: what no text in chat can show becomes a picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from deckwright.cache import Cache
from deckwright.chat.blocks import (
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
from deckwright.chat.message import Drawable, Lettered
from deckwright.render import layout
from deckwright.render.formula import FormulaEngine

FindImage = Callable[[str], Path | None]
"""An image's file by the name the author wrote, or None if there is none."""


def no_images(_name: str) -> Path | None:
    """Find nothing: for texts without images."""
    return None


def images_among(files: Mapping[str, Path]) -> FindImage:
    """Find images among a deck's media by their names as cards write them, and nothing else on disk."""
    named = {unicodedata.normalize("NFC", name): path for name, path in files.items()}

    def find(written: str) -> Path | None:
        return named.get(unicodedata.normalize("NFC", unquote(written)))

    return find


@dataclass(frozen=True, slots=True)
class LayoutPainter:
    """Draws with the layout engine; what was drawn once is kept, but for pictures that hold image files."""

    engine: FormulaEngine
    find_image: FindImage = no_images
    cache: Cache | None = None

    def paint(self, blocks: Sequence[Drawable]) -> str | None:
        """The blocks as an SVG document, or None where they cannot be drawn."""
        board = tuple(_drawn(blocks, self.find_image, 0))
        cache = None if "ImageBlock(" in (content := repr(board)) else self.cache
        step = f"chat-picture-{layout.VERSION}-{self.engine.version}"
        if cache is not None and (kept := cache.get(step, content)) is not None:
            return kept
        made = layout.picture(board, engine=self.engine)
        if isinstance(made, layout.PictureFailure):
            return None
        if cache is not None:
            cache.put(step, content, made)
        return made


def _drawn(blocks: Iterable[Drawable], find: FindImage, indent: int) -> Iterator[layout.Block]:
    for block in blocks:
        match block:
            case Lettered(options):
                yield layout.Options(
                    tuple((letter, tuple(_drawn(part, find, 0))) for letter, part in options)
                )
            case Paragraph(runs):
                yield from _paragraph(runs, find, indent)
            case Heading(_, runs):
                yield from _paragraph(runs, find, indent, bold=True)
            case Fence(language, text):
                yield layout.CodeBlock(text, language)
            case Listing():
                yield from _listing(block, find, indent)
            case Quote(inner):
                yield from _drawn(inner, find, indent + 1)
            case Table(rows):
                yield layout.TableBlock(tuple(tuple(tuple(_runs(cell)) for cell in row) for row in rows))
            case Rule():
                continue


def _listing(block: Listing, find: FindImage, indent: int) -> Iterator[layout.Block]:
    for i, item in enumerate(block.items):
        bullet = "•" if block.first is None else f"{block.first + i}."
        head, rest = item[:1], item[1:]
        if head and isinstance(head[0], Paragraph):
            yield from _paragraph(head[0].runs, find, indent, bullet=bullet)
        else:
            yield layout.Paragraph((), indent, bullet)
            rest = item
        yield from _drawn(rest, find, indent + 1)


def _paragraph(
    runs: Sequence[Run], find: FindImage, indent: int, *, bullet: str | None = None, bold: bool = False
) -> Iterator[layout.Block]:
    """A paragraph; the images within it stand on their own."""
    line: list[Run] = []
    mark = bullet
    for run in runs:
        path = find(run.source) if isinstance(run, Image) else None
        if path is None:
            line.append(run)
            continue
        if line:
            yield layout.Paragraph(tuple(_runs(line, bold=bold)), indent, mark)
            mark = None
        line = []
        yield layout.ImageBlock(path)
    if line:
        yield layout.Paragraph(tuple(_runs(line, bold=bold)), indent, mark)


def _runs(runs: Iterable[Run], *, bold: bool = False) -> Iterator[layout.Run]:
    for run in runs:
        match run:
            case Words(text, style):
                yield layout.TextRun(text, style.bold or bold, style.italic)
            case CodeSpan(text, style):
                yield layout.TextRun(text, style.bold or bold, style.italic, code=True)
            case Maths(_, display, drawn):
                yield layout.MathsRun(drawn, display)
            case Image(_, alt):
                yield layout.TextRun(alt, italic=True)
            case Break():
                yield layout.Break()
