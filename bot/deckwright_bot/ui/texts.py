"""Every sentence the bot says, in one catalogue prepared for translation.

A key names a place, its value is the sentence with ``{names}`` in it. Nothing else in the bot holds a sentence
that people read: in a pseudo-locale every text is marked, and a text without the mark fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DEFAULT: Final = "en"
PSEUDO: Final = "qps"
"""A locale for tests: every text of the catalogue stands between ⟦ and ⟧."""

ENGLISH: Final[Mapping[str, str]] = {
    # joining a server (R12)
    "hello.title": "One question a day, for this server",
    "hello.text": (
        "I post a daily question here. Everybody answers in private and learns at once what is right; the next day "
        "shows how the group did. Streaks survive weekends off, time zones and my own outages.\n\n"
        "Four things and it starts: where, when, in which time zone, how hard."
    ),
    "hello.button": "Set up",
    "hello.only-owner": "Only somebody who may manage this server can set me up.",
    "setup.title": "A question a day",
    "setup.channel": "Channel",
    "setup.time": "Time of day",
    "setup.time.hint": "hours and minutes, such as 09:00",
    "setup.zone": "Time zone",
    "setup.zone.hint": "a city or zone, such as Europe/Berlin",
    "setup.level": "How hard",
    "setup.bad-time": "I cannot read {given} as a time of day. Write it as 09:00 or 18:30.",
    "setup.bad-zone": "I do not know the time zone {given}. {hint}",
    "setup.zone-guess": "Did you mean {zones}?",
    "setup.zone-help": "Write a city, such as Europe/Berlin or America/New_York.",
    "setup.bad-channel": "I cannot post in that channel.",
    "setup.missing": "I cannot post in {channel} yet. Missing: {permissions}. Grant it there and press again.",
    "setup.done": "Done. The first question is on its way to {channel}; the next ones:\n{times}",
    "setup.changed": "Saved. The next posts:\n{times}",
    "setup.none-due": "No post is due: every weekday is off.",
    # levels
    "level.easy": "Easy",
    "level.easy.text": "Easy cards only",
    "level.medium": "Easy and medium",
    "level.medium.text": "The usual mix, core cards first",
    "level.hard": "Everything",
    "level.hard.text": "Hard cards too",
    # the daily post
    "post.title": "Question of the day",
    "post.meta": "{deck} · {level} · closes {closes}",
    "post.count.none": "Nobody has answered yet",
    "post.count.one": "1 answer",
    "post.count.many": "{count} answers",
    "post.yesterday.choice": "Yesterday {right} of {count} were right.",
    "post.yesterday.open": "Yesterday {count} answered.",
    "post.yesterday.none": "Yesterday nobody answered.",
    "post.outage": "I was out of reach for much of the last window: a miss in it costs nobody anything.",
    "post.closed": "Closed",
    "post.void": "Void: {reason}. Points are gone, streaks are kept.",
    "button.dont-know": "I don't know",
    "button.answer": "Answer",
    "button.remind": "Remind me",
    "button.mine": "My result",
    "button.share": "Share in thread",
    "button.anki": "Copy Anki search",
    "button.report": "Report",
    "button.stop-reminding": "Stop reminding me",
    # results (R14)
    "result.right": "Right",
    "result.wrong": "Not quite",
    "result.dont-know": "Good to know what you don't know",
    "result.yours": "You chose {letter}.",
    "result.key": "{letter} is right.",
    "result.streak": "Streak {current} · best {best}",
    "result.freezes.one": "1 freeze held",
    "result.freezes.many": "{count} freezes held",
    "result.points": "+{points} points",
    "result.already": "You answered this one already; this is your result.",
    "result.too-late": "This question is closed. The next one comes {when}.",
    "result.not-answered": "You have not answered this one. It is still open until {closes}.",
    "result.missed": "You did not answer this one.",
    "open.title": "Your answer",
    "open.label": "In your own words",
    "open.model": "A model answer",
    "open.found": "In your answer",
    "open.missing": "Not found in it",
    "open.unsure": "Perhaps in it",
    "open.flag": "You wrote {quote}. Did you mean: {claim}? {why}",
    "open.grade": "How did you do? You decide.",
    "grade.missed": "Missed it",
    "grade.partly": "Partly",
    "grade.got": "Got it",
    "grade.thanks": "Noted: {grade}.",
    "reveal.counts": "{letter} · {count} ({share} %)",
    "reveal.dont-know": "did not know · {count}",
    "share.done": "Shared.",
    "share.not-yet": "You can share once the question is closed.",
    "share.title": "{name} wrote",
    "anki.text": "In Anki, search for this card with:\n{search}",
    "report.title": "Report a fault in this card",
    "report.label": "What is wrong?",
    "report.done": "Thank you. It goes to those who keep the cards.",
    "report.log": "{name} reports a fault in the card {card}: {text}",
    # reminders (R32)
    "remind.on": "I will write to you three hours before a question closes if you have not answered. One tap ends it.",
    "remind.off": "No more reminders.",
    "remind.text": "Today's question in {group} closes {closes}: {link}",
    # streaks and boards
    "streak.title": "Your streak",
    "streak.current": "Current {current} · best {best} · freezes {freezes}",
    "streak.paused": "Paused until {until}; an answer ends the pause.",
    "streak.pause.done": "Your streak waits from the next post on, through {until}. An answer ends the pause.",
    "streak.pause.days": "A pause lasts 1 to 30 days.",
    "streak.none": "You have not answered a question here yet.",
    "streak.legend": "■ answered · ❄ freeze · □ missed · · paused, off or not yet",
    "board.title": "Leaderboard",
    "board.week": "this week",
    "board.month": "this month",
    "board.all": "all time",
    "board.line": "{rank}. {name} · {points} points · {right} right",
    "board.me": "You: rank {rank} with {points} points",
    "board.me.none": "You have no points in this period yet.",
    "board.empty": "Nobody has points in this period yet.",
    "board.page": "page {page} of {pages}",
    # privacy (R31)
    "privacy.show": "I keep about you: {counts}. Nothing is read from your messages.",
    "privacy.exported": "Everything I keep about you, as JSON.",
    "privacy.hidden": "You are off every board. Points and streak go on.",
    "privacy.visible": "You are on the boards again.",
    "privacy.delete.ask": "This deletes all your answers, points and streaks, for good. Sure?",
    "privacy.delete.button": "Delete everything about me",
    "privacy.deleted": "Everything about you is deleted.",
    # owners
    "admin.paused": "Paused. `/admin resume` goes on.",
    "admin.resumed": "Going on. The next posts:\n{times}",
    "admin.posted": "Posted.",
    "admin.nothing-due": "There is no post to make: today's exists already.",
    "admin.no-cards": "No card fits the level and decks of this server.",
    "admin.void": "The post of {date} is void.",
    "admin.void.not": "There is no post of {date} that could be void.",
    "admin.credited": "{member} is credited for {date}.",
    "admin.status": "{state} · posts in {channel} at {time} ({zone}) · {left} questions left\nNext:\n{times}",
    "admin.not-set-up": "I am not set up here yet. Use `/settings`.",
    "owner.paused": (
        "I stopped posting in {group}: three times in a row Discord refused. Missing in {channel}: {permissions}. "
        "Grant it, then use `/admin resume`."
    ),
    "owner.running-out": "{left} questions are left for {group} before they repeat.",
    # help and errors
    "help.text": (
        "**Answer** with the buttons under the daily question; nobody sees what you choose.\n"
        "**/daily** today's question, or your result\n"
        "**/streak show** your streak, **/streak pause** for a holiday\n"
        "**/leaderboard** the board of the week, the month, all time\n"
        "**/privacy** what I keep, and how to get it or be rid of it"
    ),
    "error.title": "That did not work",
    "error.text": "Something went wrong on my side. Nothing of yours was lost. Mention this number: {number}",
    "error.stale": "This button is from an older version of me, or not meant for you.",
    "error.not-here": "This works in a server only.",
    "error.not-allowed": "Only somebody who may manage this server can do that.",
    "error.no-post": "There is no question yet.",
    "error.empty": "That is empty. Write a few words.",
    "error.database": "I cannot reach my data right now. Nothing was saved; please try again in a moment.",
}

CATALOGUES: Final[Mapping[str, Mapping[str, str]]] = {DEFAULT: ENGLISH}


def text(key: str, /, locale: str = DEFAULT, **values: object) -> str:
    """A sentence of the catalogue with its values; English where a locale lacks it.

    Values must be safe for Discord already: what members and authors wrote comes in escaped.

    Raises:
        KeyError: if there is no such sentence, or a value it needs is not given. Both are our own bugs.
    """
    if locale == PSEUDO:
        return f"⟦{ENGLISH[key].format(**values)}⟧"
    catalogue = CATALOGUES.get(locale) or CATALOGUES.get(locale.split("-", maxsplit=1)[0]) or ENGLISH
    return catalogue.get(key, ENGLISH[key]).format(**values)


def counted(key: str, count: int, /, locale: str = DEFAULT) -> str:
    """A sentence about a number: its forms for none, one and many."""
    form = "none" if count == 0 else "one" if count == 1 else "many"
    full = f"{key}.{form}"
    return text(full if full in ENGLISH else f"{key}.many", locale, count=count)
