"""Whatever anybody types, forges, replays or hammers at: a clear private answer, nobody mentioned, nothing broken.

What there is to attack is read from the bot itself: the commands that Discord was told of, the handlers of custom
ids, the forms that open. A new one without a place here fails a test.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.fakes import LITTLE, LITTLE_OPEN
from bot.server import Server, button_of, forge, forge_form, story, title_of
from deckwright_bot.client import StudyBot
from deckwright_bot.cogs import correcting, settings, setup
from deckwright_bot.cogs.components import HANDLERS
from deckwright_bot.sandbox import Member, Outcome
from deckwright_bot.sandbox.calls import BOOLEAN, CHANNEL, INTEGER, STRING, USER, Field
from deckwright_bot.sandbox.component_limits import LABEL, TEXT_INPUT
from deckwright_bot.sandbox.events import Event, MessageCreated, MessageEdited
from deckwright_bot.sandbox.interaction import InteractionType
from deckwright_bot.sandbox.model import Json, Message
from deckwright_bot.sandbox.outcome import buttons_of, text_of
from deckwright_bot.ui.ids import parse
from deckwright_bot.ui.texts import ENGLISH

TEXTS = {
    "giant": "🜁verylongword " * 400,
    "giant word": "x" * 6000,
    "empty": "",
    "blank": " \n\t  ",
    "right to left": "\u202eevil\u202c \u2067\u05d0\u05d1\u05d2\u2069",
    "zero width": "\u200b\u200d\ufeff\u2060" * 20,
    "mentions": "@everyone @here <@&ROLE> <@MEMBER> <@!MEMBER> <#CHANNEL> </quiz solo:1>",
    "markdown": "# **b** ||s|| ~~x~~ `c` ```x\n> q\n- l [a](https://e.example) <t:0:R>",
    "sql": "'); DROP TABLE posts; --",
    "format": "{given} {0} %s %(name)s ${x} {",
    "control": "\x00\x01\x07\x1b[31m\r\x7f\u0085",
    "digits": "９９９９９९९",
    "combining": "Z" + "\u0300" * 500,
}
NUMBERS = (-1, 0, 10**6, 2**53, -(2**63), 10**30)
WORDS = (
    "x",
    "9-Z",
    "0-lobby",
    "1-asking",
    "-1-next",
    "99-A",
    "A" * 40,
    "9" * 40,
    "ü-é",
    "null",
    "B-000000000000",
)
NUMBER_S = ("0", "999999", "9223372036854775807", "9223372036854775808", "99999999999999999999", None)
FOREIGN = (
    "", " ", "x" * 100, "dw", "dw:", "dw:pick", "dw:pick:", "dw:pick:1:", "dw:nothing:1:A", "DW:pick:1:A",
    "dw:pick:-1:A", "dw:pick:1:A:B", "dw:pick:1:A\n", "dw:pick:１:A", "other-bot:7", "'; DROP TABLE posts; --",
    "@everyone", "\u202edw:pick:1:A", "dw:pick:\x001:A", "dw:" + "a" * 97,
)  # fmt: skip
"""Custom ids that are no ids of ours."""
OF_MANAGERS = {**setup.FOR_MANAGERS, **settings.FOR_MANAGERS, **correcting.FOR_MANAGERS}
NO_FIELDS: tuple[dict[str, str | list[str]], ...] = ({}, {"nonsense": "x", "text ": "y"})
CLICKS = 200

# What a well-meaning client would send, by the option's name; what is not here cannot be attacked.
VALID: dict[str, Any] = {
    "days": 3, "period": "week", "hidden": True, "right": "A", "reason": "a fault", "find": "choice-1",
    "level": "easy", "time": "10:00", "zone": "UTC", "questions": 5, "seconds": 30, "missed": False,
}  # fmt: skip
# A reason may say anything; it is kept, and shown safely. Every other text is refused or finds nothing.
KEPT = {("admin void", "reason"), ("admin credit", "reason")}
# What a board's and a card's word may be, so that the others are forged with it, too.
MEANT = {
    "pick": ("A", "dont-know"),
    "grade": ("got",),
    "board": ("week", "all"),
    "quiz": ("1-A", "1-dont-know", "2-A"),
    "quiz-go": ("0-lobby", "1-asking", "1-showing"),
    "solo": ("1-A", "1-got", "1-dont-know", "1-next", "1-show", "1-stop", "2-A"),
    "card-anki": ("1", "2"),
    "panel-switch": ("thread", "pin", "open_questions", "rematch"),
    "rescore": ("A-000000000000", "A,B-"),
}
# Pressed twice these do something twice, as they should.
REPEATABLE = {"solo-repeat"}

UNSAFE = re.compile(r"@everyone|@here|<@[!&]?\d{15,}>|(?<!\\)\*\*b|(?<!\\)\|\|s|(?<!\\)~~x|(?<!\\)\[a\]\(")
"""What a member wrote, as Discord would read it."""

Row = tuple[Any, ...]
Dump = set[tuple[str, Row]]


@dataclass
class Scene:
    """A group in the middle of everything, another one beside it, and who attacks."""

    server: Server
    bot: StudyBot
    closed: Message
    open: Message
    quiz: Message
    post: int
    """The open post."""
    numbers: dict[str, list[int]]
    """Ids of posts and quizzes here, and of another group's."""
    eve: Member
    others: set[int]
    """The other group and its people."""
    database: sqlite3.Connection
    """To look, never to write."""
    _version: int = -1
    _dump: Dump = field(default_factory=set)

    @property
    def path(self) -> Path:
        return self.server.folder / "bot.sqlite"

    def dump(self) -> Dump:
        """Every row of every table but those that only say that the program is awake."""
        # SQLite says whether anybody wrote since.
        (now,) = self.database.execute("PRAGMA data_version").fetchone()
        if now != self._version:
            tables = self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            self._version = now
            self._dump = {
                (table, row)
                for (table,) in tables
                if table not in ("uptime", "facts")
                for row in self.database.execute(f"SELECT * FROM {table}")
            }
        return self._dump

    def text(self, name: str) -> str:
        """A hostile text, with the ids of people, roles and places that are really there."""
        roles = self.server.owner.guild.roles.values()
        ids = {
            "ROLE": next(role.id for role in roles if role.name == "Everyone's"),
            "MEMBER": self.server.bob.user.id,
            "CHANNEL": self.closed.channel_id,
        }
        words = TEXTS[name]
        for kind, number in ids.items():
            words = words.replace(kind, str(number))
        return words


