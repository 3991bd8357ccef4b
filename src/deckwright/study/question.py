"""What was asked, kept for ever (R6, R16, R28)."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from string import ascii_uppercase
from typing import Any

from deckwright.model import Choice, Open, Option, Prompt
from deckwright.study.keys import PromptKey, Source, place
from deckwright.study.texts import Point, Texts

VERSION = 1
"""Of the JSON. Older versions must stay readable: posts outlive programs."""


@dataclass(frozen=True, slots=True)
class Points:
    """R17: what answers to a question earn."""

    right: int = 10
    open: int = 7
    """For an open answer once it is self-graded, whatever the grade."""
    other: int = 2
    """For a wrong answer or "I don't know"."""


@dataclass(frozen=True, slots=True)
class ShownOption:
    """An option as it was shown."""

    letter: str
    text: str
    right: bool
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """R6: all that was asked, so that question, result and reveal can be shown when the card is long gone.

    Its options stand in the order shown, and so do they in result and reveal (R16).
    """

    prompt: PromptKey
    form: str
    """``choice``, ``open`` or ``self``."""
    content: str
    """The hash of the card's content, whatever options were drawn."""
    texts: Texts
    options: tuple[ShownOption, ...] = ()
    points: Points = Points()

    @property
    def key(self) -> str | None:
        """The right option's letter; None where there are no options."""
        return next((option.letter for option in self.options if option.right), None)

    def option(self, letter: str) -> ShownOption | None:
        """The option with that letter, if one was shown."""
        return next((option for option in self.options if option.letter == letter), None)


def options_of(choice: Choice) -> tuple[Option, ...]:
    """The options that differ: the right one first, and of the wrong ones no two that say the same."""
    found: dict[str, Option] = {}
    for option in sorted(choice.options, key=lambda option: not option.right):
        found.setdefault(" ".join(option.text.casefold().split()).rstrip("."), option)
    return tuple(found.values())


def draw(prompt: Prompt, texts: Texts, source: Source, points: Points | None = None) -> Snapshot:
    """R16: the question as it is asked under that key, with its options drawn and ordered.

    Both depend on the prompt and the key of the post (or quiz question) alone, never on the order of
    the source: the right option stands in every place equally often. Options marked ``always``
    are shown; the other wrong ones fill up to the form's ``draw``. A choice that has nothing to
    choose from is asked as an open question.
    """
    key = PromptKey.of(prompt)
    shown: tuple[ShownOption, ...] = ()
    form = "open" if isinstance(prompt.form, Choice | Open) else "self"
    if isinstance(prompt.form, Choice) and len(options := options_of(prompt.form)) > 1:
        form = "choice"
        shown = _shown(options, prompt.form.draw, (key.text, source.text))
    content = _content(prompt, texts)
    return Snapshot(key, form, content, texts, shown, Points() if points is None else points)


def _shown(options: Sequence[Option], count: int, parts: tuple[str, str]) -> tuple[ShownOption, ...]:
    right, *wrong = options
    # Which are drawn and where they stand are two draws: one for both would put the right one last.
    wrong.sort(key=lambda option: (not option.always, place("draw", *parts, option.text)))
    always = sum(option.always for option in wrong)
    drawn = [right, *wrong[: max(count, always, 1)]]
    drawn.sort(key=lambda option: place("order", *parts, option.text))
    return tuple(
        ShownOption(letter, option.text, option.right, option.why)
        for letter, option in zip(ascii_uppercase, drawn, strict=False)
    )


def _content(prompt: Prompt, texts: Texts) -> str:
    options = prompt.form.options if isinstance(prompt.form, Choice) else ()
    whole = [
        prompt.card,
        prompt.ordinal,
        asdict(texts),
        sorted([o.text, o.right, o.why or ""] for o in options),
    ]
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def corrected(snapshot: Snapshot, right: Collection[str]) -> Snapshot:
    """R28: the snapshot with another key, for grading and showing; the stored one stays as it is.

    Several letters may be right. Raises ValueError for none, or one that was not shown.
    """
    shown = {option.letter for option in snapshot.options}
    if not right or not set(right) <= shown:
        raise ValueError(f"expected letters of {sorted(shown)}, found {sorted(right)}")
    options = tuple(replace(option, right=option.letter in right) for option in snapshot.options)
    return replace(snapshot, options=options)


def to_json(snapshot: Snapshot) -> str:
    """The snapshot as JSON, for the post's row."""
    return json.dumps({"version": VERSION, **asdict(snapshot)}, sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> Snapshot:
    """The snapshot of a row. Fields that a newer version added are passed over."""
    data: dict[str, Any] = json.loads(text)
    kept = data["texts"]
    texts = Texts(
        title=kept["title"],
        question=kept["question"],
        answer=kept["answer"],
        gap=kept["gap"],
        extra=kept["extra"],
        level=kept["level"],
        sources=tuple(kept["sources"]),
        key_points=tuple(_point(point) for point in kept["key_points"]),
        red_flags=tuple(_point(point) for point in kept["red_flags"]),
    )
    options = tuple(ShownOption(o["letter"], o["text"], o["right"], o["why"]) for o in data["options"])
    prompt, points = data["prompt"], data["points"]
    return Snapshot(
        prompt=PromptKey(prompt["card"], prompt["ordinal"]),
        form=data["form"],
        content=data["content"],
        texts=texts,
        options=options,
        points=Points(points["right"], points["open"], points["other"]),
    )


def _point(data: dict[str, Any]) -> Point:
    return Point(data["text"], tuple(data["words"]), data["why"])
