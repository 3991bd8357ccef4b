"""A group's dates in words."""

from __future__ import annotations

from datetime import date

from deckwright_bot.ui.texts import DEFAULT, text


def dated(day: date, /, locale: str = DEFAULT, *, year: bool = False) -> str:
    """A group's date in words: with its weekday where it is of these weeks, with its ``year`` where it may be older.

    Not for Discord to write: it knows instants, and whoever reads it in another zone may have another date.
    """
    month = text(f"month.{day.month}", locale)
    if year:
        return text("date.written.year", locale, day=day.day, month=month, year=day.year)
    weekday = text(f"day.{day.weekday()}", locale)
    return text("date.written", locale, weekday=weekday, day=day.day, month=month)