def changes(before: Dump, after: Dump) -> Dump:
    return before ^ after


def not_of(member: int, before: Dump, after: Dump) -> Dump:
    """The changes that are not about one member: rows that name them, or belong to a quiz they began alone."""
    own = {
        row[0]
        for table, row in before | after
        if table == "quizzes" and row[2] == "solo" and row[3] == member
    }
    return {
        (table, row)
        for table, row in changes(before, after)
        if member not in row and table != "forgets" and not (table.startswith("quiz") and row[0] in own)
    }


def told(outcome: Outcome, member: Member) -> str:
    """The words of an answer, after a look at whether it came, is private and says anything."""
    assert not outcome.failed, "This interaction failed"
    assert not outcome.thinking, "… is thinking for ever"
    interaction = outcome.interaction
    if interaction.modal is not None:
        return str(interaction.modal["title"])
    messages = outcome.follow_ups or [outcome.message]
    for message in messages:
        assert message.visible_to == member.user.id, f"seen by all: {text_of(message)!r}"
    words = "\n".join(text_of(message) for message in messages).strip()
    assert words or any(message.attachments for message in messages)
    assert ENGLISH["error.text"].split("{", maxsplit=1)[0] not in words, words
    return words


def leaves(commands: list[Json]) -> Iterator[tuple[list[Json], list[Json]]]:
    """Every command that can be called: the way to it, and its options."""
    for command in commands:
        stack = [[command]]
        while stack:
            way = stack.pop()
            inner = [one for one in way[-1].get("options") or [] if one["type"] in (1, 2)]
            if inner:
                stack += [[*way, one] for one in inner]
            else:
                yield way, way[-1].get("options") or []


async def call(
    member: Member, way: list[Json], values: dict[str, tuple[int, Any]], focused: str | None = None
) -> Outcome:
    """Call a command as a changed client can, whatever its description demands."""
    options: list[Json] = [
        {"name": name, "type": kind, "value": value} | ({"focused": True} if name == focused else {})
        for name, (kind, value) in values.items()
    ]
    for step in reversed(way[1:]):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    resolver = member._resolver(member.home)
    for name, (kind, value) in values.items():
        if kind == USER and isinstance(value, Member):
            replaced = resolver.take(value)
            _put(options, name, replaced)
        if kind == CHANNEL and not isinstance(value, str):
            _put(options, name, resolver.take(value))
    data: Json = {"id": way[0]["id"], "name": way[0]["name"], "type": 1, "options": options}
    if resolver.found:
        data["resolved"] = resolver.found
    kind_ = InteractionType.AUTOCOMPLETE if focused else InteractionType.COMMAND
    return await member._do(kind_, member.home, data)


