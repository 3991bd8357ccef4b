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
from deckwright_bot.trial.words import RULES
from deckwright_bot.ui.ids import parse

Said = dict[str, str]
"""What a rule says here, by its number."""
Known = Callable[..., Values | None]
"""A row of the database by its table and key."""

PRACTICE: Final = {"R17": "Practice earns no points and touches no streak."}
OPTION: Final = {"R13": RULES["R13"], "R14": RULES["R14"], "R18": RULES["R18"]}
WRITTEN: Final = {
    "R13": RULES["R13"],
    "R14": "A model answer comes at once, with the key points found in one's own; oneself gives the grade.",
    "R17": "An open answer earns its points once it is graded.",
    "R18": RULES["R18"],
}
BOARDS: Final = {
    "week": "This week: Monday to Sunday, in the group's zone.",
    "month": "This month, in the group's zone.",
    "all": "All time, each answer by its question's date.",
}
VOIDED: Final = "What is taken back gives no points; streaks of those who answered keep it."
REKEYED: Final = "A corrected key corrects everybody's points, by rows that are added."
NO_POST: Final = {"R18": "Dates without a question break no streak."}
SCHEDULE: Final = {"R4": RULES["R4"]}
CHOOSING: Final = {
    "R10": "From the next post on only what fits is asked; what was asked does not come again."
}
STEPS: Final = {"R9": "Thread and pin follow a post as steps of their own; it does not wait for them."}
SETTINGS: Final[Mapping[str, Said]] = {
    "at": SCHEDULE,
    "zone": SCHEDULE,
    "weekdays": SCHEDULE,
    "skip_dates": SCHEDULE,
    "level": CHOOSING,
    "decks": CHOOSING,
    "open_questions": CHOOSING,
    "rematch": {"R10": "Only the Friday rematch may bring a question back early."},
    "thread": STEPS,
    "pin": STEPS,
    "ping_role": {"R34": "Nobody but the role chosen here is ever mentioned."},
}
"""By the column of a series that was changed."""
ADDED: Final[Mapping[str, Said]] = {
    "series": {"R12": "One form sets everything up, and the first question comes at once."},
    "pauses": {"R22": RULES["R22"]},
    "credits": {"R23": RULES["R23"]},
    "reminders": {"R32": RULES["R32"]},
    "package_takes": {"R31": "Which package one took is remembered; /privacy shows and deletes it."},
}
"""By the table of a row that was added."""


def of(done: Done, known: Known) -> Said:
    """The rules an interaction is about, by what it wrote and, where it wrote nothing, by what it showed."""
    found: Said = {}
    for row in done.rows:
        for rule, words in _of_row(row, done.rows, known).items():
            found.setdefault(rule, words)
    if done.action == "forget" and any(row.how == "removed" for row in done.rows):
        return {"R31": "Deleted is deleted: answers, points and streaks, from restored backups too."}
    return found or _shown(done, known)


def _of_row(row: Row, rows: Iterable[Row], known: Known) -> Said:
    match row.table, row.how:
        case "answers", "added":
            return _answered(row, rows)
        case "answers", "changed" if row.now("grade"):
            return {
                "R14": "One's first grade stands.",
                **_earned(row, rows, "An open answer earns {}, whatever its grade."),
            }
        case "answers", "changed" if row.now("shared"):
            return {
                "R15": "One's own words become public by one's own button only, from the close on.",
                "R34": RULES["R34"],
            }
        case "series", "changed":
            return _changed(row)
        case "members", "changed" | "added" if row.now("hidden") or "hidden" in row.before:
            return {"R31": "Who is hidden stands on no board; points and streak go on."}
        case "posts", "changed" if row.now("state") == "void":
            return {"R28": VOIDED}
        case "posts", "changed" if row.now("key"):
            return {"R28": REKEYED}
        case "reminders", "removed":
            return {"R32": "One tap ends reminders."}
        case "quizzes", "added" if row.now("kind") == "group":
            return {
                "R17": "In group quizzes a question earns points once in 30 days.",
                "R25": "They count for the date on which the quiz began.",
            }
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
        return OPTION | _earned(row, rows, "“I don't know” earns {}.")
    return OPTION | _earned(row, rows, f"A {'right' if row.now('right') else 'wrong'} choice earns {{}}.")


def _earned(row: Row, rows: Iterable[Row], sentence: str) -> Said:
    """R17 with the points that the same member was given."""
    for each in rows:
        if each.table == "points" and each.how == "added" and each.now("member") == row.whole.get("member"):
            return {"R17": sentence.format(f"{each.now('points')} points")}
    return {}


def _played(row: Row, rows: Iterable[Row], known: Known) -> Said:
    quiz = known("quizzes", row.now("quiz"))
    if quiz is None or quiz["kind"] != "group":
        return PRACTICE
    earned = _earned(row, rows, "This answer earns {}.")
    return {"R13": RULES["R13"]} | (
        earned or {"R17": "Asked again within 30 days, a question earns nothing."}
    )


def _changed(row: Row) -> Said:
    found: Said = {}
    for name in row.values:
        found |= SETTINGS.get(name, {})
    if "paused" in row.values:
        was, now = row.before.get("paused"), row.now("paused")
        found |= {"R9": "Going on ends the pause that Discord's refusals began."} if was == "failures" else {}
        found |= NO_POST if "owner" in (was, now) else {}
    return found


def _shown(done: Done, known: Known) -> Said:
    """What an answer without rows is about; nothing for a refusal."""
    if done.interaction.callback is Callback.MODAL:
        return {
            "begin": {"R12": "One button asks for all that is needed."},
            "open": {"R13": "Opening the form is no answer."},
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
        return {"R14": "Only who answered sees the result, as often as they want."}
    return {}


def _repeated(done: Done, known: Known) -> Said:
    post = known("posts", done.button.number) if done.button is not None else None
    if _has_answered(done, known):
        return {"R13": "The first answer counts; a second one shows its result again.", "R14": RULES["R14"]}
    if post is not None and post["state"] in ("closed", "void"):
        return {"R11": "The question is closed; answers count until then."}
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
        case "privacy show":
            return {"R31": "Everybody sees what is kept about them."}
        case "privacy export":
            return {"R31": "Everybody can take along all that is kept about them."}
        case "privacy delete":
            return {"R31": "Everybody can have it deleted; nothing is deleted yet."}
        case "daily" if _buttons(reply, "grade", "share", "report"):
            return {"R14": RULES["R14"]}
        case "daily" if reply.embeds:
            return {"R11": RULES["R11"]}
        case "card" if reply.attachments:
            return {"R33": "What cannot be read as text comes as a picture with words behind it."}
        case "quiz solo" if reply.embeds:
            return PRACTICE
        case "admin rescore" if _buttons(reply, "rescore"):
            return {"R28": "First comes a dry run: nothing is changed yet."}
        case "admin post":
            return {"R1": RULES["R1"]}
        case _:
            return {}


def _board(period: object) -> Said:
    return {"R25": BOARDS.get(str(period or "week"), RULES["R25"]), "R26": RULES["R26"]}


def _buttons(message: Message, *actions: str) -> bool:
    found = (parse(str(one.get("custom_id", ""))) for one in walk(message.components))
    return any(one is not None and one.action in actions for one in found)
