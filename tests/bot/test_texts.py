"""Every sentence comes from the catalogue: in the pseudo-locale a letter outside its marks fails a test."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import discord
import pytest
from discord import app_commands

from bot.server import (
    Server,
    button_named,
    button_of,
    forge,
    forge_command,
    posts_of,
    story,
)
from deckwright.study.dates import zone_names
from deckwright_bot.client import StudyBot
from deckwright_bot.cogs import commands
from deckwright_bot.sandbox import Permission
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.ui import texts
from deckwright_bot.ui.naming import CatalogueTranslator
from deckwright_bot.ui.texts import CATALOGUES, ENGLISH, PSEUDO, counted, text
from libraries import write

pytestmark = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")

BOT = Path(texts.__file__).parents[1]

# A world in which nothing but the bot's own sentences has letters: names, cards and decks are numbers.
NAMES = ("101", "102", "103", "104")
CARDS = {
    "library.yaml": 'title: "1"\nnamespace: test\ndecks: [c]\n',
    "c/deck.yaml": 'title: "2"\n',
    "c/topic.yaml": """
        topic: c
        title: "3"
        cards:
          - id: c1
            core: true
            front: 1 + 1?
            back: "2"
            right: "2"
            wrong:
              - {text: "3", why: 2 < 3}
              - {text: "4", why: 2 < 4}
              - {text: "5", why: 2 < 5}
          - id: c2
            front: 2 + 2?
            back: "4"
            key_points:
              - say: "44"
                words: ["44"]
              - say: "55"
                words: ["55"]
            red_flags:
              - claim: "66"
                why: "67"
                words: ["66"]
    """,
}
DATA = ("c1", "c2")
"""What has letters all the same, beside the names of zones: card ids."""

_MARKED = re.compile(r"⟦[^⟧]*(?:⟧|$)")
_DISCORD = re.compile(r"<t:-?\d+:[A-Za-z]>|<[@#][&!]?\d+>|https://\S+")
_LETTERS = re.compile(r"\b[A-Z]\b")
_TECHNICAL = re.compile(r"\bId:|\bUTC\b")
_ANY = re.compile(r"[^\W\d_]")


def visible(body: object, inside: str = "") -> Iterator[str]:
    """Every text of a request that people see."""
    if isinstance(body, list):
        for each in body:
            yield from visible(each, inside)
    if not isinstance(body, dict):
        return
    for key, value in body.items():
        shown = key in {"content", "title", "description", "label", "placeholder"}
        shown |= key in {"name", "value"} and inside == "fields"
        shown |= key == "text" and inside == "footer"
        shown |= key == "name" and inside == "choices"
        if isinstance(value, str) and shown:
            yield value
        yield from visible(value, key)


def escaped(words: str) -> str:
    """What of a text did not come from the catalogue."""
    for pattern in (_MARKED, _DISCORD):
        words = pattern.sub(" ", words)
    for known in (*DATA, *sorted(zone_names(), key=len, reverse=True)):
        words = words.replace(known, " ")
    for pattern in (_TECHNICAL, _LETTERS):
        words = pattern.sub(" ", words)
    return words if _ANY.search(words) else ""


def escapes(server: Server) -> list[str]:
    """Everything that the bot has sent, as far as the catalogue does not know it."""
    sent = [each for each in server.sandbox.core.requests if not each.path.endswith("/commands")]
    found = [words for each in sent for words in visible(each.body)]
    assert found
    assert not any("Something went wrong" in words for words in found)
    threads = [each.body["name"] for each in sent if each.path.endswith("/threads")]  # type: ignore[index]
    return [words for words in [*found, *threads] if escaped(words)]


async def members_do(server: Server, post: Any, right: str, wrong: str) -> None:
    """What members can do with an open question."""
    await server.ada.slash("daily")
    first = await server.ada.click(post, right)
    await server.ada.click(post, right)
    await server.bob.click(post, wrong)
    await server.owner.click(post, "⟦I don't know⟧")
    await server.owner.click(post, button_named(post, "remind"))
    await server.ada.click(post, button_named(post, "mine"))
    form = await server.ada.click(first.message, button_named(first.message, "report"))
    await server.ada.submit(form, {"text": "123"})
    await server.ada.click(first.message, button_named(first.message, "anki"))
    for command in ("daily", "help", "streak show", "leaderboard", "privacy show", "privacy export"):
        await server.ada.slash(command)
    await server.ada.slash("streak pause", days=3)
    for hidden in (True, False):
        await server.bob.slash("privacy hide", hidden=hidden)
    await server.bob.slash("leaderboard", period="month")
    await forge(server.ada, post, "dw:nothing")
    await forge_command(server.ada, "admin status")


async def owners_set(server: Server) -> None:
    """What owners can set, with every mistake there is."""
    owner, log, role = server.owner, server.owner.create_channel("log"), server.owner.create_role("role")
    await server.owner.autocomplete("settings", "zone", "berlin")
    panel = (await owner.slash("settings")).message
    form = await owner.click(panel, button_named(panel, "panel-change"))
    wrong: dict[str, Any] = {"channel": owner.home, "time": "99", "zone": "0", "level": "medium"}
    await owner.submit(form, wrong)
    await owner.slash("settings", time="99", zone="987")
    await owner.slash("settings", time="10:00", level="hard")
    form = await owner.click(panel, button_named(panel, "panel-more"))
    days = list("0123456")
    await owner.submit(form, {"days": days, "dates": "1", "ping": owner.everyone})
    more: dict[str, Any] = {"days": ["1"], "dates": "2031-01-01", "ping": role, "log": log, "decks": ["c"]}
    await owner.submit(form, more)
    for action in ("panel-switch:1:thread", "panel-switch:1:pin", "panel-switch:1:open_questions"):
        await owner.click((await owner.slash("settings")).message, f"dw:{action}")
    await owner.click(panel, button_named(panel, "panel-test"))
    owner.set_permissions(log, deny=Permission.SEND_MESSAGES)
    await owner.slash("settings", channel=log)
    await owner.slash("settings")
    owner.set_permissions(log, allow=Permission.SEND_MESSAGES)
    await owner.submit(form, {"days": days, "dates": "", "log": log})
    await owner.slash("help")


async def owners_correct(server: Server, post: Any, day: str, right: str, wrong: str) -> None:
    """What owners can put right, with every refusal there is."""
    owner = server.owner
    for letters in ("Z", right, wrong):
        dry = await owner.slash("admin rescore", day=day, right=letters)
    await owner.click(dry.message, button_named(dry.message, "rescore"))
    await owner.autocomplete("admin rescore", "day", "")
    for words in ("0", "1999-01-01"):
        await owner.slash("admin void", day=words, reason="1")
        await owner.slash("admin credit", member=server.ada, day=words, reason="1")
    await owner.slash("admin void", day=day, reason=" ")
    await owner.slash("admin credit", member=server.ada, day=day, reason="1")
    for command in ("admin status", "admin pause", "settings", "admin status", "admin resume", "admin post"):
        await owner.slash(command)
    await server.ada.click(post, button_named(post, "mine"))


async def an_open_question(server: Server, bot: StudyBot) -> None:
    """The open question's life, from the answer to its sharing."""
    post = await server.ada.wait_for(lambda m: button_of(m, "open") is not None)
    form = await server.ada.click(post, button_named(post, "open"))
    told = await server.ada.submit(form, {"text": "44 66"})
    await server.ada.click(
        told.message, "dw:grade:" + str(button_named(told.message, "grade")).split(":", 2)[2]
    )
    await forge(server.ada, post, button_named(post, "mine").replace("mine", "share"))
    await server.move(bot, hours=90)
    closed = next(m for m in server.bob.sees() if m.id == post.id)
    await server.ada.click(closed, button_named(closed, "share"))
    await server.bob.click(closed, button_named(closed, "share"))
    await server.bob.click(closed, button_named(closed, "mine"))


