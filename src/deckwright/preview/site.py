"""The preview as files: no server, nothing from elsewhere, to open from a disk or any web space.

A page opened from a disk may read no other file but scripts, so the data is a script: one call with
the packed JSON. Chat pictures are letters as outlines; each outline is written once and named.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from deckwright import builder
from deckwright.preview import assets
from deckwright.preview.chat import ChatForms
from deckwright.preview.entries import Json
from deckwright.preview.workshop import Snapshot

NOTICE = (
    "mathjax.js and the fonts in fonts.css are MathJax 3.2.2, https://www.mathjax.org/, "
    "under the Apache License 2.0.\n"
)
_SHAPE = re.compile(r'\bd="([^"@]{16,})"')


@dataclass(slots=True)
class Pictures:
    """Chat pictures by name, with ``d="@7"`` for the outline number 7."""

    drawn: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, int] = field(default_factory=dict)

    def place(self, name: str, svg: str) -> str:
        """Keep a picture; the page puts it together when it is shown."""
        if name not in self.drawn:
            self.drawn[name] = _SHAPE.sub(
                lambda found: f'd="@{self.shapes.setdefault(found[1], len(self.shapes))}"', svg
            )
        return f"@{name}"


def site_files(snapshot: Snapshot, chat: ChatForms) -> dict[str, bytes]:
    """Every file of the page for one snapshot, the cards' own images aside."""
    pictures = Pictures()
    forms: dict[str, Json] = {
        card: {n: chat.form(shown.subject, n, pictures.place) for n in shown.facts["prompts"]}
        for card, shown in snapshot.cards.items()
    }
    told = json.dumps({"forms": forms, "pictures": pictures.drawn, "shapes": list(pictures.shapes)})
    head = snapshot.head
    return {
        "index.html": assets.page(title=head["title"], language=head["language"]).encode(),
        "frame.html": assets.frame(snapshot.policy).encode(),
        "data.js": f'deckwright.start("{_packed(snapshot.data())}", "{_packed(told)}");\n'.encode(),
        "NOTICE.txt": NOTICE.encode(),
        **assets.page_files(),
    }


def _packed(text: str) -> str:
    # No time in it, so that the same library gives the same bytes.
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def write_site(out: Path, snapshot: Snapshot, chat: ChatForms) -> int:
    """Write the page into ``out``; returns how many bytes it is.

    Raises:
        OSError: if a file cannot be written.
    """
    made = site_files(snapshot, chat)
    media = {name: path.read_bytes() for name, path in snapshot.media.items()}
    builder.write_all(out, made)
    if media:
        builder.write_all(out / "media", media)
    return sum(map(len, made.values())) + sum(map(len, media.values()))
