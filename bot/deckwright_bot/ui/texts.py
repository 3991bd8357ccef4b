"""Every sentence the bot says, in one catalogue prepared for translation.

A key names a place, its value is the sentence with ``{names}`` in it. Nothing else in the bot holds a sentence
that people read: in a pseudo-locale every text is marked, and a text without the mark fails a test. Names and
descriptions of commands stand here too; ``ui.naming`` hands them to Discord in every language there is.

A number's sentence has up to three forms: ``.none``, ``.one`` and ``.many``; see `counted`.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Final

from deckwright_bot.ui.quiz_texts import QUIZ

DEFAULT: Final = "en"
PSEUDO: Final = "qps"
"""A locale for tests: every text of the catalogue stands between ⟦ and ⟧, and what is put into it outside."""

ENGLISH: Final[Mapping[str, str]] = {
    # joining a server (R12)
    "hello.title": "One question a day, for this server",
    "hello.text": (
        "I post a daily question here. Everybody answers in private and learns at once what is right; the next day "
        "shows how the group did. Streaks survive weekends off, time zones and my own outages.\n\n"
        "Four things and it starts: where, when, in which time zone, how hard."
    ),
    "hello.button": "Set up",
    "hello.no-channel": "I may not write in any channel of {group} yet. Let me, then use /settings there.",
    "setup.title": "A question a day",
    "setup.channel": "Channel",
    "setup.time": "Time of day",
    "setup.time.hint": "hours and minutes, such as 09:00",
    "setup.zone": "Time zone",
    "setup.zone.hint": "a city or zone, such as Europe/Berlin",
    "setup.level": "How hard",
    "setup.bad-time": "I cannot read {given} as a time of day. Write it as 09:00 or 18:30.",
    "setup.bad-zone": "I do not know the time zone {given}. {hint}",
    "setup.zone.choice": "{zone} (UTC{offset}, now {time})",
    "setup.zone-guess": "Did you mean {zones}?",
    "setup.zone-help": "Write a city, such as Europe/Berlin or America/New_York.",
    "setup.bad-level": "There is no level {given}.",
    "setup.bad-channel": "I cannot post in that channel.",
    "setup.missing": "I cannot post in {channel} yet. Missing: {permissions}. Grant it there and try again.",
    "setup.not-saved": "Nothing was saved:",
    "setup.again": "Correct it",
    "setup.done": "Done. The first question is on its way to {channel}; the next ones:\n{times}",
    "setup.changed": "Saved. The next posts:\n{times}",
    "setup.none-due": "No post is due.",
    "setup.paused": "None while posting is paused. `/admin resume` starts it again.",
    # the settings panel
    "panel.title": "Settings",
    "panel.posts": "**Posts** in {channel} at {time} ({zone})",
    "panel.days": "**Days** {days}",
    "panel.level": "**Level** {level}",
    "panel.decks": "**Decks** {decks}",
    "panel.off": "**Days off** {dates}",
    "panel.ping": "**Mentions** {role}",
    "panel.log": "**Reports go to** {channel}",
    "panel.log.none": "**Reports** are kept, but go to no channel",
    "panel.next": "Next posts",
    "panel.missing": "Missing permissions",
    "panel.missing.in": "in {channel}: {permissions}",
    "panel.gone.channel": "the channel {channel} is gone",
    "panel.gone.role": "the role to mention is gone",
    "panel.complete": "No permission is missing.",
    "panel.left.none": "No card fits this level and these decks: nothing can be asked.",
    "panel.left.one": "1 question left before one repeats.",
    "panel.left.many": "{count} questions left before one repeats.",
    "panel.days.all": "every day",
    "panel.days.workdays": "Monday to Friday",
    "panel.decks.all": "all",
    "panel.nobody": "nobody",
    "panel.paused.owner": "**Paused.** `/admin resume` starts it again.",
    "panel.paused.failures": (
        "**Stopped**: Discord refused three times in a row. Grant what is missing, then use `/admin resume`."
    ),
    "panel.change": "Change",
    "panel.more": "More",
    "panel.test": "Test post",
    "panel.switch.thread.on": "Thread: on",
    "panel.switch.thread.off": "Thread: off",
    "panel.switch.pin.on": "Pin: on",
    "panel.switch.pin.off": "Pin: off",
    "panel.switch.open_questions.on": "Open questions: on",
    "panel.switch.open_questions.off": "Open questions: off",
    "panel.switch.rematch.on": "Friday rematch: on",
    "panel.switch.rematch.off": "Friday rematch: off",
    "panel.test.note": "Only you see this, and nobody will be asked it soon.",
    "panel.test.fine": "Nothing is in the way of a real post.",
    "panel.test.missing": "A real post would fail:",
    "more.title": "More settings",
    "more.days": "Days with a question",
    "more.dates": "Dates without a question",
    "more.dates.hint": "such as 2026-12-24..2027-01-02, 2027-04-01; take out those with a question after all",
    "more.decks": "Decks",
    "more.decks.hint": "none chosen means all",
    "more.decks.typed": "names with commas between; empty means all",
    "more.ping": "Role to mention on each post",
    "more.ping.hint": "none chosen means nobody",
    "more.log": "Channel for reports of faults",
    "more.log.hint": "none chosen: reports are kept, but go to no channel",
    "more.bad-dates": "I cannot read {given} as dates. Write 2026-12-24 or 2026-12-24..2027-01-02.",
    "more.bad-deck": "There is no deck {given}. {hint}",
    "more.deck-guess": "Did you mean {names}?",
    "more.no-days": "Choose at least one day of the week.",
    "more.everyone": "I do not mention everyone. Choose another role.",
    "day.0": "Monday",
    "day.1": "Tuesday",
    "day.2": "Wednesday",
    "day.3": "Thursday",
    "day.4": "Friday",
    "day.5": "Saturday",
    "day.6": "Sunday",
    "month.1": "January",
    "month.2": "February",
    "month.3": "March",
    "month.4": "April",
    "month.5": "May",
    "month.6": "June",
    "month.7": "July",
    "month.8": "August",
    "month.9": "September",
    "month.10": "October",
    "month.11": "November",
    "month.12": "December",
    "date.written": "{weekday} {day} {month}",
    "date.written.year": "{day} {month} {year}",
    # permissions, as Discord names them
    "permission.view_channel": "View Channel",
    "permission.send_messages": "Send Messages",
    "permission.embed_links": "Embed Links",
    "permission.attach_files": "Attach Files",
    "permission.read_message_history": "Read Message History",
    "permission.create_public_threads": "Create Public Threads",
    "permission.send_messages_in_threads": "Send Messages in Threads",
    "permission.pin_messages": "Pin Messages",
    "permission.mention_everyone": "Mention Everyone",
    # levels
    "level.easy": "Easy",
    "level.easy.text": "Easy cards only",
    "level.medium": "Easy and medium",
    "level.medium.text": "The usual mix, core cards first",
    "level.hard": "Everything",
    "level.hard.text": "Hard cards too",
    "level.word.easy": "easy",
    "level.word.medium": "medium",
    "level.word.hard": "hard",
    # the daily post
    "post.title": "Question of the day",
    "post.meta": "{deck} · {level} · closes {closes}",
    "post.count.none": "Nobody has answered yet",
    "post.count.one": "1 answer",
    "post.count.many": "{count} answers",
    "post.yesterday.choice": "Yesterday: {right} of {count} right.",
    "post.yesterday.open": "Yesterday {count} answered.",
    "post.yesterday.none": "Yesterday nobody answered.",
    "post.outage": "I was out of reach for much of the last window: a miss in it costs nobody anything.",
    "post.closed": "Closed",
    "post.rekeyed": "Which answer is right was corrected here.",
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
    "result.keys": "{letters} are right.",
    "result.void": "This question is void: {reason}. Its points are gone, your streak keeps it.",
    "result.streak": "Streak {current} · best {best}",
    "result.freezes.one": "1 freeze held",
    "result.freezes.many": "{count} freezes held",
    "result.graded": "You graded yourself: {grade}.",
    "result.points": "+{points} points",
    "result.already": "You answered this one already; this is your result.",
    "result.too-late": "This question is closed. The next one comes {when}.",
    "result.not-answered": "You have not answered this one. It closes {closes}.",
    "result.missed": "You did not answer this one, and it has closed.",
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
    "reveal.counts": "{letter} · {count} ({share} %)",
    "reveal.dont-know": "did not know · {count}",
    "share.done": "Shared.",
    "share.failed": "I may not write there. Those who manage this server can mend that.",
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
    "streak.paused": "Paused through {until}; an answer ends the pause.",
    "streak.pause.done": "Your streak waits from the next post on, through {until}. An answer ends the pause.",
    "streak.pause.open": "The question that is open now still counts, and you have not answered it.",
    "streak.none": "You have not answered a question here yet.",
    "streak.legend": "■ answered · ◆ credited · ❄ freeze · □ missed · – paused, off or not yet",
    "streak.credited": "Credited to you for a fault of mine:",
    "board.title.week": "Leaderboard: this week",
    "board.title.month": "Leaderboard: this month",
    "board.title.all": "Leaderboard: all time",
    "board.line": "{rank}\\. {name} · {points} points · {right} right",
    "board.me": "You: rank {rank} with {points} points",
    "board.me.hidden": "You: {points} points, for rank {rank} if you were shown. You are hidden from others.",
    "board.me.none": "You have no points in this period yet.",
    "board.empty": "Nobody has points in this period yet.",
    "board.page": "page {page} of {pages}",
    # privacy (R31)
    "privacy.show": "I keep about you: {counts}. Nothing is read from your messages.",
    "privacy.nothing": "I keep nothing about you, and nothing is read from your messages.",
    "privacy.kept.members.one": "your name in 1 server",
    "privacy.kept.members.many": "your name in {count} servers",
    "privacy.kept.answers.one": "1 answer",
    "privacy.kept.answers.many": "{count} answers",
    "privacy.kept.points.one": "1 entry of points",
    "privacy.kept.points.many": "{count} entries of points",
    "privacy.kept.sums.one": "1 monthly sum",
    "privacy.kept.sums.many": "{count} monthly sums",
    "privacy.kept.pauses.one": "1 pause",
    "privacy.kept.pauses.many": "{count} pauses",
    "privacy.kept.credits.one": "1 credited question",
    "privacy.kept.credits.many": "{count} credited questions",
    "privacy.kept.reminders.one": "1 wish to be reminded",
    "privacy.kept.reminders.many": "{count} wishes to be reminded",
    "privacy.kept.reports.one": "1 report",
    "privacy.kept.reports.many": "{count} reports",
    "privacy.kept.quiz_players.one": "1 quiz you joined",
    "privacy.kept.quiz_players.many": "{count} quizzes you joined",
    "privacy.kept.quiz_answers.one": "1 answer in quizzes",
    "privacy.kept.quiz_answers.many": "{count} answers in quizzes",
    "privacy.kept.quizzes.one": "1 quiz you started",
    "privacy.kept.quizzes.many": "{count} quizzes you started",
    "privacy.kept.groups.one": "that you own 1 server",
    "privacy.kept.groups.many": "that you own {count} servers",
    "privacy.kept.audit.one": "1 note of what owners did",
    "privacy.kept.audit.many": "{count} notes of what owners did",
    "privacy.kept.credits_given.one": "1 question you credited",
    "privacy.kept.credits_given.many": "{count} questions you credited",
    "privacy.kept.package_takes.one": "1 Anki package you took",
    "privacy.kept.package_takes.many": "{count} Anki packages you took",
    "privacy.kept.more.one": "1 further entry",
    "privacy.kept.more.many": "{count} further entries",
    "privacy.exported": "Everything I keep about you, as JSON.",
    "privacy.hidden": (
        "You are off every board; your points and streak go on. `/privacy hide hidden:False` puts you back."
    ),
    "privacy.visible": "You are on the boards again.",
    "privacy.delete.ask": "This deletes all your answers, points and streaks, for good. Sure?",
    "privacy.delete.button": "Delete everything about me",
    "privacy.deleted": "Everything about you is deleted.",
    # owners
    "admin.paused": "Paused. `/admin resume` starts it again.",
    "admin.resumed": "Going on. The next posts:\n{times}",
    "admin.posted": "Posted.",
    "admin.post.refused": "Discord refused it. Missing:",
    "admin.post.later": "Discord is slow right now. The post goes out as soon as it can.",
    "admin.nothing-due": "Today's question is there already.",
    "admin.no-cards": "No card fits the level and decks of this server.",
    "admin.void": "The post of {date} is void. The post says so within a minute.",
    "admin.credited": "The post of {date} counts for {member}, who sees it and your reason in `/streak show`.",
    "correct.bad-date": "I cannot read {given} as a date. Choose one from the list, or write it as 2026-11-21.",
    "correct.no-reason": "Write a reason. Those it concerns will read it.",
    "correct.no-post": "Nothing was asked on {date}.",
    "correct.void": "The post of {date} is void; nobody has points for it.",
    "correct.no-options": "The post of {date} has no options, so it has no key. `/admin void` takes it back.",
    "correct.letters": "The post of {date} shows {letters}. Write one of them, or several such as B, D.",
    "correct.same": "That is the key of {date} already.",
    "correct.open": "The post of {date} is still open: {member} can simply answer it.",
    "correct.answered": "{member} answered the post of {date}; there is nothing to credit.",
    "correct.credited": "The post of {date} was credited to {member} before.",
    "correct.bot": "{member} is a bot, and bots do not play.",
    "rescore.title": "Rescore {date}",
    "rescore.key": "Right so far: **{old}**. From now on: **{new}**.",
    "rescore.answers.none": "Nobody has answered.",
    "rescore.answers.one": "1 member answered.",
    "rescore.answers.many": "{count} members answered.",
    "rescore.change.one": "**{points}** points for 1 member",
    "rescore.change.many": "**{points}** points for {count} members",
    "rescore.change.none": "Nobody's points change.",
    "rescore.dry": "Nothing is changed yet.",
    "rescore.apply": "Apply",
    "rescore.moved": "Somebody answered since. This is how it stands now; nothing is changed yet.",
    "rescore.done": "Done: {new} is right.",
    "rescore.done.closed": "The post shows it within a minute.",
    "rescore.done.open": "The post is still open and shows nothing of this before its close.",
    "status.title": "How it goes",
    "status.running": "**Running**",
    "status.idle": "**Running**, but no post is due.",
    "status.last": "**Last posts**",
    "status.next": "**Next posts**",
    "status.missing": "**Missing permissions**",
    "status.line": "{date} · {state}",
    "status.library": "{title} · {cards} cards",
    "status.heartbeat": "Last awake {when}",
    "status.asleep": "Not awake in the last two days",
    "state.claimed": "on its way",
    "state.sent": "open",
    "state.closed": "closed",
    "state.skipped": "no post",
    "state.void": "void",
    "state.failed": "could not be sent",
    "admin.not-set-up": "I am not set up here yet. Use `/settings`.",
    "owner.paused": (
        "I stopped posting in {group}: three times in a row Discord refused. Missing in {channel}: {permissions}. "
        "Grant it, then use `/admin resume`."
    ),
    "owner.paused.gone": (
        "I stopped posting in {group}: the channel I posted in is gone. Choose another one with `/settings`."
    ),
    "owner.paused.unknown": "Discord did not say what",
    "owner.running-out": "{left} questions are left for {group} before they repeat.",
    # help and errors
    "help.title": "What would you like to do?",
    "help.members": (
        "**Answer** Press a button under the daily question, or use `/daily`. Only you see your result.\n"
        "**Be reminded** Press “Remind me” under the question.\n"
        "**See your streak** `/streak show`\n"
        "**Go on holiday** `/streak pause`\n"
        "**See who leads** `/leaderboard`\n"
        "**Practise alone, or play together** `/quiz solo`, `/quiz group`\n"
        "**Look a card up** `/card`\n"
        "**Study in Anki** `/decks` hands you the packages; a button under your result finds its card there.\n"
        "**Report a mistake in a card** Press “Report” under your result.\n"
        "**See, take or delete what I keep about you** `/privacy`"
    ),
    "help.guide.title": "The guide",
    "help.guide.text": "A page of text beside the cards of {library}, to be read once. The button sends it to you.",
    "help.guide.button": "Guide",
    "help.guide.taken": "The guide to {library}. Names in `code` are cards: `/card` shows them.",
    "help.owners.title": "You manage this server",
    "help.owners": (
        "**Change when, where and what I ask** `/settings`\n"
        "**See how it goes** `/admin status`\n"
        "**Stop for a while, go on** `/admin pause`, `/admin resume`\n"
        "**Post today's question now** `/admin post`\n"
        "**Correct a wrong key** `/admin rescore`\n"
        "**Take a broken question back** `/admin void`\n"
        "**Make up for a fault of mine** `/admin credit`"
    ),
    "error.text": "Something went wrong on my side. Nothing of yours was lost. Mention this number: {number}",
    "error.stale": "This button is from an older version of me, or not meant for you.",
    "error.not-here": "This works in a server only.",
    "error.not-allowed": "Only somebody who may manage this server can do that.",
    "error.too-fast": "One thing at a time, please. Wait for my last answer, then press again.",
    "error.bad-option": "I cannot use one of those values. Choose from what is offered.",
    "error.no-post": "There is no question yet.",
    "error.empty": "That is empty. Write a few words.",
    "error.database": "I cannot reach my data right now. Nothing was saved; please try again in a moment.",
    # commands: names are one word in small letters, descriptions at most 100 characters
    "command.daily": "daily",
    "command.daily.about": "Today's question, or your result",
    "command.streak": "streak",
    "command.streak.about": "Your streak",
    "command.streak.show": "show",
    "command.streak.show.about": "Current, best, freezes, and a small calendar",
    "command.streak.pause": "pause",
    "command.streak.pause.about": "Let your streak wait, from the next post on",
    "command.streak.pause.days": "days",
    "command.streak.pause.days.about": "1 to 30 days",
    "command.leaderboard": "leaderboard",
    "command.leaderboard.about": "Week, month, all time; your own rank too",
    "command.leaderboard.period": "period",
    "command.leaderboard.period.about": "Which period",
    "choice.period.week": "week",
    "choice.period.month": "month",
    "choice.period.all": "all",
    "command.help": "help",
    "command.help.about": "What you can do here",
    "command.privacy": "privacy",
    "command.privacy.about": "What is kept about you",
    "command.privacy.show": "show",
    "command.privacy.show.about": "How much is kept about you",
    "command.privacy.export": "export",
    "command.privacy.export.about": "Everything kept about you, as JSON",
    "command.privacy.hide": "hide",
    "command.privacy.hide.about": "Off every board, or back on",
    "command.privacy.hide.hidden": "hidden",
    "command.privacy.hide.hidden.about": "False puts you back",
    "command.privacy.delete": "delete",
    "command.privacy.delete.about": "Delete everything kept about you",
    "command.settings": "settings",
    "command.settings.about": "When, where and what I ask; without options everything at a glance",
    "command.settings.channel": "channel",
    "command.settings.channel.about": "Where the question is posted",
    "command.settings.time": "time",
    "command.settings.time.about": "Such as 09:00",
    "command.settings.zone": "zone",
    "command.settings.zone.about": "A city, or a zone",
    "command.settings.level": "level",
    "command.settings.level.about": "How hard",
    "choice.level.easy": "easy",
    "choice.level.medium": "medium",
    "choice.level.hard": "hard",
    "command.admin": "admin",
    "command.admin.about": "For those who manage this server",
    "command.admin.post": "post",
    "command.admin.post.about": "Post today's question now",
    "command.admin.pause": "pause",
    "command.admin.pause.about": "Stop posting until you resume",
    "command.admin.resume": "resume",
    "command.admin.resume.about": "Go on posting",
    "command.admin.status": "status",
    "command.admin.status.about": "How posting goes",
    "command.admin.rescore": "rescore",
    "command.admin.rescore.about": "Correct the key of a post; you see first what it changes",
    "command.admin.rescore.day": "day",
    "command.admin.rescore.day.about": "The post's date",
    "command.admin.rescore.right": "right",
    "command.admin.rescore.right.about": "The right letters as that post shows them, such as B or B, D",
    "command.admin.void": "void",
    "command.admin.void.about": "Take a post's points back; streaks are kept",
    "command.admin.void.day": "day",
    "command.admin.void.day.about": "The post's date",
    "command.admin.void.reason": "reason",
    "command.admin.void.reason.about": "Why; it is shown on the post",
    "command.admin.credit": "credit",
    "command.admin.credit.about": "Let a post count for a member, for a fault of the bot",
    "command.admin.credit.member": "member",
    "command.admin.credit.member.about": "Whom",
    "command.admin.credit.day": "day",
    "command.admin.credit.day.about": "The post's date",
    "command.admin.credit.reason": "reason",
    "command.admin.credit.reason.about": "What went wrong; the member reads it",
    **QUIZ,
}

CATALOGUES: Final[dict[str, Mapping[str, str]]] = {DEFAULT: ENGLISH}
"""By locale as Discord names it, or by its language alone; a sentence that one lacks is said in English."""


def text(key: str, /, locale: str = DEFAULT, **values: object) -> str:
    """A sentence of the catalogue with its values; English where a locale lacks it.

    Values must be safe for Discord already: what members and authors wrote comes in escaped.

    Raises:
        KeyError: if there is no such sentence, or a value it needs is not given. Both are our own bugs.
    """
    if locale == PSEUDO:
        return _marked(ENGLISH[key], values)
    found = translated(key, locale)
    return (ENGLISH[key] if found is None else found).format(**values)


def translated(key: str, locale: str) -> str | None:
    """A sentence as the catalogue of a locale, or of its language, has it; None where neither does."""
    for name in (locale, locale.split("-", maxsplit=1)[0]):
        if key in CATALOGUES.get(name, ()):
            return CATALOGUES[name][key]
    return None


def counted(key: str, count: int, /, locale: str = DEFAULT, **values: object) -> str:
    """A sentence about a number: its form for none, one or many; the last where there is no other."""
    form = "none" if count == 0 else "one" if count == 1 else "many"
    full = f"{key}.{form}"
    return text(full if full in ENGLISH else f"{key}.many", locale, count=count, **values)


def _marked(sentence: str, values: Mapping[str, object]) -> str:
    """A sentence between marks, and what it holds outside of them, for that must come marked itself."""
    parts = []
    for words, name, _, _ in Formatter().parse(sentence):
        parts.append(f"⟦{words}⟧" if words else "")
        parts.append(str(values[name]) if name else "")
    return "".join(parts)