async def everything(server: Server, bot: StudyBot) -> None:
    """The main flows of a group's first days."""
    server.owner.invite_bot()
    await server.owner.wait_for(lambda m: button_of(m, "begin") is not None)
    await server.ada.slash("daily")
    await server.owner.slash("admin status")
    post = await server.set_up()
    row = (await posts_of(bot, server))[0]
    right, wrong = (
        next(option.letter for option in snapshot_of(row).options if option.right is which)
        for which in (True, False)
    )
    await members_do(server, post, right, wrong)
    await owners_set(server)
    await owners_correct(server, post, row.date.isoformat(), right, wrong)
    await server.move(bot, hours=30)
    closed = next(m for m in server.bob.sees() if m.id == post.id)
    await forge(server.ada, closed, button_named(closed, "mine").replace("mine", "dont-know"))
    new = server.owner.add_member("105")
    new.user.locale = PSEUDO
    await new.click(closed, button_named(closed, "mine"))
    await server.owner.slash("admin credit", member=new, day=row.date.isoformat(), reason="1")
    await server.owner.slash("admin credit", member=new, day=row.date.isoformat(), reason="1")
    await new.slash("streak show")
    await an_open_question(server, bot)
    await server.owner.slash("admin void", day=row.date.isoformat(), reason="12")
    await bot._tick()
    await server.ada.click(closed, button_named(closed, "mine"))
    ask = await server.ada.slash("privacy delete")
    await server.ada.click(ask.message, button_named(ask.message, "forget"))
    context = bot.context
    group = await context.services.groups.find(server.owner.guild.id)
    daily = await context.services.groups.daily(server.owner.guild.id)
    assert group is not None
    assert daily is not None
    await bot.messenger.tell_paused(group, daily, [])
    await bot.messenger.tell_running_out(group, daily, 7)


