"""What people did and what they were shown, noted from the sandbox's events alone while it happened."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.wording import PATTERNS, custom_ids, post_of, said, titles_of
from deckwright_bot.sandbox.core import Core
from deckwright_bot.sandbox.events import Event, MessageCreated, MessageEdited
from deckwright_bot.sandbox.interaction import Callback, Interaction, InteractionAnswered, InteractionSent
from deckwright_bot.sandbox.model import Message
from deckwright_bot.sandbox.outcome import text_of
from deckwright_bot.ui.texts import ENGLISH

Place: TypeAlias = tuple[str | int, ...]
"""Where an answer belongs: what it is, the post or the quiz with the question's number, the member."""

TABLES = ("quiz.final", "quiz.final.stopped", "quiz.final.silent", "quiz.final.away")
RESULTS = ("result.right", "result.wrong", "result.dont-know", "open.model")
ALONE = ("solo.right", "solo.wrong", "solo.dont-know", "solo.graded")
OPTIONS = {"time", "zone"}


def kind_of(message: Message) -> str:
    """What a public message is."""
    titles, actions = titles_of(message), {name.split(":")[1] for name in custom_ids(message)}
    if "mine" in actions:
        return "post"
    if "quiz-join" in actions:
        return "lobby"
    if any(title == ENGLISH[key] for key in TABLES for title in titles):
        return "table"
    if any(said("quiz.question", title) for title in titles):
        return "question"
    return "hello" if "begin" in actions else f"unknown: {titles} {message.type!r}"


def public(event: Event) -> Message | None:
    """The message that everybody sees in the group."""
    if not isinstance(event, MessageCreated | MessageEdited):
        return None
    message = event.message
    return message if message.guild_id is not None and message.visible_to is None else None


def act_of(interaction: Interaction) -> str:
    """What a member did: a button's action, or a command."""
    name = interaction.data.get("custom_id")
    return str(name).split(":")[1] if name is not None else str(interaction.data["name"])


def deed_of(event: Event) -> str | None:
    """What happened, in a word or two."""
    message = public(event)
    if message is not None:
        return kind_of(message) + (" edited" if isinstance(event, MessageEdited) else "")
    if isinstance(event, InteractionAnswered):
        return f"answered: {act_of(event.interaction)}"
    return act_of(event.interaction) if isinstance(event, InteractionSent) else None


@dataclass(frozen=True)
class Face:
    """A public message as it was seen at one time."""

    message: int
    kind: str
    text: str
    new: bool


