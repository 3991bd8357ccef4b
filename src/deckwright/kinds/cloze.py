"""A sentence with gaps: one Anki card and one prompt a gap."""

from __future__ import annotations

from typing import ClassVar, Literal

from deckwright.kinds.base import WithGaps
from deckwright.kinds.layout import Fields, NoteLayout, Prose, prose
from deckwright.markup import reveal
from deckwright.model import Text


class ClozeCard(WithGaps):
    """Text with gaps; asked in chat with one gap, as a choice or shown and self-graded."""

    LAYOUT: ClassVar = NoteLayout("cloze", "Cloze", ("Text", "Extra", "Mistakes"), cloze=True)

    kind: Literal["cloze"] = "cloze"
    text: Text
    extra: Text | None = None

    @property
    def gap_field(self) -> str:
        """The text."""
        return "text"

    @property
    def question(self) -> str:
        """The text with its gaps as written."""
        return self.text

    @property
    def answer(self) -> str:
        """The text with its gaps filled."""
        return reveal(self.text)

    def layout(self) -> Fields:
        """The text, what else to say, and the usual mistakes."""
        return {
            "Text": Prose(self.text, gaps=True),
            "Extra": prose(self.extra),
            "Mistakes": self.mistakes(),
        }


CARD = ClozeCard