def test_nothing_is_said_that_the_catalogue_does_not_know(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await everything(server, bot)
        assert escapes(server) == []

    story(tmp_path, tell, cards=write(tmp_path / "cards", CARDS), names=NAMES, locale=PSEUDO)


@pytest.mark.parametrize("room", ["cogs.standing", "ui.messages", "ui.views", "ui.forms", "messenger"])
def test_a_sentence_beside_the_catalogue_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    """A room that says what stands in no catalogue, as a hard-coded string would."""
    monkeypatch.setattr(f"deckwright_bot.{room}.text", lambda key, *_, **__: f"Hard-coded {key}"[:40])

    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            await server.ada.slash("streak pause", days=3)
        assert escapes(server) != []

    story(tmp_path, tell, cards=write(tmp_path / "cards", CARDS), names=NAMES, locale=PSEUDO)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("⟦Settings⟧", False),
        ("⟦**Posts** in ⟧<#12>⟦ at ⟧09:00⟦ (⟧Europe/Berlin⟦)⟧", False),
        ("**A** ⟦is right⟧ <t:17:R>", False),
        ("⟦cut before its end", False),
        ("Settings", True),
        ("⟦Posts⟧ in <#12>", True),
        ("⟦Posts⟧ été", True),
    ],
)
def test_the_eye_for_escaped_words_is_sharp(words: str, *, found: bool) -> None:
    assert bool(escaped(words)) is found


def test_a_value_stands_outside_the_marks() -> None:
    assert text("panel.level", PSEUDO, level="x") == "⟦**Level** ⟧x"
    assert text("panel.more", PSEUDO) == "⟦More⟧"


def test_a_language_says_what_it_has_and_english_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGUES, "de", {"panel.more": "Mehr", "post.count.many": "{count} Antworten"})

    assert text("panel.more", "de") == "Mehr"
    assert text("panel.more", "de-CH") == "Mehr"
    assert text("panel.change", "de") == "Change"
    assert counted("post.count", 3, "de") == "3 Antworten"


def _strings(payload: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every command, option and choice of a payload, by its path."""
    yield at + payload["name"], payload
    for each in payload.get("options", []):
        yield from _strings(each, f"{at}{payload['name']} ")
    for each in payload.get("choices", []):
        yield f"{at}{payload['name']}={each['name']}", each


def test_names_of_commands_come_from_the_catalogue_in_every_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    german = {
        key: f"x{value}"[:100] for key, value in ENGLISH.items() if key.startswith(("command.", "choice."))
    }
    monkeypatch.setitem(CATALOGUES, "de", german)
    client = discord.Client(intents=discord.Intents.none())
    tree: app_commands.CommandTree[discord.Client] = app_commands.CommandTree(client)
    commands.register(tree, Mock())
    missing = []
    for command in tree.get_commands():
        payload = asyncio.run(command.get_translated_payload(tree, CatalogueTranslator()))
        for path, part in _strings(payload):
            kinds = ("name", "description") if "description" in part else ("name",)
            missing += [f"{path}: {k}" for k in kinds if "de" not in part.get(f"{k}_localizations", {})]

    assert missing == []


def test_every_sentence_is_used_and_every_sentence_used_is_there() -> None:
    whole, beginnings, asked = set[str](), set[str](), set[str]()
    for path in BOT.rglob("*.py"):
        if path.parent.name not in ("cogs", "ui", "services", "deckwright_bot") or path.name.endswith(
            "texts.py"
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                beginnings.add(str(node.values[0].value))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id in ("text", "counted") and isinstance(first, ast.Constant):
                    asked.add(str(first.value) + (".many" if node.func.id == "counted" else ""))
    beginnings = {each for each in beginnings if "." in each and not each.startswith((".", " "))}

    def used(key: str) -> bool:
        stem = re.sub(r"\.(none|one|many)$", "", key)
        return key in whole or stem in whole or any(key.startswith(each) for each in beginnings)

    assert sorted(key for key in ENGLISH if not used(key)) == []
    assert asked - ENGLISH.keys() == set()


def test_every_kind_of_what_is_kept_has_words() -> None:
    from deckwright_bot.store import traces

    for own in traces.OWN:
        assert f"privacy.kept.{own.table.name}.one" in ENGLISH
        assert f"privacy.kept.{own.table.name}.many" in ENGLISH


def test_every_permission_the_bot_can_lack_has_its_name() -> None:
    from deckwright_bot.client import PERMISSIONS
    from deckwright_bot.cogs import permissions

    known = {key.removeprefix("permission.") for key in ENGLISH if key.startswith("permission.")}
    named = discord.Permissions(**dict.fromkeys(known, True))
    ping = discord.Permissions(**dict.fromkeys(permissions.FOR_PING, True))

    assert named == PERMISSIONS | ping