def _put(options: list[Json], name: str, value: object) -> None:
    for option in options:
        if option["name"] == name and "value" in option:
            option["value"] = value
        _put(option.get("options") or [], name, value)


def library(folder: Path) -> Path:
    """Questions to choose from, and open ones in a deck of their own."""
    cards = folder / "cards"
    for deck, cards_ in (
        ("deck", "".join(LITTLE.format(n=n) for n in range(12))),
        ("opens", "".join(LITTLE_OPEN.format(n=n) for n in range(12))),
    ):
        (cards / deck).mkdir(parents=True)
        (cards / deck / "deck.yaml").write_text(f"title: {deck}\n")
        (cards / deck / "topic.yaml").write_text(f"topic: {deck}-topic\ntitle: Topic\ncards:{cards_}")
    (cards / "library.yaml").write_text("title: Little\nnamespace: little\ndecks: [deck, opens]\n")
    return cards


@asynccontextmanager
async def scene(server: Server) -> AsyncIterator[Scene]:
    """A closed post, an open one that asks for words, a quiz in the channel, quizzes alone; and another group."""
    seen: list[Message] = []

    def hear(event: Event) -> None:
        if isinstance(event, MessageCreated | MessageEdited):
            seen.append(event.message)

    server.sandbox.core.hub.subscribe(hear)
    owner = server.owner
    owner.create_role("Everyone's", mentionable=True)
    eve = owner.add_member("Eve @everyone")
    async with server.bot() as bot:
        closed = await server.set_up()
        await server.ada.click(closed, "A")
        await server.bob.click(closed, "B")
        other = server.sandbox.owner("Otto", "Others")
        other.invite_bot()
        hello = await other.wait_for(lambda m: button_of(m, "begin") is not None)
        await other.submit(
            await other.click(hello, "Set up"),
            {"channel": other.home, "time": "09:00", "zone": "UTC", "level": "medium"},
        )
        theirs = await other.wait_for(lambda m: button_of(m, "mine") is not None)
        await other.click(theirs, "A")
        await other.slash("quiz group", questions=3)
        await other.slash("quiz solo", questions=3)
        # From now on this group is asked for words.
        panel = (await owner.slash("settings")).message
        await owner.click(panel, "Open questions: off")
        form = await owner.click(panel, "More")
        log = owner.create_channel("log")
        further: dict[str, Field] = {"days": list("0123456"), "decks": ["opens"], "log": log}
        await owner.submit(form, further)
        asked = await next_open(server, bot)
        await write(server.ada, asked, "My own words")
        last = await next_open(server, bot)
        await server.move(bot, hours=6)
        assert [title_of(each) for each in (closed, asked)] == ["Closed", "Closed"]
        await owner.slash("quiz group", questions=3, seconds=120)
        lobby = await server.ada.wait_for(lambda m: "about to begin" in title_of(m))
        await server.bob.click(lobby, "Join")
        await owner.click(lobby, "Start now")
        quiz = await server.ada.wait_for(lambda m: title_of(m) == "Question 1 of 3")
        for member in (server.ada, eve):
            await member.slash("quiz solo", questions=3)
        # What is due by the clock would be taken for the attackers' work.
        for ticker in (bot._ticker, bot._quiz_ticker):
            assert ticker is not None
            await ticker.stop()
        with closing(sqlite3.connect(server.folder / "bot.sqlite")) as database:
            numbers = {
                name: [row[0] for row in database.execute(f"SELECT id FROM {name} ORDER BY id")]
                for name in ("posts", "quizzes")
            }
        others = {other.guild.id, other.user.id}
        looking = sqlite3.connect(server.folder / "bot.sqlite", isolation_level=None)
        yield Scene(server, bot, asked, last, quiz, number_of(last), numbers, eve, others, looking)
        looking.close()
        await bot.tick()
    for message in seen:
        assert not message.mention_everyone, text_of(message)
        assert message.notified == frozenset(), text_of(message)


def open_posts(server: Server) -> list[Message]:
    return [each for each in server.ada.sees() if button_of(each, "open") and not each.visible_to]


