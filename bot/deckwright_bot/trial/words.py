"""What the page says of itself: rules in a line each, and what people and the bot do. The bot's words are its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RULES: Final[Mapping[str, str]] = {
    "R1": "Each date has one question.",
    "R4": "A change of time or zone starts with the first date that has had no question.",
    "R6": "All that is asked is stored before it is sent.",
    "R9": "What Discord refuses pauses this group alone, and its owner is told.",
    "R8": "A question that could not be sent for six hours is left out.",
    "R10": "No question comes twice before all have been asked, core cards first.",
    "R11": "A question stays open until the next one, 20 to 72 hours.",
    "R12": "One message on joining, one button, and the first question comes at once.",
    "R13": "One answer each; the first one counts, by the time of the click.",
    "R14": "The result is immediate, private and final.",
    "R15": "Until the close everybody sees only how many answered; then the key and the reasons.",
    "R16": "Options keep their order and letters in question, result and reveal.",
    "R17": "Right 10 points, wrong or “I don't know” 2; being fast earns nothing.",
    "R18": "A streak is counted from the answers, over the posts there were.",
    "R19": "A miss is decided once, when the post closes.",
    "R20": "A miss while the bot was out of reach costs nothing.",
    "R21": "Every 7 answers earn a freeze, at most 2 are held; a miss uses one by itself.",
    "R22": "A streak can be paused for 1 to 30 days, from the next post on.",
    "R23": "Owners credit a post only for the bot's own faults, with a reason.",
    "R24": "Every night the bot checks that what it shows is what the answers say.",
    "R25": "Boards by week, month and all time, in the group's zone.",
    "R26": "Rank by points, then right answers, then answers; everybody sees their own rank.",
    "R28": "A wrong key is corrected after a dry run; a broken question is taken back.",
    "R30": "Who leaves is hidden at once and made nameless after 30 days.",
    "R31": "Members see, take, hide and delete all that is kept about them.",
    "R32": "One reminder three hours before the close, for those who asked for it.",
    "R33": "Maths comes as readable text, or as a picture with words behind it.",
    "R34": "Every button is answered; nothing anybody wrote can mention people.",
}

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
EARNED: Final = "Every 7 answers earn a freeze; held now: {count}."
EXCUSED: Final = "the bot was out of reach, so {who} missed nothing"
REMINDER: Final = "reminded {who}"
EDIT: Final = "edited {what}"
MET: Final = "came into {where}"
STOPPED: Final = "stopped posting, for Discord refused"
NIGHT: Final = "did the night's work"
QUIZ_ASK: Final = "asked question {number} of the quiz"
QUIZ_OVER: Final = "showed the key of question {number} of the quiz"
QUIZ_END: Final = "ended the quiz"
TICK: Final = "looked what is due"
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
