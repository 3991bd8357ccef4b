"""Cards in chat: every shipped prompt, what Discord's Markdown makes of it, and texts that mean harm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings, strategies as st

from deckwright.cache import Cache
from deckwright.chat import discord_markdown, limits
from deckwright.chat.blocks import Maths, Paragraph, Words
from deckwright.chat.limits import ChatLimits, measure
from deckwright.chat.message import (
    MAX_ALT,
    ChatForm,
    ChatOption,
    ChatRenderer,
    Drawable,
    Piece,
    chat_form,
    some_options,
)
from deckwright.chat.painting import LayoutPainter, images_among
from deckwright.chat.reading import FormulaReader, Reading
from deckwright.compiler import compile_library
from deckwright.kinds import KindCard
from deckwright.model import Choice, Library, Option
from deckwright.render.formula import FormulaEngine
from deckwright.texts import texts
from libraries import library

pytest.importorskip("quickjs")

GOLDEN = Path(__file__).parent / "golden" / "chat"


class Sketch:
    """A painter that draws nothing and remembers what it was given."""

    def __init__(self) -> None:
        self.drawn: list[tuple[Drawable, ...]] = []

    def paint(self, blocks: Sequence[Drawable]) -> str | None:
        self.drawn.append(tuple(blocks))
        return "<svg/>"


class NoPainter:
    """A painter that always fails."""

    def paint(self, blocks: Sequence[Drawable]) -> str | None:  # noqa: ARG002
        return None


ENGINE = FormulaEngine()
READER = FormulaReader(engine=ENGINE)


def renderer() -> ChatRenderer:
    return ChatRenderer(READER, Sketch())


def piece(markdown: str, gap: int | None = None) -> Piece:
    return renderer().piece(markdown, gap=gap)


def forms(found: Library) -> Iterator[tuple[KindCard, ChatForm]]:
    for deck in found.decks:
        for topic in deck.topics:
            for card in topic.cards:
                assert isinstance(card, KindCard)
                others = [other for other in topic.cards if other is not card]
                for prompt in card.prompts(others):
                    yield card, chat_form(card, prompt, renderer())


@cache
def shipped() -> tuple[tuple[KindCard, ChatForm], ...]:
    found = compile_library(Path("cards"), check_maths=False).library
    assert found is not None
    return tuple(forms(found))


def pieces(form: ChatForm) -> Iterator[Piece]:
    yield from (form.question, form.answer, form.explanation, *form.key_points)
    for option in form.options:
        yield option.text
        if option.why is not None:
            yield option.why
    for claim, why in form.red_flags:
        yield claim
        if why is not None:
            yield why


def written(tmp_path: Path, cards: str) -> list[tuple[KindCard, ChatForm]]:
    """The forms of a small library with the given cards."""
    found = compile_library(library(tmp_path, cards), check_maths=False)
    assert [p.message for p in found.problems if p.code.name != "missing-media"] == []
    assert found.library is not None
    return list(forms(found.library))


# --- every shipped card --------------------------------------------------------------------------

FENCE = re.compile(r"^(?:> )*```.*?^(?:> )*```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
RAW = re.compile(r"\\[A-Za-z]|\$|</?[a-z]+[ />]|\{\{|!\[|(?<!\\)\|")


@pytest.mark.parametrize(
    ("card", "form"), [pytest.param(c, f, id=f"{c.id}-{f.prompt.ordinal}") for c, f in shipped()]
)
def test_a_shipped_prompt_shows_nothing_raw(card: KindCard, form: ChatForm) -> None:
    for part in pieces(form):
        text = CODE.sub("", FENCE.sub("", part.text))
        assert not RAW.search(text), (card.id, text)
        for picture in part.pictures:
            assert len(picture.alt) <= MAX_ALT
            assert not re.search(r"\\[A-Za-z]|\$|\{\{", picture.alt), picture.alt
    assert form.question
    assert form.answer
    assert list(measure(form)) == []


@pytest.mark.parametrize(
    ("card", "form"),
    [pytest.param(c, f, id=f"{c.id}-{f.prompt.ordinal}") for c, f in shipped() if f.pictured],
)
def test_a_pictured_question_can_be_drawn(card: KindCard, form: ChatForm) -> None:
    real = ChatRenderer(READER, LayoutPainter(ENGINE))
    drawn = chat_form(card, form.prompt, real, shown=_shown(form))

    (picture,) = drawn.question.pictures
    ET.fromstring(picture.svg)
    assert all(f"{option.letter}: " in picture.alt for option in drawn.options)


def _shown(form: ChatForm) -> tuple[Option, ...]:
    assert isinstance(form.prompt.form, Choice)
    return some_options(form.prompt.form)


def test_most_of_the_library_is_text() -> None:
    """Pictures are slow to read on a phone; formula cards need them, others hardly ever."""
    others = [form for card, form in shipped() if card.kind != "formula"]
    pictured = [form for form in others if form.question.pictures]

    assert len(pictured) <= len(others) * 0.05


# --- goldens -------------------------------------------------------------------------------------

CARDS = r"""
- id: markup
  front: |
    # Heading

    A **bold**, an *italic*, a ***both***, a ~~struck~~ word, `code` and [a link](https://example.org/a_b).
    Also https://example.org/c_d.

    > A quotation
    > of two lines.

    1. one
    2. two
       - inner
  back: Yes.
- id: picture-blocks
  front: |
    Before.

    | a | b |
    |---|---|
    | 1 | $x^2$ |

    ![A curve that falls](curve.png)

    After, with $\frac{a+b}{2}$ in the line.
  back: Two blocks are pictures.
- id: choice
  kind: choice
  front: Which rate does $\rho > 0$ bound?
  options:
    - {text: '$\rho\sigma^2$', right: true, why: It is the floor.}
    - {text: '$\sigma^2/B$', why: Only for **independent** ones.}
- id: pictured-choice
  kind: choice
  front: What is the mean?
  options:
    - {text: '$\frac{a+b}{2}$', right: true}
    - {text: '$a+b$', why: That is the sum.}
- id: siblings
  front: Who wrote it?
  back: Ada.
  right: Ada
  wrong: siblings
- id: sibling
  front: Who read it?
  back: Bob.
  right: Bob
  wrong: [{text: Eve, why: She listens.}]
- id: cloze
  kind: cloze
  text: 'The {{c1::bias::error}} and the **{{c2::variance}}** of $P(y \mid {{c3::x}})$, see `f({{c2::v}})`.'
  extra: Both are averages.
  wrong: {c1: [{text: noise}]}
- id: formula
  kind: formula
  name: One step
  formula: \theta_{t+1} = \theta_t {{c1::-\eta g_t}}
  symbols:
    - {symbol: '\theta_t', means: parameters, shape: vector}
    - {symbol: '\eta', means: step size, part: c1}
  conditions: The gradient $g_t$ exists.
  example: {given: A step of 0.1., compute: '1 - 0.1 * 2', result: '0.8'}
- id: pictured-formula
  kind: formula
  name: Mean
  formula: \bar x = \frac{ {{c1::\sum_i x_i}} }{n}
  wrong: {c1: [{text: '$n$', why: No.}]}
- id: flawed
  kind: red-flag
  question: How do you split?
  said: |
    "At random."

    "Twice."
  flaw: Users are in both parts.
  better: '"By user."'
  right: It shares users.
  wrong: [{text: It is slow.}, {text: It is biased., why: It is not.}, {text: It is small.}]
- id: sound
  kind: red-flag
  question: How do you split?
  said: '"By user."'
  sound: true
  better: It holds up.
  key_points: [{say: by user, words: [user]}]
- id: ask
  kind: ask
  find_out: who owns it
  whom: a teammate
  question: Who did it last?
  reveals: The owner.
  good_sign: A name.
  bad_sign: '"A job."'
  key_points: [{say: asks who, words: [who]}]
  red_flags: [{claim: asks *when*, words: [when], why: It says little.}]
- id: code
  kind: code
  language: python
  front: Write `f`.
  signature: "def f(x):"
  solution: |
    def f(x):
        return "```" + x
  trap: Not for `None`.
  cases: [{call: "f('a')", expect: "'```a'"}]
  complexity: $O(n)$
- id: open
  front: '- not a list, #1 and @everyone'
  back: |
    It needs two things:

    - one
    - two

    More on it.
  key_points: [{say: 'two things', words: [two]}]
"""


def shown(part: Piece) -> str:
    """A piece for a golden file."""
    blocks = (
        block if isinstance(block, str) else f"[picture]\n{block.alt}\n[/picture]" for block in part.blocks
    )
    return "\n----\n".join(blocks)


def page(form: ChatForm) -> str:
    """All of a prompt for a golden file."""
    parts = [f"== question{' (pictured)' if form.pictured else ''}\n{shown(form.question)}"]
    for option in form.options:
        why = f"\n-- why\n{shown(option.why)}" if option.why else ""
        parts.append(f"== {option.letter}{' (right)' if option.right else ''}\n{shown(option.text)}{why}")
    parts.append(f"== answer\n{shown(form.answer)}")
    if form.explanation:
        parts.append(f"== explanation\n{shown(form.explanation)}")
    parts += [f"== key point\n{shown(point)}" for point in form.key_points]
    parts += [
        f"== red flag\n{shown(claim)}\n-- why\n{shown(why or Piece())}" for claim, why in form.red_flags
    ]
    return "\n".join(parts) + "\n"


def test_messages_are_as_in_the_golden_files(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each card kind and form, as Discord gets it; ``--update-golden`` writes the files."""
    made = {f"{card.id}-{form.prompt.ordinal}.txt": page(form) for card, form in written(tmp_path, CARDS)}
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        for path in GOLDEN.glob("*.txt"):
            path.unlink()
        for name, text in made.items():
            (GOLDEN / name).write_text(text, "utf-8")

    assert {path.name for path in GOLDEN.glob("*.txt")} == set(made)
    for name, text in made.items():
        assert (GOLDEN / name).read_text("utf-8") == text, name


# --- forms ---------------------------------------------------------------------------------------


def form_of(tmp_path: Path, card: str, number: int = 0) -> tuple[KindCard, ChatForm]:
    return written(tmp_path, card)[number]


FLAWED = """
- id: flawed
  kind: red-flag
  question: Q?
  said: S.
  flaw: F.
  better: B.
  right: R.
  wrong: [{text: one}, {text: two}, {text: three}]
"""


def test_a_red_flag_shows_the_sound_option_always_and_two_of_three(tmp_path: Path) -> None:
    _, form = form_of(tmp_path, FLAWED)

    assert [option.text.text for option in form.options] == ["R.", "Nothing, it is sound.", "one", "two"]


def test_the_caller_draws_and_orders_the_options(tmp_path: Path) -> None:
    card, form = form_of(tmp_path, FLAWED)
    assert isinstance(form.prompt.form, Choice)
    options = form.prompt.form.options
    drawn = chat_form(card, form.prompt, renderer(), shown=(options[4], options[0], options[1]))

    assert [(o.letter, o.text.text, o.right) for o in drawn.options] == [
        ("A", "three", False), ("B", "R.", True), ("C", "Nothing, it is sound.", False),
    ]  # fmt: skip


def test_a_right_option_whose_reason_is_the_answer_does_not_repeat_it(tmp_path: Path) -> None:
    _, form = form_of(tmp_path, FLAWED)

    assert [option.why is None for option in form.options] == [True, False, True, True]
    assert form.answer.text == "F."


def test_the_row_of_the_hidden_part_is_left_out_of_the_question(tmp_path: Path) -> None:
    card = r"""
    - id: f
      kind: formula
      name: N
      formula: a = {{c1::b}} + {{c2::c}}
      symbols: [{symbol: b, means: bees, part: c1}, {symbol: c, means: seas, part: c2}]
    """
    (_, first), (_, second) = written(tmp_path, card)

    assert "seas" in first.question.text
    assert "bees" not in first.question.text
    assert "bees" in second.question.text
    assert "a = [ … ] + c" in first.question.text
    assert "bees" in first.explanation.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {{c1::b}} c", "a [ … ] c"),
        ("a {{c1::b::hint}} c", "a [hint] c"),
        ("a {{c1::b}} {{c2::*c*}}", "a [ … ] *c*"),
        ("`f({{c1::x}})`", "`f([ … ])`"),
        ("**{{c1::x}}**y", "**[ … ]**y"),
        ("$a = {{c1::b}}$", "a = [ … ]"),
        ("$a = {{c1::b::hint}}$", "a = [ hint ]"),
        (r"$a = {{c1::b::\alpha}}$", "a = [α]"),
        (r"$\text{a {{c1::b}} c}$", "a [ … ] c"),
        (r"$x = \sqrt{{c1::b}}$", "x = √[ … ]"),
    ],
)
def test_the_asked_gap_is_shown_in_brackets(text: str, expected: str) -> None:
    assert piece(text, gap=1).text == expected


