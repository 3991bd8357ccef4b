"""The documents keep up with the code: what it has they name, and what they show works."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

import libraries
from deckwright import cli, diagnostics
from deckwright.compiler import compile_library
from deckwright.diagnostics import CODES
from deckwright.kinds import KINDS
from deckwright.model import Card, DeckFile, LibraryFile, Model, Policy, TopicHead
from deckwright.stats import count, markdown

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *ROOT.glob("README.md")])

COMMAND = typer.main.get_group(cli.app)
EXIT_CODES = {cli.OK, cli.PROBLEMS, cli.USAGE, cli.FILES} | {
    int(code) for code in re.findall(r"sys\.exit\((\d+)\)", inspect.getsource(cli))
}

_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_SAMPLE = re.compile(r"^```yaml\n(- id:.*?)^```$", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    """A page of ``docs/``."""
    return (DOCS / name).read_text("utf-8")


AUTHORS = read("authors.md")


def section(heading: str) -> str:
    """What stands in the authors' guide from a heading to the next."""
    found = re.search(
        rf"^#+ {re.escape(heading)}$(.*?)(?=^#+ |\Z)", _outside_code(AUTHORS), re.MULTILINE | re.DOTALL
    )
    assert found, f"docs/authors.md has no heading {heading!r}"
    return found[1]


def _outside_code(page: str) -> str:
    """A page without its blocks of code, in which a # begins no heading."""
    return _FENCE.sub("", page)


def rows(text: str) -> dict[str, str]:
    """The tables of a text: the first cell, if it is code, and the second one."""
    return dict(re.findall(r"^\| `([^`]+)` \| *(.*?) *\|", text, re.MULTILINE))


def names(model: type[Model]) -> dict[str, bool]:
    """A model's fields as authors write them, each with whether it must be there."""
    return {field.alias or name: field.is_required() for name, field in model.model_fields.items()}


# --- every problem ---------------------------------------------------------------------------------


INTRODUCTION = (
    "`deckwright explain CODE` says more about each, with a wrong and a right sample. An error stops a\n"
    "build; a warning does so only with `--strict`. How to read them: [for authors](authors.md#reading-errors)."
)


def problems_page() -> str:
    """``docs/problems.md`` as it should be: the table of codes, in groups, in their order."""
    groups: dict[str, list[str]] = {}
    name = ""
    for line in inspect.getsource(diagnostics).split("\n"):
        if line.startswith("    Severity.WARNING"):
            name = "Warnings"
        elif found := re.match(r" {8}# (.+)", line):
            name = found[1][0].upper() + found[1][1:]
        elif (found := re.match(r' {8}"([a-z0-9-]+)": "', line)) and found[1] in CODES:
            groups.setdefault(name, []).append(found[1])
    parts = [
        "# Every problem",
        INTRODUCTION,
        "<!-- Written by `pytest tests/test_docs.py --update-golden` from src/deckwright/diagnostics.py. -->",
    ]
    for title, codes in groups.items():
        table = [f"| `{code}` | {CODES[code].severity} | {CODES[code].title} |" for code in codes]
        parts.append(f"## {title}")
        parts.append("\n".join(["| code | severity | what it means |", "| --- | --- | --- |", *table]))
    return "\n\n".join(parts) + "\n"


def test_every_code_has_its_line(request: pytest.FixtureRequest) -> None:
    """The page of problems is what the table of codes says."""
    made = problems_page()
    if request.config.getoption("--update-golden"):
        (DOCS / "problems.md").write_text(made, "utf-8")
    page = read("problems.md")

    assert [c for c in CODES if f"| `{c}` | {CODES[c].severity} | {CODES[c].title} |" not in page] == []
    assert page == made


def test_every_code_that_a_page_names_exists() -> None:
    """What looks like a code in a table of refusals is one."""
    table = rows(section("What a release refuses"))

    assert set(table) <= set(CODES)


# --- every field -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_kind_is_in_its_table(kind: str) -> None:
    """A kind's table has each of its fields, says which are needed, and has no others."""
    table = rows(section(f"`{kind}`"))
    own = {name: needed for name, needed in names(KINDS[kind]).items() if name not in Card.model_fields}

    assert set(table) == set(own)
    assert {name for name in own if table[name] == "yes"} == {name for name in own if own[name]}


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("Fields of every card", Card),
        ("library.yaml", LibraryFile),
        ("deck.yaml", DeckFile),
        ("Topic files", TopicHead),
    ],
)
def test_every_field_of_a_file_is_in_its_table(heading: str, model: type[Model]) -> None:
    """A table has each field of its model, and says of those that must be there that they are needed."""
    table = rows(section(heading))

    assert set(table) == set(names(model))
    # The compiler fills in a card's kind and asks for a topic's cards itself.
    needed = {name for name, required in names(model).items() if required}
    needed = (needed - {"kind"}) | ({"cards"} if model is TopicHead else set())
    assert {name for name in table if table[name] == "yes"} == needed