def number_of(message: Message) -> int:
    """The post or quiz that a message is about."""
    return int(next(iter(buttons_of(message)))["custom_id"].split(":")[2])


async def next_open(server: Server, bot: StudyBot) -> Message:
    """The next post that asks for words."""
    before = {each.id for each in open_posts(server)}
    for _ in range(20):
        await server.move(bot, hours=6)
        new = [each for each in open_posts(server) if each.id not in before]
        if new:
            return new[0]
    raise AssertionError("no open question came")


async def write(member: Member, post: Message, words: str) -> Outcome:
    return await member.submit(await member.click(post, "Answer"), {"text": words})


def attack(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, tell: Callable[[Scene], Awaitable[None]]
) -> None:
    """Tell a story of an attack; nothing of it is an error in the log, let alone a traceback."""

    async def inside(server: Server) -> None:
        async with scene(server) as made:
            # Of thousands of answers only the hard limits are checked; the descriptions are checked elsewhere.
            server.sandbox.core.schema = None
            caplog.clear()
            await tell(made)

    with caplog.at_level(logging.INFO):
        story(tmp_path, inside, cards=library(tmp_path))
    assert [
        each.getMessage() for each in caplog.records if each.exc_info or each.levelno >= logging.ERROR
    ] == []


def given(scene: Scene, name: str) -> Any:
    """A value for an option that is not the one attacked."""
    match name:
        case "channel":
            return scene.server.owner.home
        case "member":
            return scene.server.bob
        case "day":
            with closing(sqlite3.connect(scene.path)) as database:
                return database.execute("SELECT date FROM posts ORDER BY id").fetchone()[0]
        case _:
            assert name in VALID, f"an option {name!r} that nobody attacks: give it a valid value here"
            return VALID[name]


def hostile_values(scene: Scene, option: Json) -> list[tuple[str, Any]]:
    match option["type"]:
        case kind if kind == STRING:
            return [(name, scene.text(name)) for name in TEXTS]
        case kind if kind == INTEGER:
            return [(str(number), number) for number in NUMBERS]
        case kind if kind in (USER, CHANNEL):
            return [("nobody", "1"), ("the group", str(scene.server.owner.guild.id))]
        case kind if kind == BOOLEAN:
            return []
    raise AssertionError(f"an option of a type that nobody attacks: {option}")


@pytest.mark.parametrize("who", ["owner", "ada"])
def test_every_option_of_every_command(tmp_path: Path, who: str, caplog: pytest.LogCaptureFixture) -> None:
    async def tell(scene: Scene) -> None:
        member = getattr(scene.server, who)
        found = list(leaves(member.core.commands.usable(member.guild.id)))
        assert len(found) > 20
        attacked = set()
        for way, options in found:
            path = " ".join(step["name"] for step in way)
            refused = path.startswith(("admin", "settings")) and who != "owner"
            for option in options:
                others = {
                    one["name"]: (one["type"], given(scene, one["name"]))
                    for one in options
                    if one.get("required") and one is not option
                }
                for name, value in hostile_values(scene, option):
                    attacked.add((path, option["name"]))
                    before = scene.dump()

                    outcome = await call(member, way, {**others, option["name"]: (option["type"], value)})

                    words = told(outcome, member)
                    here = f"/{path} {option['name']}={name}: {words}"
                    if refused:
                        assert words == ENGLISH["error.not-allowed"], here
                    if refused or option["type"] == INTEGER:
                        assert scene.dump() == before, here
                    if (path, option["name"]) not in KEPT:
                        assert not_of(member.user.id, before, scene.dump()) == set(), here
                    if option.get("autocomplete") and option["type"] == STRING:
                        typing = {**others, option["name"]: (option["type"], value)}
                        outcome = await call(member, way, typing, focused=option["name"])
                        assert not outcome.failed, here
                        assert refused is False or outcome.choices == [], here
        assert len(attacked) >= 20

    attack(tmp_path, caplog, tell)


def forged_ids(scene: Scene, action: str) -> list[str]:
    """Whatever could be written into a custom id: stale, foreign, of others, meant, nonsense."""
    known = [str(number) for name in scene.numbers for number in scene.numbers[name]]
    people = [str(scene.server.owner.guild.id), *map(str, scene.others)]
    meant = [f"dw:{action}:{number}:{word}" for number in known for word in MEANT.get(action, ("A",))]
    bare = [
        ":".join(part for part in ("dw", action, number) if part) for number in (*known, *people, *NUMBER_S)
    ]
    odd = [f"dw:{action}:{scene.post}:{word}" for word in WORDS] + [f"dw:{action}:999999:{WORDS[0]}"]
    return list(dict.fromkeys([*meant, *bare, *odd]))