def test_a_gap_in_a_drawn_formula_is_a_formula_too() -> None:
    sketch = Sketch()
    ChatRenderer(READER, sketch).piece(r"$\frac{ {{c1::a}} }{b}$", gap=1)

    ((block,),) = sketch.drawn
    assert isinstance(block, Paragraph)
    (run,) = block.runs
    assert isinstance(run, Maths)
    assert ENGINE.check(run.drawn, display=False) is None
    assert "…" not in run.drawn


def test_without_a_gap_to_ask_braces_are_text() -> None:
    assert piece("{{c1::a}}").text == "{{c1::a}}"


def test_a_picture_that_cannot_be_drawn_becomes_words() -> None:
    made = ChatRenderer(READER, NoPainter()).piece(r"$\frac{a_b}{2}$ and *more*")

    assert made.pictures == ()
    assert made.text == r"a\_b/2 and more"


def test_an_image_is_found_through_the_painter(tmp_path: Path) -> None:
    image = tmp_path / "é 1.svg"
    image.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
    )
    painter = LayoutPainter(ENGINE, images_among({image.name: image}))
    (picture,) = ChatRenderer(READER, painter).piece("![what it shows](e\u0301%201.svg)").pictures

    assert picture.alt == "what it shows"
    assert "<image" in picture.svg


