"""Checks of cards against each other, their media and their maths.

Each check is a function over the loaded cards that writes into ``problems``; the tuple
`CHECKS` at the end is the table of contents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deckwright import identity, markup, source
from deckwright.decode import Origin
from deckwright.diagnostics import Problems, Related, did_you_mean, shorten
from deckwright.kinds import KindCard
from deckwright.kinds.base import WithGaps, WithOptions, same_option
from deckwright.model import Card, Deck, Library, Role
from deckwright.texts import CardText, Path as TextPath, look_into, texts

MEDIA_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"})
MAX_MEDIA_BYTES = 20 * 1024 * 1024


class MathsChecker(Protocol):
    """Compiles formulas: the door through which the renderer comes in."""

    def check(self, latex: str, *, display: bool) -> str | None:
        """Why the formula does not compile, or None if it does."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """A part of a card that does not fit into a message in chat, and the field to shorten."""

    path: TextPath
    what: str
    found: int
    limit: int
    hint: str


class ChatMeasure(Protocol):
    """Measures cards as chat would show them: the door through which the chat renderer comes in."""

    def too_long(
        self, card: KindCard, written: Sequence[CardText], siblings: Sequence[Card]
    ) -> Iterable[TooLong]:
        """What of a card, whose texts are ``written``, does not fit."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A library as loaded, with the places of its cards and the ids of cards that failed."""

    library: Library
    origins: Mapping[str, Origin]
    folders: Mapping[str, source.DeckFolder]
    known_ids: frozenset[str]
    """Every id in the source, also of cards with problems, so that one problem makes no others."""
    maths: MathsChecker | None = None
    chat: ChatMeasure | None = None
    used_media: set[Path] = field(default_factory=set)
    all_files: bool = True
    """Whether every topic file could be read; else `known_ids` lacks the ids of some cards."""
    all_cards: bool = True
    """Whether every card could be read; else what is counted over many cards would be counted wrong."""
    guide: source.SourceFile | None = None


def key_span(path: Path, name: str, key: str) -> source.Span:
    """The place of a top-level key in a small YAML file, or the file's beginning."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        lines = []
    for number, line in enumerate(lines, start=1):
        if line.startswith(f"{key}:"):
            return source.Span(name, number, 1, number, 1 + len(key))
    return source.Span(name, 1, 1, 1, 2)


def deck_span(folder: source.DeckFolder, key: str) -> source.Span:
    """The place of a key in a deck's ``deck.yaml``."""
    return key_span(folder.path / source.DECK_FILE, f"{folder.name}/{source.DECK_FILE}", key)


def check_kinds(loaded: Loaded, problems: Problems) -> None:
    """Let each card's kind check what its fields' types cannot say."""
    for card in loaded.library.cards:
        if isinstance(card, KindCard):
            origin = loaded.origins[card.id]

            def report(
                code: str,
                path: tuple[str | int, ...],
                message: str,
                hint: str | None = None,
                needle: str = "",
                *,
                card_id: str = card.id,
                at: Origin = origin,
            ) -> None:
                span = at.text_span(path, needle) if needle else _field_span(at, path)
                problems.add(code, span, message, hint=hint, card=card_id)

            card.check(report)


def _field_span(origin: Origin, path: tuple[str | int, ...]) -> source.Span:
    return origin.span(*path) if path else origin.span("id")


def check_ids(loaded: Loaded, problems: Problems) -> None:
    """No alias is another card's id, and no two cards have one GUID."""
    owners: dict[str, str] = {card.id: card.id for card in loaded.library.cards}
    for card in loaded.library.cards:
        origin = loaded.origins[card.id]
        for i, alias in enumerate(card.aliases):
            if (other := owners.setdefault(alias, card.id)) != card.id or alias == card.id:
                problems.add(
                    "duplicate-id",
                    origin.span("aliases", i),
                    f'expected an old id that no card has, found "{alias}"',
                    hint="an alias is an id this card had before and nobody has now",
                    related=[Related(loaded.origins[other].span("id"), f'"{other}" is here')],
                    card=card.id,
                )
    _check_guids(loaded, problems)


