"""Cards, counts and explanations for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from deckwright.diagnostics import Code
from deckwright.explanations import Explanation
from deckwright.kinds import KindCard
from deckwright.markup import mark_gaps, unmark
from deckwright.model import Choice, Open, Prompt, SelfGraded
from deckwright.stats import Stats

BAR = 24


def card_view(card: KindCard, place: str, prompts: Sequence[Prompt]) -> RenderableType:
    """A card with its question, answer, options and key points; gaps are shown in brackets."""
    question = unmark(mark_gaps(card.question), lambda number, hidden, _hint: f"[{hidden}]({number})")
    parts: list[RenderableType] = [
        Text(" · ".join([card.kind, card.level, *(["core"] if card.core else [])]), style="dim"),
        Text(question.strip()),
        Text(""),
        _markdown(card.answer),
    ]
    for prompt in prompts:
        match prompt.form:
            case Choice(options):
                parts.append(
                    Text(f"\noptions{f' for gap {prompt.ordinal}' if prompt.ordinal else ''}", style="bold")
                )
                for option in options:
                    mark = "✓" if option.right else "·"
                    parts.append(
                        Text(
                            f" {mark} {option.text.strip()}" + (f"\n     {option.why}" if option.why else "")
                        )
                    )
            case Open(key_points):
                parts += [Text(f" • {point.say}") for point in key_points]
            case SelfGraded():
                pass
            case _:
                assert_never(prompt.form)
    extras = [(name.replace("_", " "), getattr(card, name, None)) for name in ("hint", "why_asked")]
    parts += [Text(f"\n{name}: {str(value).strip()}") for name, value in extras if value]
    parts += [Text(f"then: {up.ask.strip()}" + (f" {up.answer.strip()}" if up.answer else ""))
              for up in getattr(card, "follow_ups", ())]  # fmt: skip
    parts += [
        Text(f"red flag: {flag.claim}" + (f" ({flag.why})" if flag.why else "")) for flag in card.red_flags
    ]
    if card.retired is not None:
        parts.append(Text(f"retired {card.retired.since}: {card.retired.reason}", style="bold"))
    if card.aliases:
        parts.append(Text(f"was: {', '.join(card.aliases)}", style="dim"))
    if card.tags:
        parts.append(Text(f"tags: {', '.join(card.tags)}", style="dim"))
    if card.sources:
        parts.append(Text("\n" + "\n".join(card.sources), style="dim"))
    parts.append(Text(place, style="dim"))
    return Panel(Group(*parts), title=Text(card.id), title_align="left")


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
