"""Cards looked up, and packages to take along. Drawing only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import discord

from deckwright.chat.message import Piece
from deckwright.kinds import KindCard
from deckwright.study.question import Snapshot
from deckwright_bot.services.packages import Changes, Offer, Package
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.messages import Told, when
from deckwright_bot.ui.render import ACCENT, QUIET, Renderer, Shown, cut, name_of, said
from deckwright_bot.ui.texts import counted, text
from deckwright_bot.ui.views import View

NAMED = 3
"""Card ids that a change names; the rest is counted."""
LISTED = 25
"""Options of a select, Discord's limit."""


def _words(*lines: str) -> Piece:
    words = "\n".join(line for line in lines if line)
    return Piece((words,), words) if words else Piece()


def card_message(
    renderer: Renderer, card: KindCard, snapshot: Snapshot, locale: str, *, hidden: bool
) -> Shown:
    """A card with its answer; without it while its question is open in this group."""
    deck = text(
        "card.where",
        locale,
        deck=said(snapshot.texts.title),
        level=text(f"choice.level.{card.level}", locale),
    )
    pieces = [renderer.question(snapshot)]
    if hidden:
        pieces.append(_words(f"*{text('card.hidden', locale)}*"))
        return renderer.show([*pieces, _words(f"-# {deck}")], colour=QUIET)
    told = Told(snapshot)
    reasons = [
        f"{'✓' if option.right else '✗'} **{option.letter}** {renderer.line(why) if why else ''}".rstrip()
        for option in snapshot.options
        if (why := told.new(option.why)) or option.right
    ]
    pieces += [_words(*reasons), renderer.answer(snapshot)]
    foot = [deck, f"`{card.id}`"]
    if card.sources:
        foot.append(text("card.sources", locale, sources=said("; ".join(card.sources))))
    return renderer.show([*pieces, _words(*(f"-# {line}" for line in foot))])


def offers_message(
    offers: Sequence[Offer], locale: str, *, limit: int
) -> tuple[discord.Embed, discord.ui.View | None]:
    """The packages, each with what is new in it for this member; over ``limit`` bytes with its link, if it has one."""
    embed = discord.Embed(title=text("decks.title", locale), colour=ACCENT)
    if not offers:
        embed.description = text("decks.none", locale)
        return embed, None
    # Said once where it is true of all.
    untaken = len(offers) > 1 and all(offer.changes is None for offer in offers)
    lines = [text("decks.new.all", locale)] if untaken else []
    for offer in offers[:LISTED]:
        package = offer.package
        parts = [f"**{_linked(package, limit)}**", size_of(package.size)]
        if package.cards:
            parts.append(counted("decks.cards", package.cards, locale))
        parts.append(_version(package, locale))
        lines.append(" · ".join(parts))
        if not untaken:
            lines.append(f"-# {_news(offer, locale)}")
    embed.description = cut("\n".join(lines), 4000)
    select: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=str(ComponentId("take")),
        placeholder=text("decks.take", locale)[:150],
        options=[
            discord.SelectOption(
                label=offer.package.file[:100],
                value=mark_of(offer.package),
                description=size_of(offer.package.size),
            )
            for offer in offers[:LISTED]
        ],
    )
    # Nothing of discord.py's waits for it; the client routes custom ids itself.
    select.is_dispatchable = lambda: False  # type: ignore[method-assign]
    return embed, View([select])


def mark_of(package: Package) -> str:
    """What tells a build of a package from all others, also from a copy of it under another name."""
    return sha256(f"{package.file}\0{package.digest}".encode()).hexdigest()[:32]


def size_of(count: int) -> str:
    """A size as people read it."""
    return f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{max(1, round(count / 1000))} kB"


def _linked(package: Package, limit: int) -> str:
    name = name_of(package.file)
    if package.size <= limit or package.link is None:
        return name
    return f"[{name}]({package.link})"


def _version(package: Package, locale: str) -> str:
    if package.released:
        return text("decks.version.released", locale, release=package.released)
    return text("decks.version.built", locale, built=when(package.built, "d"))


def _news(offer: Offer, locale: str) -> str:
    if offer.changes is None:
        return text("decks.new", locale)
    if offer.current:
        return text("decks.same", locale)
    since = _day(offer.changes.since)
    if not offer.changes.known:
        return text("decks.newer", locale, since=since)
    return text("decks.changes", locale, since=since, what=_what(offer.changes, locale))


def _day(instant: datetime) -> str:
    return when(instant, "d")


def _what(changes: Changes, locale: str) -> str:
    groups = (
        ("decks.added", changes.new),
        ("decks.changed", changes.changed),
        ("decks.retired", changes.retired),
    )
    parts = []
    for key, cards in groups:
        if cards:
            named = ", ".join(f"`{card}`" for card in cards[:NAMED])
            parts.append(f"{counted(key, len(cards), locale)} ({named}{', …' if len(cards) > NAMED else ''})")
    return "; ".join(parts) or text("decks.changes.none", locale)
