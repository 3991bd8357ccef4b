"""Cards, counts and explanations for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from deckwright.chat.blocks import blocks
from deckwright.chat.plain import plain
from deckwright.chat.reading import MathsReader
from deckwright.diagnostics import Code
from deckwright.explanations import Explanation
from deckwright.kinds import KindCard
from deckwright.kinds.layout import (
    CaseTable,
    Content,
    Example,
    Formula,
    Item,
    Items,
    Nothing,
    OptionList,
    Program,
    Prose,
    SymbolRow,
    Symbols,
    Words,
)
from deckwright.markup import find_gaps, mark_gaps, reveal, unmark
from deckwright.model import Choice, Open, Option, Prompt, SelfGraded
from deckwright.stats import Stats

BAR = 24


def card_view(card: KindCard, place: str, prompts: Sequence[Prompt], maths: MathsReader) -> RenderableType:
    """All of a card: its fields one after the other, its options with their reasons, what an answer should say.

    Formulas are read as in chat, in one line. A gap is shown as ``[1: what it hides]``.
    """
    parts: list[RenderableType] = [
        Text(" · ".join([card.kind, card.level, *(["core"] if card.core else [])]), style="dim")
    ]
    fields = card.layout()
    writer = _Writer(maths)
    for name, content in fields.items():
        # Mistakes are the wrong options, and the options of a choice stand below with those of all kinds.
        if name not in ("Mistakes", "Options") and not isinstance(content, Nothing):
            parts += [Text(f"\n{name.lower()}", style="bold"), *writer.content(content)]
    for prompt in prompts:
        match prompt.form:
            case Choice(options):
                parts += writer.options(options, prompt.ordinal)
            case Open(key_points) if "Key Points" not in fields:
                parts += [Text("\nkey points", style="bold"), *(Text(f" • {p.say}") for p in key_points)]
            case Open() | SelfGraded():
                pass
            case _:
                assert_never(prompt.form)
    if card.retired is not None:
        parts.append(Text(f"\nretired {card.retired.since}: {card.retired.reason}", style="bold"))
    small = [
        f"needs: {', '.join(card.needs)}" if card.needs else "",
        f"was: {', '.join(card.aliases)}" if card.aliases else "",
        f"tags: {', '.join(card.tags)}" if card.tags else "",
        *card.sources,
        place,
    ]
    parts += [Text(""), *(Text(line, style="dim") for line in small if line)]
    return Panel(Group(*parts), title=Text(card.id), title_align="left")


class _Writer:
    """Writes the fields of a card for a terminal."""

    def __init__(self, maths: MathsReader) -> None:
        self._maths = maths

    def content(self, content: Content) -> list[RenderableType]:
        match content:
            case Prose(text, gaps):
                return [Text(self.words(_open_gaps(text) if gaps else text))]
            case Formula(latex):
                found = [f"gap {gap.number}: {self.maths(gap.hidden)}" for gap in find_gaps(latex)[0]]
                return [Text("\n".join([self.maths(reveal(latex), display=True), *found]))]
            case Program(language, text):
                return [Syntax(text.rstrip(), language or "text", background_color="default", word_wrap=True)]
            case Words(text):
                return [Text(text)]
            case Items(items):
                return [Text(self._item(item)) for item in items]
            case Symbols(rows):
                return [Text(self._symbol(row)) for row in rows]
            case CaseTable(rows):
                return [Text(f"{row.call} → {row.expect}") for row in rows]
            case Example(given, compute, result):
                return [Text(f"{self.words(given)}\n{compute} = {result}")]
            case OptionList() | Nothing():
                return []
        assert_never(content)

    def options(self, options: Sequence[Option], gap: int) -> list[RenderableType]:
        found: list[RenderableType] = [Text("\noptions" + (f" for gap {gap}" if gap else ""), style="bold")]
        for option in options:
            found.append(Text(f" {'✓' if option.right else '·'} {self.words(option.text)}"))
            if option.why:
                found.append(Padding(Text(self.words(option.why), style="dim"), (0, 0, 0, 5)))
        return found

    def words(self, text: str) -> str:
        return "\n\n".join(filter(None, (plain((block,), self._maths) for block in blocks(text))))

    def maths(self, latex: str, *, display: bool = False) -> str:
        return self._maths.read(latex.strip(), display=display).linear

    def _item(self, item: Item) -> str:
        return f" • {self.words(item.lead)}" + (f" ({self.words(item.note)})" if item.note else "")

    def _symbol(self, row: SymbolRow) -> str:
        return f" {self.maths(row.symbol)}: {self.words(row.means)}" + (
            f" ({self.words(row.unit)})" if row.unit else ""
        )


def _open_gaps(text: str) -> str:
    return unmark(mark_gaps(text), lambda number, hidden, _hint: f"[{number}: {hidden}]")


def _markdown(text: str) -> RenderableType:
    return Markdown(text.strip(), hyperlinks=False)


def stats_view(title: str, stats: Stats) -> RenderableType:
    """Counts with a bar a deck, and the parts of each level in it."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("deck", "cards", *stats.by_level, "core"):
        table.add_column(column, justify="left" if column == "deck" else "right")
    table.add_column("")
    most = max((counts["cards"] for counts in stats.by_deck.values()), default=0)
    for deck, counts in stats.by_deck.items():
        bar = "█" * round(BAR * counts["cards"] / most) if most else ""
        table.add_row(Text(deck), *(str(n) for n in counts.values()), Text(bar, style="cyan"))
    whole = (stats.cards, *stats.by_level.values(), stats.core)
    table.add_row(Text("all"), *(str(n) for n in whole), Text(""), style="bold")
    kinds = ", ".join(f"{count} {kind}" for kind, count in stats.by_kind.items())
    topics = Table(box=None, pad_edge=False, show_header=False)
    for topic, count in stats.by_topic.items():
        topics.add_row(str(count), Text(topic))
    lines = (
        f"kinds: {kinds}",
        f"with options: {stats.with_options}; with sources: {stats.with_sources}",
        f"prompts: {stats.prompts}; retired: {stats.retired}",
    )
    return Group(table, Text(""), *(Text(line) for line in lines), Text(""), topics)


def explanation_view(code: Code, explanation: Explanation) -> RenderableType:
    """A code's meaning with its samples."""
    return Group(
        Text(f"{code.name} ({code.severity}): {code.title}\n", style="bold"),
        _markdown(explanation.body),
        Text("\nwrong", style="bold red"),
        Syntax(explanation.wrong, "yaml", background_color="default"),
        Text("right", style="bold green"),
        Syntax(explanation.right, "yaml", background_color="default"),
    )