def test_every_custom_id_forged_stale_foreign_and_replayed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Pressed by a member who may manage nothing, and pressed again."""

    async def tell(scene: Scene) -> None:
        assert set(MEANT) <= set(HANDLERS), "actions that are gone"
        eve = scene.eve
        # Deleting oneself last, for it hides what the others did.
        for action in sorted(HANDLERS, key=lambda each: (each == "forget", each)):
            for custom_id in forged_ids(scene, action):
                public = {each.id: (each.edits, text_of(each)) for each in eve.sees() if not each.visible_to}
                before = scene.dump()
                words = told(await forge(eve, scene.open, custom_id), eve)
                first = scene.dump()
                again = told(await forge(eve, scene.open, custom_id), eve)
                assert not_of(eve.user.id, before, first) == set(), f"{custom_id}: {words}"
                assert not any(set(row) & scene.others for _, row in changes(before, first)), custom_id
                if action not in REPEATABLE:
                    more = {table for table, _ in changes(first, scene.dump())}
                    # When somebody was last seen is all that another press may say.
                    assert more <= {"members", "forgets"}, f"{custom_id} again: {again}"
                if action in OF_MANAGERS:
                    refusal = "error.not-allowed" if parse(custom_id) is not None else "error.stale"
                    assert words == again == ENGLISH[refusal], custom_id
                    assert first == before, custom_id
                after = {each.id: (each.edits, text_of(each)) for each in eve.sees() if not each.visible_to}
                assert after == public, f"{custom_id} changed what everybody sees"
        before = scene.dump()
        for custom_id in FOREIGN:
            assert told(await forge(eve, scene.open, custom_id), eve) == ENGLISH["error.stale"], custom_id
        assert scene.dump() == before

    attack(tmp_path, caplog, tell)


def fields_of(modal: Json) -> list[Json]:
    return [part["component"] for part in modal["components"] if part["type"] == LABEL]


def test_every_field_of_every_form(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Sent by who opened it, and by a member who never could have."""

    async def tell(scene: Scene) -> None:
        owner, eve = scene.server.owner, scene.eve
        forms: dict[str, Json] = {}
        # Those that would answer, end or switch something would change what the others find.
        ending = {"forget", "quiz-end", "quiz-go", "panel-switch", "pick", "dont-know"}
        for action in sorted(set(HANDLERS) - ending):
            for custom_id in (f"dw:{action}", f"dw:{action}:{scene.post}", f"dw:{action}:3"):
                outcome = await forge(owner, scene.open, custom_id)
                if outcome.interaction.modal is not None:
                    forms[outcome.modal["custom_id"].split(":")[1]] = outcome.modal
        assert {"written", "reported", "setup", "panel-changed", "panel-further"} <= set(forms)
        opener = await owner.slash("help")
        for action, form in forms.items():
            valid = {each["custom_id"]: default(each) for each in fields_of(form)}
            assert valid
            for one in fields_of(form):
                for value in values_for(scene, one):
                    for member in (owner, eve):
                        before = scene.dump()
                        fields = valid | {one["custom_id"]: value}
                        outcome = await forge_form(member, opener, form["custom_id"], fields)
                        words, after = told(outcome, member), scene.dump()
                        here = f"{form['custom_id']} {one['custom_id']}={value!r:.60}: {words}"
                        if action in OF_MANAGERS and member is eve:
                            assert words == ENGLISH["error.not-allowed"], here
                            assert after == before, here
                        elif action in OF_MANAGERS:
                            group = owner.guild.id
                            assert all(group in row for _, row in changes(before, after)), here
                            tables = {table for table, _ in changes(before, after)}
                            assert tables <= {"series", "audit"}, here
                            saved = ENGLISH["setup.not-saved"] not in words
                            assert saved or after == before, here
                        else:
                            assert not_of(member.user.id, before, after) == set(), here
            # Without any field, and with fields of another form.
            for strange in NO_FIELDS:
                before = scene.dump()
                told(await forge_form(eve, opener, form["custom_id"], strange), eve)
                assert scene.dump() == before

    attack(tmp_path, caplog, tell)


