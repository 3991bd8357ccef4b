"""The trial's page in a real browser: a newcomer's two minutes, who may see what, and what nobody may do."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from datetime import datetime, timedelta
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from bot.server import library_of
from chromium import SECONDS, Chromium, Page
from deckwright_bot.sandbox import driver, interactions
from deckwright_bot.sandbox.outcome import text_of
from deckwright_bot.services.posts import PostNow, PostService
from deckwright_bot.store.records import Daily
from deckwright_bot.trial import server as trial_server
from deckwright_bot.trial.behind import KEPT
from deckwright_bot.trial.running import trial
from deckwright_bot.trial.server import MAX_BODY, MAX_LISTENERS, PageServer
from test_anki_style import contrast

pytestmark = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")

ROOT = Path(__file__).parents[2]
CSS = "".join(
    path.read_text("utf-8") for path in sorted((Path(trial_server.__file__).parent / "static").glob("*.css"))
)
LETTERS = "[...document.querySelectorAll('[data-component^=\"dw:pick\"]')]"
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "ArrowRight": 39, " ": 32}
HOSTILE = (
    "<script>window.bad = 1</script><img src=x onerror='window.bad = 2'> "
    "[x](javascript:window.bad=3) <javascript:window.bad=4> <t:99999999999999:R> <t:8640000000001:F> "
    "\u202egnirts\u202c \u200b\u200d\u2066 " + "*" * 300 + "`" * 90 + "||" * 60 + "[" * 200
)


class Served:
    """A trial on a thread of its own, as it runs in a process of its own for people."""

    def __init__(self, packages: Path) -> None:
        self._packages = packages
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="trial")
        self.server: PageServer

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        async with trial(library_of(ROOT / "cards"), ROOT / "cards", self._packages, port=0) as self.server:
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something on the trial's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    @property
    def group(self) -> Any:
        return self.server._group

    def set_up(self) -> None:
        self.do(self.group.set_up())

    def count(self) -> None:
        """Let the bot show how many have answered, as it does a little later."""

        async def later() -> None:
            self.group.clock.advance(timedelta(seconds=30))
            await self.group.bot.tick()

        self.do(later())


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with Chromium() as made:
        yield made


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Chromium]:
    yield chromium
    chromium.close_pages()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    # Discord's three seconds are no claim of this file, and a starved machine may miss them.
    for module in (driver, interactions):
        monkeypatch.setattr(module, "FIRST_ANSWER", timedelta(seconds=30))
    packages = tmp_path / "packages"
    packages.mkdir()
    with Served(packages) as made:
        yield made


@pytest.fixture
def page(browser: Chromium, served: Served) -> Page:
    return opened(browser, served)


def opened(browser: Chromium, served: Served, **how: Any) -> Page:
    made = browser.open(served.server.address, **how)
    made.wait("document.querySelectorAll('article').length > 0")
    return made


# ---------------------------------------------------------------- hands and eyes


def press(page: Page, label: str, within: str = "document") -> None:
    """Press the last button with that label, as soon as there is one."""
    find = f"[...{within}.querySelectorAll('button')].filter(b => !b.disabled && b.innerText.trim() === {label!r})"
    page.wait(f"(button => button && (button.click(), true))({find}.pop())")


def told(page: Page, words: str, seconds: float = SECONDS) -> None:
    page.wait(
        f"[...document.querySelectorAll('article')].some(a => a.textContent.includes({words!r}))", seconds
    )


def texts(page: Page) -> list[str]:
    found: list[str] = page.script("[...document.querySelectorAll('article')].map(a => a.textContent)")
    return found


def place(page: Page, find: str) -> tuple[float, float]:
    """Where something stands in the window of the messages: its top and its bottom, 0 to 1 where it is seen."""
    found = page.script(
        f"(() => {{ const log = document.querySelector('#log').getBoundingClientRect(), one = ({find}).getBoundingClientRect();"
        " return [(one.top - log.top) / log.height, (one.bottom - log.top) / log.height]; })()"
    )
    return found[0], found[1]


def drawn(page: Page) -> None:
    """Wait until the browser has drawn what the page last did, and has told it where it scrolled."""
    page.script("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def empty_line(page: Page) -> None:
    page.script(
        "(e => { e.value = ''; e.dispatchEvent(new Event('input')); })(document.querySelector('#write'))"
    )


def be(page: Page, name: str) -> None:
    page.script(
        "(() => { const r = [...document.querySelectorAll('.person')].find(p => p.textContent.includes("
        f"{name!r})).querySelector('input'); r.checked = true; r.dispatchEvent(new Event('change')); }})()"
    )
    page.wait(
        f"document.querySelector('.person:has(:checked)').textContent.includes({name!r}) && "
        "document.querySelectorAll('article').length > 0"
    )


def key(page: Page, name: str, *, shift: bool = False) -> None:
    extra = {"text": "\r"} if name == "Enter" else {"text": " "} if name == " " else {}
    common = {"key": name, "code": name, "windowsVirtualKeyCode": KEYS[name], "modifiers": 8 if shift else 0}
    page.send("Input.dispatchKeyEvent", type="keyDown", **common, **extra)
    page.send("Input.dispatchKeyEvent", type="keyUp", **common)


def write(page: Page, text: str) -> None:
    page.send("Input.insertText", text=text)


def line(page: Page, text: str) -> None:
    """Write a line and send it as it stands."""
    page.script("document.querySelector('#write').focus()")
    write(page, text)
    key(page, "Escape")
    key(page, "Enter")


def focus(page: Page) -> str:
    found: str = page.script(
        "(e => (e.getAttribute('aria-label') || e.textContent || e.id || e.tagName).trim())(document.activeElement)"
    )
    return found


def still(page: Page, seconds: float = 90) -> None:
    """Wait until the clock has moved and stands again."""
    page.wait("document.querySelector('#moving').hidden", seconds)


def clean(page: Page) -> None:
    """The page complained of nothing; what Discord refuses is no error of the page's."""
    assert page.complaints == []
    assert page.dialogs == []


# ---------------------------------------------------------------- a newcomer's two minutes


def test_a_group_is_set_up_answered_closed_and_ranked_by_the_page_alone(page: Page, served: Served) -> None:
    assert "One question a day" in texts(page)[0]
    press(page, "Set up", "document.querySelector('#log')")
    page.wait("document.querySelector('#form').open")
    assert (
        page.script("document.querySelector('#field-channel').selectedOptions[0].textContent") == "#general"
    )
    press(page, "Submit", "document.querySelector('#form')")
    page.wait("document.querySelector('#field-zone-wrong').textContent === 'This field is required'")
    assert page.script("document.activeElement.id") == "field-zone"
    write(page, "Europe/Berlin")
    press(page, "Submit", "document.querySelector('#form')")
    told(page, "Question of the day")
    told(page, "The first question is on its way to #general")

    for name, label in (("Ada", "A"), ("Ben", "B"), ("Chen", "I don't know")):
        be(page, name)
        assert not any("Only you can see this" in each for each in texts(page)), "nobody else's result"
        press(page, label)
        told(page, "Only you can see this")
        told(page, "is right.")
    be(page, "Olga")
    assert not any("is right." in each for each in texts(page))
    press(page, "I don't know")
    told(page, "Good to know what you don't know")

    press(page, "To the close")
    told(page, "Closed", 60)
    still(page)
    closed = next(each for each in texts(page) if "Closed" in each)
    assert "4 answers" in closed
    assert "✓" in closed
    assert re.search(r"[ABCD] · \d \(\d+ %\)", closed)

    line(page, "/streak show")
    told(page, "Current 1 · best 1")
    line(page, "/leaderboard")
    told(page, "Leaderboard: this week")
    board = next(each for each in texts(page) if "Leaderboard" in each)
    assert all(name in board for name in ("Olga", "Ada", "Ben", "Chen"))
    assert "You: rank" in board
    clean(page)
    served.group.sandbox.assert_clean()