def test_an_image_that_is_not_there_is_told() -> None:
    """Its card has a problem of its own; the picture says what would be seen."""
    (picture,) = (
        ChatRenderer(READER, LayoutPainter(ENGINE)).piece("![what it shows](../../secret.svg)").pictures
    )

    assert "<image" not in picture.svg


def test_what_was_drawn_and_read_once_is_kept(tmp_path: Path) -> None:
    kept = Cache(tmp_path / "cache.sqlite")
    with FormulaEngine() as engine:
        first = ChatRenderer(FormulaReader(kept, engine), LayoutPainter(engine, cache=kept)).piece(
            r"$\frac{a}{b+c}$"
        )
    closed = FormulaEngine()
    closed.close()
    again = ChatRenderer(FormulaReader(kept, closed), LayoutPainter(closed, cache=kept)).piece(
        r"$\frac{a}{b+c}$"
    )

    assert again == first
    assert first.pictures


def test_alternative_texts_stay_within_discords_limit() -> None:
    (picture,) = piece("$\\frac{a}{b+c}$ " + "word " * 400).pictures

    assert len(picture.alt) == MAX_ALT
    assert picture.alt.endswith("…")


def test_plain_text_says_all_of_a_piece() -> None:
    text = piece("**a** $\\frac{b+c}{2}$\n\n- `d`\n\n![e](e.png)\n\n| f |\n|---|\n| g |").plain

    assert text == "a (b + c)/2\n• d\ne\nf\ng"


