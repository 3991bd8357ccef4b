"""Note types: one a kind, one template each, one shared style. Schemas are frozen by releases."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from deckwright import identity
from deckwright.kinds import KINDS
from deckwright.kinds.layout import NoteLayout
from deckwright.lock import Lock, LockedNoteType
from deckwright.model import Library

TEMPLATE_NAME = "Card"


@dataclass(frozen=True, slots=True)
class NoteType:
    """A note type as it goes into a package; ``time`` is its last change, seconds since 1970."""

    key: str
    id: int
    name: str
    cloze: bool
    fields: tuple[tuple[str, int], ...]
    template: tuple[str, int]
    front: str
    back: str
    css: str
    time: int = 0

    @property
    def output(self) -> str:
        """The hash of everything Anki would update when this type's time moves."""
        parts = (self.name, *(n for n, _ in self.fields), self.template[0], self.front, self.back, self.css)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def note_types(library: Library, lock: Lock | None, now: int) -> dict[str, NoteType]:
    """Every kind's note type; a released one that has not changed keeps its released time."""
    return {
        key: _timed(_note_type(library, kind.LAYOUT), lock.note_types.get(key) if lock else None, now)
        for key, kind in KINDS.items()
    }


def _note_type(library: Library, layout: NoteLayout) -> NoteType:
    front, back = templates(layout.key, library.report_url)
    space = library.namespace
    return NoteType(
        key=layout.key,
        id=identity.note_type_id(space, layout.key),
        name=f"{library.title} - {layout.name}",
        cloze=layout.cloze,
        fields=tuple(
            (name, identity.part_id(space, layout.key, "field", name)) for name in layout.all_fields
        ),
        template=(TEMPLATE_NAME, identity.part_id(space, layout.key, "template", TEMPLATE_NAME)),
        front=front,
        back=back,
        css=style(),
    )


def _timed(made: NoteType, locked: LockedNoteType | None, now: int) -> NoteType:
    if locked is None:
        return replace(made, time=now)
    # The released ids and name stand, whatever would be derived today.
    kept = replace(
        made,
        id=locked.id,
        name=locked.name,
        fields=tuple((name, dict(locked.fields).get(name, ident)) for name, ident in made.fields),
        template=(made.template[0], dict(locked.templates).get(made.template[0], made.template[1])),
    )
    # Never older than what learners have, whatever time a build is given: it would not arrive.
    return replace(kept, time=locked.time if kept.output == locked.output else max(now, locked.time + 1))


@cache
def style() -> str:
    """The style sheet all note types share."""
    return (files(__package__) / "style.css").read_text("utf-8")


@cache
def _template_file(name: str) -> str:
    return (files("deckwright.kinds") / "templates" / f"{name}.html").read_text("utf-8")


def templates(key: str, report_url: str | None) -> tuple[str, str]:
    """A kind's front and back template, with the shared foot and script put in."""
    script = (files(__package__) / "options.js").read_text("utf-8")
    foot = _foot(report_url)
    body = _template_file(key).replace("<!-- foot -->", foot).replace("/* options.js */", script.strip())
    front, _, back = body.partition("<!-- back -->")
    return front.strip(), back.strip()


def _foot(report_url: str | None) -> str:
    foot = _template_file("foot").strip()
    if report_url is None:
        return re.sub(r"<!-- report -->.*?<!-- /report -->", "", foot, flags=re.DOTALL)
    # What is typed literally must be safe in an attribute and must not look like a field to Anki.
    url = quote(report_url.replace("{id}", "\0"), safe="%:/?#[]@!$&'()*+,;=~\0").replace("&", "&amp;")
    url = url.replace("\0", "{{text:Id}}")
    foot = foot.replace("{{report-url}}", url)
    return foot.replace("<!-- report -->", "").replace("<!-- /report -->", "")
