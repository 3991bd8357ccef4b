"""What a picture is made of: paragraphs of runs, code, tables, images and options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TextRun:
    """Some words in one style; spaces count as in HTML, but for code."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class MathsRun:
    """A formula among words, or one that stands on its own line."""

    latex: str
    display: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line as the author set it."""


Run = TextRun | MathsRun | Break


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; with a bullet (`•`, `2.`) an item of a list, `indent` levels in."""

    runs: tuple[Run, ...]
    indent: int = 0
    bullet: str | None = None


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines of code as they are; lines that are too long go on below, behind a mark."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Rows of cells, the first row as header; `aligned` names each column's side (left, center, right)."""

    rows: tuple[tuple[tuple[Run, ...], ...], ...]
    header: bool = True
    aligned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageBlock:
    """A PNG, JPEG, GIF, WebP or SVG file, by its path or its content."""

    source: Path | bytes


@dataclass(frozen=True, slots=True)
class Options:
    """Answers to choose from, each behind its letter: runs, or whole blocks."""

    items: tuple[tuple[str, tuple[Run, ...] | tuple[Block, ...]], ...]


Block = Paragraph | CodeBlock | TableBlock | ImageBlock | Options