# --- limits --------------------------------------------------------------------------------------


def test_a_short_card_is_not_even_written(tmp_path: Path) -> None:
    """The check costs nothing for a card that fits however it is written."""

    class NeverReads:
        def read(self, latex: str, *, display: bool) -> Reading:
            raise AssertionError((latex, display))

    card, _ = form_of(tmp_path, "- {id: a, front: 'What is $x$?', back: A letter.}")
    assert list(ChatLimits(NeverReads()).too_long(card, texts(card), [])) == []


def test_characters_are_counted_as_discord_counts_them() -> None:
    assert limits.size(Piece(("𝔼_",))) == 3
    assert limits.size(None) == 0


def test_a_picture_takes_no_characters(tmp_path: Path) -> None:
    form = form_of(tmp_path, "- {id: a, front: b, back: c}")[1]
    long = ChatOption("A", Piece(("x" * 301,)), right=False, why=None)
    pictured = ChatForm(form.prompt, Piece(), (long,), pictured=True, answer=Piece(), explanation=Piece())

    assert [(e.part, e.found, e.limit, e.option) for e in measure(pictured)] == [("an option", 301, 300, 0)]


# --- hostile text --------------------------------------------------------------------------------


def visible(text: str) -> str:
    """What Discord shows of a message that is meant to be plain text; anything it would render is an error."""
    assert not re.search(r"^\s*(?:#{1,3} |-# |>|[-*+] |\d+\. )", text, re.MULTILINE), text
    out: list[str] = []
    at = 0
    while at < len(text):
        rest = text[at:]
        if (found := re.match(r"\\([^0-9A-Za-z\s])", rest)) or (
            found := re.match(r"<((?i:https?)://[^ >]+)>", rest)
        ):
            out.append(found[1])
        else:
            found = re.match(r".", rest, re.DOTALL)
            assert found is not None
            rendered = re.match(
                r"\*|_|`|~~|\|\||<|@everyone|@here|:[\w+-]+:|(?i:https?)://\S|\[[^\]]*\]\(|[©®™↔]", rest
            )
            assert rendered is None, (text, at)
            out.append(found[0])
        at += found.end()
    return "".join(out).replace(discord_markdown.ZERO_WIDTH, "")


