"""The look of the cards, as far as it can be computed: contrast, templates, the shuffle."""

from __future__ import annotations

import json
import re
from collections import Counter
from importlib.resources import files
from itertools import product

import pytest
import quickjs

from deckwright.kinds import KINDS

ANKI = files("deckwright.anki")
TEMPLATES = files("deckwright.kinds") / "templates"
CSS = re.sub(r"/\*.*?\*/", "", (ANKI / "style.css").read_text("utf-8"), flags=re.DOTALL)
SCRIPT = (ANKI / "options.js").read_text("utf-8")
FOOT = (TEMPLATES / "foot.html").read_text("utf-8")

GROUNDS = ("paper", "well", "mark")
NO_TEXT = ("rule", "sheet")
"""Colours of lines and of the sheet behind pictures."""

TAG = re.compile(r"\{\{([#^/]?)([^{}]+)\}\}")


def colours(selector: str) -> dict[str, str]:
    """The custom properties that the first rule with exactly this selector declares."""
    rule = re.search(rf"(?:^|\}})\s*{re.escape(selector)}\s*\{{(.*?)\}}", CSS, re.DOTALL)
    assert rule is not None
    return dict(re.findall(r"--([a-z]+):\s*([^;]+);", rule[1]))


MODES = {
    "light": colours(".card"),
    "night": colours(".card.nightMode, .card.night_mode, .nightMode .card, .night_mode .card"),
}


def luminance(colour: str) -> float:
    """WCAG 2 relative luminance of ``#rrggbb``."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


TEXTS = sorted(set(MODES["light"]) - {*GROUNDS, *NO_TEXT})


@pytest.mark.parametrize(("mode", "text", "ground"), list(product(MODES, TEXTS, GROUNDS)))
def test_every_text_colour_is_readable_on_every_ground(mode: str, text: str, ground: str) -> None:
    assert contrast(MODES[mode][text], MODES[mode][ground]) >= 4.5


def test_day_and_night_declare_the_same_colours() -> None:
    assert set(MODES["light"]) == set(MODES["night"])


def test_colours_stand_only_in_the_two_declarations() -> None:
    rest = re.sub(r"--[a-z]+:[^;]+;", "", CSS)

    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", rest)
    assert not re.search(r"\b(opacity|filter)\s*:", rest), "both change a contrast that was computed"
    assert set(re.findall(r"var\(--([a-z]+)\)", rest)) == set(MODES["light"])


def test_the_style_loads_nothing_and_cannot_be_taken_for_a_template() -> None:
    assert not re.search(r"url\(|@import|@font-face|https?:", CSS)
    assert "{{" not in CSS + SCRIPT
    assert "}}" not in CSS + SCRIPT
    assert "</script" not in SCRIPT


def test_the_style_stays_small() -> None:
    assert len((ANKI / "style.css").read_text("utf-8").splitlines()) < 250


@pytest.mark.parametrize("gap", range(1, 21))
def test_the_legend_of_the_asked_gap_is_hidden_in_front_and_marked_behind(gap: int) -> None:
    rule = rf'\.card{gap} \.%s \[data-part="c{gap}"\](?:,[^{{}}]*)?\s*\{{\s*%s'

    assert re.search(rule % ("front", "display: none"), CSS)
    assert re.search(rule % ("back", r"background: var\(--mark\)"), CSS)


def template(kind: str) -> tuple[str, str]:
    """A kind's front and back with the foot put in."""
    front, mark, back = (TEMPLATES / f"{kind}.html").read_text("utf-8").partition("<!-- back -->")
    assert mark
    assert "<!-- back -->" not in back
    return front, back.replace("<!-- foot -->", FOOT.replace("{{report-url}}", "https://example.org/"))