def test_a_quiz_alone_is_taken_and_summed_up(page: Page, served: Served) -> None:
    served.set_up()
    line(page, "/quiz solo questions: 1")
    told(page, "Question 1 of 1")
    press(page, "I don't know")
    told(page, "Good to know what you don't know")
    press(page, "Summary")
    told(page, "0 of 1 right")
    told(page, "Practice: no points, no streak.")
    be(page, "Ada")
    assert not any("Practice" in each for each in texts(page))
    clean(page)


def test_what_one_person_saw_is_gone_at_once_when_one_becomes_another(page: Page, served: Served) -> None:
    served.set_up()
    line(page, "/privacy show")
    told(page, "Only you can see this")
    left = page.script(
        "(() => { const r = document.querySelectorAll('#people input')[1]; r.checked = true;"
        " r.dispatchEvent(new Event('change')); return document.querySelectorAll('article').length; })()"
    )

    assert left == 0


def test_a_quiz_of_the_group_tells_its_times_by_the_trial_s_clock(page: Page, served: Served) -> None:
    """Quizzes are played in people's time; the page's clock is days ahead of it."""
    served.set_up()
    line(page, "/quiz group questions: 1 seconds: 10")
    told(page, "A quiz is about to begin")
    lobby = next(each for each in texts(page) if "A quiz is about to begin" in each)

    assert re.search(r"It begins (in \d+ seconds|now|in 1 minute|\d+ seconds? ago)\.", lobby)
    press(page, "End")
    told(page, "The quiz was ended")


def test_the_settings_panel_switches_and_changes(page: Page, served: Served) -> None:
    served.set_up()
    line(page, "/settings")
    told(page, "Friday rematch: on")
    press(page, "Pin: off")
    told(page, "Pin: on")
    press(page, "More")
    page.wait("document.querySelector('#form').open")
    days = "[...document.querySelectorAll('[name=field-days]')]"
    assert page.script(f"{days}.length") == 7
    page.script(f"{days}.slice(5).forEach(box => box.click())")
    page.script(
        "[...document.querySelectorAll('#field-ping option')].find(o => o.textContent === '@Learners').selected = true"
    )
    press(page, "Submit", "document.querySelector('#form')")
    told(page, "Monday to Friday")
    told(page, "@Learners")
    press(page, "Change")
    page.wait("document.querySelector('#form').open")
    page.script("document.querySelector('#field-time').value = 'soon'")
    press(page, "Submit", "document.querySelector('#form')")
    told(page, "I cannot read soon as a time of day")
    be(page, "Ada")
    assert not page.script(f"[...document.querySelectorAll('{'.private'}')].length")
    clean(page)


def test_the_tour_leads_through_five_steps_and_can_be_skipped(browser: Chromium, served: Served) -> None:
    page = opened(browser, served)
    tour = "document.querySelector('#tour')"
    step = f"{tour}.textContent"
    assert "1 of 5" in page.script(step)
    press(page, "Set it up for me", tour)
    page.wait(f"{step}.includes('2 of 5')")
    told(page, "Question of the day")
    press(page, "A", "document.querySelector('#log')")
    page.wait(f"{step}.includes('3 of 5')")
    press(page, "Be Ada", tour)
    page.wait(f"{step}.includes('To Ada the result is not shown')")
    assert "3 of 5" in page.script(step), "its point can be read before the next step comes"
    press(page, "Next step", tour)
    page.wait(f"{step}.includes('4 of 5')")
    press(page, "To the close", tour)
    page.wait(f"{step}.includes('everybody sees the key')", 60)
    still(page)
    press(page, "Next step", tour)
    page.wait(f"{step}.includes('5 of 5')")
    press(page, "Type /leaderboard", tour)
    page.wait(
        "document.activeElement.id === 'write' && document.activeElement.value.startsWith('/leaderboard')"
    )
    key(page, "Enter")
    page.wait(f"{step}.includes('That is all')")
    press(page, "Close", tour)
    assert page.script(f"{tour}.hidden")

    again = opened(browser, served)
    press(again, "Skip tour", tour)
    assert again.script(f"{tour}.hidden")
    press(again, "Tour")
    assert not again.script(f"{tour}.hidden")
    clean(page)


def test_what_happened_is_shown_with_its_rules_and_rows(page: Page, served: Served) -> None:
    served.set_up()
    be(page, "Ben")
    press(page, "A", "document.querySelector('#log')")
    entry = "[...document.querySelectorAll('.entry')].find(e => e.textContent.includes('Ben pressed “A”'))"
    page.wait(f"{entry} && ['answers added', ' ms'].every(t => {entry}.textContent.includes(t))")
    found = page.script(f"{entry}.textContent")

    assert "R13 You have one answer" in found
    assert "answered with a private reply in" in found
    assert re.search(r"answers added.*memberBen.*choiceA", found)
    posted = page.script("[...document.querySelectorAll('.entry')].map(e => e.textContent).join('\\n')")
    assert "deckwright posted “Question of the day” in #general" in posted
    clean(page)


def test_the_panel_says_that_older_entries_are_not_kept(page: Page, served: Served) -> None:
    entries = "[...document.querySelectorAll('#entries li')]"
    served.set_up()
    page.wait("document.querySelectorAll('.entry').length > 1")
    while page.script("document.querySelector('#earlier').checkVisibility()"):
        page.script("document.querySelector('#earlier').click()")
    assert "not kept" not in page.script(f"{entries}.map(e => e.textContent).join()"), "nothing has gone yet"

    async def much() -> None:
        for number in range(KEPT):
            served.server._behind.moved(f"moved {number}")

    served.do(much())
    page.wait(f"{entries}.some(e => e.textContent.includes('moved {KEPT - 1}'))")
    while page.script("document.querySelector('#earlier').checkVisibility()"):
        assert "not kept" not in page.script(f"{entries}.pop().textContent"), "there are earlier ones"
        page.script("document.querySelector('#earlier').click()")

    assert page.script(f"{entries}.pop().textContent") == "Older ones are not kept."
    assert page.script("document.querySelectorAll('.entry').length") == KEPT


def test_an_entry_of_another_day_stands_with_its_date(page: Page, served: Served) -> None:
    served.set_up()
    first = "[...document.querySelectorAll('.entry')].find(e => e.textContent.includes('sent the form')).querySelector('.at').textContent"
    page.wait("[...document.querySelectorAll('.entry')].some(e => e.textContent.includes('sent the form'))")
    assert re.match(r"\d\d:\d\d", page.script(first))

    async def tomorrow() -> None:
        served.group.clock.advance(timedelta(days=1))
        served.server._behind.moved("moved on")

    served.do(tomorrow())
    page.wait(f"/^[A-Z][a-z]+,? \\d+ [A-Z][a-z]+, \\d\\d:\\d\\d/.test({first})")


def test_a_click_is_seen_in_another_window_at_once(browser: Chromium, served: Served) -> None:
    served.set_up()
    first, second = opened(browser, served), opened(browser, served)
    be(second, "Ada")
    line(first, "Good morning, everybody")
    told(second, "Good morning, everybody")
    press(first, "A", "document.querySelector('#log')")
    told(first, "Only you can see this")
    second.wait("[...document.querySelectorAll('.entry')].some(e => e.textContent.includes('Olga pressed'))")
    assert not any("Only you can see this" in each for each in texts(second))


