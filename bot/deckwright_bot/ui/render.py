"""Snapshots as Discord shows them: embeds and pictures, within Discord's limits."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

import discord

from deckwright.cache import Cache
from deckwright.chat.blocks import Block, Image, Paragraph, Style, Words, blocks
from deckwright.chat.message import ChatRenderer, Picture, Piece
from deckwright.chat.painting import FindImage, LayoutPainter, images_among
from deckwright.chat.plain import plain
from deckwright.chat.reading import FormulaReader
from deckwright.render.formula import FormulaEngine
from deckwright.render.png import png
from deckwright.study.question import Snapshot
from deckwright_bot.memory import give_back
from deckwright_bot.ui.kept import Kept

DESCRIPTION = 4096
TOTAL = 6000
EMBEDS = 10
ACCENT = 0x2F6F8F
RIGHT = 0x2E7D4F
WRONG = 0xA8452F
QUIET = 0x7A7A72
KEPT: Final = 2_000_000
"""Bytes of pictures that are kept, and as many again of texts with what their pictures are drawn from."""
MAX_REASON = 200
"""Characters an owner may write to say why."""


@dataclass(slots=True)
class Shown:
    """A message's embeds and the pictures they show; files are made anew for every sending."""

    embeds: list[discord.Embed] = field(default_factory=list)
    pictures: list[tuple[str, bytes, str]] = field(default_factory=list)
    """File name, PNG, and the same in words."""

    def files(self) -> list[discord.File]:
        """The pictures as attachments with their alternative text."""
        return [
            discord.File(io.BytesIO(png), filename=name, description=words)
            for name, png, words in self.pictures
        ]


ImagesOf = Callable[[str], Mapping[str, Path]]
"""The images beside a card, by the names its texts use; none for a card that is gone."""


def no_images(_card: str) -> Mapping[str, Path]:
    """For texts without images."""
    return {}


class Renderer:
    """Turns Markdown of cards into parts of messages. Not for the event loop: drawing takes a while."""

    def __init__(self, cache: Cache | None = None, images_of: ImagesOf = no_images) -> None:
        engine = FormulaEngine()
        self._cache = cache
        self._images_of = images_of
        self._painter = LayoutPainter(engine, cache=cache)
        self._chat = ChatRenderer(FormulaReader(cache, engine), self._painter)
        self._pictures: Kept[str, bytes] = Kept(KEPT, len)
        # A result shows three texts of its card, the same to everybody who answers.
        self._pieces: Kept[tuple[str, str, int | None], Piece] = Kept(KEPT, _weight)
        self._drew, self._resting = False, True

    def rest(self) -> bool:
        """To be called now and then: when nothing was drawn since the last time, let go of what only drawing needs.

        That is MathJax, some 10 MB, and results that the cache's file has not yet; who draws the next formula waits
        0.1 s. Returns whether there was something to let go of.
        """
        if self._drew or self._resting:
            self._drew = False
            return False
        self._resting = True
        self._painter.engine.rest()
        if self._cache is not None:
            self._cache.close()
        give_back()
        return True

    def close(self) -> None:
        """Write to the cache's file what it has not yet, and draw no more formulas."""
        self._painter.engine.close()
        if self._cache is not None:
            self._cache.close()

    def _at_work(self) -> None:
        self._drew, self._resting = True, False

    def piece(self, markdown: str, *, card: str = "", gap: int | None = None) -> Piece:
        """A text of a card, kept for the next to ask; an image that does not stand beside the card in words."""
        key = (markdown.strip(), card, gap)
        return self._pieces.get(key, lambda: self._read(*key))

    def _read(self, markdown: str, card: str, gap: int | None) -> Piece:
        chat, find = self._beside(card)
        return chat.write(_told(blocks(markdown, gap=gap), find))

    def _beside(self, card: str) -> tuple[ChatRenderer, FindImage]:
        """What writes a card's texts, and finds the images beside it."""
        self._at_work()
        find = images_among(self._images_of(card))
        return replace(self._chat, painter=replace(self._painter, find_image=find)), find

    def images(self, markdown: str, *, card: str) -> Piece:
        """The images of a text alone, for a message that has the text itself in a line."""
        chat, find = self._beside(card)
        found = (run for block in blocks(markdown.strip()) for run in _images(block) if find(run.source))
        return chat.write([Paragraph((run,)) for run in found])

    def line(self, markdown: str, *, images: bool = True) -> str:
        """A text of a card in a line of a message: its maths in words where it is no text.

        Its ``images`` come in words too, or not at all.
        """
        if not images:
            self._at_work()
            kept = [block for block in blocks(markdown.strip()) if not _images(block)]
            return self._chat.text(kept) or discord.utils.escape_markdown(plain(kept, self._chat.maths))
        piece = self.piece(markdown)
        return piece.text if not piece.pictures else discord.utils.escape_markdown(piece.plain)

    def words(self, markdown: str, *, gap: int | None = None) -> str:
        """A text of a card as plain words in one line, as a list of choices shows it."""
        self._at_work()
        return " ".join(plain(blocks(markdown.strip(), gap=gap), self._chat.maths).split())

    def answer(self, snapshot: Snapshot) -> Piece:
        """The answer with what else the reveal tells."""
        words = "\n\n".join(
            part.strip() for part in (snapshot.texts.answer, snapshot.texts.extra) if part.strip()
        )
        return self.piece(words, card=snapshot.prompt.card)

    def question(self, snapshot: Snapshot) -> Piece:
        """The question with its options; all in one picture where an option cannot be text."""
        chat, find = self._beside(snapshot.prompt.card)
        found = _told(blocks(snapshot.texts.question.strip(), gap=snapshot.texts.gap), find)
        options = [(option.letter, blocks(option.text.strip())) for option in snapshot.options]
        if any(chat.text(option) is None for _, option in options):
            return chat.pictured(found, options)
        asked = chat.write(found)
        lines = "\n".join(f"**{letter}** {chat.text(option)}" for letter, option in options)
        parts: tuple[str | Picture, ...] = asked.blocks
        if lines and parts and isinstance(parts[-1], str):
            parts = (*parts[:-1], f"{parts[-1]}\n\n{lines}")
        elif lines:
            parts = (*parts, lines)
        return Piece(parts, asked.plain)

    def png(self, picture: Picture) -> bytes:
        """A picture as PNG at twice its size, kept for the next to ask."""
        key = sha256(picture.svg.encode()).hexdigest()
        return self._pictures.get(key, lambda: self._png(picture.svg))

    def _png(self, svg: str) -> bytes:
        self._at_work()
        return png(svg)

    def show(self, pieces: Sequence[Piece], *, title: str | None = None, colour: int = ACCENT) -> Shown:
        """Pieces as embeds in reading order: text before its picture, a new embed after one."""
        shown = Shown()
        embed = discord.Embed(title=cut(title, 256) if title else None, colour=colour)
        for block in (block for piece in pieces for block in piece.blocks):
            if isinstance(block, Picture):
                name = f"part{len(shown.pictures) + 1}.png"
                if embed.image.url is not None:
                    shown.embeds.append(embed)
                    embed = discord.Embed(colour=colour)
                embed.set_image(url=f"attachment://{name}")
                shown.pictures.append((name, self.png(block), block.alt))
            else:
                if embed.image.url is not None:
                    shown.embeds.append(embed)
                    embed = discord.Embed(colour=colour)
                before = f"{embed.description}\n\n" if embed.description else ""
                embed.description = cut(before + block, DESCRIPTION)
        if embed.description or embed.image.url or embed.title:
            shown.embeds.append(embed)
        shown.embeds = _within_total(shown.embeds[:EMBEDS])
        kept = {embed.image.url for embed in shown.embeds}
        shown.pictures = [p for p in shown.pictures if f"attachment://{p[0]}" in kept]
        return shown


