"""Quizzes as people see them. Drawing only; every decision is made before."""

from __future__ import annotations

from datetime import datetime

import discord

from deckwright.chat.message import Piece
from deckwright.study.grading import Outcome
from deckwright.study.question import Snapshot
from deckwright.study.quiz import LOBBY, Ending, Phase
from deckwright_bot.services.group_quizzes import Mine
from deckwright_bot.services.solo_quizzes import Sheet, Summary
from deckwright_bot.services.stage import Counts, Crowd, Table
from deckwright_bot.store.quizzes import Quiz
from deckwright_bot.store.records import DONT_KNOW
from deckwright_bot.ui.ids import ComponentId
from deckwright_bot.ui.messages import Told, when
from deckwright_bot.ui.render import ACCENT, QUIET, RIGHT, WRONG, Renderer, Shown, cut, name_of
from deckwright_bot.ui.texts import counted, text
from deckwright_bot.ui.views import Button, View

TABLE = 10
"""Lines of a table that everybody reads."""
NAMED = 20
"""Players whom the lobby names; the rest is counted."""
_PRIMARY = discord.ButtonStyle.primary
_DANGER = discord.ButtonStyle.danger


def _words(*lines: str) -> Piece:
    words = "\n".join(line for line in lines if line)
    return Piece((words,), words) if words else Piece()


# in a group


def lobby(quiz: Quiz, crowd: Crowd, locale: str) -> tuple[discord.Embed, discord.ui.View | None]:
    """The invitation to a quiz, and what it becomes once the quiz has begun or ended."""
    key = "quiz.lobby.host" if crowd.host is not None else "quiz.lobby.hidden"
    who = counted(key, len(quiz.prompts), locale, host=name_of(crowd.host or ""), seconds=quiz.seconds)
    if quiz.phase is not Phase.LOBBY:
        stage = "ended" if quiz.phase is Phase.ENDED else "begun"
        title, after = text(f"quiz.lobby.{stage}.title", locale), text(f"quiz.lobby.{stage}", locale)
        embed = discord.Embed(title=title, description=f"{who}\n\n{after}", colour=QUIET)
        return embed, None
    begins = text(
        "quiz.lobby.begins", locale, begins=when(quiz.begun + LOBBY if quiz.until is None else quiz.until)
    )
    embed = discord.Embed(
        title=text("quiz.lobby.title", locale),
        description=f"{who}\n{text('quiz.lobby.how', locale)}\n\n{begins}",
        colour=ACCENT,
    )
    embed.add_field(
        name=counted("quiz.players", crowd.players, locale), value=_players(crowd, locale), inline=False
    )
    buttons = [
        Button(ComponentId("quiz-join", quiz.id), text("quiz.join", locale), style=_PRIMARY),
        _go(quiz.id, 0, Phase.LOBBY, "quiz.start", locale),
        Button(ComponentId("quiz-end", quiz.id), text("quiz.end", locale), style=_DANGER),
    ]
    return embed, View(buttons)


def _players(crowd: Crowd, locale: str) -> str:
    shown = ", ".join(name_of(name) for name in crowd.names[:NAMED])
    more = crowd.players - len(crowd.names[:NAMED])
    words = [shown] if shown else []
    if more:
        words.append(counted("quiz.more" if shown else "quiz.unnamed", more, locale))
    return cut(" ".join(words), 1024) or "\u200b"


def _go(quiz: int, number: int, phase: Phase, label: str, locale: str, row: int | None = None) -> Button:
    return Button(ComponentId("quiz-go", quiz, f"{number}-{phase.value}"), text(label, locale), row=row)


def question(
    renderer: Renderer, quiz: Quiz, number: int, snapshot: Snapshot, closes: datetime, locale: str
) -> tuple[Shown, discord.ui.View]:
    """A question that can be answered."""
    title = text("quiz.question", locale, number=number, count=len(quiz.prompts))
    ends = _words(f"-# {text('quiz.ends', locale, ends=when(closes))}")
    shown = renderer.show([renderer.question(snapshot), ends], title=title)
    buttons = [
        Button(ComponentId("quiz", quiz.id, f"{number}-{letter}"), letter, style=_PRIMARY, row=0)
        for letter in (option.letter for option in snapshot.options)
    ]
    buttons += [
        Button(
            ComponentId("quiz", quiz.id, f"{number}-{DONT_KNOW}"), text("button.dont-know", locale), row=0
        ),
        _go(quiz.id, number, Phase.ASKING, "quiz.skip", locale, row=1),
        Button(ComponentId("quiz-end", quiz.id), text("quiz.end", locale), style=_DANGER, row=1),
    ]
    return shown, View(buttons)