def _check_guids(loaded: Loaded, problems: Problems) -> None:
    """A written GUID is no other card's, written or made from its id."""
    written = {card.guid for card in loaded.library.cards if card.guid is not None}
    if not written:
        return
    first: dict[str, Card] = {}
    for card in loaded.library.cards:
        guid = card.guid or identity.guid(loaded.library.namespace, card.id)
        if (other := first.setdefault(guid, card)) is card:
            continue
        wrote, fellow = (card, other) if card.guid is not None else (other, card)
        field = "guid" if fellow.guid is not None else "id"
        problems.add(
            "duplicate-guid",
            loaded.origins[wrote.id].span("guid"),
            f"expected a GUID of its own, found that of {shorten(fellow.id)}",
            related=[Related(loaded.origins[fellow.id].span(field), "the other one is here")],
            card=wrote.id,
        )


def check_needs(loaded: Loaded, problems: Problems) -> None:
    """Cards to know first exist and do not run in a circle."""
    by_id = loaded.library.by_id
    for card in loaded.library.cards:
        for i, needed in enumerate(card.needs):
            if loaded.all_files and needed not in by_id and needed not in loaded.known_ids:
                problems.add(
                    "unknown-needs",
                    loaded.origins[card.id].span("needs", i),
                    f"expected the id of a card, found {shorten(needed)}",
                    hint=did_you_mean(needed, by_id) or "`needs` names cards by their id",
                    card=card.id,
                )
    for circle in _circles({c.id: [by_id[n].id for n in c.needs if n in by_id] for c in by_id.values()}):
        first = circle[0]
        problems.add(
            "needs-loop",
            loaded.origins[first].span("needs"),
            f"expected an order of learning, found a circle: {' → '.join([*circle, first])}",
            hint="take one of them out of `needs`",
            card=first,
        )


