"""What happened behind the scenes as the page draws it."""

from __future__ import annotations

from typing import Final

from deckwright_bot.sandbox.model import Guild
from deckwright_bot.sandbox.state import World
from deckwright_bot.trial.behind import Entry
from deckwright_bot.trial.browsing import instant, text_of
from deckwright_bot.trial.rows import Row

LONGEST: Final = 60
"""Letters of a value."""


class Panel:
    """Entries as JSON, with the names of people and places in place of their numbers."""

    def __init__(self, world: World, guild: Guild) -> None:
        self._world = world
        self._guild = guild

    def of(self, entry: Entry) -> str:
        """An entry; ``says`` has what of each rule matters here."""
        said = dict(sorted(entry.rules.items(), key=lambda one: int(one[0][1:])))
        return text_of(
            {
                "number": entry.number,
                "at": instant(entry.at),
                "who": entry.who,
                "what": entry.what,
                "rules": list(said),
                "says": said,
                "answer": entry.answer,
                "milliseconds": entry.milliseconds,
                "again": entry.again,
                "more": entry.more,
                "rows": [self._row(row) for row in entry.rows],
            }
        )

    def _row(self, row: Row) -> dict[str, object]:
        values = [[name, self._value(value)] for name, value in row.values.items()]
        return {"table": row.table, "how": row.how, "values": values}

    def _value(self, value: object) -> str:
        """A value of a row in a few letters; an id of somebody or something here by its name."""
        if isinstance(value, int) and value in self._world.users:
            return self._world.users[value].name
        if isinstance(value, int) and value in self._world.channels:
            return f"#{self._world.channels[value].name}"
        if value == self._guild.id:
            return self._guild.name
        if value is None:
            return "—"
        text = str(value)
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
