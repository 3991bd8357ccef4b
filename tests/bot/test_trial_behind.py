"""Behind the scenes of a trial: whose doing a row is, and which rule something is about."""

from __future__ import annotations

import ast
import asyncio
import http.client
import json
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.server import library_of
from deckwright_bot.sandbox import Sandbox
from deckwright_bot.sandbox.calls import Value
from deckwright_bot.sandbox.driver import Member
from deckwright_bot.sandbox.model import Message
from deckwright_bot.sandbox.outcome import Outcome, text_of
from deckwright_bot.sandbox.state import World
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.trial.beginning import first_morning
from deckwright_bot.trial.behind import Behind, Entry
from deckwright_bot.trial.clock import SettableClock
from deckwright_bot.trial.deeds import of_rows
from deckwright_bot.trial.group import TrialGroup
from deckwright_bot.trial.moving import Mover
from deckwright_bot.trial.people import button_of, post_of
from deckwright_bot.trial.plain import plain, shortened, titled
from deckwright_bot.trial.rows import Row
from deckwright_bot.trial.running import trial
from deckwright_bot.trial.scene import Scene
from deckwright_bot.trial.words import ANSWERS, NOT_THIS_ADDRESS, PARTS, RULES

pytestmark = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")

ROOT = Path(__file__).parents[2]
LONGEST = 150


class Told:
    """A trial with its panel, and what stands there."""

    def __init__(self, group: TrialGroup) -> None:
        self.group = group
        self.behind = Behind(group)
        self.olga, self.ada, self.ben, self.chen = (each.member for each in group.people)

    def of(self, who: str, what: str = "") -> Entry:
        """The newest entry of somebody's that begins so."""
        found = [each for each in self.behind.entries if each.who == who and each.what.startswith(what)]
        assert found, [(each.who, each.what) for each in self.behind.entries]
        return found[-1]

    async def slash(self, who: Member, command: str, **options: Value) -> Entry:
        """What is told of a command."""
        await who.slash(command, None, **options)
        return self.of(who.user.name, f"used /{command}")

    async def press(self, who: Member, message: Message, what: str) -> Entry:
        """What is told of a press."""
        await who.click(message, what)
        return self.of(who.user.name)


def tell(tmp_path: Path, story: Callable[[Told], Awaitable[None]], *, set_up: bool = True) -> None:
    async def whole() -> None:
        begins = first_morning(datetime.now().astimezone())
        async with TrialGroup(library_of(Path("cards")), tmp_path, start=begins) as group:
            if set_up:
                await group.set_up()
            told = Told(group)
            try:
                await story(told)
            finally:
                told.behind.close()
            group.sandbox.assert_clean()

    asyncio.run(asyncio.wait_for(whole(), LONGEST))


def tables(entry: Entry) -> list[str]:
    return sorted(row.table for row in entry.rows)


def members_of(entry: Entry) -> set[Any]:
    return {row.whole["member"] for row in entry.rows if "member" in row.whole}


# ---------------------------------------------------------------- whose doing a row is


