"""Whole messages: the post, the result, the reveal, the board. Drawing only; every decision is made before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from deckwright.chat.message import Piece
from deckwright.study.grading import Outcome
from deckwright.study.matching import State as Match
from deckwright.study.posting import State
from deckwright.study.question import Snapshot
from deckwright_bot.services.answers import Result
from deckwright_bot.services.ports import Rematch, Tally, Yesterday
from deckwright_bot.store.records import DONT_KNOW, Post
from deckwright_bot.ui.dates import dated
from deckwright_bot.ui.render import (
    ACCENT,
    MAX_REASON,
    QUIET,
    RIGHT,
    WRONG,
    Renderer,
    Shown,
    cut,
    name_of,
    said,
)
from deckwright_bot.ui.texts import counted, text

MATCHES = {Match.FOUND: "open.found", Match.UNSURE: "open.unsure", Match.NOT_FOUND: "open.missing"}


def when(instant: datetime, style: str = "R") -> str:
    """An instant as Discord shows it to everybody in their own zone."""
    return f"<t:{int(instant.timestamp())}:{style}>"


def _text(*lines: str) -> Piece:
    words = "\n".join(line for line in lines if line)
    return Piece((words,), words) if words else Piece()


def post_message(
    renderer: Renderer,
    snapshot: Snapshot,
    closes: datetime,
    yesterday: Yesterday | None,
    locale: str,
    *,
    answers: int = 0,
    rematch: Rematch | None = None,
    kept: bool = False,
) -> Shown:
    """The post as it stands in the channel while it is open.

    A copy that is ``kept``, for nobody edits it at the close, names the instant, not how far off it is.
    """
    again = Piece()
    if rematch is not None:
        again = _text(text("rematch.head", locale, day=dated(rematch.day, locale), share=rematch.right))
    pieces = [_yesterday(yesterday, locale), again, renderer.question(snapshot)]
    shown = renderer.show(pieces, title=text("post.title", locale))
    meta = text(
        "post.meta",
        locale,
        deck=said(snapshot.texts.title),
        level=text(f"level.word.{snapshot.texts.level}", locale),
        closes=when(closes, "f" if kept else "R"),
    )
    shown.embeds[-1].add_field(
        name="\u200b", value=cut(f"{meta}\n{counted('post.count', answers, locale)}", 1024)
    )
    return shown


def _yesterday(yesterday: Yesterday | None, locale: str) -> Piece:
    if yesterday is None:
        return Piece()
    lines = []
    if yesterday.outage:
        lines.append(text("post.outage", locale))
    if yesterday.answers == 0:
        lines.append(text("post.yesterday.none", locale))
    elif yesterday.right is None:
        lines.append(text("post.yesterday.open", locale, count=yesterday.answers))
    else:
        lines.append(text("post.yesterday.choice", locale, right=yesterday.right, count=yesterday.answers))
    return _text(f"-# {' '.join(lines)}")


def result_message(renderer: Renderer, result: Result, locale: str, *, again: bool = False) -> Shown:
    """What a member learns at once, in private (R14); ``again`` if they tried to answer a second time."""
    snapshot, answer = result.snapshot, result.answer
    if snapshot is None or answer is None or result.graded is None:
        raise AssertionError("a result without an answer")
    head = [_text(text("result.already", locale))] if again else []
    if result.post is not None and result.post.state is State.VOID:
        head.append(_text(text("result.void", locale, reason=_reason(result.post))))
    elif result.post is not None and result.post.key is not None:
        head.append(_text(text("post.rekeyed", locale)))
    if result.graded.outcome is Outcome.OPEN:
        pieces = [*head, *_open_result(renderer, snapshot, result, locale)]
        colour, title = ACCENT, text("open.model", locale)
    else:
        pieces = [*head, *_choice_result(renderer, snapshot, result, locale)]
        outcome = result.graded.outcome
        colour = RIGHT if outcome is Outcome.RIGHT else QUIET if outcome is Outcome.DONT_KNOW else WRONG
        title = text(f"result.{outcome.value}", locale)
    return renderer.show([*pieces, _text(_footer(result, locale))], title=title, colour=colour)


class Told:
    """What a message says already: on many cards a reason is the answer's own first sentence, and nobody reads it twice."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        """With a ``snapshot`` whose answer the message shows as well."""
        self._said = [_plain(snapshot.texts.answer)] if snapshot is not None else []

    def new(self, why: str | None) -> str | None:
        """A reason, unless the message says it elsewhere."""
        # A choice card's answer is its right option with the reason behind it, others begin with theirs.
        if why is None or any(
            said.startswith(_plain(why)) or said.endswith(_plain(why)) for said in self._said
        ):
            return None
        self._said.append(_plain(why))
        return why


def _plain(words: str) -> str:
    return " ".join(words.split()).casefold()


