"""Cards to notes: rendered fields, tags, order, and the times that decide what an import updates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deckwright import identity
from deckwright.anki.html import HtmlRenderer, TextCache
from deckwright.anki.media import MediaFile
from deckwright.kinds import KindCard
from deckwright.kinds.layout import Item, Items, Nothing, Words
from deckwright.lock import Lock, LockedCard, release_name
from deckwright.model import Card, Deck, Library, Topic

TAG_ROOT = "deckwright"
UNRELEASED = "unreleased"
GAP_STRIDE = 1000
"""How far apart in the queue the gaps of one note come, in notes."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a package. ``time`` is when its output last changed, seconds since 1970."""

    card: KindCard
    topic: Topic
    guid: str
    kind: str
    deck: str
    fields: tuple[str, ...]
    tags: tuple[str, ...]
    ordinals: tuple[int, ...]
    """Anki's card ordinals: gap number - 1, or just 0."""
    position: int
    index: int
    media: tuple[MediaFile, ...]
    output: str
    time: int
    released: bool

    @property
    def card_id(self) -> str:
        """The id of the card that the note was made from."""
        return self.card.id

    @property
    def source(self) -> str:
        """The hash of what the author wrote; only a release asks for it."""
        return source_hash(self.card, self.topic, self.media)


@dataclass(frozen=True, slots=True)
class DeckNotes:
    """A deck and its notes in the order new learners see them."""

    deck: Deck
    full_name: str
    notes: tuple[Note, ...]


MediaByDeck = Mapping[str, Mapping[str, MediaFile]]
"""For each deck, its images by their `deckwright.markup.image_name`."""


def deck_notes(
    library: Library,
    lock: Lock | None,
    now: int,
    media: MediaByDeck,
    cache: TextCache | None = None,
) -> list[DeckNotes]:
    """Every deck's notes. A note whose output is as released keeps its released time."""
    made: list[DeckNotes] = []
    index = 0
    for deck in library.decks:
        files = media.get(deck.slug, {})
        renderer = HtmlRenderer({name: file.packaged for name, file in files.items()}, cache)
        titles = {topic.title: renderer.inline(topic.title) for topic in deck.topics}
        notes = []
        for position, (card, topic) in enumerate(study_order(deck), start=1):
            notes.append(
                _note(library, deck, topic, card, lock, now, renderer, titles, files, position, index)
            )
            index += 1
        made.append(DeckNotes(deck, library.full_deck_name(deck), tuple(notes)))
    return made


def study_order(deck: Deck) -> list[tuple[KindCard, Topic]]:
    """Core cards first, then the rest, each in source order; retired cards last."""
    pairs = [(card, topic) for topic in deck.topics for card in topic.cards]
    cards = [(card, topic) for card, topic in pairs if isinstance(card, KindCard)]
    return sorted(cards, key=lambda pair: (pair[0].retired is not None, not pair[0].core))


def tags(card: Card, topic: Topic) -> tuple[str, ...]:
    """A note's tags, all under one root so that a learner's own stay apart."""
    made = [f"topic::{topic.slug}", f"kind::{card.kind}", f"level::{card.level}"]
    made += [tag.strip(":") for tag in card.tags]
    made += ["core"] if card.core else []
    made += ["retired"] if card.retired is not None else []
    return tuple(sorted({f"{TAG_ROOT}::{tag}" for tag in made}))


def source_hash(card: Card, topic: Topic, media: Sequence[MediaFile]) -> str:
    """The hash of what the author wrote: the card, its topic's title, its images."""
    parts = [
        card.model_dump_json(exclude_unset=True, exclude={"aliases"}, by_alias=True),
        topic.slug,
        topic.title,
        *(file.digest for file in media),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def card_guid(library: Library, lock: Lock | None, card: Card) -> str:
    """The note's GUID: the released one, else the author's, else made from the first id."""
    locked = released(lock, card)
    if locked is not None:
        return locked.guid
    return card.guid or identity.guid(library.namespace, card.id)


def released(lock: Lock | None, card: Card) -> LockedCard | None:
    """The card as last released, under its id or one of its old ones."""
    if lock is None:
        return None
    names = (card.id, *card.aliases)
    return next((lock.cards[name] for name in names if name in lock.cards), None)


def _note(
    library: Library,
    deck: Deck,
    topic: Topic,
    card: KindCard,
    lock: Lock | None,
    now: int,
    renderer: HtmlRenderer,
    titles: Mapping[str, str],
    files: Mapping[str, MediaFile],
    position: int,
    index: int,
) -> Note:
    layout = card.LAYOUT
    own = card.layout()
    rendered = [renderer.field(own[name]) for name in layout.fields]
    used = tuple(file for file in files.values() if any(file.packaged in html for html in rendered))
    common = _common(card, titles[topic.title], renderer)
    made_tags = tags(card, topic)
    ordinals = tuple(gap - 1 for gap in card.gaps) if layout.cloze else (0,)
    parts = (layout.key, *rendered, *common, *made_tags, *map(str, ordinals))
    output = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]
    locked = released(lock, card)
    same = locked is not None and locked.output == output
    # A change is never older than what learners have, whatever time a build is given: it would not arrive.
    time = now if locked is None else locked.time if same else max(now, locked.time + 1)
    *before, identifier, spare = [*common[:4], release_name(time) if same else UNRELEASED, card.id, ""]
    return Note(
        card=card,
        topic=topic,
        guid=card_guid(library, lock, card),
        kind=layout.key,
        deck=deck.slug,
        fields=(*rendered, *before, identifier, spare, spare, spare, spare),
        tags=made_tags,
        ordinals=ordinals,
        position=position,
        index=index,
        media=used,
        output=output,
        time=time,
        released=same,
    )


def _common(card: Card, topic: str, renderer: HtmlRenderer) -> tuple[str, ...]:
    """Level, topic, sources, retirement and id; the release is known only after hashing these."""
    sources = tuple(Item(source) for source in card.sources)
    retired = card.retired
    return (
        renderer.field(Words(card.level)),
        topic,
        renderer.field(Items(sources) if sources else Nothing()),
        renderer.inline(retired.reason) if retired is not None else "",
        card.id,
    )


def all_notes(decks: Sequence[DeckNotes]) -> Iterator[Note]:
    """Every note of every deck."""
    return (note for deck in decks for note in deck.notes)
