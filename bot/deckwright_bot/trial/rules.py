"""Which of the group's rules something is about, and what of them: read from what happened, never from a name alone.

No rule is better than a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from deckwright_bot.sandbox.component_limits import walk
from deckwright_bot.sandbox.interaction import Callback
from deckwright_bot.sandbox.model import Message
from deckwright_bot.store.records import DONT_KNOW
from deckwright_bot.trial.doing import Done
from deckwright_bot.trial.rows import Row, Values
from deckwright_bot.trial.words import PARTS, RULES, of_rule
from deckwright_bot.ui.ids import parse

Said = dict[str, str]
"""What a rule says here, by its number."""
Known = Callable[..., Values | None]
"""A row of the database by its table and key."""

PRACTICE: Final = of_rule("R17", "practice")
OPTION: Final = {"R13": RULES["R13"], "R14": RULES["R14"], "R18": RULES["R18"]}
WRITTEN: Final = OPTION | of_rule("R14", "written") | of_rule("R17", "written")
VOIDED: Final = of_rule("R28", "voided")
REKEYED: Final = of_rule("R28", "rekeyed")
SCHEDULE: Final = {"R4": RULES["R4"]}
CHOOSING: Final = {"R10": RULES["R10"]}
SETTINGS: Final[Mapping[str, Said]] = {
    "at": SCHEDULE,
    "zone": SCHEDULE,
    "weekdays": SCHEDULE,
    "skip_dates": SCHEDULE,
    "level": CHOOSING,
    "decks": CHOOSING,
    "open_questions": CHOOSING,
    "rematch": of_rule("R10", "rematch"),
    "ping_role": of_rule("R34", "ping"),
}
"""By the column of a series that was changed."""
ADDED: Final[Mapping[str, Said]] = {
    "series": {"R12": RULES["R12"]},
    "pauses": {"R22": RULES["R22"]},
    "credits": {"R23": RULES["R23"]},
    "reminders": {"R32": RULES["R32"]},
    "package_takes": of_rule("R31", "took"),
}
"""By the table of a row that was added."""


def of(done: Done, known: Known) -> Said:
    """The rules an interaction is about, by what it wrote and, where it wrote nothing, by what it showed."""
    found: Said = {}
    for row in done.rows:
        for rule, words in _of_row(row, done.rows, known).items():
            found.setdefault(rule, words)
    if done.action == "forget" and any(row.how == "removed" for row in done.rows):
        return of_rule("R31", "delete")
    return found or _shown(done, known)


def _of_row(row: Row, rows: Iterable[Row], known: Known) -> Said:
    match row.table, row.how:
        case "answers", "added":
            return _answered(row, rows)
        case "answers", "changed" if row.now("grade"):
            return of_rule("R14", "graded") | _earned(row, rows, "graded")
        case "answers", "changed" if row.now("shared"):
            return of_rule("R15", "shared")
        case "series", "changed":
            return _changed(row)
        case "members", "changed" | "added" if row.now("hidden") or "hidden" in row.before:
            return of_rule("R31", "hidden")
        case "posts", "changed" if row.now("state") == "void":
            return VOIDED
        case "posts", "changed" if row.now("key"):
            return REKEYED
        case "reminders", "removed":
            return of_rule("R32", "ended")
        case "quizzes", "added" if row.now("kind") == "group":
            return of_rule("R17", "quiz-begun")
        case "quizzes", "added":
            return PRACTICE
        case "quiz_answers", "added":
            return _played(row, rows, known)
        case _, "added":
            return ADDED.get(row.table, {})
        case _:
            return {}


def _answered(row: Row, rows: Iterable[Row]) -> Said:
    if row.now("choice") is None:
        return WRITTEN
    if row.now("choice") == DONT_KNOW:
        return OPTION | _earned(row, rows, "dont-know")
    return OPTION | _earned(row, rows, "right" if row.now("right") else "wrong")


def _earned(row: Row, rows: Iterable[Row], part: str) -> Said:
    """R17 with the points that the same member was given."""
    for each in rows:
        if each.table == "points" and each.how == "added" and each.now("member") == row.whole.get("member"):
            return of_rule("R17", part, points=each.now("points"))
    return {}


def _played(row: Row, rows: Iterable[Row], known: Known) -> Said:
    quiz = known("quizzes", row.now("quiz"))
    if quiz is None or quiz["kind"] != "group":
        return PRACTICE
    earned = _earned(row, rows, "quiz")
    return {"R13": RULES["R13"]} | (earned or of_rule("R17", "quiz-again"))


def _changed(row: Row) -> Said:
    found: Said = {}
    for name in row.values:
        found |= SETTINGS.get(name, {})
    if "paused" in row.values and row.before.get("paused") == "failures":
        found |= of_rule("R9", "resumed")
    return found


def _shown(done: Done, known: Known) -> Said:
    """What an answer without rows is about; nothing for a refusal."""
    if done.interaction.callback is Callback.MODAL:
        return {
            "begin": of_rule("R12", "begun"),
            "open": of_rule("R13", "opened"),
        }.get(done.action, {})
    reply = done.reply
    if reply is None:
        return {}
    if done.command:
        return _read(done, reply)
    if done.action in ("pick", "dont-know", "written", "grade"):
        return _repeated(done, known)
    if done.action == "board" and reply.embeds:
        return _board(done.button.word if done.button is not None else None)
    if done.action == "mine" and _has_answered(done, known):
        return of_rule("R14", "mine")
    return {}


def _repeated(done: Done, known: Known) -> Said:
    post = known("posts", done.button.number) if done.button is not None else None
    if _has_answered(done, known):
        return of_rule("R13", "again") | {"R14": RULES["R14"]}
    if post is not None and post["state"] in ("closed", "void"):
        return of_rule("R11", "closed")
    return {}


def _has_answered(done: Done, known: Known) -> bool:
    number = done.button.number if done.button is not None else None
    return known("answers", number, done.interaction.user.id) is not None


def _read(done: Done, reply: Message) -> Said:
    """What a command is about that only reads."""
    match done.command:
        case "leaderboard" if reply.embeds:
            return _board(done.option("period"))
        case "streak show" if reply.embeds:
            return {"R18": RULES["R18"], "R21": RULES["R21"]}
        case "privacy show" | "privacy export" | "privacy delete":
            return of_rule("R31", done.command.removeprefix("privacy "))
        case "daily" if _buttons(reply, "grade", "share", "report"):
            return {"R14": RULES["R14"]}
        case "daily" if reply.embeds:
            return {"R11": RULES["R11"]}
        case "card" if reply.attachments:
            return {"R33": RULES["R33"]}
        case "quiz solo" if reply.embeds:
            return PRACTICE
        case "admin rescore" if _buttons(reply, "rescore"):
            return {"R28": RULES["R28"]}
        case "admin post":
            return {"R1": RULES["R1"]}
        case _:
            return {}


def _board(period: object) -> Said:
    board = str(period or "week")
    shown = of_rule("R25", board) if board in PARTS["R25"] else {"R25": RULES["R25"]}
    return shown | {"R26": RULES["R26"]}


def _buttons(message: Message, *actions: str) -> bool:
    found = (parse(str(one.get("custom_id", ""))) for one in walk(message.components))
    return any(one is not None and one.action in actions for one in found)
