"""What the page says of itself: rules in a line each, and what people and the bot do. The bot's words are its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RULES: Final[Mapping[str, str]] = {
    "R4": "A change of time or zone starts with the first date that has had no question.",
    "R6": "All that is asked is stored before it is sent.",
    "R9": "What Discord refuses pauses this group alone, and its owner is told.",
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
    "R25": "Boards by week, month and all time, in the group's zone.",
    "R26": "Rank by points, then right answers, then answers; everybody sees their own rank.",
    "R28": "A wrong key is corrected after a dry run; a broken question is taken back.",
    "R31": "Members see, take, hide and delete all that is kept about them.",
    "R32": "One reminder three hours before the close, for those who asked for it.",
    "R33": "Maths comes as readable text, or as a picture with words behind it.",
    "R34": "Every button is answered; nothing anybody wrote can mention people.",
}

OF_ACTION: Final[Mapping[str, tuple[str, ...]]] = {
    "begin": ("R12",),
    "setup": ("R12", "R6", "R11"),
    "pick": ("R13", "R14", "R17", "R18"),
    "dont-know": ("R13", "R14", "R17", "R18"),
    "open": ("R13",),
    "written": ("R13", "R14"),
    "grade": ("R14", "R17"),
    "mine": ("R14",),
    "share": ("R15", "R34"),
    "remind": ("R32",),
    "stop-reminding": ("R32",),
    "board": ("R25", "R26"),
    "forget": ("R31",),
    "panel-changed": ("R4",),
    "rescore": ("R28",),
    "quiz": ("R13", "R17"),
    "quiz-join": ("R17",),
    "solo": ("R17",),
}
"""The rules that an action of the bot's custom ids is about."""

OF_COMMAND: Final[Mapping[str, tuple[str, ...]]] = {
    "daily": ("R13", "R14"),
    "streak show": ("R18", "R21"),
    "streak pause": ("R22",),
    "leaderboard": ("R25", "R26"),
    "privacy show": ("R31",),
    "privacy export": ("R31",),
    "privacy hide": ("R31",),
    "privacy delete": ("R31",),
    "settings": ("R4", "R9"),
    "admin post": ("R6",),
    "admin pause": ("R9",),
    "admin resume": ("R9",),
    "admin status": ("R9",),
    "admin rescore": ("R28",),
    "admin void": ("R28",),
    "admin credit": ("R23",),
    "quiz solo": ("R17",),
    "quiz group": ("R17",),
    "card": ("R33",),
}

GREETED: Final = ("R12",)
POSTED: Final = ("R6", "R10", "R11", "R16")
COUNTED: Final = ("R15",)
REVEALED: Final = ("R15", "R16", "R19")
REMINDED: Final = ("R32",)

PRESSED: Final = "pressed {what}"
CHOSE: Final = "chose in {what}"
SENT_FORM: Final = "sent the form"
USED: Final = "used /{what}"
GREETING: Final = "introduced itself in {where}"
POST: Final = "posted {what} in {where}"
PINNED: Final = "pinned a message in {where}"
THREAD: Final = "opened a thread in {where}"
MESSAGE: Final = "wrote {what} in {where}"
COUNT: Final = "showed how many have answered {what}"
REVEAL: Final = "closed a question and showed its key"
EDIT: Final = "edited {what}"
TICK: Final = "looked what is due"
PRIVATE_CHAT: Final = "a direct message"

ANSWERS: Final[Mapping[str, str]] = {
    "MESSAGE": "a message",
    "PRIVATE": "a private message",
    "DEFERRED_MESSAGE": "“is thinking”, then a message",
    "DEFERRED_UPDATE": "nothing new at once",
    "UPDATE": "the same message, changed",
    "MODAL": "a form",
    "CHOICES": "suggestions",
}
"""What the bot's first answer was, by the name of Discord's callback."""

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
