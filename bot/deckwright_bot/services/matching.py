"""The matcher of open answers beside a snapshot: a proposal with its evidence, never a verdict (R14)."""

from __future__ import annotations

from typing import Any

from deckwright.study.matching import AnswerMatcher, State
from deckwright.study.question import Snapshot
from deckwright_bot.services.library import StudyLibrary


class OpenMatcher:
    """Compares open answers with the key points of the card that was asked."""

    def __init__(self, library: StudyLibrary, matcher: AnswerMatcher) -> None:
        self._library = library
        self._matcher = matcher

    def propose(self, snapshot: Snapshot, text: str) -> dict[str, Any] | None:
        """What was found, as JSON for the answer's row; None where the card names no points or is gone."""
        card = self._library.card(snapshot.prompt.card)
        if card is None or not (card.key_points or card.red_flags):
            return None
        found = self._matcher.match(card, text)
        return {
            "points": [
                {"say": each.point.say, "state": each.state.value, "quotes": [q.text for q in each.evidence]}
                for each in found.points
            ],
            "flags": [
                {
                    "claim": each.flag.claim,
                    "why": each.flag.why or "",
                    "quotes": [q.text for q in each.evidence],
                }
                for each in found.flags
                if each.state is State.FOUND
            ],
        }
