"""A prompt as Discord shows it: texts, and pictures of what no text can show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from deckwright.chat import discord_markdown
from deckwright.chat.blocks import (
    Block,
    CodeSpan,
    Fence,
    Listing,
    Maths,
    Paragraph,
    Style,
    Words,
    blocks,
    formula,
    runs_of,
)
from deckwright.chat.discord_markdown import NeedsPictureError
from deckwright.chat.plain import plain
from deckwright.chat.reading import MathsReader
from deckwright.kinds import KindCard
from deckwright.kinds.ask import AskCard
from deckwright.kinds.cloze import ClozeCard
from deckwright.kinds.code import CodeCard
from deckwright.kinds.formula import FormulaCard, Symbol
from deckwright.model import Choice, Open, Option, Prompt

MAX_ALT = 1024
"""Discord refuses a longer description of an attachment."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Picture:
    """What cannot be read as text, as an SVG document, and the same in words."""

    svg: str
    alt: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message in reading order: Discord Markdown, and pictures."""

    blocks: tuple[str | Picture, ...] = ()
    plain: str = ""
    """All of it in words, pictures too: for screen readers and for search."""

    @property
    def text(self) -> str:
        """The texts alone."""
        return "\n\n".join(block for block in self.blocks if isinstance(block, str))

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures alone."""
        return tuple(block for block in self.blocks if isinstance(block, Picture))

    def __bool__(self) -> bool:
        return bool(self.blocks)


@dataclass(frozen=True, slots=True)
class Lettered:
    """The options of a picture, each with its letter."""

    options: tuple[tuple[str, tuple[Block, ...]], ...]


Drawable: TypeAlias = Block | Lettered


class Painter(Protocol):
    """Draws blocks: the door through which the drawing libraries come in."""

    def paint(self, blocks: Sequence[Drawable]) -> str | None:
        """The blocks as an SVG document on a panel of its own, or None where they cannot be drawn."""


@dataclass(frozen=True, slots=True)
class ChatRenderer:
    """Writes one library's texts for chat."""

    maths: MathsReader
    painter: Painter

    def piece(self, markdown: str, *, gap: int | None = None) -> Piece:
        """A Markdown text. With ``gap``, that gap of it is asked (``[ … ]`` or its hint), others revealed."""
        return self.write(blocks(markdown, gap=gap))

    def write(self, found: Sequence[Block]) -> Piece:
        """Blocks as texts where texts can show them, as pictures where not."""
        parts: list[str | Picture] = []
        last: Block | None = None
        for block in found:
            text = self.text((block,))
            if text is None:
                parts.append(self._picture((block,)))
                last = None  # what follows begins a new text
            elif text:
                if last is not None and parts and isinstance(parts[-1], str):
                    parts[-1] += discord_markdown.separator(last, block) + text
                else:
                    parts.append(text)
                last = block
        return Piece(tuple(parts), plain(found, self.maths))

    def text(self, found: Sequence[Block]) -> str | None:
        """Blocks as one text, or None where one of them needs a picture."""
        try:
            return discord_markdown.write(found, self._read)
        except NeedsPictureError:
            return None

    def pictured(self, found: Sequence[Block], options: Sequence[tuple[str, tuple[Block, ...]]]) -> Piece:
        """A question with its options in one picture."""
        words = [plain(found, self.maths)]
        words += [f"{letter}: {plain(option, self.maths)}" for letter, option in options]
        alt = "\n".join(words)
        svg = self.painter.paint((*found, Lettered(tuple(options))))
        return Piece((_picture_or_words(svg, alt),), alt)

    def _picture(self, found: Sequence[Block]) -> str | Picture:
        return _picture_or_words(self.painter.paint(found), plain(found, self.maths))

    def _read(self, maths: Maths) -> str | None:
        return self.maths.read(maths.latex, display=maths.display).text


def _picture_or_words(svg: str | None, words: str) -> str | Picture:
    """The picture; where drawing failed, its words say less well what is asked, but they say it."""
    if svg is None:
        return "\n".join(discord_markdown.escape(line) for line in words.split("\n"))
    return Picture(svg, words if len(words) <= MAX_ALT else f"{words[: MAX_ALT - 1]}…")


@dataclass(frozen=True, slots=True)
class ChatOption:
    """One option with the letter of its button, and why it is right or wrong."""

    letter: str
    text: Piece
    right: bool
    why: Piece | None
    """None also on a right option whose reason is the card's answer: nobody needs to read it twice."""


@dataclass(frozen=True, slots=True)
class ChatForm:
    """All that chat shows of one prompt."""

    prompt: Prompt
    question: Piece
    options: tuple[ChatOption, ...]
    pictured: bool
    """Whether the question's picture holds the options too, because one of all these is no text."""
    answer: Piece
    explanation: Piece
    key_points: tuple[Piece, ...] = ()
    red_flags: tuple[tuple[Piece, Piece | None], ...] = ()


@dataclass(slots=True)
class _Content:
    """What a card asks and answers, as blocks."""

    question: tuple[Block, ...]
    answer: tuple[Block, ...]
    explanation: tuple[Block, ...] = field(default=())