def test_a_week_can_be_stopped_and_nobody_s_click_waits_for_it(page: Page, served: Served) -> None:
    served.set_up()
    told(page, "Question of the day")
    page.script("document.querySelector('#answering').click()")
    press(page, "One week")
    page.wait("document.querySelector('#progress').value > 0")
    press(page, "I don't know")
    told(page, "Only you can see this")
    assert not page.script("document.querySelector('#moving').hidden")
    press(page, "Stop here")
    still(page, 10)
    assert page.script("document.querySelector('#progress').value") < 1
    clean(page)


# ---------------------------------------------------------------- where the view is

RESULT = "[...document.querySelectorAll('#log article.private')].pop()"
ANSWERS = "[...document.querySelectorAll('[data-component^=\"dw:pick\"]')].pop()"


def assert_result_is_read_from_its_beginning(page: Page) -> None:
    """The newest private message begins in the upper half of the window."""
    top, _ = place(page, f"{RESULT}.querySelector('.embed-title')")
    assert 0 <= top < 0.5


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_answer_buttons_are_in_view_once_it_is_set_up(
    browser: Chromium, served: Served, width: int, height: int
) -> None:
    page = opened(browser, served, width=width, height=height)
    press(page, "Set it up for me")
    told(page, "Question of the day")
    told(page, "The first question is on its way")
    page.wait("document.querySelector('#tour').textContent.includes('2 of 5')")
    drawn(page)

    top, bottom = place(page, ANSWERS)
    assert top >= 0
    assert bottom <= 1


@pytest.mark.parametrize(("width", "height"), [(1280, 640), (390, 844)])
def test_the_count_under_the_question_does_not_take_the_result_away(
    browser: Chromium, served: Served, width: int, height: int
) -> None:
    page = opened(browser, served, width=width, height=height)
    served.set_up()
    told(page, "Question of the day")
    press(page, "A", "document.querySelector('#log')")
    told(page, "is right.")
    served.count()
    told(page, "1 answer")
    page.wait("document.querySelector('#tour').textContent.includes('3 of 5')")
    drawn(page)

    assert_result_is_read_from_its_beginning(page)


