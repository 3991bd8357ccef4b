"""Problems as values: what is wrong, where, and what to do about it.

Bad input never raises. Every stage writes into one `Problems` and goes on, so that an author
sees everything in one run. Exceptions are kept for our own broken promises.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from deckwright.source import Span


class Severity(StrEnum):
    """How much a problem matters: an error fails every run, a warning only a strict one."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of problem: a name that can be said aloud, its severity, and one line of meaning.

    The long explanation, with a wrong and a right sample, is ``explain/<name>.md``.
    """

    name: str
    severity: Severity
    title: str


def _codes(severity: Severity, table: dict[str, str]) -> dict[str, Code]:
    return {name: Code(name, severity, title) for name, title in table.items()}


CODES: dict[str, Code] = _codes(
    Severity.ERROR,
    {
        # reading files
        "no-library": "the folder holds no library.yaml",
        "unreadable-file": "a file cannot be read",
        "file-too-large": "a file is larger than any card file should be",
        "not-utf8": "a file is not UTF-8 text",
        "yaml-syntax": "a file is not valid YAML",
        "too-deep": "lists and mappings are nested too deeply",
        "too-many-aliases": "aliases unfold to far more than was written",
        "tag-not-allowed": "a YAML tag such as !!python is used",
        "unused-anchor": "a text that begins with & and is therefore lost",
        "many-documents": "a file holds more than one YAML document",
        "key-not-text": "a mapping has a key that is not plain text",
        "duplicate-key": "a mapping has the same key twice",
        # the shape of files and cards
        "unknown-field": "a field this kind of card or file does not have",
        "missing-field": "a field that must be there is not",
        "wrong-type": "a field holds another type of value than it must",
        "unknown-kind": "no such kind of card",
        "wrong-value": "a field holds a value outside the allowed ones",
        "bad-id": "an id that is not a slug",
        "missing-id": "a card without an id",
        "bad-date": "a date that is not YYYY-MM-DD or not in the calendar",
        "empty-text": "a text field without text",
        "wrong-count": "a list with too few or too many entries",
        "tag-with-space": "a tag that Anki would split in two",
        "fields-clash": "fields that exclude or need one another",
        # decks and identities
        "unknown-deck": "a deck that is named but has no folder",
        "deck-not-listed": "a deck folder that library.yaml does not list",
        "nested-topic": "a YAML file in a folder below a deck, where no topic is read",
        "duplicate-topic": "two topic files of a deck with the same topic",
        "duplicate-title": "two decks with the same title",
        "duplicate-id": "two cards with the same id, or an alias that is another card's id",
        "duplicate-guid": "two cards with the same Anki GUID",
        "retired-id-reused": "the id of a retired or deleted released card is used for another card",
        "unknown-needs": "`needs` names a card that does not exist",
        "needs-loop": "cards that need one another in a circle",
        "no-siblings": "`wrong: siblings` in a topic with too few siblings",
        # text, maths, media, links
        "unbalanced-maths": "maths whose delimiters or braces do not match",
        "maths-does-not-compile": "a formula that MathJax refuses",
        "missing-media": "an image that is not beside the cards",
        "media-case-twin": "media whose names differ only in case or Unicode form",
        "bad-media": "an image name or file that Anki cannot carry",
        "broken-link": "a link that leads nowhere",
        "unknown-reference": "a guide points at a card, deck or topic that does not exist",
        # gaps and options
        "cloze-without-gap": "a cloze or formula card without a gap",
        "broken-gap": "a gap that does not close or is nested wrongly",
        "unknown-gap": "options for a gap the text does not have",
        "no-right-option": "a question where no option is right",
        "two-right-options": "a question with more than one right option",
        "duplicate-option": "the same option twice",
        # chat
        "too-long-for-chat": "a card that does not fit into Discord's messages",
        # releases
        "lock-unreadable": "the lock file cannot be understood",
        "released-card-deleted": "a released card is gone without being retired",
        "gap-vanished": "a gap that learners already study is gone",
        "kind-changed": "a released card became another kind",
        "guid-changed": "a released card would get another GUID",
        "namespace-changed": "the library's namespace is not the released one",
        "note-type-fork": "a note type's fields or templates differ from the released ones",
        "deck-renamed": "a released deck has another title or is gone",
        "unreleased": "something is not in the lock yet",
        "old-note-unpaired": "a note that people study has no card in the library",
        "old-note-ambiguous": "a note that people study fits more than one card, or a card more than one note",
        "old-note-type": "notes that people study have a note type that cannot be taken over",
        "unknown-drop": "--drop names no note of the old package",
        "clock-behind": "the clock is before the last release or the last commit",
        "renderer-changed": "many cards changed by the tool, not by their source",
        # the library's own policy
        "policy-long-front": "a question longer than the library allows",
        "policy-long-answer": "an answer longer than the library allows",
        "policy-long-list": "a list longer than the library allows",
        "policy-long-code": "a solution longer than the library allows",
        "policy-banned-front": "a question worded in a way the library bans",
        "policy-banned-phrase": "a phrase the library bans",
        "policy-missing-source": "a card without the sources the library asks for",
        "policy-missing-options": "too few cards with options for chat",
        "policy-missing-key-points": "an open card without key points",
        "policy-missing-example": "a formula without a worked example",
        "policy-hard-without-needs": "a hard card that names no card to know first",
        "policy-level-mix": "a deck whose mix of levels is off",
        "policy-similar-fronts": "two questions that are worded almost alike",
        "policy-lonely-topic": "a topic with too few cards",
        "policy-few-sound": "too few sound answers among the red-flag cards",
        "policy-right-stands-out": "the right option can be told by its length",
    },
) | _codes(
    Severity.WARNING,
    {
        "unused-media": "a media file that no card uses",
        "backslash-in-double-quotes": "YAML reads a backslash in double quotes as an escape",
        "split-number": "a number in [ ] falls apart at its comma",
        "card-moved": "a released card is in another deck now",
        "off-main-branch": "a release made off the main branch",
    },
)


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a problem: `the first one is here`."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem at one place.

    ``message`` says what was expected and what was found; ``hint`` says what to do.
    """

    code: Code
    span: Span
    message: str
    hint: str | None = None
    related: tuple[Related, ...] = ()
    card: str | None = None

    @property
    def severity(self) -> Severity:
        """The severity of this problem's code."""
        return self.code.severity