def chat_form(
    card: KindCard, prompt: Prompt, renderer: ChatRenderer, *, shown: Sequence[Option] | None = None
) -> ChatForm:
    """One prompt of a card for chat. ``shown`` are the options in the order drawn (by default `some_options`)."""
    content = _content(card, prompt)
    points: tuple[Piece, ...] = ()
    flags: tuple[tuple[Piece, Piece | None], ...] = ()
    options: tuple[ChatOption, ...] = ()
    question = None
    match prompt.form:
        case Choice() as choice:
            drawn = some_options(choice) if shown is None else shown
            options = tuple(
                _option(card, option, letter, renderer)
                for letter, option in zip(LETTERS, drawn, strict=False)
            )
            lettered = [(o.letter, blocks(d.text)) for o, d in zip(options, drawn, strict=False)]
            if any(renderer.text(part) is None for part in (content.question, *(o for _, o in lettered))):
                question = renderer.pictured(content.question, lettered)
        case Open(key_points, red_flags):
            points = tuple(renderer.piece(point.say) for point in key_points)
            flags = tuple(
                (renderer.piece(flag.claim), None if flag.why is None else renderer.piece(flag.why))
                for flag in red_flags
            )
        case _:
            pass
    return ChatForm(
        prompt,
        question=question or renderer.write(content.question),
        options=options,
        pictured=question is not None,
        answer=renderer.write(content.answer),
        explanation=renderer.write(content.explanation),
        key_points=points,
        red_flags=flags,
    )


def some_options(choice: Choice) -> tuple[Option, ...]:
    """As many options as a question shows, those first that it always shows: for previews and for measuring."""
    wrong = [option for option in choice.options if not option.right]
    kept = sorted(wrong, key=lambda option: not option.always)[: choice.draw]
    return tuple(option for option in choice.options if option.right or option in kept)


def _option(card: KindCard, option: Option, letter: str, renderer: ChatRenderer) -> ChatOption:
    why = option.why
    if why is not None and option.right and why.strip() in card.answer:
        why = None
    text = renderer.piece(option.text)
    return ChatOption(letter, text, option.right, None if why is None else renderer.piece(why))


def _content(card: KindCard, prompt: Prompt) -> _Content:
    match card:
        case FormulaCard():
            return _formula(card, prompt.ordinal)
        case ClozeCard():
            question = blocks(card.text, gap=prompt.ordinal)
            return _Content(question, blocks(card.text, told=prompt.ordinal), blocks(card.extra or ""))
        case CodeCard():
            signature = (Fence(card.language, card.signature.rstrip()),) if card.signature else ()
            answer = Fence(card.language, card.solution.rstrip())
            explanation = (*blocks(card.trap or ""), *_labelled("Complexity", card.complexity), *_cases(card))
            return _Content((*blocks(card.front), *signature), (answer,), explanation)
        case AskCard():
            signs = (*_labelled("Good sign", card.good_sign), *_labelled("Bad sign", card.bad_sign))
            reveals = _labelled("What it reveals", card.reveals)
            return _Content(blocks(card.question), blocks(card.question_), (*reveals, *signs))
        case _:
            return _Content(blocks(card.question), *_split(blocks(card.answer)))


def _cases(card: CodeCard) -> tuple[Block, ...]:
    """What the solution must give; the traps speak of these cases by their number."""
    if not card.cases:
        return ()
    rows = (f"{i}. {case.call}\n   → {case.expect}" for i, case in enumerate(card.cases, start=1))
    return (Paragraph((Words("Must give:", Style(bold=True)),)), Fence("", "\n".join(rows)))


def _split(found: tuple[Block, ...]) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """The answer itself, which is the first block and what a colon at its end announces, and the rest."""
    at = 1
    while at < len(found) and _announces(found[at - 1]):
        at += 1
    return found[:at], found[at:]


def _announces(block: Block) -> bool:
    match block:
        case Paragraph((*_, Words(text))):
            return text.rstrip().endswith(":")
        case _:
            return False


def _formula(card: FormulaCard, asked: int) -> _Content:
    hidden = f"c{asked}"
    question = (
        *blocks(card.name),
        Paragraph((formula(card.formula, gap=asked),)),
        *_legend(s for s in card.symbols if s.part != hidden),
    )
    explanation = [*_legend(card.symbols), *_labelled("Holds when", card.conditions)]
    if card.example is not None:
        result = (
            CodeSpan(card.example.compute),
            Words(" = "),
            Words(card.example.result.strip(), Style(bold=True)),
        )
        explanation += [*_labelled("Example", card.example.given), Paragraph(result)]
    return _Content(question, (Paragraph((formula(card.formula),)),), tuple(explanation))


def _legend(symbols: Iterable[Symbol]) -> tuple[Block, ...]:
    items = []
    for symbol in symbols:
        unit = "; ".join(text.strip() for text in (symbol.shape, symbol.unit) if text)
        note = (Words(" ("), *runs_of(blocks(unit)), Words(")")) if unit else ()
        runs = (
            Maths(symbol.symbol.strip(), drawn=symbol.symbol.strip()),
            Words(": "),
            *runs_of(blocks(symbol.means)),
            *note,
        )
        items.append((Paragraph(runs),))
    return (Listing(tuple(items)),) if items else ()


def _labelled(label: str, text: str | None) -> tuple[Block, ...]:
    """A part of the explanation after a bold label on the same line."""
    if text is None:
        return ()
    first, *rest = blocks(text)
    lead = Words(f"{label}:", Style(bold=True))
    if isinstance(first, Paragraph):
        return (Paragraph((lead, Words(" "), *first.runs)), *rest)
    return (Paragraph((lead,)), first, *rest)