def fields(html: str) -> set[str]:
    """The fields a template uses, without the filters before them."""
    return {name.split(":")[-1] for _, name in TAG.findall(html)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_shows_every_field_of_its_note_type_and_no_other(kind: str) -> None:
    wanted = {name for name in KINDS[kind].LAYOUT.all_fields if not name.startswith("Spare ")}
    front, back = template(kind)
    shown = {name.split(":")[-1] for sign, name in TAG.findall(front + back) if not sign}

    assert fields(front + back) == wanted
    assert wanted - shown <= {"Sound"}, "only a switch may be asked for and never shown"


@pytest.mark.parametrize("kind", KINDS)
def test_every_condition_is_closed_in_order(kind: str) -> None:
    for side in template(kind):
        still_open: list[str] = []
        for sign, name in TAG.findall(side):
            if sign in ("#", "^"):
                still_open.append(name)
            elif sign == "/":
                assert still_open.pop() == name
        assert still_open == []
        assert "{{" not in TAG.sub("", side)
        assert "}}" not in TAG.sub("", side)


@pytest.mark.parametrize("kind", KINDS)
def test_the_back_has_the_anchor_and_the_foot_and_the_front_does_not(kind: str) -> None:
    front, back = template(kind)
    raw = (TEMPLATES / f"{kind}.html").read_text("utf-8")

    assert len(re.findall(r"\bid=answer\b", back)) == 1
    assert "id=answer" not in front
    assert raw.count("<!-- foot -->") == 1
    assert "<!-- foot -->" not in raw.partition("<!-- back -->")[0]
    assert 'class="page front' in front
    assert 'class="page back' in back


@pytest.mark.parametrize("kind", KINDS)
def test_a_side_closes_what_it_opens(kind: str) -> None:
    for side in template(kind):
        for tag in ("div", "details", "summary", "blockquote", "p", "script", "span", "a"):
            assert len(re.findall(rf"<{tag}\b", side)) == side.count(f"</{tag}>"), tag


@pytest.mark.parametrize("kind", KINDS)
def test_a_cloze_kind_asks_anki_for_its_gaps(kind: str) -> None:
    front, back = template(kind)

    assert ("{{cloze:" in front) == ("{{cloze:" in back) == KINDS[kind].LAYOUT.cloze
    assert "{{FrontSide}}" not in front + back


def test_only_choice_cards_carry_the_script_once_a_side() -> None:
    carrying = Counter(kind for kind in KINDS for side in template(kind) if "/* options.js */" in side)

    assert carrying == {"choice": 2}


def test_the_report_link_can_be_cut_out_of_the_foot() -> None:
    rest = re.sub(r"<!-- report -->.*?<!-- /report -->", "", FOOT, flags=re.DOTALL)

    assert FOOT.count("{{report-url}}") == 1
    assert "<a " not in rest
    assert rest.count("<div") == rest.count("</div>")


# ---------------------------------------------------------------- the shuffle

PAGE = """
var stored = %(stored)s, list = null;
function Side(side, id) {
  var attributes = {"data-id": id};
  list = {
    children: ["a", "b", "c", "d"], attributes: {},
    getAttribute: function (name) { return this.attributes[name] || null; },
    setAttribute: function (name, value) { this.attributes[name] = value; },
    appendChild: function (item) {
      this.children.splice(this.children.indexOf(item), 1); this.children.push(item);
    }
  };
  return {
    className: "page " + side + " choice",
    getAttribute: function (name) { return attributes[name] || null; },
    querySelector: function () { return list; }
  };
}
var page = null, document = { querySelector: function () { return page; } };
var Today = [2026, 11, 21], Date = function () {
  return {
    getFullYear: function () { return Today[0]; },
    getMonth: function () { return Today[1] - 1; },
    getDate: function () { return Today[2]; }
  };
};
function run() { %(script)s }
function show(side, id, year, month, day) {
  Today = [year, month, day];
  page = Side(side, id);
  run();
  return list.children.join("");
}
if (stored) {
  this.sessionStorage = {
    getItem: function (key) { return key in stored ? stored[key] : null; },
    setItem: function (key, value) { stored[key] = value; }
  };
}
"""


def client(*, storage: bool = True) -> quickjs.Context:
    """A web view with just enough of a page for the script."""
    context = quickjs.Context()
    context.eval(PAGE % {"stored": "{}" if storage else "null", "script": SCRIPT})
    return context


def show(context: quickjs.Context, side: str, card: str, day: int) -> str:
    """The options in the order a side shows them on a day of November 2026."""
    return str(context.eval(f"show({json.dumps(side)}, {json.dumps(card)}, 2026, 11, {day})"))


@pytest.mark.parametrize("storage", [True, False])
def test_both_sides_show_one_order(storage: bool) -> None:  # noqa: FBT001
    context = client(storage=storage)

    for day in range(1, 31):
        assert show(context, "front", "psi", day) == show(context, "back", "psi", day)


def test_a_card_turned_after_midnight_keeps_its_order() -> None:
    orders = set()
    for day in range(1, 29):
        context = client()
        front = show(context, "front", "psi", day)
        assert show(context, "back", "psi", day + 1) == front
        orders.add(front)
    assert len(orders) > 10


def test_the_date_another_card_left_is_not_taken() -> None:
    context = client()
    show(context, "front", "other-card", 3)

    assert show(context, "back", "psi", 4) == show(client(), "back", "psi", 4)


def test_a_script_run_twice_shuffles_once() -> None:
    context = client()
    once = show(context, "front", "psi", 5)
    context.eval("run()")

    assert context.eval("list.children.join('')") == once


def test_a_page_without_options_is_left_alone() -> None:
    context = client()

    context.eval("page = null; run()")


def test_every_option_comes_to_every_place_about_equally_often() -> None:
    context = client()
    seen = Counter(show(context, "front", f"card-{n}", day) for n in range(200) for day in range(1, 29))
    total = sum(seen.values())

    assert len(seen) == 24
    for option, place in product("abcd", range(4)):
        share = sum(n for order, n in seen.items() if order[place] == option) / total
        assert share == pytest.approx(0.25, abs=0.025)