def _weight(piece: Piece) -> int:
    """About how many bytes a text takes, nearly all of them in its pictures' shapes."""
    return sum(len(each.svg) for each in piece.pictures) + len(piece.text) + 2 * len(piece.plain)


def _images(block: Block) -> list[Image]:
    """The images of a paragraph."""
    return [run for run in block.runs if isinstance(run, Image)] if isinstance(block, Paragraph) else []


def _told(found: Sequence[Block], find: FindImage) -> list[Block]:
    """Blocks with each image that is not there told in words."""
    return [
        Paragraph(
            tuple(
                Words(run.alt, Style(italic=True)) if isinstance(run, Image) and not find(run.source) else run
                for run in block.runs
            )
        )
        if isinstance(block, Paragraph)
        else block
        for block in found
    ]


def cut(text: str, limit: int) -> str:
    """A text within a limit of Discord's; no fence is left open."""
    if len(text) <= limit:
        return text
    short = text[: limit - 8].rstrip()
    return f"{short}…" + ("\n```" if short.count("```") % 2 else "")


def shortened(words: str, limit: int) -> str:
    """A line within a limit, cut between two words; in a word only where that is most of the line."""
    if len(words) <= limit:
        return words
    short = words[: limit - 1]
    if not words[limit - 1].isspace():
        begun = short.rfind(" ")
        short = short[:begun] if begun > limit // 2 else short
    return f"{short.rstrip(' .,;:…')}…"


def _within_total(embeds: list[discord.Embed]) -> list[discord.Embed]:
    left = TOTAL - 200
    for embed in embeds:
        if embed.description:
            embed.description = cut(embed.description, max(16, min(DESCRIPTION, left)))
            left -= len(embed.description)
    return embeds


def name_of(name: str) -> str:
    """A member's name that mentions nobody and formats nothing."""
    plain = " ".join(name.split())[:80] or "?"
    return discord.utils.escape_mentions(discord.utils.escape_markdown(plain))


def said(words: str, longest: int = 1000) -> str:
    """What somebody wrote, in one line that mentions nobody and formats nothing."""
    plain_words = " ".join(words.split())[:longest]
    return discord.utils.escape_mentions(discord.utils.escape_markdown(plain_words))