def test_rows_stand_under_the_one_whose_click_wrote_them_also_when_two_act_at_once(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        (post,) = told.group.crowd.open_posts
        people = (told.olga, told.ada, told.ben, told.chen)
        await asyncio.gather(*(each.click(post, "I don't know") for each in people))
        for each in people:
            entry = told.of(each.user.name, "pressed")
            assert tables(entry) == ["answers", "members", "points", "sums"], each.user.name
            assert members_of(entry) == {each.user.id}

    tell(tmp_path, story)


def test_what_time_brings_stands_under_the_bot_s_own_doing_and_never_under_a_click(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        (post,) = told.group.crowd.open_posts
        await told.ada.click(post, "A")
        await told.olga.slash("leaderboard")
        number = post_of(post)
        await Mover(told.group).pass_time(told.group.clock.now() + timedelta(days=1))
        assert tables(told.of("Ada", "pressed")) == ["answers", "members", "points", "sums"]
        assert told.of("Olga", "used /leaderboard").rows == []
        closed = told.of("deckwright", "closed the question of Friday")
        assert {row.table for row in closed.rows} == {"posts"}
        assert {row.whole["id"] for row in closed.rows} == {number}
        assert {"R15", "R19"} <= closed.rules.keys()
        posted = told.of("deckwright", "posted “Question of the day” in #general")
        assert [(row.table, row.how) for row in posted.rows] == [("posts", "added"), ("posts", "changed")]
        assert {row.whole["id"] for row in posted.rows} == {number + 1}
        counted = told.of("deckwright", "showed how many have answered")
        assert tables(counted) == ["posts"]
        night = told.of("deckwright", "did the night's work")
        assert set(tables(night)) == {"facts"}
        assert told.of("deckwright", "did its nightly work late").over, (
            "each night's work is an entry of its own"
        )

    tell(tmp_path, story)


def test_a_quiz_that_goes_on_adds_nothing_to_what_somebody_did_before(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        (post,) = told.group.crowd.open_posts
        await told.olga.click(post, "A")
        began = await told.slash(told.ada, "quiz group", questions=1, seconds=10)
        assert "quizzes" in tables(began)
        lobby = await told.olga.wait_for(lambda message: button_of(message, "quiz-join") is not None)
        start = await told.press(told.ada, lobby, "Start now")
        asked = await told.olga.wait_for(lambda message: button_of(message, "quiz") is not None)
        entry = await told.press(told.olga, asked, "I don't know")
        assert tables(entry) == ["points", "quiz_answers", "quiz_players", "sums"]
        await told.ada.click(asked, "I don't know")
        await told.olga.wait_for(lambda message: "over" in text_of(message))
        assert tables(told.of("deckwright", "asked question 1 of the quiz"))[-1] == "quizzes"
        assert "quiz_questions" not in tables(start)
        pressed = [each for each in told.behind.entries if (each.who, each.what[:9]) == ("Olga", "pressed “")]
        assert tables(pressed[0]) == ["answers", "members", "points", "sums"]
        assert tables(pressed[1]) == ["points", "quiz_answers", "quiz_players", "sums"]

    tell(tmp_path, story)


def test_a_refused_press_is_answered_in_private_whatever_becomes_of_the_message(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        await told.ada.slash("quiz group", questions=1, seconds=10)
        lobby = await told.olga.wait_for(lambda message: button_of(message, "quiz-join") is not None)
        refused = await told.press(told.ben, lobby, "Start now")
        assert refused.answer == ANSWERS["PRIVATE"]
        await told.ada.click(lobby, "Start now")
        await told.olga.wait_for(lambda message: button_of(message, "quiz") is not None)
        assert refused.answer == ANSWERS["PRIVATE"]

    tell(tmp_path, story)


def test_the_first_question_stands_under_the_bot_s_own_doing_and_the_settings_under_the_form(
    tmp_path: Path,
) -> None:
    async def story(told: Told) -> None:
        await told.group.set_up()
        assert tables(told.of("Olga", "sent the form")) == ["audit", "series"]
        assert tables(told.of("deckwright", "posted")) == ["posts", "posts"]

    tell(tmp_path, story, set_up=False)


def test_an_earned_freeze_and_a_used_one_are_told_with_their_rule(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        mover, group = Mover(told.group), told.group
        await mover.pass_time(group.clock.now() + timedelta(days=7), answering=True)
        await told.behind.settle()
        earned = [each for each in told.behind.entries if "R21" in each.rules]
        assert {each.who for each in earned} == {"Olga", "Ada", "Ben", "Chen"}
        assert {each.rules["R21"] for each in earned} == {"Every 7 answers earn a freeze; you hold 1 now."}
        await group.crowd.answer(group.clock.now(), {told.chen.user.id}, at_once=True)
        (post,) = group.crowd.open_posts
        await mover.pass_time(group.clock.now() + timedelta(days=1))
        await told.behind.settle()
        missed = told.of("deckwright", "worked out who missed the question of")
        assert "Chen used a freeze and keeps a streak of 7" in missed.what
        assert "Ada" not in missed.what
        assert missed.rules["R21"] == "A miss uses up a freeze by itself; the streak stays as it was."
        assert missed.rows == [], "it is worked out from the answers, no row says so"
        assert text_of(post).startswith("Closed")
        await mover.pass_time(group.clock.now() + timedelta(days=1))
        await told.behind.settle()
        missed = told.of("deckwright", "worked out who missed the question of")
        assert "Chen had no freeze, and a streak of 7 ended" in missed.what
        assert "Ada used a freeze" in missed.what

    tell(tmp_path, story)


def test_a_reply_s_time_runs_until_it_stands_there_not_until_the_bot_is_thinking(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        entry = told.of("Olga", "sent the form")
        assert entry.answer == "a private reply"
        assert entry.milliseconds is not None
        deferred = [each for each in seen if each[0] == "“is thinking”"]
        assert deferred, "it said that it is thinking first"
        assert all(milliseconds is None for _, milliseconds in deferred), "that is no answer yet"

    seen: list[tuple[str, int | None]] = []

    async def watched(told: Told) -> None:
        def look() -> None:
            found = [each for each in told.behind.entries if each.what == "sent the form"]
            seen.extend((each.answer, each.milliseconds) for each in found)

        told.behind._tell = look
        await told.group.set_up()
        await story(told)

    tell(tmp_path, watched, set_up=False)


# ---------------------------------------------------------------- which rule something is about


def named(entry: Entry) -> set[str]:
    return set(entry.rules)


def test_what_earns_nothing_names_no_points(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        solo = await told.slash(told.olga, "quiz solo", questions=1)
        assert solo.rules == {"R17": "Quizzes on your own and reviews give no points."}
        sheet = await told.olga.wait_for(lambda message: button_of(message, "solo") is not None)
        assert (await told.press(told.olga, sheet, "I don't know")).rules == solo.rules

    tell(tmp_path, story)


@pytest.mark.parametrize("command", ["help", "decks", "admin status", "settings"])
def test_what_is_about_no_rule_names_none(tmp_path: Path, command: str) -> None:
    async def story(told: Told) -> None:
        assert (await told.slash(told.olga, command)).rules == {}

    tell(tmp_path, story)


def test_an_answer_s_rules_follow_its_verdict(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        (post,) = told.group.crowd.open_posts
        found = await told.group.bot.context.services.posts.find(post_of(post))
        assert found is not None
        key = str(snapshot_of(found).key)
        wrong = "A" if key != "A" else "B"
        assert (await told.press(told.ada, post, key)).rules["R17"] == "A right choice: 10 points."
        assert (await told.press(told.ben, post, wrong)).rules["R17"] == "A wrong choice: 2 points."
        entry = await told.press(told.chen, post, "I don't know")
        assert entry.rules["R17"] == "“I don't know”: 2 points."
        assert named(entry) == {"R13", "R14", "R17", "R18"}
        again = await told.press(told.ada, post, wrong)
        assert again.rules["R13"].startswith("Your first answer counts")
        assert "R17" not in again.rules
        assert named(await told.press(told.ada, post, "My result")) == {"R14"}
        assert named(await told.press(told.olga, post, "My result")) == set()

    tell(tmp_path, story)


def test_settings_name_the_rule_of_what_was_changed(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        panel = (await told.olga.slash("settings")).message
        assert named(await told.press(told.olga, panel, "Pin: off")) == set(), "no rule says a word of pins"
        assert named(await told.press(told.olga, panel, "Friday rematch: on")) == {"R10"}
        assert named(await told.press(told.olga, panel, "More")) == set()
        assert named(await told.slash(told.olga, "settings", time="10:00")) == {"R4"}
        assert named(await told.slash(told.olga, "settings", time="soon")) == set()
        assert named(await told.slash(told.olga, "admin pause")) == set()
        assert named(await told.slash(told.olga, "admin resume")) == set()

    tell(tmp_path, story)


def test_a_refused_set_up_names_no_rule(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        hello = await told.olga.wait_for(lambda message: button_of(message, "begin") is not None)
        form = await told.olga.click(hello, str(button_of(hello, "begin")))
        assert named(told.of("Olga", "pressed")) == {"R12"}
        refused: Outcome = await told.olga.submit(
            form, {"channel": told.olga.home, "time": "soon", "zone": "Europe/Berlin", "level": "easy"}
        )
        assert "Nothing was saved" in refused.text
        assert told.of("Olga", "sent the form").rules == {}

    tell(tmp_path, story, set_up=False)


def test_reading_names_the_rule_that_is_read(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        (post,) = told.group.crowd.open_posts
        board = await told.slash(told.ada, "leaderboard", period="month")
        assert board.rules["R25"] == "The board for the month, in the group's time zone."
        assert named(board) == {"R25", "R26"}
        assert named(await told.slash(told.ada, "streak show")) == {"R18", "R21"}
        assert named(await told.slash(told.ada, "streak pause", days=3)) == {"R22"}
        assert named(await told.slash(told.ada, "privacy show")) == {"R31"}
        assert named(await told.press(told.ada, post, "Remind me")) == {"R32"}
        assert named(await told.slash(told.olga, "admin post")) == {"R1"}
        assert named(await told.slash(told.olga, "admin void", day="2020-01-01", reason="why")) == set()

    tell(tmp_path, story)


def test_corrections_are_told_under_the_owner_and_their_new_face_under_the_bot(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        (post,) = told.group.crowd.open_posts
        day = told.group.clock.now().date().isoformat()
        await told.ada.click(post, "A")
        await told.ben.click(post, "B")
        dry = (await told.olga.slash("admin rescore", day=day, right="A, B")).message
        assert told.of("Olga", "used").rules == {"R28": RULES["R28"]}
        applied = await told.press(told.olga, dry, "Apply")
        assert named(applied) == {"R28"}
        assert {"audit", "posts", "points"} <= set(tables(applied))
        await Mover(told.group).pass_time(told.group.clock.now() + timedelta(days=1))
        assert told.of("deckwright", "closed the question of").rules.keys() >= {"R15", "R19"}
        credit = await told.slash(told.olga, "admin credit", member=told.chen, day=day, reason="a fault")
        assert named(credit) == {"R23"}
        void = await told.slash(told.olga, "admin void", day=day, reason="broken")
        assert named(void) == {"R28"}
        await told.olga.wait_for(lambda message: "Void: broken" in text_of(message))
        assert named(told.of("deckwright", "showed that the question of")) == {"R28"}
        ask = (await told.ben.slash("privacy delete")).message
        assert named(await told.press(told.ben, ask, "Delete everything about me")) == {"R31"}
        assert named(await told.slash(told.ben, "privacy hide")) == {"R31"}

    tell(tmp_path, story)


def test_every_rule_the_page_names_is_a_rule_of_the_group() -> None:
    page = (ROOT / "docs/rules.md").read_text("utf-8")
    used = " ".join(path.read_text("utf-8") for path in (ROOT / "bot/deckwright_bot/trial").glob("*.py"))
    assert set(re.findall(r'"(R\d+)"', used)) == set(RULES)
    for rule in RULES:
        assert f"({rule})" in page, rule


def stated() -> dict[str, str]:
    """What docs/rules.md states, by the number of the rule."""
    found: dict[str, str] = {}
    for each in re.split(r"^- ", (ROOT / "docs/rules.md").read_text("utf-8"), flags=re.MULTILINE)[1:]:
        words, rule = re.fullmatch(r"(.*?)\((R\d+)\)(?:\s.*)?", each, re.DOTALL).groups()  # type: ignore[union-attr]
        found[rule] = f"{found.get(rule, '')} {words}"
    return found


SMALL_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a after an and are as at be by for from give gives how if in is it its no not now nobody of off on once one only "
        "or so s than that the their then there this to until up what when which who with without you your",
    )
)
"""Words that say nothing of what a rule is about."""
SAID = [(rule, said) for rule, said in RULES.items()] + [
    (rule, said) for rule, parts in PARTS.items() for said in parts.values()
]


def stems(text: str) -> set[str]:
    """The words of a text without their endings and without small ones."""
    words = re.findall(r"[a-z]+|\d+", re.sub(r"\{\w+\}", " ", text.lower()))
    return {re.sub(r"(?:ing|ed|es|e|s)$", "", each)[:5] for each in words if each not in SMALL_WORDS}


@pytest.mark.parametrize(("rule", "said"), SAID)
def test_whatever_the_panel_says_of_a_rule_is_in_what_is_stated_under_its_number(
    rule: str, said: str
) -> None:
    assert stems(said) <= stems(stated()[rule])


def test_the_panel_says_nothing_of_a_rule_but_what_stands_in_the_table() -> None:
    """A sentence that is written beside a rule's number would be compared with nothing."""
    for path in (ROOT / "bot/deckwright_bot/trial").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Dict) or path.name == "words.py":
                continue
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and re.fullmatch(r"R\d+", str(key.value)):
                    assert isinstance(value, ast.Subscript), (path.name, ast.unparse(node))


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 27, 3, 0, 30, tzinfo=UTC), "did the night's work"),
        (datetime(2026, 11, 27, 8, 0, tzinfo=UTC), "did its nightly work late"),
    ],
)
def test_only_what_is_done_at_night_is_called_so(at: datetime, words: str) -> None:
    world = Sandbox(clock=SettableClock(lambda: at)).core.world
    row = Row("sums", "changed", {"points": 3}, {"member": 1, "points": 3})
    ((deed, _),) = of_rows([row], world)

    assert deed.what == words


# ---------------------------------------------------------------- messages in words


def a_world() -> tuple[World, Any]:
    sandbox = Sandbox(clock=SettableClock())
    owner = sandbox.owner("Olga", "Study group")
    return sandbox.core.world, owner


def test_discord_s_marks_become_words() -> None:
    world, owner = a_world()
    ada, role = owner.add_member("Ada"), owner.create_role("Learners")
    general, moment = owner.home, datetime(2026, 11, 27, 9, 30).astimezone()
    text = (
        f"-# **Closes** <t:{int(moment.timestamp())}:R> for <@{ada.user.id}>, <@!{ada.user.id}>, <@&{role.id}> "
        f"in <#{general.id}>: ||see|| `x` [here](https://a.example) </daily:1> <:heart:5> 1\\. <t:x:R> <@1>"
    )

    assert plain(text, world) == (
        "Closes Friday 27 November, 09:30 for @Ada, @Ada, @Learners in #general: see x here /daily :heart: "
        "1. some time @somebody"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("short", "short"),
        ("Today's question for Study group before it closes", "Today's question for Study group before …"),
        ("word " * 20, "word word word word word word word word …"),
        ("x" * 60, "x" * 39 + "…"),
    ],
)
def test_a_title_is_cut_behind_a_word(text: str, found: str) -> None:
    assert shortened(text.strip(), 40) == found


def test_a_message_without_words_is_a_message() -> None:
    world, owner = a_world()
    message = owner.say("**Hi** all")

    assert titled(message, world) == "“Hi all”"
    message.content = ""
    assert titled(message, world) == "a message"


def test_only_who_is_in_the_group_is_offered(tmp_path: Path) -> None:
    async def story(told: Told) -> None:
        scene = Scene(told.group, Mover(told.group), told.behind, [])
        names = json.loads(scene.parts(told.olga)["names"])["users"].values()
        assert set(names) == {"Olga", "Ada", "Ben", "Chen", "deckwright"}
        scene.close()

    tell(tmp_path, story)


# ---------------------------------------------------------------- the door


def test_who_comes_without_the_secret_reads_what_to_open_and_a_fault_of_ours_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def whole() -> None:
        async with trial(library_of(ROOT / "cards"), ROOT / "cards", tmp_path, port=0) as server:

            def get(path: str) -> tuple[int, str]:
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read().decode()

            assert await asyncio.to_thread(get, "/") == (403, NOT_THIS_ADDRESS)
            assert await asyncio.to_thread(get, "/wrong-secret/") == (403, NOT_THIS_ADDRESS)
            server._cards.address = broken  # type: ignore[method-assign]
            status, said = await asyncio.to_thread(get, f"/{server.secret}/cards")
            assert status == 500
            assert "went wrong" in said
            assert server.secret not in caplog.text

    async def broken() -> str:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        asyncio.run(asyncio.wait_for(whole(), LONGEST))
    assert "a request of the page failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
