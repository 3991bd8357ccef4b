"""A library's own rules, declared in library.yaml: the tool has no opinion, the library may have many.

Each rule is one function over the loaded cards; all of them read only the policy's values.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from deckwright import markup
from deckwright.checks import Loaded, deck_span
from deckwright.diagnostics import Problems, shorten
from deckwright.kinds import KindCard
from deckwright.kinds.choice import ChoiceCard
from deckwright.kinds.code import CodeCard
from deckwright.kinds.formula import FormulaCard
from deckwright.kinds.red_flag import RedFlagCard
from deckwright.model import LEVELS, Choice, Open, Policy, Role
from deckwright.source import Span
from deckwright.texts import look_into, texts

_MATHS = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL)
_WORD = re.compile(r"\w+(?:['’.,-]\w+)*")


def words(text: str) -> list[str]:
    """The words of a Markdown text; a formula counts as one."""
    return _WORD.findall(_MATHS.sub(" formula ", markup.reveal(text)))


def first_paragraph(text: str) -> str:
    """The answer itself: what stands before the first blank line."""
    return re.split(r"\n[ \t]*\n", text.strip(), maxsplit=1)[0]


def run(loaded: Loaded, problems: Problems) -> None:
    """Apply every rule the library has switched on."""
    for rule in RULES:
        rule(loaded, loaded.library.policy, problems)


def _cards(loaded: Loaded) -> Iterator[KindCard]:
    """The cards that are studied; retired ones are left as they are."""
    return (c for c in loaded.library.cards if isinstance(c, KindCard) and c.retired is None)


def long_fronts(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """A question has at most ``max_front_words`` words."""
    if policy.max_front_words is None:
        return
    for card in _cards(loaded):
        count = len(words(card.question))
        if count > policy.max_front_words:
            problems.add(
                "policy-long-front",
                _front_span(loaded, card),
                f"expected at most {policy.max_front_words} words in the question, found {count}",
                card=card.id,
            )


def long_answers(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """An answer has at most ``max_answer_words`` words before its first blank line."""
    if policy.max_answer_words is None:
        return
    for card in _cards(loaded):
        if isinstance(card, (CodeCard, FormulaCard)):
            continue
        answer = first_paragraph(card.answer)
        count = len(words(answer))
        if count > policy.max_answer_words:
            problems.add(
                "policy-long-answer",
                _answer_span(loaded, card),
                f"expected an answer of at most {policy.max_answer_words} words "
                f"before the first blank line, found {count}",
                hint="say the answer first, leave a blank line, then explain",
                card=card.id,
            )


def long_lists(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """A list has at most ``max_list_items`` items."""
    if policy.max_list_items is None:
        return
    for card in _cards(loaded):
        for text in texts(card):
            if text.role is not Role.MARKDOWN:
                continue
            found = look_into(text.text).longest_list
            if found > policy.max_list_items:
                problems.add(
                    "policy-long-list",
                    loaded.origins[card.id].span(*text.path),
                    f"expected lists of at most {policy.max_list_items} items, found {found}",
                    hint="make one card an item",
                    card=card.id,
                )


def long_solutions(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """A solution has at most ``max_solution_lines`` lines."""
    if policy.max_solution_lines is None:
        return
    for card in _cards(loaded):
        if isinstance(card, CodeCard):
            lines = sum(bool(line.strip()) for line in card.solution.split("\n"))
            if lines > policy.max_solution_lines:
                problems.add(
                    "policy-long-code",
                    loaded.origins[card.id].span("solution"),
                    f"expected at most {policy.max_solution_lines} lines of code, found {lines}",
                    card=card.id,
                )


def banned_words(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """No question starts as the library bans it, and no text holds a banned phrase."""
    if not policy.banned_front_starts and not policy.banned_phrases:
        return
    starts = tuple(start.casefold() for start in policy.banned_front_starts)
    phrases = [(p, re.compile(rf"\b{re.escape(p)}\b", re.IGNORECASE)) for p in policy.banned_phrases]
    for card in _cards(loaded):
        # The last sentence asks; what stands before it sets the scene.
        asked = re.split(r"(?<=[.!?:])\s+", card.question.strip())[-1].casefold()
        front = card.question.strip().casefold()
        if starts and not isinstance(card, RedFlagCard) and (bad := _start(front, asked, starts)):
            problems.add(
                "policy-banned-front",
                _front_span(loaded, card),
                f"expected a question that does not begin with {shorten(bad)}, found {shorten(asked)}",
                hint="ask why, when, how, or what breaks",
                card=card.id,
            )
        for text in texts(card) if phrases else ():
            for phrase, pattern in phrases:
                if text.role is Role.MARKDOWN and (hit := pattern.search(text.text)):
                    problems.add(
                        "policy-banned-phrase",
                        loaded.origins[card.id].text_span(text.path, hit[0]),
                        f"expected other words than {shorten(phrase)}",
                        card=card.id,
                    )


def _start(front: str, asked: str, starts: tuple[str, ...]) -> str | None:
    for text in (front, asked):
        for start in starts:
            if re.match(rf"{re.escape(start)}\b", text):
                return start
    return None


def sources(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """Every card of the named decks cites a source."""
    for deck in loaded.library.decks:
        if deck.slug in policy.sources_required:
            for card in deck.cards:
                if not card.sources and card.retired is None:
                    problems.add(
                        "policy-missing-source",
                        loaded.origins[card.id].span("id"),
                        f'expected a source on every card of "{deck.slug}", found none',
                        hint="cite a textbook section or a paper that supports the sentence",
                        card=card.id,
                    )


def options_and_points(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """Enough cards have options, and open cards name key points."""
    if not policy.options_share and not policy.key_points_required:
        return
    choices: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    first: dict[str, KindCard] = {}
    for card in _cards(loaded):
        forms = [prompt.form for prompt in card.prompts()]
        totals[card.kind] += 1
        choices[card.kind] += any(isinstance(form, Choice) for form in forms)
        first.setdefault(card.kind, card)
        openly = card.kind in policy.key_points_required
        if openly and not card.key_points and (any(isinstance(f, Open) for f in forms) or card.kind == "ask"):
            problems.add(
                "policy-missing-key-points",
                loaded.origins[card.id].span("id"),
                "expected `key_points` on an open card, found none",
                hint="say what an answer must contain, with the words people use",
                card=card.id,
            )
    for kind, share in policy.options_share.items() if loaded.all_cards else ():
        if totals[kind] and choices[kind] < share * totals[kind]:
            problems.add(
                "policy-missing-options",
                loaded.origins[first[kind].id].span("id"),
                f"expected options on at least {share:.0%} of the {totals[kind]} {kind} cards, "
                f"found them on {choices[kind]}",
            )


def examples(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """Every formula has a worked example."""
    if policy.example_required:
        for card in _cards(loaded):
            if isinstance(card, FormulaCard) and card.example is None:
                problems.add(
                    "policy-missing-example",
                    loaded.origins[card.id].span("id"),
                    "expected a worked `example` on a formula, found none",
                    card=card.id,
                )


def levels(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """Hard cards name what to know first, and each deck mixes its levels as declared."""
    if policy.hard_needs:
        for card in _cards(loaded):
            if card.level == "hard" and not card.needs:
                problems.add(
                    "policy-hard-without-needs",
                    loaded.origins[card.id].span("level"),
                    "expected `needs` on a hard card, found none",
                    hint="name the card to know first",
                    card=card.id,
                )
    if policy.level_mix is None or not loaded.all_cards:
        return
    for deck in loaded.library.decks:
        counts = Counter(card.level for card in deck.cards if card.retired is None)
        total = counts.total()
        if total < policy.min_deck_for_mix:
            continue
        for level in LEVELS:
            wanted = policy.level_mix.get(level)
            if wanted is not None and abs(counts[level] / total - wanted) > policy.level_tolerance + 1e-9:
                problems.add(
                    "policy-level-mix",
                    deck_span(loaded.folders[deck.slug], "title"),
                    f'expected about {wanted:.0%} {level} cards in "{deck.slug}", '
                    f"found {counts[level] / total:.0%} ({counts[level]} of {total})",
                )


def similar_fronts(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """No two questions share more than ``max_front_similarity`` of their words (Jaccard index)."""
    if policy.max_front_similarity is None:
        return
    limit = policy.max_front_similarity
    fronts = {c.id: frozenset(w.casefold() for w in words(c.question)) for c in _cards(loaded)}
    rarity = Counter(word for front in fronts.values() for word in front)
    index: dict[str, list[str]] = defaultdict(list)
    for card, front in fronts.items():
        ordered = sorted(front, key=lambda w: (rarity[w], w))
        # Two sets with a Jaccard index above the limit must share one of their rarest words.
        prefix = ordered[: len(ordered) - int(len(ordered) * limit) + 1]
        for other in dict.fromkeys(o for word in prefix for o in index[word]):
            shared = len(front & fronts[other]) / max(1, len(front | fronts[other]))
            if shared > limit:
                problems.add(
                    "policy-similar-fronts",
                    _front_span(loaded, loaded.library.by_id[card]),
                    f"expected a question unlike all others, found {shared:.0%} of the words of {shorten(other)}",
                    card=card,
                )
        for word in prefix:
            index[word].append(card)


def lonely_topics(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """A topic has at least ``min_topic_cards`` cards."""
    if policy.min_topic_cards is None or not loaded.all_cards:
        return
    for deck in loaded.library.decks:
        for topic in deck.topics:
            if 0 < len(topic.cards) < policy.min_topic_cards:
                problems.add(
                    "policy-lonely-topic",
                    loaded.origins[topic.cards[0].id].span("id"),
                    f'expected at least {policy.min_topic_cards} cards in the topic "{topic.slug}", '
                    f"found {len(topic.cards)}",
                )


def sound_answers(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """Enough red-flag cards show a sound answer, so that "something is wrong" is no pattern."""
    if policy.sound_share is None or not loaded.all_cards:
        return
    cards = [card for card in _cards(loaded) if isinstance(card, RedFlagCard)]
    sound = sum(card.sound for card in cards)
    if cards and sound < policy.sound_share * len(cards):
        problems.add(
            "policy-few-sound",
            loaded.origins[cards[0].id].span("id"),
            f"expected at least {policy.sound_share:.0%} of {len(cards)} red-flag cards to be sound, "
            f"found {sound}",
        )


def standing_out(loaded: Loaded, policy: Policy, problems: Problems) -> None:
    """The right option is not clearly longer than every wrong one."""
    if not policy.right_not_longest:
        return
    for card in _cards(loaded):
        for prompt in card.prompts():
            if not isinstance(prompt.form, Choice):
                continue
            right = [len(markup.reveal(o.text)) for o in prompt.form.options if o.right]
            wrong = [len(markup.reveal(o.text)) for o in prompt.form.options if not o.right and not o.always]
            if right and wrong and right[0] > 1.15 * max(wrong):
                path = ("options",) if isinstance(card, ChoiceCard) else ("right",)
                problems.add(
                    "policy-right-stands-out",
                    loaded.origins[card.id].span(*path),
                    f"expected a right option no longer than the longest wrong one ({max(wrong)} "
                    f"characters), found {right[0]}",
                    hint="shorten it, or make a wrong option as specific",
                    card=card.id,
                )


def _front_span(loaded: Loaded, card: object) -> Span:
    assert isinstance(card, KindCard)
    fields = ("front", "text", "name", "question", "find_out")
    origin = loaded.origins[card.id]
    name = next((f for f in fields if f in getattr(origin.node, "values", {})), "id")
    return origin.span(name)


def _answer_span(loaded: Loaded, card: KindCard) -> Span:
    origin = loaded.origins[card.id]
    fields = ("back", "flaw", "question", "text", "options")
    name = next((f for f in fields if f in getattr(origin.node, "values", {})), "id")
    return origin.span(name)


Rule = Callable[[Loaded, Policy, Problems], None]
RULES: tuple[Rule, ...] = (
    long_fronts,
    long_answers,
    long_lists,
    long_solutions,
    banned_words,
    sources,
    options_and_points,
    examples,
    levels,
    similar_fronts,
    lonely_topics,
    sound_answers,
    standing_out,
)
