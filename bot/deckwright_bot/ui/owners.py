"""What owners see: the settings, how it goes, what a correction would do. Drawing only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import discord

from deckwright.study.posting import State
from deckwright_bot.services.corrections import Rescoring
from deckwright_bot.services.overview import Overview
from deckwright_bot.services.typed import write_dates
from deckwright_bot.store.records import Daily, Post
from deckwright_bot.ui.dates import dated
from deckwright_bot.ui.messages import times, when
from deckwright_bot.ui.render import ACCENT, QUIET, WRONG, cut, name_of, said
from deckwright_bot.ui.texts import counted, text

WORKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
FIELD = 1024
ANSWERED = frozenset({State.SENT, State.CLOSED, State.VOID})


@dataclass(frozen=True, slots=True)
class Lack:
    """Something a post would fail on: permissions by discord.py's names, or a channel or role that is gone."""

    channel: int | None
    permissions: tuple[str, ...] = ()


def permission_names(permissions: Iterable[str], locale: str) -> str:
    """Permissions as Discord names them to people."""
    return ", ".join(text(f"permission.{name}", locale) for name in permissions)


def lacking(lacks: Sequence[Lack], locale: str) -> list[str]:
    """What is missing, a line for each place."""
    lines = []
    for lack in lacks:
        if lack.channel is None:
            lines.append(text("panel.gone.role", locale))
        elif not lack.permissions:
            lines.append(text("panel.gone.channel", locale, channel=f"<#{lack.channel}>"))
        else:
            named = permission_names(lack.permissions, locale)
            lines.append(text("panel.missing.in", locale, channel=f"<#{lack.channel}>", permissions=named))
    return lines


def panel_message(
    daily: Daily, overview: Overview, lacks: Sequence[Lack], decks: Mapping[str, str], locale: str
) -> discord.Embed:
    """Every setting in plain words, the next posts, and what is missing."""
    embed = discord.Embed(
        title=text("panel.title", locale), colour=WRONG if lacks or daily.paused else ACCENT
    )
    place, at = f"<#{daily.channel}>", daily.at.strftime("%H:%M")
    chosen = (
        [name_of(decks.get(slug, slug)) for slug in sorted(daily.decks)]
        if daily.decks
        else [text("panel.decks.all", locale)]
    )
    role = f"<@&{daily.ping_role}>" if daily.ping_role is not None else text("panel.nobody", locale)
    log = (
        text("panel.log", locale, channel=f"<#{daily.log_channel}>")
        if daily.log_channel is not None
        else text("panel.log.none", locale)
    )
    lines = [
        *_paused(daily, locale),
        text("panel.posts", locale, channel=place, time=at, zone=daily.zone),
        text("panel.days", locale, days=_days(daily.weekdays, locale)),
        text("panel.level", locale, level=text(f"level.{daily.level}", locale)),
        text("panel.decks", locale, decks=cut(", ".join(chosen), 500)),
    ]
    if daily.skip_dates:
        lines.append(text("panel.off", locale, dates=cut(write_dates(daily.skip_dates), 500)))
    lines += [text("panel.ping", locale, role=role), log]
    left = counted("panel.left", overview.left, locale)
    complete = [] if lacks else [text("panel.complete", locale)]
    lines.append(f"-# {' '.join([left, *complete])}")
    embed.description = "\n".join(lines)
    embed.add_field(
        name=text("panel.next", locale), value=upcoming(daily, overview.following, locale), inline=False
    )
    if lacks:
        value = "\n".join(f"- {line}" for line in lacking(lacks, locale))
        embed.add_field(name=text("panel.missing", locale), value=cut(value, FIELD), inline=False)
    return embed


def upcoming(daily: Daily, posts: Sequence[tuple[date, datetime]], locale: str) -> str:
    """The next posts as timestamps, or why there are none (R4)."""
    return text("setup.paused", locale) if daily.paused is not None else times(posts, locale)


def status_message(daily: Daily, overview: Overview, lacks: Sequence[Lack], locale: str) -> discord.Embed:
    """How posting goes, short enough for a phone."""
    following = overview.following
    if daily.paused is not None:
        lines = _paused(daily, locale)
    elif following:
        lines = [text("status.running", locale)]
    else:
        lines = [text("status.idle", locale)]
    if overview.recent:
        lines += ["", text("status.last", locale)]
        lines += [f"- {_post_line(post, answers, locale)}" for post, answers in overview.recent]
    if following:
        lines += ["", text("status.next", locale), times(following, locale)]
    if lacks:
        lines += ["", text("status.missing", locale), *(f"- {line}" for line in lacking(lacks, locale))]
    lines += [
        "",
        counted("panel.left", overview.left, locale),
        text("status.library", locale, title=name_of(overview.library), cards=overview.cards),
        text("status.heartbeat", locale, when=when(overview.heartbeat))
        if overview.heartbeat is not None
        else text("status.asleep", locale),
    ]
    colour = WRONG if lacks or daily.paused else ACCENT
    return discord.Embed(
        title=text("status.title", locale), description=cut("\n".join(lines), 4096), colour=colour
    )


def _post_line(post: Post, answers: int, locale: str) -> str:
    state = text(f"state.{post.state.value}", locale)
    line = text("status.line", locale, date=dated(post.date, locale), state=state)
    return f"{line} · {counted('post.count', answers, locale)}" if post.state in ANSWERED else line


def _paused(daily: Daily, locale: str) -> list[str]:
    if daily.paused is None:
        return []
    return [text("panel.paused.failures" if daily.paused == "failures" else "panel.paused.owner", locale)]


def _days(days: frozenset[int], locale: str) -> str:
    if days == EVERY_DAY:
        return text("panel.days.all", locale)
    if days == WORKDAYS:
        return text("panel.days.workdays", locale)
    return ", ".join(text(f"day.{day}", locale) for day in sorted(days))


def rescoring_message(found: Rescoring, question: str, locale: str, *, moved: bool = False) -> discord.Embed:
    """What a corrected key changes or, once it is applied, has changed (R28)."""
    changes = [
        f"- {counted('rescore.change', members, locale, points=f'{points:+d}'.replace('-', '−'))}"
        for points, members in found.changes
    ]
    lines = [f"> {said(question, 200)}" if question else ""]
    if found.applied:
        lines.append(text("rescore.done", locale, new=letters(found.new)))
    else:
        lines.append(text("rescore.key", locale, old=letters(found.old), new=letters(found.new)))
        lines.append(counted("rescore.answers", found.answers, locale))
    lines += changes or [text("rescore.change.none", locale)]
    if found.applied:
        state = "closed" if found.post.state is State.CLOSED else "open"
        lines.append(text(f"rescore.done.{state}", locale))
    else:
        lines.append(f"-# {text('rescore.moved' if moved else 'rescore.dry', locale)}")
    return discord.Embed(
        title=text("rescore.title", locale, date=dated(found.post.date, locale, year=True)),
        description="\n".join(line for line in lines if line),
        colour=QUIET if found.applied else ACCENT,
    )


def letters(word: str) -> str:
    """Letters as a list."""
    return ", ".join(word)
