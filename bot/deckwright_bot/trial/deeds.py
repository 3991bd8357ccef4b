"""What the bot did by itself, read from the rows it wrote and from the messages it wrote or edited.

Both belong to one deed: a question that is closed is a row first, then a message with another face, then a row again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from deckwright_bot.sandbox.model import Channel, Message, MessageType
from deckwright_bot.sandbox.state import World
from deckwright_bot.services.care import beginning, night_of
from deckwright_bot.trial import words
from deckwright_bot.trial.people import button_of, is_open, post_of
from deckwright_bot.trial.plain import day_of, titled
from deckwright_bot.trial.rows import Row, Values
from deckwright_bot.trial.rules import REKEYED, VOIDED, Known, Said
from deckwright_bot.trial.words import RULES, of_rule

Key = tuple[object, ...]
"""What a deed is about; whatever has the same key belongs together."""

POSTED: Final[Said] = {rule: RULES[rule] for rule in ("R6", "R10", "R11", "R16")}
REMATCHED: Final[Said] = POSTED | of_rule("R10", "rematch")
COUNTED: Final[Said] = {"R15": RULES["R15"]}
CLOSED: Final[Said] = of_rule("R15", "closed") | {"R16": RULES["R16"], "R19": RULES["R19"]}
GREETED: Final[Said] = of_rule("R12", "greeted")
REMINDED: Final[Said] = {"R32": RULES["R32"]}
NIGHTLY: Final[Said] = {"R24": RULES["R24"], "R30": RULES["R30"]}
AT_NIGHT: Final = timedelta(hours=3)
"""So long after its beginning the night's work is still done at night."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something the bot did, or a part of it."""

    key: Key
    what: str
    rules: Said = field(default_factory=dict)
    over: bool = False
    """Nothing more of it is to come."""


def of_rows(rows: Sequence[Row], world: World) -> list[tuple[Deed, list[Row]]]:
    """The deeds of one transaction, each with its rows; rows that say nothing by themselves go with the first."""
    found: dict[Key, tuple[Deed, list[Row]]] = {}
    silent: list[Row] = []
    for row in rows:
        deed = _of_row(row, world)
        if deed is None:
            silent.append(row)
        elif deed.key in found:
            first, own = found[deed.key]
            found[deed.key] = (replace(first, over=first.over or deed.over), [*own, row])
        else:
            found[deed.key] = (deed, [row])
    if not found:
        return [(Deed(("tick",), words.TICK), silent)] if silent else []
    next(iter(found.values()))[1].extend(silent)
    return list(found.values())


def course(rows: Sequence[Row], known: Known) -> list[Row]:
    """Of one transaction, the rows with which the bot sends a question or goes on with a group's quiz.

    These are its own doing, whoever set it going.
    """

    def group_quiz(row: Row) -> bool:
        quiz = known("quizzes", row.whole["id"] if row.table == "quizzes" else row.whole["quiz"])
        return quiz is not None and quiz["kind"] == "group"

    quizzes = [row for row in rows if row.table in ("quizzes", "quiz_questions") and group_quiz(row)]
    begun = any(row.table == "quizzes" and row.how == "added" for row in quizzes)
    going = any(row.table == "quiz_questions" or {"phase", "position"} & row.values.keys() for row in quizzes)
    sending = [
        row for row in rows if row.table == "posts" and (row.how == "added" or row.now("state") == "sent")
    ]
    return sending + (quizzes if going and not begun else [])


def _of_row(row: Row, world: World) -> Deed | None:
    if row.how == "removed":
        return None
    match row.table:
        case "posts":
            return _of_post(row)
        case "quizzes" | "quiz_questions":
            return _of_quiz(row)
        case "groups" if row.now("greeted"):
            return Deed(("greeting",), words.GREETING.format(where=row.whole["name"]), GREETED)
        case "groups" if row.how == "added":
            return Deed(("met",), words.MET.format(where=row.whole["name"]))
        case "series" if row.now("paused") == "failures":
            return Deed(("stopped",), words.STOPPED, {"R9": RULES["R9"]})
        case "reminders" if row.now("last_post"):
            return reminder(int(row.whole["member"]), world)
        case "facts" if row.whole.get("name") in ("night", "books", "truncate-log"):
            return _night(world, over='"done"' in str(row.now("value")))
        case "sums":
            return _night(world)
        case _:
            return None


def _night(world: World, *, over: bool = False) -> Deed:
    """The night's work; a bot that was not there at night does it as soon as it is."""
    now = world.clock.now()
    at_night = now - beginning(night_of(now)) < AT_NIGHT
    return Deed(("night",), words.NIGHT if at_night else words.NIGHT_LATE, NIGHTLY, over)