class Problems:
    """Everything found wrong in one run, in the order of the source when read."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []

    def add(
        self,
        code: str,
        span: Span,
        message: str,
        *,
        hint: str | None = None,
        related: Iterable[Related] = (),
        card: str | None = None,
    ) -> None:
        """Record a problem; ``code`` must be one of `CODES`."""
        self._found.append(Diagnostic(CODES[code], span, message, hint, tuple(related), card))

    def extend(self, others: Iterable[Diagnostic]) -> None:
        """Take over problems found elsewhere."""
        self._found.extend(others)

    def __iter__(self) -> Iterator[Diagnostic]:
        """Walk the problems by file, line and column."""
        return iter(sorted(self._found, key=lambda d: (d.span, d.code.name, d.message)))

    def __len__(self) -> int:
        return len(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def errors(self) -> int:
        """How many of the problems are errors."""
        return sum(d.severity is Severity.ERROR for d in self._found)

    @property
    def warnings(self) -> int:
        """How many of the problems are warnings."""
        return len(self._found) - self.errors

    def failed(self, *, strict: bool = False) -> bool:
        """Whether a run must fail: on any error, and in a strict run on any warning."""
        return self.errors > 0 or (strict and bool(self._found))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint naming the known word closest to ``word``, or None if none is close."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else None


def shorten(value: str, width: int = 40) -> str:
    """A value in double quotes for a message, cut so that one giant line stays readable."""
    line = " ".join(value.split())
    return f'"{line}"' if len(line) <= width else f'"{line[: width - 1]}…"'
