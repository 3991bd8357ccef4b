"""Local dates to instants (R1, R3), and zones by the names people type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

DAY = timedelta(days=1)
MACHINE_ZONES = frozenset({"localtime", "posixrules", "Factory"})
"""Names that mean another zone on another machine."""

FRIENDLY = {
    "amsterdam brussels": "Europe/Brussels",
    "arizona": "America/Phoenix",
    "argentina": "America/Argentina/Buenos_Aires",
    "austria": "Europe/Vienna",
    "bangalore bengaluru bombay chennai delhi hyderabad india ist mumbai pune": "Asia/Kolkata",
    "bangladesh": "Asia/Dhaka",
    "beijing china shenzhen": "Asia/Shanghai",
    "boston est edt eastern florida miami philadelphia washington dc": "America/New_York",
    "brazil brasil": "America/Sao_Paulo",
    "california los angeles pst pdt pacific san francisco seattle silicon valley": "America/Los_Angeles",
    "canada montreal ottawa quebec": "America/Toronto",
    "chicago cst cdt central austin dallas houston texas": "America/Chicago",
    "colorado mountain mst mdt utah": "America/Denver",
    "czechia": "Europe/Prague",
    "egypt": "Africa/Cairo",
    "england gmt bst scotland uk united kingdom wales": "Europe/London",
    "finland": "Europe/Helsinki",
    "france": "Europe/Paris",
    "frankfurt germany hamburg munich münchen köln cologne cet cest": "Europe/Berlin",
    "geneva switzerland": "Europe/Zurich",
    "greece": "Europe/Athens",
    "hawaii": "Pacific/Honolulu",
    "hungary": "Europe/Budapest",
    "indonesia": "Asia/Jakarta",
    "ireland": "Europe/Dublin",
    "israel tel aviv": "Asia/Jerusalem",
    "italy milan": "Europe/Rome",
    "japan osaka": "Asia/Tokyo",
    "kenya": "Africa/Nairobi",
    "korea": "Asia/Seoul",
    "kyiv kiev ukraine": "Europe/Kyiv",
    "malaysia": "Asia/Kuala_Lumpur",
    "mexico": "America/Mexico_City",
    "nepal": "Asia/Kathmandu",
    "netherlands holland": "Europe/Amsterdam",
    "new zealand nz wellington": "Pacific/Auckland",
    "nigeria abuja": "Africa/Lagos",
    "norway": "Europe/Oslo",
    "pakistan islamabad": "Asia/Karachi",
    "philippines": "Asia/Manila",
    "poland": "Europe/Warsaw",
    "portugal": "Europe/Lisbon",
    "romania": "Europe/Bucharest",
    "saigon vietnam hanoi": "Asia/Ho_Chi_Minh",
    "saint petersburg russia": "Europe/Moscow",
    "south africa cape town": "Africa/Johannesburg",
    "spain barcelona": "Europe/Madrid",
    "sri lanka": "Asia/Colombo",
    "sweden": "Europe/Stockholm",
    "taiwan": "Asia/Taipei",
    "thailand": "Asia/Bangkok",
    "turkey türkiye ankara": "Europe/Istanbul",
    "uae emirates abu dhabi": "Asia/Dubai",
    "utc universal zulu": "UTC",
}
"""What people type that is no IANA name, and the zone they mean."""


@cache
def zone_names() -> frozenset[str]:
    """Every IANA name known here, without those that mean the machine's own zone."""
    return frozenset(available_timezones() - MACHINE_ZONES)


def zone(name: str) -> ZoneInfo | None:
    """The zone of exactly that IANA name, or None."""
    return ZoneInfo(name) if name in zone_names() else None


def local_date(now: datetime, tz: ZoneInfo) -> date:
    """The date that the group's clock shows. Raises ValueError for an instant without a zone."""
    if now.tzinfo is None:
        raise ValueError(f"expected an instant in UTC, found the naive {now}")
    return now.astimezone(tz).date()


def _moment(day: date, at: time, tz: ZoneInfo) -> datetime:
    # fold=0 is R1 itself: in a gap the offset before it counts, in an overlap the first pass.
    return datetime.combine(day, at.replace(fold=0, tzinfo=None), tz).astimezone(UTC)


def instant(day: date, at: time, tz: ZoneInfo) -> datetime | None:
    """R1: the one instant of a local date, in UTC.

    In a gap the time moves on by the gap's length (02:30 becomes 03:30), in an overlap it is the
    first of the two. R3: None for a date whose instant is the next date's, as it is for every date
    that the calendar leaves out: its times all move on by a day.
    """
    try:
        when, following = _moment(day, at, tz), _moment(day + DAY, at, tz)
    except OverflowError:
        return None
    return when if when < following else None


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """A zone to choose from: its IANA name, and a label such as ``Asia/Kolkata (UTC+05:30, now 14:02)``."""

    name: str
    label: str


_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-−])\s*(\d{1,2})(?::?([0-5]\d))?")


def zone_choices(text: str, now: datetime, limit: int = 25) -> tuple[ZoneChoice, ...]:
    """The zones that what was typed so far may mean, best first: a name, a city, a country, ``UTC+2``.

    Labels show the zone's time at ``now``, so that people recognise their own; ``limit`` is Discord's.
    """
    typed = " ".join(text.casefold().replace("_", " ").split())
    offset = _OFFSET.fullmatch(typed)
    if offset is not None:
        sign = 1 if offset[1] == "+" else -1
        wanted = sign * timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        names = [name for name in _cities() if _offset(name, now) == wanted]
    else:
        scored = ((_score(name, typed), name) for name in zone_names())
        names = [name for score, name in sorted(scored) if score < 9]
    return tuple(ZoneChoice(name, _label(name, now)) for name in names[:limit])


@cache
def _cities() -> tuple[str, ...]:
    """Zones named after places, the ones with friendly names first, alphabetically."""
    first = set(FRIENDLY.values())
    places = {name for name in zone_names() if "/" in name and not name.startswith("Etc/")} | {"UTC"}
    return tuple(sorted(places, key=lambda name: (name not in first, name)))


@cache
def _friendly() -> dict[str, str]:
    found: dict[str, str] = {}
    for words, name in FRIENDLY.items():
        found[name] = f"{found.get(name, '')} {words}".strip()
    return found


def _score(name: str, typed: str) -> int:
    """How well a zone fits what was typed: 0 is the name itself, 9 not at all."""
    folded = name.casefold().replace("_", " ")
    city = folded.rpartition("/")[2]
    friends = _friendly().get(name)
    if typed in (folded, city):
        return 0 if typed == folded else 1
    if friends is not None and f" {typed}" in f" {friends}":
        return 2
    if city.startswith(typed):
        return 3
    return 4 if typed in folded else 9


def _offset(name: str, now: datetime) -> timedelta | None:
    return now.astimezone(ZoneInfo(name)).utcoffset()


def _label(name: str, now: datetime) -> str:
    here = now.astimezone(ZoneInfo(name))
    offset = here.strftime("%z")
    return f"{name} (UTC{offset[:3]}:{offset[3:5]}, now {here:%H:%M})"