def _of_post(row: Row) -> Deed:
    number, state = row.whole["id"], row.now("state")
    named = {"day": day_in(row.whole["date"])}
    if row.how == "added" and state == "skipped":
        return Deed(("skip", number), words.LEFT_OUT.format(**named), of_rule("R18", "left-out"))
    if row.how == "added":
        rules = REMATCHED if row.whole.get("rematch_of") else POSTED
        return Deed(("out", number), words.CLAIM.format(**named), rules)
    if state == "sent":
        return Deed(("out", number), words.CLAIM.format(**named), POSTED, over=True)
    if state == "failed":
        return Deed(("out", number), words.GIVEN_UP.format(**named), {"R8": RULES["R8"]}, over=True)
    if state in ("closed", "void"):
        outage = {"R20": RULES["R20"]} if row.whole.get("outage") else {}
        return Deed(("close", number), words.CLOSE.format(**named), CLOSED | outage)
    if "reveal_step" in row.values:
        return Deed(
            ("close", number), words.CLOSE.format(**named), CLOSED, over=row.now("reveal_step") != "due"
        )
    if "shown_count" in row.values:
        return Deed(("count", number), words.COUNT.format(**named), COUNTED, over=True)
    if "thread_step" in row.values:
        return Deed(("thread", number), words.THREAD.format(**named), over=True)
    if "pin_step" in row.values:
        return Deed(("pin", number), words.PIN.format(**named), over=True)
    return Deed(("out", number), words.WAITING.format(**named), {"R9": RULES["R9"]})


def _of_quiz(row: Row) -> Deed | None:
    if row.table == "quizzes":
        if row.now("phase") == "ended" or row.now("told"):
            return Deed(("quiz-end", row.whole["id"]), words.QUIZ_END)
        if row.how == "changed" and row.now("position"):
            return _asking(row.whole["id"], row.whole["position"])
        # The rest goes with the question whose turn it is, if one is written too.
        return _over(row.whole["id"], row.whole["position"]) if row.now("phase") == "showing" else None
    number = row.whole["number"]
    return _over(row.whole["quiz"], number) if row.now("shown") else _asking(row.whole["quiz"], number)


def _asking(quiz: object, number: object) -> Deed:
    return Deed(("quiz", quiz, number), words.QUIZ_ASK.format(number=number), {"R16": RULES["R16"]})


def _over(quiz: object, number: object) -> Deed:
    return Deed(("quiz-over", quiz, number), words.QUIZ_OVER.format(number=number))


def of_question(row: Values, known: Known) -> Deed | None:
    """The deed that a new face of a quiz question's message is, by its row; None while it is open."""
    quiz = known("quizzes", row["quiz"])
    is_open = quiz is not None and (quiz["phase"], quiz["position"]) == ("asking", row["number"])
    return None if is_open else _over(row["quiz"], row["number"])


def of_message(message: Message, world: World, known: Known, *, created: bool, closing: bool = False) -> Deed:
    """The deed that a message of the bot's is, or its new face; ``closing`` while its question is being closed."""
    named = {"what": titled(message, world), "where": place(world.channels.get(message.channel_id))}
    if message.type is MessageType.PINNED:
        return Deed(("pin", _pinned(message, world)), words.PINNED.format(**named))
    if message.type is MessageType.THREAD_CREATED:
        return Deed(("thread-by-itself", message.id), words.STARTED.format(**named))
    post = post_of(message)
    if created:
        if button_of(message, "begin") is not None:
            return Deed(("greeting",), words.GREETING.format(**named), GREETED)
        if is_open(message):
            return Deed(("out", post), words.POST.format(**named), POSTED)
        if button_of(message, "stop-reminding") is not None:
            return _reminder_in(message, world)
        quiz = button_of(message, "quiz")
        if quiz is not None:
            return _asking(quiz.number, int(str(quiz.word or "").partition("-")[0] or 0))
        return Deed(("message", message.id), words.MESSAGE.format(**named))
    if post:
        return _of_face(post, known, is_open=is_open(message), closing=closing)
    return Deed(("edit", message.id), words.EDIT.format(**named))


def _of_face(post: int, known: Known, *, is_open: bool, closing: bool) -> Deed:
    """What a new face of a question's message shows: its count, its key, or what became of it later."""
    row = known("posts", post) or {}
    named = {"day": day_in(row["date"]) if row else words.SOME_DAY}
    if is_open:
        return Deed(("count", post), words.COUNT.format(**named), COUNTED)
    if row.get("state") == "void":
        return Deed(("close", post), words.SHOWED_VOID.format(**named), VOIDED)
    if row.get("key") and not closing:
        return Deed(("close", post), words.SHOWED_KEY.format(**named), REKEYED)
    return Deed(("close", post), words.REVEAL.format(**named), CLOSED)


def reminder(member: int, world: World, *, over: bool = False) -> Deed:
    """The reminder of somebody."""
    user = world.users.get(member)
    who = (user.display_name or user.name) if user is not None else words.SOMEBODY
    return Deed(("reminder", member), words.REMINDER.format(who=who), REMINDED, over)


def _reminder_in(message: Message, world: World) -> Deed:
    channel = world.channels.get(message.channel_id)
    return reminder((channel.recipient_id if channel is not None else 0) or 0, world, over=True)


def _pinned(message: Message, world: World) -> int:
    """The post that was pinned; the number of no post where it is another message."""
    channel = world.channels.get(message.reference[0]) if message.reference is not None else None
    target = channel.messages.get(message.reference[1]) if channel is not None and message.reference else None
    return post_of(target) if target is not None else 0


def place(channel: Channel | None) -> str:
    """Where a message stands."""
    return f"#{channel.name}" if channel is not None and channel.guild_id is not None else words.PRIVATE_CHAT


def date_in(row: Row) -> date:
    """The local date that a row belongs to."""
    return date.fromisoformat(str(row.whole["date"]))


def day_in(value: object) -> str:
    """A date of a row in words."""
    return day_of(date.fromisoformat(str(value)))
