"""The pipeline on one page: a folder of YAML to a library, its problems, and its notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from deckwright import checks, guide, history, markup, policy, source
from deckwright.anki.media import MediaFile, media_file
from deckwright.cache import Cache
from deckwright.chat.limits import ChatLimits
from deckwright.chat.reading import FormulaReader
from deckwright.checks import Loaded, MathsChecker
from deckwright.collector import without_collector
from deckwright.decode import Origin, decode, decode_plain, describe
from deckwright.diagnostics import Problems, Related, did_you_mean, shorten
from deckwright.guide import Guide
from deckwright.kinds import KINDS, KindCard
from deckwright.lock import Lock
from deckwright.maths import CachedMaths
from deckwright.model import Card, Deck, DeckFile, DeckSlug, Library, LibraryFile, Prompt, Topic, TopicHead
from deckwright.source import DECK_FILE, LIBRARY_FILE, DeckFolder, Span
from deckwright.syntax import AnyNode, Bare, Document, Mapping as MappingNode, Scalar, Sequence, read_document


@dataclass(frozen=True)
class Compilation:
    """What came out of a folder: the library (None if it has no usable library.yaml), and the problems.

    The library holds every card that could be read, so that a preview has something to show; packages
    may be written only where ``problems.failed()`` is false.
    """

    root: Path
    library: Library | None
    problems: Problems
    lock: Lock | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)
    media: Mapping[str, Mapping[str, MediaFile]] = field(default_factory=dict)
    """For each deck, the images its cards show, by their `deckwright.markup.image_name`."""
    guide: Guide | None = None
    """The guide as readers get it; None where the library has none or it cannot be read."""


def compile_library(
    root: Path,
    *,
    cache: Cache | None = None,
    maths: MathsChecker | None = None,
    check_maths: bool = True,
    for_chat: bool = False,
) -> Compilation:
    """Read and check the library in ``root``. Problems are collected; nothing is raised for bad input.

    ``maths`` compiles formulas (by default MathJax, started only when a formula is not in the
    cache); with ``check_maths=False`` they are only balanced. ``for_chat`` also measures whether
    every card fits into Discord's messages, which packages for Anki do not need.
    """
    problems = Problems()
    with without_collector():
        loaded, lock = _load(root, problems, maths)
        if loaded is None:
            return Compilation(root, None, problems, lock)
        checker = CachedMaths(cache, maths) if check_maths else None
        reader = FormulaReader(cache) if for_chat and check_maths and maths is None else None
        loaded = replace(loaded, maths=checker, chat=ChatLimits(reader) if for_chat else None)
        try:
            checks.run(loaded, problems)
        finally:
            if checker is not None:
                checker.close()
            if reader is not None:
                reader.close()
        policy.run(loaded, problems)
        guide.check(loaded, problems)
        history.check(loaded, lock, root, problems)
        media = _media(loaded)
    return Compilation(root, loaded.library, problems, lock, loaded.origins, media, guide.made(loaded))


def _load(root: Path, problems: Problems, maths: MathsChecker | None) -> tuple[Loaded | None, Lock | None]:
    head = _read_head(root, problems)
    if head is None:
        return None, None
    document, file = head
    lock = history.read_lock(root, problems)
    folders = {folder.slug: folder for folder in source.find_decks(root)}
    _check_deck_list(document, file, folders, problems)
    _check_policy(document, file, problems)
    reader = _Reader(problems)
    decks = tuple(reader.deck(folders[slug]) for slug in dict.fromkeys(file.decks) if slug in folders)
    reader.check_titles(decks, folders)
    library = Library(
        title=file.title.strip(),
        namespace=file.namespace,
        description=(file.description or "").strip(),
        language=file.language,
        licence=(file.licence or "").strip(),
        report_url=file.report_url,
        guide=file.guide,
        policy=file.policy,
        decks=decks,
    )
    loaded = Loaded(
        library,
        reader.origins,
        folders,
        frozenset(reader.known_ids),
        maths,
        all_files=reader.all_files,
        all_cards=reader.all_files and reader.all_cards,
        guide=_read_guide(document, file, root, problems),
    )
    return loaded, lock


def _read_head(root: Path, problems: Problems) -> tuple[Document, LibraryFile] | None:
    path = root / LIBRARY_FILE
    if not path.is_file():
        problems.add(
            "no-library",
            Span(path.as_posix(), 1, 1, 1, 2),
            f"expected a library in {root.as_posix()!r}, found no {LIBRARY_FILE} there",
            hint="`deckwright init FOLDER` makes a new library",
        )
        return None
    document = read_document(path, path.as_posix(), problems)
    if document.root is None:
        if not problems:
            problems.add("missing-field", document.source.span(), "expected a library, found an empty file")
        return None
    file = decode(LibraryFile, document, document.root, "library.yaml", problems)
    return None if file is None else (document, file)


def _check_deck_list(
    document: Document, file: LibraryFile, folders: Mapping[str, DeckFolder], problems: Problems
) -> None:
    origin = Origin(document, document.root) if document.root is not None else None
    if origin is None:
        return
    for i, slug in enumerate(file.decks):
        if slug not in folders:
            problems.add(
                "unknown-deck",
                origin.span("decks", i),
                f'expected a folder with a {DECK_FILE}, found none for "{slug}"',
                hint=did_you_mean(slug, folders) or f"make {slug}/{DECK_FILE} beside {LIBRARY_FILE}",
            )
        elif slug in file.decks[:i]:
            problems.add(
                "duplicate-title", origin.span("decks", i), f'expected "{slug}" once, found it again'
            )
    for slug, folder in folders.items():
        if slug not in file.decks:
            problems.add(
                "deck-not-listed",
                Span(f"{folder.name}/{DECK_FILE}", 1, 1, 1, 2),
                f'expected "{slug}" in the `decks` of {LIBRARY_FILE}, found it missing',
                hint=f"add it where learners shall meet it: {', '.join(file.decks)}",
            )


def _check_policy(document: Document, file: LibraryFile, problems: Problems) -> None:
    """Rules that name kinds and decks name ones there are: a rule for nobody would never speak."""
    if document.root is None:
        return
    origin = Origin(document, document.root)
    kinds: list[tuple[tuple[str | int, ...], str]] = [
        (("policy", "options_share", kind), kind) for kind in file.policy.options_share
    ]
    kinds += [
        (("policy", "key_points_required", i), kind) for i, kind in enumerate(file.policy.key_points_required)
    ]
    for path, kind in kinds:
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS) or f"kinds are {', '.join(KINDS)}"
            message = f"expected a kind of card, found {shorten(kind)}"
            problems.add("unknown-kind", origin.span(*path), message, hint=hint)
    for i, deck in enumerate(file.policy.sources_required):
        if deck not in file.decks:
            problems.add(
                "unknown-deck",
                origin.span("policy", "sources_required", i),
                f"expected one of the library's decks, found {shorten(deck)}",
                hint=did_you_mean(deck, file.decks),
            )
    if "::" in file.title:
        problems.add(
            "wrong-value",
            origin.span("title"),
            f'expected a title without "::", found {shorten(file.title)}',
            hint="Anki reads :: as the border between a deck and a deck below it",
        )


def _read_guide(
    document: Document, file: LibraryFile, root: Path, problems: Problems
) -> source.SourceFile | None:
    if file.guide is None or document.root is None:
        return None
    at = Origin(document, document.root).span("guide")
    return guide.read_guide(file.guide, at, root, problems)


class _Reader:
    """Reads decks and topics, remembering where every card stands and which ids were seen."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.origins: dict[str, Origin] = {}
        self.known_ids: set[str] = set()
        self.all_files = True
        self.all_cards = True
        self._first: dict[str, Origin] = {}

    def deck(self, folder: DeckFolder) -> Deck:
        """A deck with every card that could be read."""
        file = self._deck_file(folder)
        for path in folder.nested:
            self._problems.add(
                "nested-topic",
                Span(f"{folder.name}/{path.relative_to(folder.path).as_posix()}", 1, 1, 1, 2),
                "expected topic files in the deck's own folder, found one below it",
                hint=f"move it to {folder.name}/",
            )
        topics = []
        seen: dict[str, Origin] = {}
        for path in folder.topics:
            made = self._topic(path, f"{folder.name}/{path.name}", file, seen)
            if made is not None:
                topics.append(made)
        title = file.title.strip()
        description = (file.description or "").strip()
        return Deck(DeckSlug(folder.slug), title, description, tuple(topics))

    def _deck_file(self, folder: DeckFolder) -> DeckFile:
        fallback = DeckFile(title=folder.slug)
        if folder.deck_file is None:
            self._problems.add(
                "missing-field",
                Span(f"{folder.name}/{DECK_FILE}", 1, 1, 1, 2),
                f"expected a {DECK_FILE} with a `title`, found none",
            )
            return fallback
        before = len(self._problems)
        document = read_document(folder.deck_file, f"{folder.name}/{DECK_FILE}", self._problems)
        if document.root is None:
            if len(self._problems) == before:
                self._problems.add(
                    "missing-field", document.source.span(), "expected a `title`, found an empty file"
                )
            return fallback
        file = decode(DeckFile, document, document.root, "deck.yaml", self._problems)
        if file is not None and file.kind not in KINDS:
            self._unknown_kind(Origin(document, document.root), shorten(file.kind))
        return file or fallback

    def _unknown_kind(self, origin: Origin, found: str) -> None:
        self._problems.add(
            "unknown-kind",
            origin.span("kind"),
            f"expected a kind of card, found {found}",
            hint=did_you_mean(found.strip('"'), KINDS) or f"kinds are {', '.join(KINDS)}",
        )

    def _topic(self, path: Path, name: str, file: DeckFile, seen: dict[str, Origin]) -> Topic | None:
        before = len(self._problems)
        document = read_document(path, name, self._problems)
        if (plain := self._plain_topic(document, file, seen)) is not None:
            return plain
        if document.root is None:
            self.all_files = False
            if len(self._problems) == before:
                message = "expected `topic`, `title` and `cards`, found an empty file"
                self._problems.add("missing-field", document.source.span(), message)
            return None
        head = decode(TopicHead, document, _without_cards(document.root), "a topic file", self._problems)
        if not isinstance(document.root, MappingNode):
            self.all_files = False
            return None
        origin = Origin(document, document.root)
        if head is not None and (first := seen.setdefault(head.topic, origin)) is not origin:
            self._problems.add(
                "duplicate-topic",
                origin.span("topic"),
                f'expected a topic of its own, found "{head.topic}" again',
                related=[Related(first.span("topic"), "the first one is here")],
            )
        nodes = document.root.values.get("cards")
        if not isinstance(nodes, Sequence):
            self.all_files = False
            code, found = ("missing-field", "none") if nodes is None else ("wrong-type", describe(nodes))
            self._problems.add(code, origin.span("cards"), f"expected a list of `cards`, found {found}")
            return None
        cards = [card for node in nodes.items if (card := self._card(document, node, file)) is not None]
        self.all_cards &= len(cards) == len(nodes.items)
        if head is None:
            return Topic(path.stem, path.stem, tuple(cards))
        return Topic(head.topic, head.title.strip(), tuple(cards))

    def _plain_topic(self, document: Document, file: DeckFile, seen: dict[str, Origin]) -> Topic | None:
        """The topic, if all is well in its file; what is wrong is for `_topic` to say."""
        data = document.take_data()
        if data is None or not isinstance(entries := data.pop("cards", None), list):
            return None
        head = decode_plain(TopicHead, data)
        cards = [_plain_card(entry, file) for entry in entries]
        made = {card.id: card for card in cards if card is not None}
        if head is None or head.topic in seen or len(made) < len(entries) or made.keys() & self._first.keys():
            return None
        seen[head.topic] = Origin(document)
        origins = {identifier: Origin(document, path=("cards", i)) for i, identifier in enumerate(made)}
        self.origins |= origins
        self._first |= origins
        self.known_ids |= made.keys()
        return Topic(head.topic, head.title.strip(), tuple(made.values()))

    def _card(self, document: Document, node: AnyNode, file: DeckFile) -> Card | None:
        origin = Origin(document, node)
        if not isinstance(node, MappingNode):
            self._problems.add(
                "wrong-type",
                document.span(node),
                f"expected a card with its fields, found {describe(node)}",
                hint="a card begins with `- id: …`",
            )
            return None
        identifier = _text(node, "id")
        if identifier:
            self.known_ids.add(identifier)
        if "retired" in node.values and identifier:
            self.known_ids.add(identifier)
        kind_name = _text(node, "kind") if "kind" in node.values else file.kind
        kind = KINDS.get(kind_name or "")
        if kind is None:
            if "kind" in node.values:
                self._unknown_kind(origin, describe(node.values["kind"]))
            return None
        card = decode(
            kind,
            document,
            _with_defaults(node, kind_name or "", file),
            _named(kind_name),
            self._problems,
            card=identifier,
        )
        if identifier:
            first = self._first.setdefault(identifier, origin)
            if first is not origin:
                self._problems.add(
                    "duplicate-id",
                    origin.span("id"),
                    f'expected an id of its own, found "{identifier}" again',
                    hint="ids are unique in the whole library",
                    related=[Related(first.span("id"), "the first one is here")],
                    card=identifier,
                )
                return None
        if card is not None:
            self.origins[card.id] = origin
        return card

    def check_titles(self, decks: tuple[Deck, ...], folders: Mapping[str, DeckFolder]) -> None:
        """No two decks have one title: Anki would put their cards into one deck."""
        seen: dict[str, Deck] = {}
        for deck in decks:
            at = checks.deck_span(folders[deck.slug], "title")
            if "::" in deck.title:
                message = f'expected a title without "::", found {shorten(deck.title)}'
                self._problems.add("wrong-value", at, message, hint="Anki makes decks in decks of it")
            if (first := seen.setdefault(deck.title.casefold(), deck)) is not deck:
                first_at = checks.deck_span(folders[first.slug], "title")
                self._problems.add(
                    "duplicate-title",
                    at,
                    f"expected a title of its own, found {shorten(deck.title)} again",
                    hint="Anki would put the cards of both into one deck",
                    related=[Related(first_at, "the first one is here")],
                )


