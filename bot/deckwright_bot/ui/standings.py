"""Where a member stands: the streak with its calendar, and the board. Drawing only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import discord

from deckwright.study.ranking import page as page_of
from deckwright.study.streak import Mark, Streak
from deckwright_bot.services.standings import Board
from deckwright_bot.store.records import Credit
from deckwright_bot.ui.dates import dated
from deckwright_bot.ui.render import ACCENT, MAX_REASON, cut, name_of, said
from deckwright_bot.ui.texts import text

PAGE = 10
CALENDAR = 35
CREDITS = 5
_MARKS = {
    Mark.ANSWERED: "■",
    Mark.CREDITED: "◆",
    Mark.FROZEN: "❄",
    Mark.MISSED: "□",
    Mark.PAUSED: "–",
    Mark.OUTAGE: "–",
    Mark.OPEN: "–",
    Mark.NONE: "–",
}


def streak_message(
    streak: Streak, credited: Sequence[Credit], paused: date | None, locale: str
) -> discord.Embed:
    """A member's streak with a small calendar, a pause (R22), and what was credited to them (R23)."""
    embed = discord.Embed(title=text("streak.title", locale), colour=ACCENT)
    marks = "".join(_MARKS[mark] for _, mark in streak.calendar[-CALENDAR:])
    weeks = "\n".join(" ".join(marks[at : at + 7]) for at in range(0, len(marks), 7))
    numbers = text("streak.current", locale, current=streak.current, best=streak.best, freezes=streak.freezes)
    embed.description = (
        f"{numbers}\n```\n{weeks}\n```\n-# {text('streak.legend', locale)}"
        if marks
        else text("streak.none", locale)
    )
    if paused is not None:
        embed.description += f"\n{text('streak.paused', locale, until=dated(paused, locale))}"
    if credited:
        lines = [
            f"- {dated(each.date, locale, year=True)}: {said(each.reason, MAX_REASON)}"
            for each in credited[-CREDITS:]
        ]
        embed.description += "\n" + "\n".join([text("streak.credited", locale), *lines])
    return embed


def board_message(board: Board, number: int, locale: str) -> tuple[discord.Embed, int, int]:
    """A page of a board with the asking member's own line; the page shown, and how many there are."""
    count = max(1, -(-len(board.standings) // PAGE))
    number = min(max(1, number), count)
    lines = [
        text(
            "board.line",
            locale,
            rank=each.rank,
            name=name_of(board.names.get(each.member, "?")),
            points=each.tally.points,
            right=each.tally.right,
        )
        for each in page_of(board.standings, number, PAGE)
    ]
    embed = discord.Embed(title=text(f"board.title.{board.period.value}", locale), colour=ACCENT)
    mine = board.mine
    if mine is None:
        own = text("board.me.none", locale)
    else:
        key = "board.me.hidden" if board.hidden else "board.me"
        own = text(key, locale, rank=mine.rank, points=mine.tally.points)
    embed.description = cut("\n".join(lines) or text("board.empty", locale), 3500) + f"\n\n{own}"
    if count > 1:
        embed.set_footer(text=text("board.page", locale, page=number, pages=count))
    return embed, number, count
