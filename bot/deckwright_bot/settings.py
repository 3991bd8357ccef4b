"""The environment, and `.env`, as one frozen value; every mistake in it is named at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

DISCORD_API = "https://discord.com/api/v10"
MAX_SPEED = 100_000.0

_CLOCK = re.compile(r"(?P<start>\S+) x(?P<speed>\d+(?:\.\d+)?) @(?P<anchor>\S+)")
_TOKEN = re.compile(r"[\w-]{20,}\.[\w-]{4,}\.[\w-]{20,}")


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """A simulated clock: ``start`` held at the real instant ``anchor``, and time runs ``speed`` times as fast."""

    start: datetime
    speed: float
    anchor: datetime


@dataclass(frozen=True, slots=True)
class Settings:
    """What the bot was told from outside. The token never shows in a repr, a log or an error."""

    token: str = field(repr=False)
    library: Path
    database: Path
    api_base: str
    clock: ClockSetting | None
    packages: Path = Path("build")
    packages_url: str | None = None


class SettingsError(Exception):
    """The environment is wrong; ``mistakes`` names everything that is, a sentence each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


def read(environment: Mapping[str, str] | None = None, *, dotenv: Path | None = Path(".env")) -> Settings:
    """Read the settings; what the environment says goes before what ``.env`` says.

    Raises:
        SettingsError: with every mistake there is.
    """
    given: dict[str, str] = {}
    if dotenv is not None and dotenv.is_file():
        given.update({name: value for name, value in dotenv_values(dotenv).items() if value is not None})
    given.update(os.environ if environment is None else environment)
    mistakes: list[str] = []
    token = given.get("DISCORD_TOKEN", "").strip()
    if not token:
        mistakes.append("DISCORD_TOKEN is missing: copy the bot's token from the Discord developer portal")
    api_base = given.get("DECKWRIGHT_API_BASE", DISCORD_API).rstrip("/")
    host = _host(api_base, mistakes)
    if token and api_base == DISCORD_API and not _TOKEN.fullmatch(token):
        mistakes.append("DISCORD_TOKEN does not look like a bot token: three parts joined by dots")
    library = library_of(given)
    if not (library / "library.yaml").is_file():
        mistakes.append(f"DECKWRIGHT_LIBRARY names {library.as_posix()!r}, where there is no library.yaml")
    database = Path(given.get("DECKWRIGHT_DATABASE") or default_database(given))
    if database.is_dir():
        mistakes.append(f"DECKWRIGHT_DATABASE must be a file, but {database.as_posix()!r} is a folder")
    clock = _clock(given.get("DECKWRIGHT_CLOCK"), mistakes)
    if clock is not None and not is_loopback(host):
        mistakes.append("DECKWRIGHT_CLOCK is for a sandbox: it needs a DECKWRIGHT_API_BASE on 127.0.0.1")
    packages = Path(given.get("DECKWRIGHT_PACKAGES") or "build")
    url = given.get("DECKWRIGHT_PACKAGES_URL", "").strip() or None
    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        mistakes.append(
            f"DECKWRIGHT_PACKAGES_URL must be a web address such as https://example.org/decks, not {url!r}"
        )
    if mistakes:
        raise SettingsError(mistakes)
    return Settings(token, library, database, api_base, clock, packages, url)


def library_of(environment: Mapping[str, str]) -> Path:
    """The library's folder."""
    return Path(environment.get("DECKWRIGHT_LIBRARY", "cards"))


def default_database(environment: Mapping[str, str]) -> Path:
    """The database in the user's data folder, where the system keeps such things."""
    if home := environment.get("XDG_DATA_HOME"):
        return Path(home) / "deckwright" / "bot.sqlite"
    if local := environment.get("LOCALAPPDATA"):
        return Path(local) / "deckwright" / "bot.sqlite"
    return Path.home() / ".local" / "share" / "deckwright" / "bot.sqlite"


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine alone."""
    if host == "localhost":
        return True
    try:
        return host is not None and ip_address(host).is_loopback
    except ValueError:
        return False


def _host(api_base: str, mistakes: list[str]) -> str | None:
    parts = urlsplit(api_base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        mistakes.append(f"DECKWRIGHT_API_BASE must be a web address such as {DISCORD_API}, not {api_base!r}")
        return None
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        mistakes.append("DECKWRIGHT_API_BASE must begin with https:// except on 127.0.0.1")
    return parts.hostname


def _clock(text: str | None, mistakes: list[str]) -> ClockSetting | None:
    if not text:
        return None
    example = "2026-03-20T08:00:00Z x3600 @2026-11-20T10:00:00Z"
    found = _CLOCK.fullmatch(text.strip())
    start, anchor = (_instant(found[name]) if found else None for name in ("start", "anchor"))
    speed = float(found["speed"]) if found else 0.0
    if start is None or anchor is None or not 0 < speed <= MAX_SPEED:
        mistakes.append(f"DECKWRIGHT_CLOCK must look like {example!r}, not {text!r}")
        return None
    return ClockSetting(start, speed, anchor)


def _instant(text: str) -> datetime | None:
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        return None
    return made.astimezone(UTC) if made.tzinfo is not None else None