def _named(kind: str | None) -> str:
    return f"{'an' if kind == 'ask' else 'a'} {kind} card"


def _text(node: MappingNode, key: str) -> str | None:
    value = node.values.get(key)
    return value.value if isinstance(value, Scalar) and not isinstance(value.value, Bare) else None


def _plain_card(entry: object, file: DeckFile) -> Card | None:
    if not isinstance(entry, dict):
        return None
    data: dict[str, object] = {"kind": file.kind, "level": file.level, **entry}
    kind = data["kind"]
    if not isinstance(kind, str) or isinstance(kind, Bare) or kind not in KINDS:
        return None
    return decode_plain(KINDS[kind], data)


def _without_cards(node: AnyNode) -> AnyNode:
    """A topic file's head; its cards are decoded one by one, so that one cannot hide another."""
    if not isinstance(node, MappingNode):
        return node
    head = MappingNode(node.start, node.end)
    head.keys = {key: scalar for key, scalar in node.keys.items() if key != "cards"}
    head.values = {key: value for key, value in node.values.items() if key != "cards"}
    return head


def _with_defaults(node: MappingNode, kind: str, file: DeckFile) -> MappingNode:
    """The card with what its deck says for cards that do not say it themselves."""
    missing = {"kind": kind, "level": file.level}
    if all(key in node.values for key in missing):
        return node
    full = MappingNode(node.start, node.end)
    full.keys = node.keys
    full.values = {key: Scalar(value, node.start, node.start) for key, value in missing.items()} | node.values
    return full


def _media(loaded: Loaded) -> dict[str, dict[str, MediaFile]]:
    media: dict[str, dict[str, MediaFile]] = {}
    for deck in loaded.library.decks:
        used = [path for path in loaded.folders[deck.slug].media if path in loaded.used_media]
        media[deck.slug] = {markup.image_name(path.name): media_file(path) for path in used}
    return media


def prompts_of(library: Library) -> Iterator[tuple[KindCard, Prompt]]:
    """Every prompt with its card; options drawn from siblings are there, for the topic is known."""
    for deck in library.decks:
        for topic in deck.topics:
            for card in topic.cards:
                if isinstance(card, KindCard):
                    siblings = [other for other in topic.cards if other is not card]
                    yield from ((card, prompt) for prompt in card.prompts(siblings))


def cards_of(library: Library) -> Iterator[KindCard]:
    """Every card with the interface of its kind."""
    return (card for card in library.cards if isinstance(card, KindCard))