HOSTILE = [
    "@everyone", "@here", "<@1>", "<@!1>", "<@&1>", "<#1>", "<:a:1>", "<a:a:1>", "<t:1>", "<t:1:R>", "</a:1>",
    "<id:home>", ":smile:", "||spoiler||", "~~", "**", "__", "*", "_", "`", "```", "> ", ">>> ", "# ", "-# ",
    "- ", "+ ", "1. ", "12) ", "[a](https://b.c)", "[", "](", ")", "https://a.b/c_d*e", "http://", "HTTPS://A.B",
    "<https://a.b>", "\\", "\\*", "a", " ", "™", "↔", "$", "x_y_z", ".", "{{c1::a}}", "é",
]  # fmt: skip
hostile = st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=8).map("".join)


@given(hostile | st.text(st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"]) | st.just(" ")))
@example("https://a.b/`c`")
@example("[a](https://b.c)")
@example("https://a.b](https://c.d)")
@settings(max_examples=500, deadline=None)
def test_hostile_text_survives_as_text(text: str) -> None:
    made = discord_markdown.write((Paragraph((Words(text),)),), lambda _: None)

    assert visible(made) == text


@given(hostile)
@settings(max_examples=200, deadline=None)
def test_hostile_text_in_a_card_survives_as_text(text: str) -> None:
    """Through the parser too, where every sign is escaped as Markdown asks."""
    # Escaped brackets would be maths.
    source = re.sub(r"([!-'*-/:-@\\^-`{-~])", r"\\\1", text).replace("[", "&#91;")
    made = piece(f"x {source} x")

    assert made.pictures == ()
    assert " ".join(visible(made.text).split()) == " ".join(f"x {text} x".split())


@given(hostile)
@settings(max_examples=200, deadline=None)
def test_code_is_shown_as_it_stands(text: str) -> None:
    made = discord_markdown.fence("python", text)

    assert re.fullmatch(r"```python\n(?:(?!```).)*\n```", made, re.DOTALL)
    assert made[10:-4].replace(discord_markdown.ZERO_WIDTH, "") == text


@pytest.mark.parametrize(
    ("code", "made"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a``b", "`a``b`"),
        ("`a``", "\\`a\\`\\`"),
        ("@everyone", "`@everyone`"),
        ("a\nb", "`a b`"),
    ],
)
def test_code_in_a_line_takes_as_many_backticks_as_it_needs(code: str, made: str) -> None:
    assert discord_markdown.code_span(code) == made


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("[a](https://b.c)", "[a](<https://b.c>)"),
        ("[https://b.c](https://b.c)", "<https://b.c>"),
        ("[d.org](https://b.c)", "d.org (<https://b.c>)"),
        (r"[a\]](https://b.c)", "a] (<https://b.c>)"),
        ("[write](mailto:a@b.c)", "write (a@b.c)"),
        ("[a](javascript:x)", "a (javascript:x)"),
        ("see (https://b.c/d_(e)).", "see (<https://b.c/d_(e>))."),
        ("**a *b* c**", "**a _b_ c**"),
        ("***a***", "**_a_**"),
        ("*a **b** c*", "*a* **_b_** *c*"),
        ("a\nb\\\nc", "a b\nc"),
        ("#### a", "**a**"),
        ("---", "⸻"),
        ("- a\n\n  b\n- c", "- a\n  b\n- c"),
        ("> a\n>\n> b", "> a\n> \n> b"),
        ("```py\na\n```", "```py\na\n```"),
    ],
)
def test_markdown_becomes_discords(source: str, made: str) -> None:
    assert piece(source).text == made