def over(
    renderer: Renderer,
    quiz: Quiz,
    number: int,
    snapshot: Snapshot,
    counts: Counts,
    table: Table,
    locale: str,
) -> tuple[Shown, discord.ui.View | None]:
    """A question after its time: counts, key, reasons, table."""
    lines, images = [], []
    told = Told()
    for option in snapshot.options:
        count = counts.by_letter.get(option.letter, 0)
        share = round(100 * count / counts.answers) if counts.answers else 0
        head = text("reveal.counts", locale, letter=option.letter, count=count, share=share)
        why = ""
        if reason := told.new(option.why):
            shown_too = renderer.images(reason, card=snapshot.prompt.card)
            images.append(shown_too)
            why = f"\n{renderer.line(reason, images=not shown_too)}"
        lines.append(f"{'✓' if option.right else '✗'} **{head}**{why}")
    if counts.dont_know:
        lines.append(text("reveal.dont-know", locale, count=counts.dont_know))
    title = text("quiz.over", locale, number=number, count=len(quiz.prompts))
    pieces = [
        renderer.question(snapshot),
        _words(*lines),
        *images,
        _words(f"**{text('quiz.table', locale)}**", _table(table, locale)),
    ]
    shown = renderer.show(pieces, title=title, colour=QUIET)
    if quiz.phase is Phase.ENDED:
        return shown, None
    return shown, View(
        [
            _go(
                quiz.id,
                number,
                Phase.SHOWING,
                "quiz.last" if number == len(quiz.prompts) else "quiz.next",
                locale,
            ),
            Button(ComponentId("quiz-end", quiz.id), text("quiz.end", locale), style=_DANGER),
        ]
    )


def final(quiz: Quiz, table: Table, locale: str) -> tuple[discord.Embed, discord.ui.View]:
    """The final table. Everybody finds their own place by its button, also those who do not stand on it."""
    why = quiz.ending if quiz.ending in (Ending.STOPPED, Ending.SILENT, Ending.AWAY) else None
    title = text(f"quiz.final.{why.value}" if why is not None else "quiz.final", locale)
    if table.standings:
        embed = discord.Embed(title=title, description=_table(table, locale), colour=ACCENT)
        embed.set_footer(text=text("quiz.final.note", locale))
    else:
        embed = discord.Embed(title=title, description=text("quiz.final.none", locale), colour=QUIET)
    return embed, View([Button(ComponentId("quiz-mine", quiz.id), text("quiz.mine", locale))])


def mine(found: Mine, locale: str) -> discord.Embed:
    """How a member did in a quiz, question by question."""
    standing = found.standing
    if standing is None:
        return discord.Embed(description=text("quiz.mine.none", locale), colour=QUIET)
    title = text("quiz.mine.place", locale, rank=standing.rank, count=found.players)
    tally = standing.tally
    lines = [
        text("quiz.mine.sum", locale, points=tally.points, right=tally.right, asked=len(found.questions)),
        "",
    ]
    scored = 0
    for question, key, answer in found.questions:
        link = f"[{question.number}](https://discord.com/channels/{found.quiz.group}/{found.quiz.channel}/{question.message})"
        mark = "✓" if answer is not None and answer.right else "✗" if answer is not None else "·"
        given = answer.choice if answer is not None else None
        if given is None:
            words = text("quiz.mine.no-answer", locale, key=key)
        elif given == DONT_KNOW:
            words = text("quiz.mine.dont-know", locale, key=key)
        else:
            words = text(
                "quiz.mine.right" if given == key else "quiz.mine.wrong", locale, given=given, key=key
            )
        lines.append(f"{mark} {link} {words}")
        scored += answer is not None and answer.scored
    if scored < tally.answers:
        lines += ["", counted("quiz.mine.scored", scored, locale)]
    if tally.right < len(found.questions):
        lines += ["", text("quiz.mine.missed", locale)]
    return discord.Embed(title=title, description=cut("\n".join(lines), 4000), colour=ACCENT)


def _table(table: Table, locale: str) -> str:
    named = table.names or {}
    visible = [each for each in table.standings if each.member in named]
    lines = [
        text(
            "quiz.line",
            locale,
            rank=each.rank,
            name=name_of(named[each.member]),
            points=each.tally.points,
            right=each.tally.right,
        )
        for each in visible[:TABLE]
    ]
    if len(visible) > TABLE:
        lines.append(counted("quiz.more", len(visible) - TABLE, locale))
    none = "quiz.table.hidden" if table.standings else "quiz.table.none"
    return cut("\n".join(lines), 2000) or text(none, locale)


def chosen(letter: str, locale: str, *, again: bool) -> str:
    """What a player is told at once."""
    key = "quiz.chosen.dont-know" if letter == DONT_KNOW else "quiz.chosen"
    words = text(key, locale, letter=letter)
    return f"{text('quiz.stands', locale)} {words}" if again else words