def _choice_result(renderer: Renderer, snapshot: Snapshot, result: Result, locale: str) -> list[Piece]:
    answer = result.answer
    pieces: list[Piece] = []
    told = Told(snapshot)
    card = snapshot.prompt.card
    if answer is not None and answer.choice not in (None, DONT_KNOW):
        chosen = snapshot.option(str(answer.choice))
        if chosen is not None and not chosen.right:
            pieces.append(_text(f"**{text('result.yours', locale, letter=chosen.letter)}**"))
            if why := told.new(chosen.why):
                pieces.append(renderer.piece(why, card=card))
    right = [option for option in snapshot.options if option.right]
    if right:
        letters = ", ".join(option.letter for option in right)
        one, many = text("result.key", locale, letter=letters), text("result.keys", locale, letters=letters)
        pieces.append(_text(f"**{one if len(right) == 1 else many}**"))
        pieces += [renderer.piece(why, card=card) for option in right if (why := told.new(option.why))]
    pieces.append(renderer.answer(snapshot))
    return pieces


def _open_result(renderer: Renderer, snapshot: Snapshot, result: Result, locale: str) -> list[Piece]:
    answer = result.answer
    pieces = []
    if answer is not None and answer.grade is not None:
        grade = text(f"grade.{answer.grade}", locale)
        pieces.append(_text(f"**{text('result.graded', locale, grade=grade)}**"))
    pieces.append(renderer.answer(snapshot))
    found = answer.found if answer is not None else None
    if found:
        for state, key in MATCHES.items():
            points = [each for each in found["points"] if each["state"] == state]
            if points:
                lines = [f"- {renderer.line(each['say'])}{_quotes(each['quotes'])}" for each in points]
                pieces.append(_text(f"**{text(key, locale)}**", *lines))
        for flag in found["flags"]:
            pieces.append(
                _text(
                    text(
                        "open.flag",
                        locale,
                        quote=_quotes(flag["quotes"]).strip(" ()") or "…",
                        claim=renderer.line(flag["claim"]),
                        why=renderer.line(flag["why"]) if flag["why"] else "",
                    )
                )
            )
    if answer is not None and answer.grade is None:
        pieces.append(_text(text("open.grade", locale)))
    return pieces


def _quotes(quotes: Sequence[str]) -> str:
    shown = ", ".join(f"“{name_of(quote)}”" for quote in quotes[:2])
    return f" ({shown})" if shown else ""


def _footer(result: Result, locale: str) -> str:
    parts = []
    if result.points:
        parts.append(text("result.points", locale, points=result.points))
    if result.streak is not None and result.streak.current:
        parts.append(text("result.streak", locale, current=result.streak.current, best=result.streak.best))
        if result.streak.freezes:
            parts.append(counted("result.freezes", result.streak.freezes, locale))
    return f"-# {' · '.join(parts)}" if parts else ""


def reveal_message(
    renderer: Renderer,
    post: Post,
    snapshot: Snapshot,
    tally: Tally,
    locale: str,
    *,
    rematch: Rematch | None = None,
) -> Shown:
    """The post after its close: counts, key, why each option is what it is (R15).

    A void one says why instead: what it would teach may be what was wrong with it (R28).
    """
    if post.state is State.VOID:
        pieces = [
            _text(f"**{text('post.void', locale, reason=_reason(post))}**"),
            renderer.question(snapshot),
        ]
        return _closed(renderer, pieces, text("post.closed", locale), tally, locale)
    pieces = [renderer.question(snapshot)]
    if post.key is not None:
        pieces.append(_text(f"-# {text('post.rekeyed', locale)}"))
    lines: list[str] = []
    if rematch is not None and tally.answers:
        now = round(100 * tally.right / tally.answers)
        pieces.append(_text(f"**{text('rematch.result', locale, then=rematch.right, now=now)}**"))
    told = Told(snapshot)
    for option in snapshot.options:
        count = tally.by_letter.get(option.letter, 0)
        share = round(100 * count / tally.answers) if tally.answers else 0
        mark = "✓" if option.right else "✗"
        counts = text("reveal.counts", locale, letter=option.letter, count=count, share=share)
        why = told.new(option.why)
        lines.append(f"{mark} **{counts}**" + (f"\n{renderer.line(why)}" if why else ""))
    if tally.dont_know:
        lines.append(text("reveal.dont-know", locale, count=tally.dont_know))
    for grade, count in tally.grades.items():
        lines.append(f"{text(f'grade.{grade}', locale)} · {count}")
    pieces.append(_text(*lines))
    pieces.append(renderer.answer(snapshot))
    return _closed(renderer, pieces, text("post.closed", locale), tally, locale)


def _closed(renderer: Renderer, pieces: Sequence[Piece], title: str, tally: Tally, locale: str) -> Shown:
    shown = renderer.show(pieces, title=title, colour=QUIET)
    shown.embeds[-1].set_footer(text=counted("post.count", tally.answers, locale))
    return shown


def _reason(post: Post) -> str:
    """Why a post is void, as its owner wrote it, ready to stand before a full stop."""
    return said((post.void_reason or "").rstrip(" .!"), MAX_REASON) or "—"


def times(posts: Sequence[tuple[date, datetime]], locale: str) -> str:
    """The next posts as timestamps (R4)."""
    if not posts:
        return text("setup.none-due", locale)
    return "\n".join(f"{when(instant, 'F')} ({when(instant)})" for _, instant in posts)
