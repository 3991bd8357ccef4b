"""The shipped library's maths on a phone, in a real browser: no formula fails, none sticks out.

Text wraps and programs scroll by themselves whatever they say (the page's own tests hold that), so
only the sides with maths are looked at: each gap of each such card, its front and its back.
"""

from __future__ import annotations

import json
from pathlib import Path

from chromium import Chromium, Page
from deckwright.preview.chat import ChatForms
from deckwright.preview.entries import Json
from deckwright.preview.site import write_site
from deckwright.preview.workshop import Workshop
from preview_library import NOW
from test_preview_page import choose

FRAMES = """[...document.querySelectorAll('.frame:not([hidden]) iframe')].map(
    f => [f.dataset.name, f.dataset.shown.split('/')[1], f.dataset.wide])"""
GAPS = """document.querySelectorAll('[aria-label="Which card of the note"] button')"""


class NoChat(ChatForms):
    """Chat forms cost more than all the rest, and nobody looks at them here."""

    def form(self, *_card: object) -> None:
        """No card has one."""


def has_maths(side: Json) -> bool:
    return r"\(" in side["front"] + side["back"] or r"\[" in side["front"] + side["back"]


def show(page: Page, name: str, gap: int) -> None:
    page.script(f"location.hash = {json.dumps(name)}")
    page.wait(f"document.querySelector('.where code')?.textContent === {json.dumps(name)}")
    if gap:
        page.script(f"{GAPS}[{gap}].click()")
    page.settle()


def test_every_formula_of_the_library_typesets_and_fits_a_phone(tmp_path: Path) -> None:
    workshop = Workshop(Path("cards"), NOW)
    snapshot = workshop.refresh()
    workshop.close()
    write_site(tmp_path, snapshot, NoChat())
    sides = [
        (name, gap)
        for name, card in snapshot.cards.items()
        for gap, side in enumerate(card.facts["sides"])
        if has_maths(side)
    ]
    faulty = []
    with Chromium() as browser:
        # The page leaves a card 334 px of these: less than a phone has, so there is some to spare.
        page = browser.open((tmp_path / "index.html").as_uri(), width=360, height=740)
        page.settle()
        choose(page, "width=phone")
        choose(page, "unfold")
        for name, gap in sides:
            show(page, name, gap)
            faulty += [(name, gap, *frame) for frame in page.script(FRAMES) if frame[1:] != ["0", "0"]]
        assert page.complaints == []

    assert faulty == []
    assert len(sides) > 100
    assert any(gap > 0 for _name, gap in sides)
