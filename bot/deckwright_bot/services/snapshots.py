"""Rows of posts and series as the rules read them."""

from __future__ import annotations

from functools import lru_cache

from deckwright.study.keys import PostKey
from deckwright.study.question import Snapshot, corrected, from_json
from deckwright.study.schedule import CHOICES_ONLY, Series
from deckwright_bot.store.records import Daily, Post

SNAPSHOTS_KEPT = 256


def series_of(daily: Daily) -> Series:
    """A group's settings as the rules read them."""
    return Series(
        group=daily.group,
        series=daily.series,
        zone=daily.zone,
        at=daily.at,
        weekdays=daily.weekdays,
        skip_dates=daily.skip_dates,
        level=daily.level,
        decks=daily.decks,
        seed=daily.seed,
        paused=daily.paused is not None,
        started=daily.started,
        forms=CHOICES_ONLY | {"open"} if daily.open_questions else CHOICES_ONLY,
    )


def key_of(post: Post) -> PostKey:
    """A post's key (R1)."""
    return PostKey(post.group, post.series, post.date)


def snapshot_of(post: Post) -> Snapshot:
    """What a post asked, with its key corrected if it was (R28)."""
    if post.snapshot is None:
        raise ValueError(f"the post {post.id} asked nothing")
    return _read(post.snapshot, post.key)


@lru_cache(maxsize=SNAPSHOTS_KEPT)
def _read(text: str, key: str | None) -> Snapshot:
    # Everybody answers the same few posts; to read their JSON every time is half the work of an answer.
    asked = from_json(text)
    return corrected(asked, set(key)) if key else asked
