"""Anki's templates in Python, judged by the real Anki: every shipped card, and texts made to be awkward."""

from __future__ import annotations

from pathlib import Path

import pytest

from deckwright.anki.package import package_bytes
from deckwright.builder import output
from deckwright.compiler import compile_library
from deckwright.preview.template import Side, TemplateError, both_sides, render
from real_anki import RealAnki

CARDS = Path(__file__).parent.parent / "cards"
FRONT = (
    "{{cloze:Text}}|{{cloze-only:Text}}|{{text:Text}}|{{#c1}}C1{{/c1}}{{^c1}}N1{{/c1}}<!-- {{Text}} -->"
    "{{#Back Extra}}E{{/Back Extra}}{{^Back Extra}}O{{/Back Extra}}"
)
BACK = "{{cloze:Text}}|{{cloze-only:Text}}|{{ text:Text }}|{{FrontSide}}"
AWKWARD = (
    "a {{c1::b}} c {{c2::d::hint}} e {{c1::f}}",
    r"\[x = {{c1::y_{ 1} }} + {{c2::z::h}}\] and {{c1::w}}",
    '<p>{{c1::a "q" &lt;b&gt;}} <b>x</b></p>',
    r"{{c1::\(a\) b}} <code>{{c2::&#123;k&#125;}}</code> \({{c1::x}} + y\)",
    "n {{c1::in {{c2::nest}} out}}",
    "{{c1::a::b::c}} {{c1,2::multi}} {{c1::}} {{c0::z}} &nbsp;<br>x<!-- c -->y",
    "{{c1::é ß × \xa0 漢 \n x'y’ “}} }} {{c2::open",
    r'{{c1::a <img src="x.png"> b}} \(a &lt; {{c1::b &amp; c}}\) \[ <i>q</i>\)',
    "{{c1::a{{c2::x::h}} b::hh}}",
)  # fmt: skip


def body(html: str) -> str:
    """What Anki renders, without the style it puts before it."""
    return html.split("</style>", 1)[1]


def test_every_shipped_card_is_rendered_as_anki_renders_it(tmp_path: Path) -> None:
    made = output(compile_library(CARDS), 1_790_000_000, lock=None)
    compared = 0
    with RealAnki(tmp_path) as anki:
        anki.import_package(package_bytes("", made.decks, made.used_types(made.decks), {}))
        for deck in made.decks:
            for note in deck.notes:
                kind = made.note_types[note.kind]
                fields = dict(zip((name for name, _ in kind.fields), note.fields, strict=True))
                for card in anki.note(note.guid).cards():
                    sides = both_sides(kind.front, kind.back, fields, card.ord, cloze=kind.cloze)
                    assert sides == (body(card.question()), body(card.answer())), note.card_id
                    compared += 1

    assert compared > 100


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize("extra", ["x", " <br><div></div>\n", ""])
def test_awkward_clozes_are_rendered_as_anki_renders_them(tmp_path: Path, text: str, extra: str) -> None:
    with RealAnki(tmp_path) as anki:
        kind = anki.col.models.by_name("Cloze")
        kind["tmpls"][0] |= {"qfmt": FRONT, "afmt": BACK}
        anki.col.models.update_dict(kind)
        guid = anki.add_note("Cloze", "Default", text, extra)
        cards = anki.note(guid).cards()
        for card in cards:
            sides = both_sides(FRONT, BACK, anki.fields(guid), card.ord, cloze=True)
            assert sides == (body(card.question()), body(card.answer()))

        assert cards


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{Nothing}}", "shows a field 'Nothing'"),
        ("{{#Nothing}}x{{/Nothing}}", "asks for a field 'Nothing'"),
        ("{{#A}}x", "never closes 'A'"),
        ("{{#A}}x{{/B}}", "closes 'B'"),
        ("{{tts en_US:A}}", "uses 'tts en_US'"),
    ],
)
def test_a_template_that_cannot_be_rendered_says_why(template: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        render(template, Side({"A": "a"}, 0, question=True, cloze=False))

    front, back = both_sides(template, "{{A}}", {"A": "a"}, 0, cloze=False)
    assert "cannot be shown" in front
    assert front == back