def test_what_was_thought_about_for_long_takes_nobody_away_from_what_came_last(
    browser: Chromium, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted, go = PostService.post_now, asyncio.Event()

    async def post_now(service: PostService, daily: Daily, now: datetime) -> PostNow:
        made = await posted(service, daily, now)
        await go.wait()
        return made

    async def answer() -> None:
        told_to, served.server._waiting = served.server._waiting, set()
        owner = served.group.owner
        await owner.click(served.group.crowd.open_posts[0], "A")
        go.set()
        await owner.wait_for(lambda message: text_of(message).startswith("Done."))
        served.server._waiting = told_to
        served.server._changed.set()

    monkeypatch.setattr(PostService, "post_now", post_now)
    page = opened(browser, served, width=1280, height=640)
    setting_up = asyncio.run_coroutine_threadsafe(served.group.set_up(), served._loop)
    told(page, "Question of the day")
    served.do(answer())
    setting_up.result(SECONDS)
    told(page, "is right.")
    told(page, "Done.")
    drawn(page)

    assert_result_is_read_from_its_beginning(page)


def test_a_private_message_that_one_s_press_changed_is_read_from_its_beginning(
    browser: Chromium, served: Served
) -> None:
    page = opened(browser, served, width=1280, height=600)
    served.set_up()
    line(page, "/quiz solo questions: 2")
    told(page, "Question 1 of 2")
    page.script("document.querySelector('#log').scrollTop = 1e6")
    drawn(page)
    press(page, "I don't know")
    told(page, "Good to know what you don't know")
    drawn(page)

    assert_result_is_read_from_its_beginning(page)


def test_only_what_is_new_moves_the_view_and_only_at_the_end_or_of_one_s_own(
    page: Page, served: Served
) -> None:
    ada, ben = (served.group.people[n].member for n in (1, 2))
    served.set_up()

    async def chat() -> None:
        for number in range(40):
            ada.say(f"line {number}")

    async def answer() -> None:
        await ben.click(served.group.crowd.open_posts[0], "I don't know")

    async def speak(text: str) -> None:
        ada.say(text)

    told(page, "Question of the day")
    told(page, "The first question is on its way")
    drawn(page)
    page.script("document.querySelector('#log').scrollTop = 1e6")
    drawn(page)
    served.do(chat())
    told(page, "line 39")
    middle = "[...document.querySelectorAll('article')].find(a => a.textContent.includes('line 20'))"
    assert place(page, "document.querySelector('#log article:last-of-type')")[1] <= 1, "at the end at first"
    page.script(f"{middle}.scrollIntoView({{block: 'start'}})")
    drawn(page)
    before = place(page, middle)

    served.do(answer())
    served.count()
    told(page, "1 answer")
    told(page, "(edited)")
    assert place(page, middle) == pytest.approx(before, abs=0.004), "a question above grew by a line"
    served.do(speak("something new"))
    told(page, "something new")
    assert place(page, middle) == pytest.approx(before, abs=0.004), (
        "nobody is pulled away from what they read"
    )
    line(page, "my own words")
    told(page, "my own words")
    assert place(page, "document.querySelector('#log article:last-of-type')")[1] <= 1
    served.do(speak("the very last"))
    told(page, "the very last")
    assert place(page, "document.querySelector('#log article:last-of-type')")[1] <= 1, (
        "whoever is at the end stays"
    )


def test_a_reload_changes_neither_who_one_is_nor_where_nor_the_tour(page: Page, served: Served) -> None:
    served.set_up()
    press(page, "A", "document.querySelector('#log')")
    page.wait("document.querySelector('#tour').textContent.includes('3 of 5')")
    be(page, "Ben")
    page.wait("document.querySelector('#tour').textContent.includes('To Ben')")
    page.script("document.querySelectorAll('#channel-list button')[1].click()")
    page.wait("document.querySelector('#channel-name').textContent === '#off-topic'")
    tour = page.script("document.querySelector('#tour').textContent")

    page.script("window.before = true")
    page.send("Page.reload")
    page.wait(
        "!window.before && document.readyState === 'complete' && !!document.querySelector('.person:has(:checked)')"
    )
    assert "Ben" in page.script("document.querySelector('.person:has(:checked)').textContent")
    page.wait("document.querySelector('#channel-name').textContent === '#off-topic'")
    assert page.script("document.querySelector('#tour').textContent") == tour
    clean(page)


# ---------------------------------------------------------------- channels


def test_a_direct_message_is_unread_until_it_was_looked_at(page: Page, served: Served) -> None:
    group = served.group
    olga, ada = (group.people[n].member.user.id for n in (0, 1))

    async def write_to(user: int, text: str) -> None:
        await (await group.bot.fetch_user(user)).send(text)

    def unread() -> list[str]:
        found: list[str] = page.script(
            "[...document.querySelectorAll('.channel.unread')].map(b => b.getAttribute('aria-label'))"
        )
        return found

    served.do(write_to(olga, "one"))
    page.wait("document.querySelectorAll('.in-direct').length === 1")
    assert unread() == ["Direct messages with deckwright, unread"]
    assert page.script("document.querySelector('#open-channels').getAttribute('aria-label')").endswith(
        "unread"
    )
    page.script("document.querySelector('.in-direct button').click()")
    told(page, "one")
    assert unread() == []
    page.script("document.querySelector('[data-channel]').click()")
    page.wait("document.querySelector('#channel-name').textContent === '#general'")
    assert unread() == []
    served.do(write_to(olga, "two"))
    page.wait("document.querySelectorAll('.channel.unread').length === 1")
    served.do(write_to(ada, "for Ada"))
    be(page, "Ada")
    page.wait("document.querySelectorAll('.channel.unread').length === 1")
    clean(page)


def test_channels_stand_evenly_and_an_empty_one_says_so(page: Page) -> None:
    tops = page.script(
        "[...document.querySelectorAll('#channel-list button')].map(b => b.getBoundingClientRect().top)"
    )
    assert len(tops) == 3
    assert tops[1] - tops[0] == pytest.approx(tops[2] - tops[1])
    page.script("document.querySelectorAll('#channel-list button')[1].click()")
    page.wait("document.querySelector('#log').textContent === 'Nothing here yet.'")
    line(page, "First")
    told(page, "First")
    assert "Nothing here yet" not in page.script("document.querySelector('#log').textContent")


def test_a_thread_leads_back_to_its_question(page: Page, served: Served) -> None:
    served.set_up()
    told(page, "Question of the day")
    question = served.group.crowd.open_posts[0]

    async def open_thread() -> None:
        channel = await served.group.bot.fetch_channel(question.channel_id)
        await (await channel.fetch_message(question.id)).create_thread(name="About today")

    served.do(open_thread())
    page.wait("document.querySelectorAll('.in-thread').length === 1")
    page.script("document.querySelector('.in-thread button').click()")
    page.wait("document.querySelector('#channel-name').textContent === '↳ About today'")
    press(page, "To its question")
    page.wait("document.querySelector('#channel-name').textContent === '#general'")
    assert page.script("document.activeElement.id") == f"m-{question.id}"
    top, bottom = place(page, "document.activeElement")
    assert top < 1
    assert bottom > 0


def test_a_link_to_a_message_is_short_and_leads_there(page: Page, served: Served) -> None:
    group = served.group
    served.set_up()
    told(page, "Question of the day")
    question = group.crowd.open_posts[0]
    page.script("document.querySelectorAll('#channel-list button')[1].click()")
    page.wait("document.querySelector('#channel-name').textContent === '#off-topic'")
    line(
        page, f"look: https://discord.com/channels/{group.owner.guild.id}/{question.channel_id}/{question.id}"
    )
    told(page, "look: #general › message")
    press(page, "#general › message")
    page.wait(f"document.activeElement.id === 'm-{question.id}'")
    assert page.script("document.querySelector('#channel-name').textContent") == "#general"


# ---------------------------------------------------------------- the panel, the clock and the top


def test_taking_the_cards_along_stays_in_view_however_much_happens(page: Page, served: Served) -> None:
    served.set_up()

    async def ask_often() -> None:
        for number in range(12):
            await served.group.people[number % 4].member.slash("streak show")

    served.do(ask_often())
    page.wait("document.querySelector('#earlier').checkVisibility()")
    assert page.script("document.querySelectorAll('.entry').length") == 6
    take = page.script("document.querySelector('#decks').getBoundingClientRect().toJSON()")
    assert 0 < take["top"] < take["bottom"] < 900
    panel = "document.querySelector('#behind')"
    assert page.script(f"{panel}.scrollHeight <= {panel}.clientHeight")
    # Its words count what is still coming in, so it is found by its name.
    page.script("document.querySelector('#earlier').click()")
    page.wait("document.querySelectorAll('.entry').length > 6")
    assert "in Discord nobody sees it" in page.script(f"{panel}.innerText")


@pytest.mark.parametrize(
    ("own", "shown"),
    [("Europe/Berlin", r"Europe\/Berlin"), ("UTC", r"Europe\/Berlin · \d\d:\d\d for you \(UTC\)")],
)
def test_once_the_group_has_a_zone_all_times_are_in_it_and_the_reader_s_stands_beside_it(
    browser: Chromium, served: Served, own: str, shown: str
) -> None:
    page = opened(browser, served)
    page.send("Emulation.setTimezoneOverride", timezoneId=own)
    page.script("window.before = true")
    page.send("Page.reload")
    page.wait("!window.before && document.querySelectorAll('article').length > 0")
    assert page.script("document.querySelector('#zone').textContent") == own
    served.set_up()
    page.wait(f"/^{shown}$/.test(document.querySelector('#zone').textContent)")
    theirs = f"{served.group.clock.now().astimezone(ZoneInfo('Europe/Berlin')):, %H:}"

    assert theirs in page.script("document.querySelector('#now').textContent")
    for where in ("#log .by .at", "#entries .at"):
        assert page.script(f"document.querySelector({where!r}).textContent").startswith(theirs[2:]), where


def test_what_the_clock_refused_is_forgotten_once_it_is_no_longer_true(page: Page) -> None:
    press(page, "To the close")
    page.wait("document.querySelector('#clock-refused').textContent.includes('No question is open')")
    press(page, "Set it up for me")
    told(page, "Question of the day")
    page.wait("document.querySelector('#clock-refused').textContent === ''")
    clean(page)


def test_a_page_whose_trial_has_ended_says_so(browser: Chromium, tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        page = opened(browser, served)
        assert not page.script("document.querySelector('#gone').checkVisibility()")
    page.wait("document.querySelector('#gone').checkVisibility()")
    assert "Is it still running in its terminal?" in page.script("document.querySelector('#gone').innerText")


def test_the_top_says_what_this_is_and_a_phone_keeps_room_for_the_messages(
    browser: Chromium, served: Served
) -> None:
    page = opened(browser, served, width=390, height=844)
    assert "become Anki decks and daily questions in Discord" in page.script(
        "document.querySelector('#about').innerText"
    )
    head = "document.querySelector('.channel-head').getBoundingClientRect().top"
    assert page.script(head) < 300
    press(page, "Set it up for me")
    told(page, "Question of the day")
    page.wait(f"{head} < 260")
    name = "document.querySelector('h1').getBoundingClientRect()"
    assert page.script(
        f"{name}.left >= 0 && {name}.bottom > 0 && document.querySelector('h1').checkVisibility()"
    )


# ---------------------------------------------------------------- buttons


def test_a_double_click_is_sent_once(page: Page, served: Served) -> None:
    served.set_up()
    told(page, "Question of the day")
    page.script(f"(() => {{ const [a, b] = {LETTERS}; a.click(); a.click(); b.click(); }})()")
    told(page, "is right.")
    sent = [each for each in served.group.sandbox.core.interactions.by_id.values() if int(each.type) == 3]
    picked = [each.data["custom_id"] for each in sent if each.data["custom_id"].startswith("dw:pick")]
    assert len(picked) == 1
    assert picked[0].endswith(":A")
    page.wait(f"{LETTERS}.every(b => !b.hasAttribute('aria-disabled'))")
    press(page, "My result")
    page.wait("document.querySelectorAll('article.private').length === 2")
    clean(page)


def test_letters_are_named_by_their_options(page: Page, served: Served) -> None:
    served.set_up()
    told(page, "Question of the day")
    lines = dict(re.findall(r"(?m)^([A-D]) (.+)$", page.script(f"{ANSWERS}.closest('article').innerText")))
    names = {name for role, name in accessible(page) if role == "button"}
    assert {f"{letter}: {words}" for letter, words in lines.items()} <= names
    assert len(lines) >= 3


SELECT = {
    "type": 3,
    "custom_id": "dw:x:1",
    "placeholder": "Which?",
    "options": [{"label": "One", "value": "1"}],
}


@pytest.mark.parametrize("dark", [True, False])
def test_choosing_waits_for_a_choice_and_can_be_read_meanwhile(
    browser: Chromium,
    served: Served,
    dark: bool,  # noqa: FBT001
) -> None:
    page = opened(browser, served, dark=dark)
    shown = {"id": "1", "channel": "2", "author": "3", "at": 0, "kind": "DEFAULT", "content": "", "embeds": [],
             "files": [], "pings": [], "components": [{"type": 1, "components": [SELECT]}]}  # fmt: skip
    here = "{names: {users: {}, channels: {}, roles: {}, texts: {}}, now: () => 0, colour: () => 0, act: (b, s, what) => { window.sent = what; }}"
    page.script(
        f"import('./messages.js').then(m => {{ document.querySelector('#log').append(m.message({json.dumps(shown)}, {here})); }})"
    )
    button = "document.querySelector('[data-component=\"dw:x:1\"]')"
    page.wait(f"!!{button}")
    assert page.script(f"{button}.disabled")
    words, ground, faded = page.script(
        f"(s => [s.color, s.backgroundColor, s.opacity])(getComputedStyle({button}))"
    )

    def shade(text: str) -> str:
        return "#" + "".join(f"{int(each):02x}" for each in re.findall(r"\d+", text)[:3])

    assert contrast(shade(words), shade(ground)) >= 4.5
    assert faded == "1"
    page.script(
        f"(s => {{ s.value = '1'; s.dispatchEvent(new Event('change')); }})({button}.parentElement.querySelector('select'))"
    )
    assert not page.script(f"{button}.disabled")
    page.script(f"{button}.click()")
    assert page.script("window.sent.values") == ["1"]


# ---------------------------------------------------------------- refusals


def test_what_discord_refuses_is_refused_in_its_words(page: Page, served: Served) -> None:
    served.set_up()
    told(page, "Question of the day")
    refused = "document.querySelector('#refused').textContent"
    for typed, words in (
        ("x" * 2001, "Invalid Form Body: Must be 2000 or fewer in length."),
        ("/quiz solo questions: 99", "questions: int value should be between 1 and 25."),
        ("/quiz solo questions: many", 'questions: Value "many" is not int.'),
        ("/streak pause", "days: This option is required. Specify a value."),
        ("/quiz solo level: absurd", "level: Value must be one of {easy, medium, hard}."),
    ):
        line(page, typed)
        page.wait(f"{refused}.includes({words!r})")
        empty_line(page)
    before = len(texts(page))
    line(page, "   ")
    assert len(texts(page)) == before
    clean(page)


def ask(
    served: Served, what: dict[str, Any], person: str = "owner", **how: Any
) -> tuple[int, dict[str, Any]]:
    """Ask as the page does, or as no page would."""
    status, _, body = raw(served, "POST", f"act?as={person}", json.dumps(what), **how)
    return status, json.loads(body) if body.startswith(b"{") else {}


def test_nobody_reaches_what_they_do_not_see(page: Page, served: Served) -> None:
    served.set_up()
    group = served.group
    ada, general = str(group.people[1].member.user.id), str(group.owner.home.id)
    owners = str(group.owner.guild.channel_named("owners").id)
    result = served.do(group.owner.click(group.crowd.open_posts[0], "I don't know")).message

    status, said = ask(served, {"do": "say", "channel": owners, "text": "hello"}, ada)
    assert (status, said["code"], said["refused"]) == (200, 50001, "Missing Access")
    click = {"do": "click", "channel": general, "message": str(result.id), "component": "dw:report:1"}
    status, said = ask(served, click, ada)
    assert (status, said["code"], said["refused"]) == (200, 10008, "Unknown Message")
    status, said = ask(served, {"do": "slash", "channel": general, "command": "settings", "options": {}}, ada)
    assert (status, said["refused"]) == (200, "Unknown application command")
    page.wait("document.querySelectorAll('#channel-list button').length === 3")
    be(page, "Ada")
    page.wait("document.querySelectorAll('#channel-list button').length === 2")
    assert not page.script("document.querySelector('#channel-list').textContent.includes('owners')")


def test_a_form_of_somebody_else_and_a_button_that_went_are_refused(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = served.group
    hello = served.do(group.owner.wait_for(lambda message: bool(message.components)))
    general, begin = str(group.owner.home.id), hello.components[0]["components"][0]["custom_id"]
    click = {"do": "click", "channel": general, "message": str(hello.id), "component": begin}
    status, opened_form = ask(served, click)
    assert status == 200
    ben = str(group.people[2].member.user.id)
    submit = {"do": "submit", "form": opened_form["form"]["name"], "fields": {}}
    assert ask(served, submit, ben)[1]["refused"] == "Something went wrong. Try again."
    assert ask(served, submit)[1]["about"]["zone"] == "This field is required"
    gone = {**click, "component": "dw:begin:77"}
    monkeypatch.setattr(driver, "FIRST_ANSWER", timedelta(seconds=3))
    assert ask(served, gone)[1]["refused"] == "This interaction failed"


@pytest.mark.parametrize(
    "what",
    [{}, {"do": "fly"}, {"do": "say"}, {"do": "click", "channel": 7, "message": [], "component": None},
     {"do": "slash", "channel": "1", "command": "x", "options": []}, {"do": "submit", "form": "x", "fields": 3}],
)  # fmt: skip
def test_what_no_page_sends_is_no_error_of_ours(served: Served, what: dict[str, Any]) -> None:
    status, said = ask(served, what)
    assert status == 400 or (status == 200 and said["refused"])


# ---------------------------------------------------------------- commands


def test_commands_options_and_suggestions_come_while_one_types(page: Page, served: Served) -> None:
    served.set_up()
    options = "[...document.querySelectorAll('#options li')].map(o => o.firstChild.textContent)"
    page.script("document.querySelector('#write').focus()")
    write(page, "/")
    page.wait(f"{options}.includes('/streak show')")
    assert {"/settings", "/quiz solo", "/leaderboard", "/help"} <= set(page.script(options))
    write(page, "quiz s")
    page.wait(f"{options}[0] === '/quiz solo'")
    assert page.script("document.querySelector('#write').getAttribute('aria-expanded')") == "true"
    assert page.script("document.querySelector('[role=option][aria-selected=true]').id") == page.script(
        "document.querySelector('#write').getAttribute('aria-activedescendant')"
    )
    key(page, "Enter")
    page.wait("document.querySelector('#write').value === '/quiz solo '")
    page.wait(f"{options}.includes('topic:') && {options}.includes('missed:')")
    write(page, "lev")
    page.wait(f"{options}.length === 1")
    key(page, "Tab")
    page.wait(f"document.querySelector('#write').value === '/quiz solo level:' && {options}.includes('hard')")
    key(page, "ArrowDown")
    key(page, "Enter")
    page.wait("document.querySelector('#write').value.trim() === '/quiz solo level: medium'")
    write(page, "deck: theo")
    page.wait(f"{options}.some(o => o.includes('Theory'))")
    key(page, "Enter")
    page.wait("document.querySelector('#write').value.includes('Theory')")
    write(page, "questions: 2")
    key(page, "Escape")
    key(page, "Enter")
    told(page, "Question 1 of 2")
    assert [each["options"] for each in _called(served, "quiz")][-1][0]["options"] == [
        {"name": "level", "type": 3, "value": "medium"},
        {"name": "deck", "type": 3, "value": "theory"},
        {"name": "questions", "type": 4, "value": 2},
    ]
    clean(page)


def test_what_fits_no_option_is_refused_and_not_left_out(page: Page, served: Served) -> None:
    served.set_up()
    refused = "document.querySelector('#refused').textContent"
    for typed in ("/quiz solo count:99", "/quiz solo nope:3 level: easy", "/help me"):
        line(page, typed)
        page.wait(f"{refused}.includes('Not a valid value')")
        assert page.script("document.querySelector('#write').value") == typed, "it can be mended"
        empty_line(page)
    assert _called(served, "quiz") == []
    assert _called(served, "help") == []
    clean(page)


@pytest.mark.parametrize(
    ("who", "typed", "words"),
    [
        ("Ada", "/settings", "There is no such command for Ada here."),
        ("Ada", "/admin", "There is no such command for Ada here."),
        ("Olga", "/leaderbord", "There is no such command for Olga here."),
        ("Olga", "/streak", "/streak takes a further word: /streak pause, /streak show."),
    ],
)
def test_a_command_that_is_not_offered_is_refused_and_posted_nowhere(
    page: Page, served: Served, who: str, typed: str, words: str
) -> None:
    served.set_up()
    be(page, who)
    line(page, typed)
    page.wait("document.querySelector('#refused').textContent !== ''")

    said = page.script("document.querySelector('#refused').textContent")
    assert sorted(re.split(r"[:,.] ?", said)) == sorted(re.split(r"[:,.] ?", words))
    assert page.script("document.querySelector('#write').value") == typed, "it can be mended"
    assert not any(typed in each for each in texts(page))


def test_a_chosen_value_leads_to_the_option_that_is_still_required(page: Page, served: Served) -> None:
    served.set_up()
    day = served.group.clock.now().date().isoformat()
    page.script("document.querySelector('#write').focus()")
    write(page, "/admin void")
    page.wait("document.querySelectorAll('#options li').length === 2")
    key(page, "Enter")
    page.wait("document.querySelector('#write').value === '/admin void day:'")
    page.wait(f"[...document.querySelectorAll('#options li')].some(o => o.textContent.includes({day!r}))")
    key(page, "Enter")
    page.wait("/day: .+ reason: $/.test(document.querySelector('#write').value)")
    write(page, "a broken question")
    key(page, "Enter")
    told(page, "is void.")
    given = {one["name"]: one["value"] for one in _called(served, "admin")[0]["options"][0]["options"]}

    assert given == {"day": day, "reason": "a broken question"}


def test_what_is_typed_in_full_needs_enter_once(page: Page, served: Served) -> None:
    served.set_up()
    for typed, words in (
        ("/quiz solo level:easy", "Question 1 of"),
        ("/leaderboard", "Leaderboard: this week"),
    ):
        page.script("document.querySelector('#write').focus()")
        write(page, typed)
        page.wait("document.querySelectorAll('#options li').length > 0")
        key(page, "Enter")
        told(page, words)
        page.wait("document.querySelector('#write').value === ''")
    assert _called(served, "quiz")[0]["options"][0]["options"] == [
        {"name": "level", "type": 3, "value": "easy"}
    ]


def _called(served: Served, name: str) -> list[dict[str, Any]]:
    interactions = served.group.sandbox.core.interactions.by_id.values()
    return [each.data for each in interactions if int(each.type) == 2 and each.data["name"] == name]


# ---------------------------------------------------------------- safety


def raw(
    served: Served, method: str, path: str, body: str | None = None, **headers: str | None
) -> tuple[int, dict[str, str], bytes]:
    """A request with any headers at all, below the secret unless the path begins with a slash."""
    server = served.server
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    host = f"127.0.0.1:{server.port}"
    given: dict[str, str | None] = {"Host": host, "Content-Type": "application/json" if body else None}
    if method == "POST":
        given["Origin"] = f"http://{host}"
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    address = path if path.startswith("/") else f"/{server.secret}/{path}"
    connection.putrequest(method, address, skip_host=True, skip_accept_encoding=True)
    for name, value in given.items():
        if value is not None:
            connection.putheader(name, value)
    payload = (body or "").encode()
    if payload:
        connection.putheader("Content-Length", str(len(payload)))
    connection.endheaders(payload or None)
    answer = connection.getresponse()
    found = answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read(1 << 20)
    connection.close()
    return found


def test_only_our_own_page_is_served(served: Served) -> None:
    port, secret = served.server.port, served.server.secret
    assert raw(served, "GET", "")[0] == 200
    assert raw(served, "GET", "", Host=f"localhost:{port}")[0] == 200
    for path in (
        "/",
        "/app.js",
        "/wrong/",
        f"/{secret[:-1]}/",
        f"/{secret}x/style.css",
        "//",
        f"/%2e%2e/{secret}/",
    ):
        assert raw(served, "GET", path)[0] == 403, path
    for headers in (
        {"Host": "evil.example"}, {"Host": f"evil.example:{port}"}, {"Host": "127.0.0.1"}, {"Host": None},
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"},
    ):  # fmt: skip
        assert raw(served, "GET", "style.css", **headers)[0] in (400, 403), headers
    for headers in (
        {"Origin": None}, {"Origin": "null"}, {"Origin": f"http://127.0.0.1:{port + 1}"},
        {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"},
    ):  # fmt: skip
        assert raw(served, "POST", "time", '{"goal": "day"}', **headers)[0] == 403, headers
    assert raw(served, "POST", "time", '{"goal": "day"}', Content_Type="text/plain")[0] == 415
    assert raw(served, "GET", "", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] == 200, "a link"
    assert served.server.mover.move is None


def test_requests_are_bounded_and_lead_to_no_file(served: Served) -> None:
    assert raw(served, "POST", "act?as=owner", json.dumps({"do": "x" * MAX_BODY}))[0] == 413
    assert raw(served, "POST", "act?as=owner", "[" * 60000)[0] == 400
    for viewer in ("1", "", "-1", "9" * 5000):
        assert raw(served, "POST", f"act?as={viewer}", "{}")[0] == 400, viewer
    for path in ("../server.py", "..%2fserver.py", "%2e%2e/server.py", "decks/..%2f..%2fbot.sqlite", "decks/x.apkg",
                 "files/1/2/3?as=owner", "files/a/b/c?as=owner", "words.py", "__init__.py"):  # fmt: skip
        assert raw(served, "GET", path)[0] in (400, 403, 404), path
    assert raw(served, "DELETE", "act", Origin=f"http://127.0.0.1:{served.server.port}")[0] == 405


def test_pages_that_were_closed_make_room_for_new_ones(served: Served) -> None:
    """Whoever changes the person quickly opens and closes a stream each time."""
    for _ in range(3 * MAX_LISTENERS):
        connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=20)
        connection.request("GET", f"/{served.server.secret}/events?as=owner")
        answer = connection.getresponse()
        assert answer.status == 200
        answer.readline()
        answer.close()
        connection.close()


def test_every_answer_carries_the_strict_headers(served: Served) -> None:
    for path in ("", "app.js", "style.css", "nothing", "/"):
        _, headers, _ = raw(served, "GET", path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
    _, headers, body = raw(served, "GET", "")
    assert "require-trusted-types-for 'script'" in headers["content-security-policy"]
    assert not re.search(rb"<script(?![^>]*src=)|<style|style=|\son\w+=|https?://", body)


def test_each_trial_has_a_secret_of_its_own_and_listens_on_loopback_alone(served: Served) -> None:
    assert len(served.server.secret) >= 20
    assert urlsplit(served.server.address).hostname == "127.0.0.1"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", served.server.port), 1)


def test_hostile_text_is_shown_as_text_and_runs_nothing(page: Page, served: Served) -> None:
    group = served.group
    ada = group.people[1].member
    served.set_up()
    ada.user.display_name = "<b>Ada</b>\u202e\u200b<script>window.bad = 9</script>" + "A" * 400

    async def speak() -> None:
        ada.say(HOSTILE[:2000])
        ada.say("x" * 1999)
        ada.say("> " * 900)
        ada.say("**__~~||_" * 200)
        ada.say("```" * 600)

    served.do(speak())
    told(page, "window.bad = 1")
    told(page, "x" * 1999)
    shown = next(each for each in texts(page) if "window.bad = 1" in each)

    assert "<script>window.bad = 1</script>" in shown
    assert "<img src=x" in shown
    assert "[x](javascript:window.bad=3)" in shown
    page.script("document.querySelectorAll('article button, article a').forEach(each => each.click())")
    assert page.script("typeof window.bad") == "undefined"
    assert page.script("document.querySelectorAll('#log script, #log img[src=x]').length") == 0
    assert page.script(
        "[...document.querySelectorAll('#log a')].every(a => /^https?:|^files/.test(a.getAttribute('href')))"
    )
    assert page.script("document.documentElement.scrollWidth <= innerWidth")
    assert page.script(
        "document.querySelector('#log').scrollWidth <= document.querySelector('#log').clientWidth"
    )
    clean(page)


def test_the_policy_lets_nothing_in(page: Page) -> None:
    assert page.script(
        "(() => { try { document.body.innerHTML = '<b>'; return 'ran'; } catch (e) { return e.name; } })()"
    ) == "TypeError"  # fmt: skip
    assert page.script("fetch('https://example.org/').then(() => 'ran', () => 'refused')") == "refused"
    page.script(
        "(() => { const s = document.createElement('script'); try { s.textContent = 'window.bad = 1'; } catch { } document.body.append(s); })()"
    )
    page.script(
        "(() => { try { document.body.setAttribute('onclick', 'window.bad = 2'); } catch { } document.body.click(); })()"
    )
    assert page.script("typeof window.bad") == "undefined"


def test_nothing_is_asked_of_anybody_else(page: Page, served: Served) -> None:
    served.set_up()
    told(page, "Question of the day")

    assert page.requests
    assert all(url.startswith(served.server.address) for url in page.requests)


def test_a_private_file_is_given_to_its_reader_alone(page: Page, served: Served) -> None:
    served.set_up()
    line(page, "/privacy export")
    told(page, "as JSON")
    address = page.script("document.querySelector('.file a').getAttribute('href')")
    status, headers, body = raw(served, "GET", address)
    assert status == 200
    assert headers["content-disposition"].startswith("attachment")
    assert json.loads(body)
    other = re.sub(r"as=\d+", f"as={served.group.people[2].member.user.id}", address)
    assert raw(served, "GET", other)[0] == 404


def test_decks_are_listed_and_given_and_the_cards_are_led_to(browser: Chromium, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "small.apkg").write_bytes(b"PK small")
    (packages / "large one.apkg").write_bytes(b"PK" + b"l" * 5000)
    (packages / "secret.txt").write_text("no deck")
    with Served(packages) as served:
        page = opened(browser, served)
        names = page.script("[...document.querySelectorAll('#decks a')].map(a => a.textContent)")
        assert names == ["large one.apkg", "small.apkg"]
        status, headers, body = raw(served, "GET", "decks/small.apkg")
        assert (status, body) == (200, b"PK small")
        assert 'filename="small.apkg"' in headers["content-disposition"]
        assert raw(served, "GET", "decks/large%20one.apkg")[0] == 200
        assert raw(served, "GET", "decks/secret.txt")[0] == 404
        status, headers, _ = raw(served, "GET", "cards")
        assert status == 303
        preview = urlsplit(headers["location"])
        connection = http.client.HTTPConnection(preview.netloc, timeout=20)
        connection.request("GET", preview.path)
        assert b"preview" in connection.getresponse().read()
        connection.close()
        assert raw(served, "GET", "cards")[1]["location"] == headers["location"], "it is begun once"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((str(preview.hostname), int(preview.port or 0)), 2)


# ---------------------------------------------------------------- Markdown

MARKDOWN = [
    ("**b** *i* _j_ __u__ ~~s~~ ***bi***", "<strong>b</strong> <em>i</em> <em>j</em> <u>u</u> <s>s</s> "),
    ("a_b_c 2*3*4 \\*no\\*", "a_b_c 2<em>3</em>4 *no*"),
    ("`a **b**` ``x ` y``", "<code>a **b**</code> <code>x ` y</code>"),
    ("one\ntwo", "one<br>two"),
    ("[t](https://example.org/a_b)", '<a href="https://example.org/a_b" target="_blank" rel="noopener noreferrer nofollow">t</a>'),
    ("see https://example.org/x.", 'rel="noopener noreferrer nofollow">https://example.org/x</a>.'),
    ("# Head\ntext", '<p class="head head-1">Head</p>'),
    ("-# small", '<p class="small">small</p>'),
    ("- a\n- b\n1. c", '<ul><li>a</li><li>b</li></ul><ol start="1"><li>c</li></ol>'),
    ("> q\n> r\ns", '<blockquote><div class="text">q<br>r</div></blockquote>'),
    ("<@1> <#2>", '<span class="mention">@Ada</span> <span class="mention" data-channel="2">#general</span>'),
    ("<@&3> <#9>", '<span class="mention">@Learners</span> <span class="mention" data-channel="9">#No Access</span>'),
    ("hi @everyone", 'hi <span class="mention">@everyone</span>'),
    ("<t:3600:R> <t:-3600:R> <t:0:d>", ">in 1 hour</time>"),
    ("```py\nx = **1**\n```after", "<code>x = **1**</code>"),
    ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
    ("see https://discord.com/channels/7/2/5.", 'data-channel="2" data-message="5">#general › message</button>.'),
    ("<https://discord.com/channels/7/2>", 'data-channel="2">#general</button>'),
    ("https://discord.com/channels/7/9/5", "#No Access › message</button>"),
    ("[there](https://discord.com/channels/7/2/5)", ">there</button>"),
    ("```\n■·\n□❄\n```", '<span class="cell">□</span><span class="cell">❄</span>'),
]  # fmt: skip


def test_discord_s_markdown_becomes_elements(page: Page) -> None:
    names = {"users": {"1": "Ada"}, "channels": {"2": "general"}, "roles": {"3": "Learners"}}
    for text, expected in MARKDOWN:
        made = page.script(
            "import('./markdown.js').then(m => { const box = document.createElement('div');"
            f" box.append(...m.markdown({json.dumps(text)}, {json.dumps(names)}, 0)); return box.innerHTML; }})"
        )
        assert expected in made, (text, made)


def test_a_spoiler_is_hidden_until_it_is_pressed(page: Page) -> None:
    line(page, "the key is ||forty-two||")
    told(page, "the key is")
    spoiler = "document.querySelector('.spoiler')"
    assert page.script(f"{spoiler}.getAttribute('aria-label')") == "Spoiler, press to show"
    assert page.script(f"{spoiler}.innerText.trim()") == ""
    page.script(f"{spoiler}.click()")
    assert page.script(f"{spoiler}.innerText") == "forty-two"


# ---------------------------------------------------------------- for everybody


def test_the_keyboard_does_it_all(page: Page) -> None:
    def until(label: str) -> None:
        for _ in range(80):
            if focus(page).partition(":")[0] == label:
                return
            key(page, "Tab")
        raise AssertionError(f"never came to {label}")

    key(page, "Tab")
    assert focus(page) == "Skip to writing"
    until("Set it up for me")
    key(page, "Enter")
    told(page, "Question of the day")
    until("B")
    key(page, "Enter")
    told(page, "Only you can see this")
    assert focus(page).startswith("B: "), "the focus stays where it was"
    page.script("document.querySelector('#people input').focus()")
    key(page, "ArrowRight")
    page.wait("document.querySelector('.person:has(:checked)').textContent.includes('Ada')")
    page.wait("document.querySelectorAll('article').length > 0")
    until("# general" if focus(page) == "" else "general")
    key(page, "ArrowDown")
    assert focus(page) == "off-topic"
    key(page, "Enter")
    page.wait("document.querySelector('#channel-name').textContent === '#off-topic'")
    assert page.script("document.activeElement.id") == "write"
    write(page, "Hello")
    key(page, "Enter")
    told(page, "Hello")
    page.script("document.querySelector('#log').focus()")
    key(page, "ArrowUp")
    assert page.script("document.activeElement.matches('article')")
    page.script("document.querySelector('[data-channel]').focus()")
    key(page, "Enter")
    page.wait("document.querySelector('#channel-name').textContent === '#general'")
    line(page, "/streak pause")
    page.wait("document.querySelector('#refused').textContent.includes('required')")
    clean(page)


def test_a_form_keeps_the_focus_and_gives_it_back(page: Page) -> None:
    button = "document.querySelector('[data-component^=\"dw:begin\"]')"
    page.script(f"{button}.focus()")
    key(page, "Enter")
    page.wait("document.querySelector('#form').open")
    assert page.script("document.activeElement.id") == "field-channel"
    inside = []
    for _ in range(9):
        key(page, "Tab")
        inside.append(page.script("!document.activeElement.closest('main')"))
    assert all(inside)
    key(page, "Escape")
    page.wait("!document.querySelector('#form').open")
    assert page.script(f"document.activeElement === {button}")


def accessible(page: Page) -> list[tuple[str, str]]:
    """Role and name of everything a screen reader meets."""
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    return [
        (str(node["role"]["value"]), str(node.get("name", {}).get("value", "")))
        for node in nodes
        if not node["ignored"]
    ]


def test_everything_has_a_role_and_a_name(page: Page, served: Served) -> None:
    served.set_up()
    line(page, "/settings")
    told(page, "Friday rematch")
    found = accessible(page)
    roles = {role for role, _ in found}

    assert {
        "banner",
        "navigation",
        "main",
        "complementary",
        "log",
        "heading",
        "radio",
        "status",
        "article",
    } <= roles
    for role, name in found:
        if role in ("button", "link", "combobox", "textbox", "checkbox", "radio", "navigation", "region", "log",
                    "article", "dialog", "progressbar", "listbox", "complementary", "group"):  # fmt: skip
            assert name.strip(), role
    assert ("log", "#general") in found
    assert ("radio", "Olga (the owner)") in found
    assert page.script("document.documentElement.lang") == "en"
    assert page.script("document.querySelector('#log').getAttribute('aria-live')") == "polite"
    press(page, "More")
    page.wait("document.querySelector('#form').open")
    within = accessible(page)
    assert ("dialog", "More settings") in within
    assert all(
        name for role, name in within if role in ("textbox", "combobox", "checkbox", "button", "group")
    )
    levels = page.script(
        "[...document.querySelectorAll('h1, h2, h3')].filter(h => h.offsetParent).map(h => +h.tagName[1])"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def colours() -> dict[str, tuple[str, str]]:
    """Each colour of the page by day and by night."""
    found = re.findall(r"--([a-z]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS)
    return {name: (day, night) for name, day, night in found}


GROUNDS = ("ground", "paper", "well", "private", "mark", "hover")
FACES = ("primary", "success", "danger", "secondary")


@pytest.mark.parametrize("mode", [0, 1])
def test_every_text_is_readable_on_every_ground(mode: int) -> None:
    shades = {name: pair[mode] for name, pair in colours().items()}
    texts_used = set(re.findall(r"(?<![-\w])color: var\(--([a-z]+)\)", CSS)) - {"face"}
    grounds_used = set(re.findall(r"background: var\(--([a-z]+)\)", CSS))

    assert texts_used == {"ink", "quiet", "link", "wrong"}
    assert grounds_used <= {*GROUNDS, *FACES, "ink"}
    for text, ground in product(texts_used, GROUNDS):
        assert contrast(shades[text], shades[ground]) >= 4.5, (text, ground)
    for face in FACES:
        assert contrast(shades["face"], shades[face]) >= 4.5, face
    for one in re.findall(r"\.colour-\d \{ background: light-dark\((#\w+), (#\w+)\)", CSS):
        assert contrast(shades["face"], one[mode]) >= 4.5
    for ground in GROUNDS:
        assert contrast(shades["edge"], shades[ground]) >= 3, "the edges of controls"


@pytest.mark.parametrize("dark", [True, False])
def test_the_page_follows_the_reader_s_light_and_its_switch(
    browser: Chromium,
    served: Served,
    dark: bool,  # noqa: FBT001
) -> None:
    page = opened(browser, served, dark=dark)

    def ground() -> str:
        red, green, blue = re.findall(r"\d+", page.script("getComputedStyle(document.body).backgroundColor"))
        return f"#{int(red):02x}{int(green):02x}{int(blue):02x}"

    assert ground() == colours()["ground"][dark]
    press(page, "Light" if dark else "Dark")
    assert ground() == colours()["ground"][not dark]


def test_a_phone_needs_no_sideways_scrolling_and_has_drawers(browser: Chromium, served: Served) -> None:
    page = opened(browser, served, width=360, height=740)
    wide = "Math.max(document.documentElement.scrollWidth, document.querySelector('#log').scrollWidth)"

    def fits() -> None:
        assert page.script(wide) <= 360
        small = page.script(
            "[...document.querySelectorAll('button, select, input[type=text], textarea')].filter(e => e.checkVisibility({visibilityProperty: true}))"
            ".filter(e => e.getBoundingClientRect().height < (e.matches('.jump, .spoiler') ? 24 : 36)).map(e => e.outerHTML)"
        )
        assert small == []

    fits()
    press(page, "Set it up for me")
    told(page, "Question of the day")
    fits()
    for which in ("channels", "behind"):
        assert not page.script(
            f"document.querySelector('#{which}').checkVisibility({{visibilityProperty: true}})"
        )
        page.script(f"document.querySelector('#open-{which}').click()")
        assert page.script(f"document.querySelector('#{which}').contains(document.activeElement)")
        fits()
        key(page, "Escape")
        assert page.script(f"document.activeElement.id === 'open-{which}'")
    press(page, "A", "document.querySelector('#log')")
    told(page, "Only you can see this")
    fits()
    line(page, "/settings")
    told(page, "Friday rematch")
    fits()
    press(page, "More")
    page.wait("document.querySelector('#form').open")
    fits()
    assert page.script(
        "document.querySelector('#form').scrollWidth <= document.querySelector('#form').clientWidth"
    )
    key(page, "Escape")
    press(page, "Skip tour")
    across = page.script(
        "[...document.querySelectorAll('.top button, .person')].map(e => e.getBoundingClientRect())"
        ".filter(r => r.width).map(r => [r.left, r.right])"
    )
    assert len(across) == 7
    assert all(right <= left for (_, right), (left, _) in pairwise(across)), (
        "nothing lies upon something else"
    )


# ---------------------------------------------------------------- as a command


def start(port: int, folder: Path) -> tuple[subprocess.Popen[str], str]:
    """``deckwright-bot try`` as a program of its own, and the address it prints."""
    environment = {**os.environ, "DECKWRIGHT_LIBRARY": str(ROOT / "cards"), "DECKWRIGHT_PACKAGES": str(folder),
                   "TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder)}  # fmt: skip
    environment.pop("DISCORD_TOKEN", None)
    program = subprocess.Popen(
        [sys.executable, "-m", "deckwright_bot", "try", "--no-browser", "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder,
    )  # fmt: skip
    assert program.stdout is not None
    for said in program.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+/\S+/", said):
            return program, found[0]
    raise AssertionError("it ended without an address")


def test_it_runs_twice_beside_a_busy_port_and_ends_cleanly(browser: Chromium, tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        first, one = start(port, tmp_path)
        second, two = start(port, tmp_path)
        try:
            assert len({urlsplit(one).port, urlsplit(two).port, port}) == 3
            assert urlsplit(one).path != urlsplit(two).path
            for address in (one, two):
                page = browser.open(address)
                page.wait("document.querySelectorAll('article').length > 0")
            program = first
            for program, ending in ((first, signal.SIGINT), (second, signal.SIGTERM)):
                program.send_signal(ending)
                said, _ = program.communicate(timeout=20)
                assert program.returncode == 0, said
                assert "Traceback" not in said
                assert "nothing was kept" in said
        finally:
            for program in (first, second):
                if program.poll() is None:
                    program.kill()
    for address in (one, two):
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(urlsplit(address).port or 0)), 2)
    assert not list(tmp_path.glob("deckwright-trial-*")), "nothing is left behind"