# alone


def sheet(
    renderer: Renderer, found: Sheet, locale: str, *, showing: bool = False, resumed: bool = False
) -> tuple[Shown, discord.ui.View]:
    """A question taken alone, or its result once it is answered.

    ``showing`` is for the answer of what its member judges, ``resumed`` for a quiz that ran already.
    """
    snapshot, quiz = found.snapshot, found.quiz
    if snapshot is None:
        raise AssertionError("a quiz that is not over has a question")
    head = text("solo.head", locale, number=quiz.position, count=len(quiz.prompts), right=found.right)
    before = text("solo.resumed", locale) if resumed else text("solo.passed", locale) if found.passed else ""
    pieces = [_words(f"-# {before}" if before else "")]
    if found.answer is not None:
        return _result(renderer, found, snapshot, pieces, head, locale)
    pieces.append(renderer.question(snapshot))
    if showing:
        answer = renderer.answer(snapshot)
        pieces += [answer, _words(text("solo.judge", locale))]
    shown = renderer.show(pieces, title=head)
    buttons: list[Button] = []
    if snapshot.options:
        buttons += [_own(found, option.letter, option.letter, style=_PRIMARY) for option in snapshot.options]
    elif showing:
        buttons += [
            _own(found, grade, text(f"grade.{grade}", locale), style=_PRIMARY)
            for grade in ("missed", "partly", "got")
        ]
    else:
        buttons.append(_own(found, "show", text("solo.show", locale), style=_PRIMARY))
    if not showing:
        buttons.append(_own(found, DONT_KNOW, text("button.dont-know", locale)))
    buttons.append(_own(found, "stop", text("solo.stop", locale), row=1))
    return shown, View(buttons)


def _result(
    renderer: Renderer, found: Sheet, snapshot: Snapshot, before: list[Piece], head: str, locale: str
) -> tuple[Shown, discord.ui.View]:
    outcome = found.graded.outcome if found.graded is not None else Outcome.OPEN
    key = "solo.graded" if outcome is Outcome.OPEN else f"solo.{outcome.value}"
    lines = []
    told = Told(snapshot)
    for option in snapshot.options:
        mine = found.answer is not None and found.answer.choice == option.letter
        mark = "✓" if option.right else "✗"
        reason = told.new(option.why)
        why = f"\n{renderer.line(reason)}" if reason else ""
        if why or option.right or mine:
            lines.append(f"{mark} **{option.letter}**{why}")
    given = found.answer.choice if found.answer is not None else None
    yours = text("result.yours", locale, letter=given) if outcome is Outcome.WRONG else ""
    pieces = [*before, _words(f"**{text(key, locale)}**", yours), renderer.question(snapshot), _words(*lines)]
    pieces.append(renderer.answer(snapshot))
    colour = {Outcome.RIGHT: RIGHT, Outcome.WRONG: WRONG}.get(outcome, QUIET)
    last = found.quiz.position >= len(found.quiz.prompts)
    buttons = [
        _own(found, "next", text("solo.finish" if last else "solo.next", locale), style=_PRIMARY),
        Button(
            ComponentId("card-anki", found.quiz.id, str(found.quiz.position)), text("button.anki", locale)
        ),
    ]
    if not last:
        buttons.append(_own(found, "stop", text("solo.stop", locale)))
    return renderer.show(pieces, title=head, colour=colour), View(buttons)


def _own(
    found: Sheet,
    what: str,
    label: str,
    *,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    row: int | None = None,
) -> Button:
    identifier = ComponentId("solo", found.quiz.id, f"{found.quiz.position}-{what}")
    return Button(identifier, label, style=style, row=row)


def summary(found: Summary, locale: str) -> tuple[discord.Embed, discord.ui.View | None]:
    """How a quiz alone went, and a button to repeat what was missed."""
    title = (
        text("solo.summary", locale, right=found.right, asked=found.asked)
        if found.asked
        else text("solo.summary.none", locale)
    )
    lines = [
        f"- {text('solo.topic', locale, topic=name_of(topic), right=right, asked=asked)}"
        for topic, right, asked in found.topics
    ]
    if found.weakest is not None:
        lines += ["", text("solo.weakest", locale, topic=name_of(found.weakest))]
    elif found.asked:
        lines += ["", text("solo.perfect", locale)]
    embed = discord.Embed(title=title, description=cut("\n".join(lines), 3500) or None, colour=ACCENT)
    embed.set_footer(text=text("solo.practice", locale))
    if not found.missed:
        return embed, None
    label = counted("solo.repeat", len(found.missed), locale)
    return embed, View([Button(ComponentId("solo-repeat", found.quiz.id), label, style=_PRIMARY)])