def default(inner: Json) -> str | list[str]:
    """What stands in a field when the form opens, or something that may."""
    if inner["type"] == TEXT_INPUT:
        known = {"time": "09:00", "zone": "UTC", "text": "words"}
        return str(inner.get("value") or known.get(inner["custom_id"], ""))
    if options := inner.get("options"):
        return [one["value"] for one in options if one.get("default")]
    return [str(each["id"]) for each in inner.get("default_values") or []]


def values_for(scene: Scene, inner: Json) -> list[str | list[str]]:
    texts = [scene.text(name) for name in TEXTS]
    if inner["type"] == TEXT_INPUT:
        return [*texts]
    numbers = [str(number) for number in (*NUMBERS, 10**18, 2**63 - 1, 2**63, 9999999999999999999)]
    return [[], *([text] for text in texts), *([number] for number in numbers), texts * 3, ["０"]]


def test_hostile_words_are_kept_as_they_are_and_shown_to_nobody_unsafely(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The places where anybody's words become public: shared answers, reports, reasons, names."""

    async def tell(scene: Scene) -> None:
        server = scene.server
        log = next(each for each in server.owner.guild.channels.values() if each.name == "log")
        people = [server.owner.add_member(f"{scene.text(name)[:30]} {name}") for name in TEXTS]
        for member, name in zip(people, TEXTS, strict=True):
            words = scene.text(name)[:2000]
            told(await write(member, scene.open, words), member) if words else None
            form = await forge(member, scene.open, f"dw:report:{scene.post}")
            if words:
                told(await member.submit(form, {"text": words[:1000]}), member)
        with closing(sqlite3.connect(scene.path)) as database:
            kept = {row[0] for row in database.execute("SELECT text FROM answers WHERE text IS NOT NULL")}
        for name in TEXTS:
            words = scene.text(name)[:2000].strip()
            assert not words.strip("\u200b\u200d\ufeff\u2060") or words in kept, name
        await server.move(scene.bot, hours=30)
        for member in people:
            results = [each for each in member.sees() if button_of(each, "share")]
            if results:
                told(await member.click(results[-1], "Share in thread"), member)
        board = await server.ada.slash("leaderboard", period="all")
        told(board, server.ada)
        public = [each for each in server.ada.sees() if not each.visible_to] + server.owner.sees(log)
        assert any("wrote" in title_of(each) for each in public)
        assert any("reports a fault" in text_of(each) for each in public)
        for message in [*public, board.message]:
            assert not UNSAFE.search(text_of(message)), text_of(message)

    attack(tmp_path, caplog, tell)


def test_two_hundred_clicks_of_one_member_hurt_nobody_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def tell(scene: Scene) -> None:
        server, eve = scene.server, scene.eve
        people = [server.owner.add_member(f"Member {n}") for n in range(10)]
        number, quiz = scene.post, number_of(scene.quiz)
        ids = [
            f"dw:dont-know:{number}",
            f"dw:mine:{number}",
            "dw:board:1:all",
            f"dw:quiz:{quiz}:1-A",
            "dw:remind",
        ]
        hammering: list[asyncio.Task[Outcome]] = []
        others: list[asyncio.Task[Outcome]] = []
        for click in range(CLICKS):
            hammering.append(asyncio.create_task(forge(eve, scene.open, ids[click % len(ids)])))
            if click < CLICKS // 2:
                continue
            if click % 10 == 0:
                member = people[len(others)]
                others.append(asyncio.create_task(forge(member, scene.open, f"dw:dont-know:{number}")))
            await asyncio.sleep(0.005)
        for member, outcome in zip(people, await asyncio.gather(*others), strict=True):
            assert ENGLISH["result.dont-know"] in told(outcome, member)
        said = [told(each, eve) for each in await asyncio.gather(*hammering) if not each.failed]
        assert {words == ENGLISH["error.too-fast"] for words in said} == {True, False}
        # One who waits for the answer before the next click is never held up.
        for custom_id in ids * 4:
            assert told(await forge(eve, scene.open, custom_id), eve) != ENGLISH["error.too-fast"]
        with closing(sqlite3.connect(scene.path)) as database:
            kept = database.execute("SELECT member FROM answers WHERE post = ?", [number]).fetchall()
        assert sorted(kept) == sorted([(each.user.id,) for each in (*people, eve)])

    attack(tmp_path, caplog, tell)
