"""The library's guide through the whole bot: a button under `/help` that sends it as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.server import Server, button_named, button_of, forge, story, words_of
from deckwright.guide import Guide
from deckwright_bot.client import StudyBot
from deckwright_bot.sandbox.messages import MAX_FILE
from deckwright_bot.ui.texts import ENGLISH
from libraries import library, write

pytestmark = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")

CARDS = "- {id: stump, front: What is a stump?, back: A tree with one split}\n"
HEAD = "title: Trees\nnamespace: trees\ndecks: [main]\n"


def trees(tmp_path: Path, guide: str | None) -> Path:
    """A library of one card, with a guide or without."""
    root = tmp_path / "trees"
    if guide is None:
        return library(root, CARDS, head=HEAD)
    library(root, CARDS, head=HEAD + "guide: read-me.md\n")
    return write(root, {"read-me.md": guide})


def files_of(outcome: Any) -> dict[str, bytes]:
    """The files of an answer, by their names."""
    return {file.filename: file.content for file in outcome.message.attachments}


def put(bot: StudyBot, guide: Guide | None) -> None:
    """Give the bot another guide, as a restart with another library would."""
    bot.context.services.library.guide = guide


def test_help_hands_the_guide_over_as_a_file(tmp_path: Path) -> None:
    """In private, under the name it has beside the packages, and with links that mean something in chat."""

    async def tell(server: Server) -> None:
        async with server.bot():
            server.owner.invite_bot()
            shown = await server.ada.slash("help")
            assert shown.ephemeral
            assert "Trees" in words_of(shown.message)
            sent = await server.ada.click(shown.message, button_named(shown.message, "guide"))
            assert sent.ephemeral
            assert files_of(sent) == {"trees-guide.md": "Begin with the stump (`stump`) — é.\n".encode()}
            assert "/card" in sent.text
            found = await server.ada.slash("card", find="stump")
            assert "A tree with one split" in found.text

    story(tmp_path, tell, cards=trees(tmp_path, "Begin with [the stump](card:stump) — é.\n"))


def test_without_a_guide_help_is_as_it_was(tmp_path: Path) -> None:
    """No button, no word of it; and a button from before it was taken away is told so."""

    async def tell(server: Server) -> None:
        async with server.bot():
            server.owner.invite_bot()
            shown = await server.ada.slash("help")
            assert button_of(shown.message, "guide") is None
            assert "guide" not in words_of(shown.message).lower()
            late = await forge(server.ada, shown.message, "dw:guide")
            assert late.ephemeral
            assert late.text == ENGLISH["error.stale"]

    story(tmp_path, tell, cards=trees(tmp_path, None))


def test_a_guide_too_large_for_a_message_is_left_out(tmp_path: Path) -> None:
    """One that just fits is sent; with one byte more `/help` says nothing of it."""

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            server.owner.invite_bot()
            put(bot, Guide("large.md", "x" * MAX_FILE))
            fits = await server.ada.slash("help")
            sent = await server.ada.click(fits.message, button_named(fits.message, "guide"))
            assert len(files_of(sent)["large.md"]) == MAX_FILE
            put(bot, Guide("large.md", "x" * (MAX_FILE - 1) + "é"))
            shown = await server.ada.slash("help")
            assert button_of(shown.message, "guide") is None
            late = await server.ada.click(fits.message, button_named(fits.message, "guide"))
            assert late.text == ENGLISH["error.stale"]

    story(tmp_path, tell, cards=trees(tmp_path, None))


def test_the_button_works_after_a_restart_and_for_owners(tmp_path: Path) -> None:
    """Nothing of it is kept in memory; owners see their own part too."""

    async def tell(server: Server) -> None:
        async with server.bot():
            server.owner.invite_bot()
            shown = await server.owner.slash("help")
            assert "/settings" in words_of(shown.message)
        async with server.bot():
            sent = await server.owner.click(shown.message, button_named(shown.message, "guide"))
            assert list(files_of(sent)) == ["trees-guide.md"]

    story(tmp_path, tell, cards=trees(tmp_path, "# Trees\n"))
