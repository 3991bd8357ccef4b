"""What the page says of itself: rules in a line each, and what people and the bot do. The bot's words are its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RULES: Final[Mapping[str, str]] = {
    "R1": "Each date has one question.",
    "R4": "A change of time or zone starts with the first date that has had no question yet.",
    "R6": "Every question is stored as it was asked, before it is sent.",
    "R8": "A question may come up to 6 hours late; older ones are left out.",
    "R9": "If Discord refuses the bot, the owner is told; after 3 refusals in a row the bot pauses in this group. "
    "Passing trouble is retried for up to 6 hours.",
    "R10": "No question comes again before all have been asked; the most important ones come first.",
    "R11": "A question stays open until the next one comes: at least 20 hours and at most 72.",
    "R12": "One button sets everything up, and the first question comes at once.",
    "R13": "You have one answer for each question, and your first one counts, by when you clicked.",
    "R14": "Only you see your result, at once; it is final.",
    "R15": "Until the question closes, everybody sees only how many have answered.",
    "R16": "Options are shuffled for every question; in result and reveal they keep their order and letters.",
    "R17": "A right choice: 10 points; a wrong one or “I don't know”: 2 points. Being fast earns nothing.",
    "R18": "Your streak is how many of the group's latest questions you answered in a row, right or wrong.",
    "R19": "You miss a question when it closes without your answer.",
    "R20": "If the bot was out of reach for half of a question's time or more, missing it costs nothing.",
    "R21": "Every 7 answers earn a freeze; you hold at most 2. A miss uses one up by itself.",
    "R22": "A pause rests your streak for 1 to 30 days, from the next question on.",
    "R23": "If the bot itself cost you a day, an admin can credit it, with a reason.",
    "R24": "Every night the bot checks that what it shows is what the answers say.",
    "R25": "There is a board for the week, the month and all time, in the group's time zone.",
    "R26": "Points decide, then right choices, then answers; your own place is always shown to you.",
    "R28": "If the right answer was wrong, an admin can correct it, or withdraw the question.",
    "R30": "Who leaves is off the board at once; after 30 days the name is taken off.",
    "R31": "/privacy tells you what is stored about you, gives it to you, hides you, or deletes it for good.",
    "R32": "One message three hours before a question closes, only if you have not answered and asked for it.",
    "R33": "What cannot be written as text comes as a picture with a description.",
    "R34": "Every click gets an answer; the bot pings nobody but the role the owner chose.",
}
"""What docs/rules.md states under each number, in a line."""

PARTS: Final[Mapping[str, Mapping[str, str]]] = {
    "R9": {"resumed": "After 3 refusals in a row the bot pauses in this group until the owner fixes it."},
    "R10": {"rematch": "Only a Friday rematch may bring back the one that most people missed."},
    "R11": {"closed": "A question stays open until its end, which is fixed when it is posted."},
    "R12": {
        "greeted": "When the bot joins, it says what it does and offers one button.",
        "begun": "One button sets everything up.",
    },
    "R13": {
        "again": "Your first answer counts; a second click shows you the first result again.",
        "opened": "Just opening the text box is no answer.",
    },
    "R14": {
        "mine": "Only you see your result.",
        "written": "You see the model answer and which key points the bot thinks it found, and you grade yourself.",
        "graded": "Your first grade stands.",
    },
    "R15": {
        "closed": "Once it closes, the right answer is shown, how often each option was chosen, and why the wrong "
        "ones are wrong.",
        "shared": "Your own text is shown only if you press “share”.",
    },
    "R17": {
        "practice": "Quizzes on your own and reviews give no points.",
        "written": "An answer in your own words gives 7 points once you have graded yourself.",
        "right": "A right choice: {points} points.",
        "wrong": "A wrong choice: {points} points.",
        "dont-know": "“I don't know”: {points} points.",
        "graded": "An answer in your own words: {points} points, whatever the grade.",
        "quiz": "This answer: {points} points.",
        "quiz-begun": "In group quizzes the same question gives you points once in 30 days; it counts for the date on "
        "which the quiz began.",
        "quiz-again": "In group quizzes the same question gives you points once in 30 days.",
    },
    "R18": {"left-out": "Questions left out do not matter for your streak."},
    "R21": {
        "frozen": "A miss uses up a freeze by itself; the streak stays as it was.",
        "ended": "Without a freeze a miss takes the streak to 0.",
        "earned": "Every 7 answers earn a freeze; you hold {held} now.",
    },
    "R22": {"missed": "A pause rests your streak."},
    "R25": {
        "week": "The board for the week: Monday to Sunday, in the group's time zone.",
        "month": "The board for the month, in the group's time zone.",
        "all": "The board for all time; an answer counts for the date of its question.",
    },
    "R28": {
        "voided": "A question that is withdrawn: its points are gone, the streaks of those who answered stay.",
        "rekeyed": "The right answer is corrected, and everybody's points follow.",
    },
    "R31": {
        "took": "/privacy show tells you what is stored about you.",
        "show": "/privacy show tells you what is stored about you.",
        "export": "/privacy export gives you what is stored about you as a file.",
        "delete": "/privacy delete deletes what is stored about you for good.",
        "hidden": "/privacy hide takes you off every board.",
    },
    "R32": {"ended": "One tap ends it."},
    "R34": {"ping": "The bot pings nobody but the role the owner chose for the daily question."},
}
"""The part of a rule that something is about, by the rule and a name for it. The panel says nothing else of a rule."""


def of_rule(rule: str, part: str, **named: object) -> dict[str, str]:
    """A rule's number with a part of it."""
    return {rule: PARTS[rule][part].format(**named)}


