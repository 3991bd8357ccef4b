"""Discord's own marks as plain words, for what the page says about messages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from deckwright_bot.sandbox.model import Message
from deckwright_bot.sandbox.state import World
from deckwright_bot.trial import words
from deckwright_bot.trial.clock import machine_time

TITLE: Final = 48
"""Letters of a message's title."""
LATEST_STAMP: Final = 250_000_000_000
PEOPLE_S_TIME: Final = timedelta(minutes=15)
"""A stamp so close to the real instant is people's time, in which quizzes are played; the group's own are hours away."""

_MARK: Final = re.compile(
    r"<(?P<kind>@&|@!?|#|t:|/|a?:)(?P<rest>[^<>\s][^<>]*)>"
    r"|\[(?P<link>[^\]]*)\]\([^)]*\)"
    r"|\\(?P<plain>[^\w\s])"
    r"|(?P<lead>^\s*(?:-\#|\#{1,3}|>>>|>)\s+)"
    r"|(?P<style>\*{1,3}|__|~~|\|\||`{1,3})",
    re.MULTILINE,
)


def plain(text: str, world: World) -> str:
    """A text on one line without marks: mentions by their names, instants as they are read, no styles."""

    def words_of(found: re.Match[str]) -> str:
        if found["link"] is not None:
            return found["link"]
        if found["plain"] is not None:
            return found["plain"]
        return _named(found["kind"], found["rest"], world) if found["kind"] else ""

    return " ".join(_MARK.sub(words_of, text).split())


def _named(kind: str, rest: str, world: World) -> str:
    number = int(rest) if rest.isascii() and rest.isdigit() else 0
    if kind == "t:":
        return _instant(rest.partition(":")[0], world)
    if kind == "#":
        channel = world.channels.get(number)
        return f"#{channel.name}" if channel is not None else words.SOME_CHANNEL
    if kind == "@&":
        roles = (role for guild in world.guilds.values() for role in guild.roles.values())
        return next(
            (f"@{role.name.removeprefix('@')}" for role in roles if role.id == number), words.SOME_ROLE
        )
    if kind.startswith("@"):
        user = world.users.get(number)
        return f"@{user.display_name or user.name}" if user is not None else words.SOMEBODY
    if kind == "/":
        return f"/{rest.rpartition(':')[0]}"
    return f":{rest.partition(':')[0]}:"


def _instant(stamp: str, world: World) -> str:
    if not (stamp.isascii() and stamp.isdigit()):
        return words.SOME_TIME
    moment = datetime.fromtimestamp(min(int(stamp), LATEST_STAMP), UTC)
    if abs(moment - machine_time()) <= PEOPLE_S_TIME:
        moment += world.clock.now() - machine_time()
    here = moment.astimezone()
    return f"{day_of(here.date())}, {here:%H:%M}"


def day_of(day: date) -> str:
    """A date in words, as English has them on every machine."""
    return f"{words.WEEKDAYS[day.weekday()]} {day.day} {words.MONTHS[day.month - 1]}"


def shortened(text: str, most: int = TITLE) -> str:
    """The text, cut behind a word where it is longer; a single word that is longer is cut itself."""
    if len(text) <= most:
        return text
    kept = text[:most].rsplit(" ", 1)[0] if " " in text[:most] else text[: most - 1]
    return f"{kept.rstrip(' ,;:.–-')} …" if " " in text[:most] else f"{kept}…"


def titled(message: Message, world: World) -> str:
    """A message in a few words: its title, or how it begins."""
    titles = [str(embed["title"]) for embed in message.embeds if embed.get("title")]
    found = shortened(plain(titles[0] if titles else message.content, world))
    return f"“{found}”" if found else words.A_MESSAGE