def _circles(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Each circle once, beginning at its first id in alphabetical order."""
    state: dict[str, int] = {}
    found: list[list[str]] = []
    for start in sorted(edges):
        if start in state:
            continue
        stack = [(start, iter(edges[start]))]
        trail = [start]
        state[start] = 1
        while stack:
            node, rest = stack[-1]
            for following in rest:
                if state.get(following) == 1:
                    circle = trail[trail.index(following) :]
                    least = circle.index(min(circle))
                    found.append(circle[least:] + circle[:least])
                elif following not in state:
                    state[following] = 1
                    trail.append(following)
                    stack.append((following, iter(edges.get(following, ()))))
                    break
            else:
                state[node] = 2
                stack.pop()
                trail.pop()
    return found


def check_siblings(loaded: Loaded, problems: Problems) -> None:
    """``wrong: siblings`` finds something to draw in its topic."""
    if not loaded.all_cards:
        return
    for deck in loaded.library.decks:
        for topic in deck.topics:
            for card in topic.cards:
                if not (isinstance(card, WithOptions) and card.wrong == "siblings"):
                    continue
                others = [
                    c
                    for c in topic.cards
                    if c.id != card.id
                    and isinstance(c, KindCard)
                    and c.retired is None
                    and (answer := c.short_answer()) is not None
                    and same_option(answer) != same_option(card.right or "")
                ]
                if not others:
                    problems.add(
                        "no-siblings",
                        loaded.origins[card.id].span("wrong"),
                        "expected another card of this topic with a right option, found none",
                        hint="write the wrong options out, or give siblings a `right`",
                        card=card.id,
                    )


WEB_LINK = re.compile(r"https?://[^\s/?#]+\S*|mailto:[^\s@]+@[^\s@]+")


def check_texts(loaded: Loaded, problems: Problems) -> None:
    """Maths balances and compiles, images exist, links lead somewhere, and all of it fits into chat."""
    for deck in loaded.library.decks:
        folder = loaded.folders[deck.slug]
        images = {unicodedata.normalize("NFC", path.name): path for path in folder.media}
        for card in deck.cards:
            origin = loaded.origins[card.id]
            written = texts(card)
            if loaded.chat is not None and isinstance(card, KindCard):
                _check_lengths(card, written, deck, origin, loaded.chat, problems)
            for text in written:
                if text.role is Role.MARKDOWN and markup.is_plain(text.text):
                    continue
                _check_text(text, card.id, origin, images, loaded, problems)
                if isinstance(card, WithGaps) and text.path == (card.gap_field,):
                    _check_gaps_shown(card, text, origin, problems)


def _check_lengths(
    card: KindCard,
    written: Sequence[CardText],
    deck: Deck,
    origin: Origin,
    chat: ChatMeasure,
    problems: Problems,
) -> None:
    siblings: list[Card] = []
    if isinstance(card, WithOptions) and card.wrong == "siblings":
        topic = next(topic.cards for topic in deck.topics if any(other is card for other in topic.cards))
        siblings = [other for other in topic if other is not card]
    for part in chat.too_long(card, written, siblings):
        problems.add(
            "too-long-for-chat",
            _field_span(origin, part.path),
            f"expected {part.what} of at most {part.limit} characters in chat, found {part.found}",
            hint=part.hint,
            card=card.id,
        )


def _check_text(
    text: CardText,
    card: str,
    origin: Origin,
    images: Mapping[str, Path],
    loaded: Loaded,
    problems: Problems,
) -> None:
    if text.role is Role.LATEX:
        if (found_dollar := re.search(r"(?<!\\)\$", text.text)) is not None:
            problems.add(
                "unbalanced-maths",
                origin.text_span(text.path, text.text[found_dollar.start() :][:12]),
                f"expected LaTeX without dollars in `{text.path[-1]}`, found {shorten(text.text, 30)}",
                hint="the field is maths as a whole; leave the dollars out",
                card=card,
            )
            return
        latex = markup.mark_gaps(text.text)
        _check_formula(
            latex, display=True, at=text, card=card, origin=origin, loaded=loaded, problems=problems
        )
        return
    if text.role is not Role.MARKDOWN:
        return
    found = look_into(text.text)
    for stray in found.strays:
        dollar = stray.startswith("$")
        problems.add(
            "unbalanced-maths",
            origin.text_span(text.path, stray),
            f"expected the end of the maths that begins here, found none: {shorten(stray, 20)}",
            hint=r"write \$ for a dollar sign; maths is $x$ without spaces inside the dollars"
            if dollar
            else r"maths is \(x\) or \[x\]",
            card=card,
        )
    for latex, display in found.formulas:
        _check_formula(latex, display=display, at=text, card=card, origin=origin, loaded=loaded,
                       problems=problems)  # fmt: skip
    for image in found.images:
        _check_image(image, images, text, card, origin, loaded, problems)
    for link in found.links:
        if not WEB_LINK.fullmatch(link):
            problems.add(
                "broken-link",
                origin.text_span(text.path, link),
                f"expected a link to a web page, found {shorten(link)}",
                hint="begin it with https://",
                card=card,
            )


def _check_gaps_shown(card: WithGaps, text: CardText, origin: Origin, problems: Problems) -> None:
    """Every gap of a Markdown text stands where Anki can hide it: else its card would be empty."""
    if text.role is not Role.MARKDOWN:
        return
    found = look_into(text.text)
    for gap in card.gap_texts:
        if gap.number not in found.gaps or gap.number in found.lost_gaps:
            problems.add(
                "broken-gap",
                origin.text_span(text.path, text.text[gap.start : gap.end]),
                f"expected gap c{gap.number} in words, code or maths, found it elsewhere",
                hint="no gap can stand in an address, in an image, in the first line of a code block, or "
                "reach from one cell of a table into the next",
                card=card.id,
            )


def _check_formula(
    latex: str,
    *,
    display: bool,
    at: CardText,
    card: str,
    origin: Origin,
    loaded: Loaded,
    problems: Problems,
) -> None:
    """Balance the braces, then compile the formula whole and with each gap hidden as Anki hides it."""
    whole = markup.unmark(latex, lambda _number, hidden, _hint: hidden)

    def place() -> source.Span:
        return origin.text_span(at.path, markup.unmark(latex, _as_written))

    if (reason := _unbalanced(whole)) is not None:
        problems.add(
            "unbalanced-maths",
            place(),
            f"expected matching braces in maths, found {reason}: {shorten(whole)}",
            hint=r"write \{ for a brace that is shown",
            card=card,
        )
        return
    if (reaching := _REACHING_OUT.search(whole)) is not None:
        problems.add(
            "maths-does-not-compile",
            place(),
            f"expected maths that stays by itself, found {reaching[0]}: it may carry links, styles or scripts",
            hint="a formula has no need of it; links go into the text",
            card=card,
        )
        return
    if loaded.maths is None:
        return
    variants = [(whole, "")]
    for number in sorted({ord(mark) - markup.GAP_OPEN for mark in re.findall("[\ue101-\ue163]", latex)}):
        variants.append((markup.unmark(latex, _hiding(number)), f" with gap c{number} hidden"))
    if at.role is Role.LATEX:
        # The back of a formula shows the asked part by itself, as rows of an alignment.
        gaps = markup.find_gaps(at.text)[0]
        variants += [
            (rf"\begin{{aligned}}{g.hidden}\end{{aligned}}", f" for gap c{g.number} alone") for g in gaps
        ]
    for variant, when in variants:
        reason = loaded.maths.check(markup.tidy_latex(variant), display=display)
        if reason is not None:
            problems.add(
                "maths-does-not-compile",
                place(),
                f"expected maths that MathJax compiles{when}, found {shorten(whole)}: {reason}",
                hint="hide a whole part, so that the rest is a formula by itself" if when else None,
                card=card,
            )
            return


# MathJax's html extension, which Anki has too: an address in a style is fetched when the card is shown.
_REACHING_OUT = re.compile(r"\\(?:href|style|class|cssId|data)(?![A-Za-z])")


def _hiding(asked: int) -> Callable[[int, str, str | None], str]:
    """Show a gap as Anki does on the front of its card, and all others revealed."""

    def write(number: int, hidden: str, hint: str | None) -> str:
        return f"[{hint or '...'}]" if number == asked else hidden

    return write


def _as_written(number: int, hidden: str, hint: str | None) -> str:
    return f"{{{{c{number}::{hidden}" + ("" if hint is None else f"::{hint}") + "}}"


def _unbalanced(latex: str) -> str | None:
    depth = 0
    for char in re.sub(r"\\.", "", latex, flags=re.DOTALL):
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return "a } too many"
    return "a { that never closes" if depth else None


def _check_image(
    image: str,
    images: Mapping[str, Path],
    text: CardText,
    card: str,
    origin: Origin,
    loaded: Loaded,
    problems: Problems,
) -> None:
    name = markup.image_name(image)
    span = origin.text_span(text.path, image)
    if "/" in name or "\\" in name or ":" in name or Path(name).suffix.lower() not in MEDIA_SUFFIXES:
        problems.add(
            "bad-media",
            span,
            f"expected the name of an image beside the cards, found {shorten(image)}",
            hint=f"put the file into the deck's folder; types: {', '.join(sorted(MEDIA_SUFFIXES))}",
            card=card,
        )
        return
    if name in images:
        path = images[name]
        loaded.used_media.add(path)
        if path.is_symlink():
            message = f"expected an image file, found a link to one: {shorten(name)}"
            problems.add("bad-media", span, message, hint="copy the file itself beside the cards", card=card)
        elif (size := path.stat().st_size) > MAX_MEDIA_BYTES:
            limit = MAX_MEDIA_BYTES // 2**20
            message = f"expected an image of at most {limit} MiB, found one of {size / 2**20:.1f} MiB"
            problems.add("bad-media", span, message, hint="save it smaller", card=card)
        return
    twin = next((other for other in images if other.casefold() == name.casefold()), None)
    if twin is not None:
        loaded.used_media.add(images[twin])
        problems.add(
            "media-case-twin",
            span,
            f"expected the name as the file has it, {shorten(twin)}, found {shorten(name)}",
            hint="phones and servers tell capital letters apart",
            card=card,
        )
        return
    problems.add(
        "missing-media",
        span,
        f"expected the image {shorten(name)} beside the cards, found no such file",
        hint=did_you_mean(name, images),
        card=card,
    )


def check_media_files(loaded: Loaded, problems: Problems) -> None:
    """No two images of a deck differ only in case, and none lies about unused."""
    for deck in loaded.library.decks:
        folder = loaded.folders[deck.slug]
        twins: dict[str, Path] = {}
        for path in folder.media:
            if path.suffix.lower() not in MEDIA_SUFFIXES:
                continue
            name = f"{folder.name}/{path.name}"
            span = source.Span(name, 1, 1, 1, 1)
            folded = unicodedata.normalize("NFC", path.name).casefold()
            if (first := twins.setdefault(folded, path)) != path:
                problems.add(
                    "media-case-twin",
                    span,
                    f"expected names that differ in more than case, found {shorten(path.name)} "
                    f"beside {shorten(first.name)}",
                    hint="rename one of them",
                )
            elif loaded.all_cards and path not in loaded.used_media:
                problems.add(
                    "unused-media",
                    span,
                    f"expected a card that shows {shorten(path.name)}, found none",
                    hint="remove the file, or show it with ![what it shows](name)",
                )


CHECKS = (
    check_kinds,
    check_ids,
    check_needs,
    check_siblings,
    check_texts,
    check_media_files,
)


def run(loaded: Loaded, problems: Problems) -> None:
    """Run every check over the loaded library."""
    for check in CHECKS:
        check(loaded, problems)
