"""The preview in a real browser: what it shows, what it lets nobody do, and for whom it works."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

from chromium import Chromium, Page
from deckwright.preview import assets
from deckwright.preview.running import Session, write
from preview_library import NOW, hostile, replace, served, small
from test_anki_style import GROUNDS, MODES, contrast

CSS = (Path(assets.__file__).parent / "static/page.css").read_text("utf-8")
FRAME_CSS = (Path(assets.__file__).parent / "static/frame.css").read_text("utf-8")
MODE_SETS = ("form=chat", "form=anki", "side=front", "side=back", "side=both", "look=night", "width=phone")


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as made:
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small(tmp_path / "cards")


@pytest.fixture
def session(root: Path) -> Iterator[Session]:
    with served(root) as made:
        yield made


@pytest.fixture
def site(root: Path, tmp_path: Path) -> str:
    write(root, tmp_path / "site", NOW)
    return (tmp_path / "site/index.html").as_uri()


def text(page: Page, selector: str) -> Any:
    return page.script(f"document.querySelector({selector!r}).textContent")


def choose(page: Page, what: str) -> None:
    page.script(f"document.querySelector('[data-set=\"{what}\"]').click()")
    page.settle()


def card(page: Page) -> Any:
    return text(page, ".where code")


# ---------------------------------------------------------------- showing


def test_a_page_from_a_disk_shows_cards_and_typesets_maths(browser: Chromium, site: str) -> None:
    page = browser.open(site)
    page.settle()

    assert card(page) == "forests"
    assert page.script("document.querySelector('[data-name=back]').dataset.shown") == "4/0"
    assert page.complaints == []
    assert all(url.startswith(("file:", "data:")) for url in page.requests)


def test_a_page_from_a_server_shows_the_same(browser: Chromium, session: Session) -> None:
    page = browser.open(session.url)
    page.settle()

    assert page.script("document.querySelector('[data-name=back]').dataset.shown") == "4/0"
    assert page.complaints == []
    assert all(url.startswith((session.url, "data:")) for url in page.requests)
    assert page.script("document.querySelector('iframe').contentDocument") is None, (
        "a frame is another origin"
    )


def test_a_save_is_seen_within_half_a_second(browser: Chromium, session: Session, root: Path) -> None:
    page = browser.open(f"{session.url}#options")
    page.settle()
    page.wait("document.querySelector('#status').textContent.startsWith('Watching')")
    replace(root, "Which is right?", "Which is wrong?")
    page.wait("document.querySelector('h2#card-title').textContent === 'Which is wrong?'", 0.5)
    page.settle()

    assert "Updated: options" in text(page, "#status")
    assert card(page) == "options"


def test_a_broken_card_shows_its_error_at_its_line_and_stays_as_it_was(
    browser: Chromium, session: Session, root: Path
) -> None:
    page = browser.open(f"{session.url}#options")
    page.settle()
    page.wait("document.querySelector('#status').textContent.startsWith('Watching')")
    replace(root, "front: Which is right?", "fornt: Which is right?")
    page.wait("!!document.querySelector('.yaml .problem')", 2)

    assert text(page, "#card-title") == "Which is right?"
    assert "fornt: Which is right?" in text(page, ".row.marked")
    assert 'did you mean "front"?' in text(page, ".yaml")
    assert text(page, "#problems-button") == "1 error"
    replace(root, "fornt: Which is right?", "front: Which is right?")
    page.wait("document.querySelector('#problems-button').hidden", 2)
    assert not page.script("!!document.querySelector('.notice')")


def test_every_mode_shows_a_card_without_complaint(browser: Chromium, site: str) -> None:
    for name in ("forests", "gradient", "options"):
        page = browser.open(f"{site}#{name}")
        page.settle()
        for mode in MODE_SETS:
            choose(page, mode)
            assert page.script("!!document.querySelector('.frames .frame:not([hidden]) iframe')"), mode
        assert page.complaints == []


def test_the_chat_form_answers_a_click(browser: Chromium, session: Session) -> None:
    page = browser.open(f"{session.url}#options")
    page.settle()
    choose(page, "form=chat")
    found = []
    for frame in page.frames:
        source = """(() => {
            const buttons = [...document.querySelectorAll('.buttons button')];
            buttons.filter(each => each.getAttribute('aria-pressed') === 'false').forEach(each => each.click());
            return buttons.length + ' ' + document.body.textContent;
        })()"""
        found.append(page.script(source, frame))

    assert any(said.startswith("2 ") and "is not right" in said for said in found)


def test_a_place_is_copied(browser: Chromium, site: str) -> None:
    page = browser.open(f"{site}#options")
    page.settle()
    page.script("document.querySelector('.where .place').click()")
    page.wait(
        "/^(Copied|Copy by hand:) .*topic\\.yaml:\\d+$/.test(document.querySelector('#status').textContent)"
    )


# ---------------------------------------------------------------- finding


def search(page: Page, query: str) -> list[str]:
    page.script(
        f"(() => {{ const s = document.querySelector('#search'); s.value = {query!r};"
        " s.dispatchEvent(new Event('input')); })()"
    )
    found: list[str] = page.script(
        "[...document.querySelectorAll('#tree a')].map(a => a.getAttribute('href').slice(1))"
    )
    return found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("forest", ["forests"]), ("forset", ["forests"]), ("RANDM forrest", ["forests"]), ("varianc", ["forests"]),
        ("stepest", ["gradient"]), ("gradeint", ["gradient"]), ("which right", ["options"]), ("zzzzzz", []),
    ],
)  # fmt: skip
def test_search_forgives_typing_errors(browser: Chromium, site: str, query: str, found: list[str]) -> None:
    page = browser.open(site)
    page.settle()

    assert search(page, query) == found
    assert str(len(found)) in text(page, "#count")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("kind", "cloze", ["gradient"]), ("level", "hard", ["options"]), ("core", None, ["forests"]),
        ("options", None, ["options"]), ("problems", None, []),
    ],
)  # fmt: skip
def test_filters_narrow_the_list(
    browser: Chromium, site: str, name: str, value: str | None, found: list[str]
) -> None:
    page = browser.open(site)
    page.settle()
    change = "f.checked = true" if value is None else f"f.value = {value!r}"
    page.script(
        f"(() => {{ const f = document.querySelector('#filter-{name}'); {change}; f.dispatchEvent(new Event('change')); }})()"
    )

    assert (
        page.script("[...document.querySelectorAll('#tree a')].map(a => a.getAttribute('href').slice(1))")
        == found
    )


# ---------------------------------------------------------------- safety


@pytest.mark.parametrize("live", [True, False])
def test_hostile_cards_run_nothing(browser: Chromium, tmp_path: Path, live: bool) -> None:  # noqa: FBT001
    root = hostile(tmp_path / "cards")
    write(root, tmp_path / "site", NOW)
    with served(root) as session:
        start = session.url if live else (tmp_path / "site/index.html").as_uri()
        for name in ("script", "chatty", "gaps"):
            page = browser.open(f"{start}#{name}")
            page.settle()
            assert card(page) == name
            for mode in MODE_SETS:
                choose(page, mode)
            page.script("document.querySelectorAll('a, button').forEach(each => each.textContent)")
            assert page.dialogs == []
            # The one thing a formula can ask for is a picture by its style, and the policy refuses it.
            assert [said for said in page.complaints if "exception" in said] == []
            refused = [
                json.loads(said.removeprefix("policy: ")) for said in page.said if said.startswith("policy: ")
            ]
            details = [each["contentSecurityPolicyIssueDetails"] for each in refused]
            assert {each["violatedDirective"] for each in details} <= {"img-src"}
            assert {each["blockedURL"] for each in details} <= {"http://example.org/x"}
            for frame in page.frames:
                page.script(
                    "(document.querySelectorAll('a, img, summary').forEach(e => e.click && e.click()), true)",
                    frame,
                )
            assert page.script("[...document.scripts].every(s => s.src && !s.textContent)")
            assert all("example.org" not in url for url in page.requests)


def test_scripts_of_an_old_package_are_refused_by_the_policy(browser: Chromium, session: Session) -> None:
    """What comes from a package is foreign HTML: the frame holds it, and the policy runs nothing of it."""
    page = browser.open(session.url)
    page.settle()
    evil = (
        '<p>old</p><script>alert(1)</script><img src=x onerror=alert(2)><a href="javascript:alert(3)">x</a>'
        '<iframe srcdoc="<script>alert(4)</script>"></iframe><img src="http://example.org/x.png">'
        '<svg><script>alert(5)</script></svg><form action="http://example.org"><button>b</button></form>'
        "<link rel=stylesheet href=\"http://example.org/x.css\"><style>@import 'http://example.org/y.css';</style>"
    )
    page.script(
        "document.querySelector('[data-name=front]').contentWindow.postMessage({type: 'show', html: "
        f"{evil!r}, ordinal: 0, style: '', night: false, media: 'media/'}}, '*')"
    )
    page.wait("new Promise(done => setTimeout(() => done(true), 400))")
    page.prepare()

    assert page.dialogs == []
    assert any("policy" in said.lower() or "refused" in said.lower() for said in page.said)
    for frame in page.frames:
        assert page.script("(document.querySelectorAll('a').forEach(a => a.click()), true)", frame)
    assert page.dialogs == []


def test_the_policies_are_strict(browser: Chromium, session: Session) -> None:
    page = browser.open(session.url)
    page.settle()

    for attack in ("setTimeout('window.bad = 1')", "document.body.setAttribute('onclick', 'window.bad = 1')"):
        page.script(f"(() => {{ try {{ {attack}; document.body.click(); }} catch (refused) {{ }} }})()")
    assert (
        page.script(
            "(() => { try { document.body.innerHTML = '<b>'; return 'ran'; } catch (e) { return e.name; } })()"
        )
        == "TypeError"
    )
    assert page.script("fetch('https://example.org/').then(() => 'ran', () => 'refused')") == "refused"
    assert page.script("typeof window.bad") == "undefined"


# ---------------------------------------------------------------- for everybody


def test_the_keyboard_does_it_all(browser: Chromium, site: str) -> None:
    page = browser.open(site)
    page.settle()
    for key, wanted in (
        ("j", "gradient"),
        ("ArrowRight", "options"),
        ("n", "options"),
        ("k", "gradient"),
        ("ArrowLeft", "forests"),
    ):
        page.key(key)
        page.wait(f"document.querySelector('.where code').textContent === '{wanted}'", 2)
    page.key("f")
    page.wait(
        "document.querySelector('[data-set=\"side=front\"]').getAttribute('aria-pressed') === 'true'", 2
    )
    page.key(" ")
    page.wait("document.querySelector('[data-set=\"side=back\"]').getAttribute('aria-pressed') === 'true'", 2)
    page.key("/")
    assert page.script("document.activeElement.id") == "search"
    for letter in "grad":
        page.key(letter)
    page.wait("document.querySelectorAll('#tree a').length === 1", 2)
    page.key("Enter")
    page.wait("document.querySelector('.where code').textContent === 'gradient'", 2)
    page.key("?")
    assert page.script("document.querySelector('#help').open")
    page.key("Escape")


def test_keys_work_while_the_focus_is_in_a_card(browser: Chromium, session: Session) -> None:
    page = browser.open(session.url)
    page.settle()
    for frame in page.frames[:1]:
        page.script(
            "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true})) || true", frame
        )
        page.script(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}))", frame
        )
    page.wait("document.querySelector('.where code').textContent !== 'forests'", 2)


def accessible(page: Page) -> list[tuple[str, str]]:
    """Role and name of everything a screen reader meets."""
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    return [
        (str(node["role"]["value"]), str(node.get("name", {}).get("value", "")))
        for node in nodes
        if not node["ignored"]
    ]


def test_everything_has_a_role_and_a_name(browser: Chromium, site: str) -> None:
    page = browser.open(f"{site}#gradient")
    page.settle()
    page.script("document.querySelector('#filters').open = true")
    found = accessible(page)
    roles = {role for role, _ in found}

    assert {"banner", "navigation", "main", "search", "heading", "Iframe", "status"} <= roles
    for role, name in found:
        if role in (
            "button",
            "link",
            "searchbox",
            "combobox",
            "checkbox",
            "Iframe",
            "navigation",
            "region",
            "group",
        ):
            assert name, role
    assert ("Iframe", "Front of gradient") in found
    assert ("button", "Chat") in found
    assert page.script("document.documentElement.lang") == "en"
    levels = page.script(
        "[...document.querySelectorAll('h1, h2, h3')].filter(h => h.offsetParent).map(h => +h.tagName[1])"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_current_card_and_pressed_switches_are_told(browser: Chromium, site: str) -> None:
    page = browser.open(f"{site}#options")
    page.settle()

    assert page.script("document.querySelectorAll('#tree a[aria-current=true]').length") == 1
    assert page.script(
        "document.querySelectorAll('.switch').length === document.querySelectorAll('.switch:has([aria-pressed=true])').length"
    )


@pytest.mark.parametrize("name", ["forests", "gradient", "options"])
@pytest.mark.parametrize("form", ["form=anki", "form=chat"])
def test_a_phone_needs_no_sideways_scrolling(browser: Chromium, site: str, name: str, form: str) -> None:
    page = browser.open(f"{site}#{name}", width=360, height=740)
    page.settle()
    choose(page, form)

    assert page.script("document.documentElement.scrollWidth") <= 360
    small_targets = page.script(
        "[...document.querySelectorAll('button, select, #tree a')].filter(e => e.offsetParent && e.getBoundingClientRect().height < 31)"
        ".map(e => e.outerHTML)"
    )
    assert small_targets == []


@pytest.mark.parametrize("css", [CSS, FRAME_CSS])
def test_the_page_uses_the_cards_own_colours(css: str) -> None:
    bare = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)

    assert set(re.findall(r"var\(--([a-z]+)\)", bare)) <= set(MODES["light"])
    # Anki's own grey and night colours stand in the frame, below the note type's style.
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", bare.split(".chat")[-1])) <= {""}
    assert not re.search(r"#[0-9a-fA-F]{6}\b", re.sub(r"\A.*?\.chat", "", bare, flags=re.DOTALL))


def test_every_text_colour_of_the_page_is_readable_on_every_ground() -> None:
    texts = set(re.findall(r"(?<!-)color: var\(--([a-z]+)\)", CSS + FRAME_CSS)) - {"paper"}

    assert texts
    for mode, one, ground in product(MODES.values(), texts, GROUNDS):
        assert contrast(mode[one], mode[ground]) >= 4.5
    for mode in MODES.values():
        assert contrast(mode["paper"], mode["ink"]) >= 4.5, "pressed switches"
        assert contrast(mode["quiet"], mode["paper"]) >= 3, "the edges of controls"


@pytest.mark.parametrize("dark", [True, False])
def test_the_page_follows_the_reader_s_light(browser: Chromium, site: str, dark: bool) -> None:  # noqa: FBT001
    page = browser.open(site, dark=dark)
    page.settle()

    paper = MODES["night" if dark else "light"]["paper"].lstrip("#")
    red, green, blue = (int(paper[at : at + 2], 16) for at in (0, 2, 4))
    assert page.script("getComputedStyle(document.body).backgroundColor") == f"rgb({red}, {green}, {blue})"