@dataclass
class Witness:
    """Everything that was tried and everything that was shown; what counts is compared with the database."""

    core: Core
    faces: list[Face] = field(default_factory=list)
    posts: list[tuple[int, int]] = field(default_factory=list)
    """Post and message, as they appeared."""
    lobbies: list[tuple[int, int]] = field(default_factory=list)
    """Quiz and message."""
    questions: list[tuple[int, int, int]] = field(default_factory=list)
    """Quiz, number and message."""
    tables: list[str] = field(default_factory=list)
    tried: defaultdict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Every reply that was sent, heard or not."""
    shown: dict[Place, str] = field(default_factory=dict)
    """What a member was told of their answer: it counts from then on."""
    summaries: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Right and asked, as the end of a quiz alone said."""
    wishes: defaultdict[str, set[object]] = field(default_factory=lambda: defaultdict(set))
    """What a setting may be: one thing once a wish was acknowledged, more while one was not."""
    wrong: list[str] = field(default_factory=list)
    """What need not be compared with anything."""
    done: Counter[str] = field(default_factory=Counter)
    """How often what was acknowledged, to know that something happened at all."""

    @property
    def playing(self) -> bool:
        """Whether a group quiz was opened whose table has not come."""
        return len(self.lobbies) > len(self.tables)

    def hear(self, event: Event) -> None:
        if isinstance(event, InteractionSent):
            self._tried(event.interaction)
        elif isinstance(event, InteractionAnswered):
            if event.interaction.original is not None:
                self._told(event.interaction, event.interaction.original)
        elif (message := public(event)) is not None:
            self._saw(message, new=isinstance(event, MessageCreated))
        elif isinstance(event, MessageEdited) and event.message.interaction is not None:
            asked = self.core.interactions.by_id.get(int(event.message.interaction["id"]))
            if asked is not None and asked.callback is Callback.DEFERRED_MESSAGE:
                self._told(asked, event.message)

    def _saw(self, message: Message, *, new: bool) -> None:
        if message.author_id != self.core.world.bot.id or message.type:
            return
        kind = kind_of(message)
        self.faces.append(Face(message.id, kind, text_of(message), new))
        if not new:
            return
        names = custom_ids(message)
        if kind == "post":
            self.posts.append((post_of(message) or 0, message.id))
        elif kind == "lobby":
            self.lobbies.append((int(names[0].split(":")[2]), message.id))
        elif kind == "question":
            quiz, word = names[0].split(":")[2:]
            self.questions.append((int(quiz), int(word.split("-")[0]), message.id))
        elif kind == "table":
            self.tables.append(text_of(message))

    # what was sent

    def _tried(self, sent: Interaction) -> None:
        data, member = sent.data, sent.user.id
        if "custom_id" not in data:
            if data["name"] == "settings" and (wish := _times(data)) is not None:
                self.wishes["times"].add(wish)
            return
        _, action, *rest = str(data["custom_id"]).split(":")
        match action, rest:
            case "pick", [post, letter]:
                self.tried["daily", int(post), member].add(letter)
            case "dont-know", [post]:
                self.tried["daily", int(post), member].add("dont-know")
            case "written", [post]:
                self.tried["daily", int(post), member].add(_typed(data))
            case "grade", [post, value]:
                self.tried["grade", int(post), member].add(value)
            case (("quiz" | "solo"), [quiz, word]):
                number, _, what = word.partition("-")
                self.tried[action, int(quiz), int(number), member].add(what)
            case "panel-switch", [on, name]:
                self.wishes.setdefault(name, {0, 1}).add(int(on))

    # what was shown

    def _told(self, asked: Interaction, answer: Message) -> None:
        act, member, text = act_of(asked), asked.user.id, text_of(answer)
        rest = str(asked.data.get("custom_id")).split(":")[2:]
        if act in ("pick", "dont-know", "written", "grade", "mine", "open"):
            self._told_result(int(rest[0]), member, answer, graded=act == "grade")
        elif act == "quiz":
            letter = said("quiz.chosen", text)
            if letter is not None or said("quiz.chosen.dont-know", text):
                place = ("quiz", int(rest[0]), int(rest[1].split("-")[0]), member)
                self._note(place, letter["letter"] if letter is not None else "dont-know")
        elif act == "panel-switch":
            if f"dw:panel-switch:{1 - int(rest[0])}:{rest[1]}" in custom_ids(answer):
                self.wishes[rest[1]] = {int(rest[0])}
                self.done["settings"] += 1
        elif act == "settings":
            if (wish := _times(asked.data)) is not None and said("setup.changed", text):
                self.wishes["times"] = {wish}
                self.done["settings"] += 1
        elif act in ("solo", "solo-repeat"):
            self._told_alone(int(rest[0]), member, answer)

    def _told_result(self, post: int, member: int, answer: Message, *, graded: bool) -> None:
        found = next((key for key in RESULTS if ENGLISH[key] in titles_of(answer)), None)
        if found is None:
            return
        letter = said("result.yours", text_of(answer))
        self._note(("daily", post, member), letter["letter"] if letter is not None else found)
        if graded and not any(name.startswith("dw:grade") for name in custom_ids(answer)):
            self._note(("grade", post, member), "graded")

    def _told_alone(self, quiz: int, member: int, answer: Message) -> None:
        for title in titles_of(answer):
            if (end := PATTERNS["solo.summary"].fullmatch(title)) is not None:
                self.summaries[quiz] = int(end["right"]), int(end["asked"])
        text = text_of(answer)
        outcome = next((key for key in ALONE if f"**{ENGLISH[key]}**" in text), None)
        going_on = (re.fullmatch(r"dw:solo:(\d+):(\d+)-next", name) for name in custom_ids(answer))
        for match in going_on:
            if match is not None and outcome is not None:
                self._note(("solo", int(match[1]), int(match[2]), member), outcome)

    def _note(self, place: Place, told: str) -> None:
        before = self.shown.setdefault(place, told)
        if before != told:
            self.wrong.append(f"{place} was told {before}, and then {told}")
        self.done[str(place[0])] += 1


def _times(data: dict[str, object]) -> tuple[str, ...] | None:
    given = dict(_options(data.get("options")))
    return (given["time"], given["zone"]) if given.keys() >= OPTIONS else None


def _options(found: object) -> Iterator[tuple[str, str]]:
    for each in found if isinstance(found, list) else []:
        yield str(each["name"]), str(each.get("value"))


def _typed(data: dict[str, object]) -> str:
    return str(next(iter(re.findall(r"words \d+", str(data.get("components")))), ""))