def test_every_rule_of_the_policy_is_named() -> None:
    """The table of rules has each key of the policy, and no other."""
    assert set(rows(section("The policy"))) == set(Policy.model_fields)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_inside_a_field_is_named(kind: str) -> None:
    """What symbols, cases, options and the like consist of is named too."""
    inner = {
        name
        for definition in KINDS[kind].model_json_schema(by_alias=True).get("$defs", {}).values()
        for name in definition.get("properties", {})
    }

    assert [name for name in inner if not re.search(rf"`{name}`|\b{name}: ", AUTHORS)] == []


# --- every command ---------------------------------------------------------------------------------


def test_every_command_is_named() -> None:
    """No command is without a word in the guide or the README."""
    said = AUTHORS + (ROOT / "README.md").read_text("utf-8")

    assert [name for name in COMMAND.commands if f"deckwright {name}" not in said] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_command_that_is_not_there(page: Path) -> None:
    """What stands after ``deckwright`` at the start of code is a command, and its options exist."""
    text = page.read_text("utf-8")
    calls = re.findall(r"(?:^|`|bin/)deckwright ([a-z]+)\b([^`\n#]*)", text, re.MULTILINE)

    for name, rest in calls:
        assert name in COMMAND.commands, f"{page.name}: deckwright {name}"
        known = {option for each in COMMAND.commands[name].params for option in each.opts} | {"--help"}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known, f"{page.name}: deckwright {name}{rest}"


def test_no_page_names_another_exit_code() -> None:
    """The guide's table has exactly the codes of the command line; no page names one it does not have."""
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)}
    named = {
        int(code)
        for page in PAGES
        for code in re.findall(
            r"[Ee]xit(?:s|ed)?(?: with)?(?: codes?| status)? (\d+)", page.read_text("utf-8")
        )
    }

    assert table == EXIT_CODES
    assert named <= EXIT_CODES


# --- every sample and every link -------------------------------------------------------------------


def samples() -> Iterator[tuple[str, str]]:
    """The guide's samples of cards, each with the kind that its deck has."""
    for found in _SAMPLE.finditer(AUTHORS):
        heading = _HEADING.findall(_outside_code(AUTHORS[: found.start()]))[-1].strip("`")
        yield heading if heading in KINDS else "recall", found[1]


def test_every_kind_has_a_sample() -> None:
    """No kind is without a card to start from."""
    assert {kind for kind, _ in samples()} == set(KINDS)


@pytest.mark.parametrize(("kind", "cards"), list(samples()))
def test_a_sample_compiles(kind: str, cards: str, tmp_path: Path) -> None:
    """A sample is a card without problems in a deck of its kind, its maths included."""
    root = libraries.library(tmp_path, cards, deck=f"title: 1 Main\nkind: {kind}\n")

    compilation = libraries.compiled(root, maths=True)

    assert libraries.codes(compilation) == []
    assert compilation.library is not None
    assert {card.kind for card in compilation.library.cards} == {kind}


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    titles = _HEADING.findall(_outside_code(page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_files_leads_somewhere(page: Path) -> None:
    """A relative link is to a file that is there, and to a heading it has."""
    # Code holds samples of links, which lead nowhere.
    text = re.sub(r"(`+).+?\1", "", _outside_code(page.read_text("utf-8")))
    for link in _LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


# --- the library in numbers ------------------------------------------------------------------------


def test_the_pages_count_the_library_as_it_is() -> None:
    """`deckwright stats --markdown` prints what stands between the marks."""
    library = compile_library(ROOT / "cards", check_maths=False).library
    assert library is not None
    tables = markdown(count(library))

    assert _between_marks(read("library.md")) == tables
    assert _between_marks((ROOT / "README.md").read_text("utf-8")) == tables.split("\n\n")[0]


def _between_marks(page: str) -> str:
    found = re.search(r"<!-- stats -->\n(.*?)<!-- /stats -->", page, re.DOTALL)
    assert found
    return found[1].strip()