PRESSED: Final = "pressed {what}"
CHOSE: Final = "chose in {what}"
SENT_FORM: Final = "sent the form"
USED: Final = "used /{what}"
GREETING: Final = "introduced itself in {where}"
CLAIM: Final = "claimed the question of {day}"
POST: Final = "posted {what} in {where}"
GIVEN_UP: Final = "gave the question of {day} up"
WAITING: Final = "will try again to send the question of {day}"
LEFT_OUT: Final = "left out the question of {day}"
PINNED: Final = "pinned a message in {where}"
PIN: Final = "pinned the question of {day}"
THREAD: Final = "opened the thread of the question of {day}"
STARTED: Final = "opened a thread in {where}"
MESSAGE: Final = "wrote {what} in {where}"
COUNT: Final = "showed how many have answered the question of {day}"
CLOSE: Final = "closed the question of {day}"
REVEAL: Final = "closed the question of {day} and showed its key"
SHOWED_VOID: Final = "showed that the question of {day} was taken back"
SHOWED_KEY: Final = "showed the corrected key of the question of {day}"
MISSES: Final = "worked out who missed the question of {day}: {who}"
FROZEN: Final = "{who} used a freeze and keeps a streak of {count}"
ENDED: Final = "{who} had no freeze, and a streak of {count} ended"
ON_PAUSE: Final = "{who} is on pause"
EXCUSED: Final = "the bot was out of reach, so {who} missed nothing"
REMINDER: Final = "reminded {who}"
EDIT: Final = "edited {what}"
MET: Final = "came into {where}"
STOPPED: Final = "stopped posting, for Discord refused"
NIGHT: Final = "did the night's work"
NIGHT_LATE: Final = "did its nightly work late"
QUIZ_ASK: Final = "asked question {number} of the quiz"
QUIZ_OVER: Final = "showed the key of question {number} of the quiz"
QUIZ_END: Final = "ended the quiz"
TICK: Final = "checked what is due"
THE_CLOCK: Final = "The clock"
MOVES: Final[Mapping[str, str]] = {
    "next-post": "moved to the next post",
    "close": "moved to the close",
    "day": "moved on by a day",
    "week": "moved on by a week",
}
"""By the goal of a move."""
ALL_ANSWER: Final = "{what}, all four answering"
OTHERS_ANSWER: Final = "{what}, the others answering"
PRIVATE_CHAT: Final = "a direct message"
A_MESSAGE: Final = "a message"
SOMEBODY: Final = "@somebody"
SOME_CHANNEL: Final = "#a-channel"
SOME_ROLE: Final = "@a-role"
SOME_TIME: Final = "some time"
SOME_DAY: Final = "some day"
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

ANSWERS: Final[Mapping[str, str]] = {
    "PRIVATE": "a private reply",
    "PUBLIC": "a reply for everybody",
    "THINKING": "“is thinking”",
    "NOTHING": "nothing new",
    "UPDATE": "the same message, changed",
    "MODAL": "a form",
}
"""What the bot answered with."""

FAILED: Final[Mapping[str, str]] = {
    "command": "The application did not respond",
    "component": "This interaction failed",
    "form": "Something went wrong. Try again.",
}
"""What Discord's own client says when a bot does not answer in time."""

REQUIRED_OPTION: Final = "This option is required. Specify a value."
REQUIRED_FIELD: Final = "This field is required"
NOT_A_NUMBER: Final = 'Value "{value}" is not int.'
NOT_OFFERED: Final = "Value must be one of {{{values}}}."
NOTHING_DUE: Final = "No post is due. Set the bot up first, or let it go on."
NOTHING_OPEN: Final = "No question is open. Move to the next post."
MOVING: Final = "The clock is moving already."
QUIZ_RUNS: Final = "A quiz is being played, in your own time. Let it end, or end it: “End” under its question, or /quiz stop."
NOT_THIS_ADDRESS: Final = """\
Only for the page of this trial: open the whole address that `make run` printed.
Its secret changes with every start; one from before belongs to a trial that is over.
"""
BROKEN: Final = "Something went wrong in the trial itself. The terminal in which it runs says what."
