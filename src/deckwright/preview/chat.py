"""The one door to the chat form: what `deckwright.chat` says about a prompt, as plain data for the page."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Sequence

from deckwright.cache import Cache
from deckwright.chat.message import (
    ChatForm,
    ChatOption,
    ChatRenderer,
    Picture,
    Piece,
    chat_form,
    some_options,
)
from deckwright.chat.painting import LayoutPainter
from deckwright.chat.reading import FormulaReader
from deckwright.model import Choice, Option, Prompt
from deckwright.preview.entries import Json, Subject
from deckwright.render.formula import FormulaEngine, FormulaEngineUnavailableError
from deckwright.render.png import size

Place = Callable[[str, str], str]
"""Puts a picture (an SVG document) somewhere under a name and says where a page finds it."""


def embedded(_name: str, svg: str) -> str:
    """A picture as an address that holds it."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


class ChatForms:
    """Chat forms of prompts, as `chat.js` shows them. Any thread may ask; a cache only if it is one alone."""

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache
        self._engine = FormulaEngine()
        self._reader = FormulaReader(cache, self._engine)
        self._one = threading.Lock()

    def close(self) -> None:
        """Stop what compiles formulas."""
        with self._one:
            self._engine.close()

    def form(self, subject: Subject, ordinal: int, place: Place = embedded) -> Json | None:
        """Question, options and result of one prompt; None where the card has no such prompt."""
        prompts = subject.card.prompts(subject.topic.cards)
        prompt = next((each for each in prompts if each.ordinal == ordinal), None)
        if prompt is None:
            return None
        with self._one:
            painter = LayoutPainter(self._engine, subject.files.get, self._cache)
            try:
                made = chat_form(
                    subject.card, prompt, ChatRenderer(self._reader, painter), shown=_shown(prompt)
                )
            except (FormulaEngineUnavailableError, ImportError) as error:
                return {"missing": f"The chat form cannot be drawn: {error}."}
        return _form(made, place)


def _shown(prompt: Prompt) -> Sequence[Option] | None:
    """The options a chat might draw, in an order that is the same at every look and favours no place."""
    if not isinstance(prompt.form, Choice):
        return None

    def place(option: Option) -> bytes:
        return hashlib.sha256(f"{prompt.card} {prompt.ordinal} {option.text}".encode()).digest()

    return sorted(some_options(prompt.form), key=place)


def _form(form: ChatForm, place: Place) -> Json:
    return {
        "question": _piece(form.question, place),
        "pictured": form.pictured,
        "options": [_option(option, place) for option in form.options],
        "answer": _piece(form.answer, place),
        "explanation": _piece(form.explanation, place),
        "points": [_piece(point, place) for point in form.key_points],
        "flags": [
            {"claim": _piece(claim, place), "why": _piece(why, place)} for claim, why in form.red_flags
        ],
    }


def _option(option: ChatOption, place: Place) -> Json:
    return {
        "letter": option.letter,
        "text": _piece(option.text, place),
        "right": option.right,
        "why": _piece(option.why, place),
    }


def _piece(piece: Piece | None, place: Place) -> list[str | Json]:
    blocks = () if piece is None else piece.blocks
    return [_picture(block, place) if isinstance(block, Picture) else block for block in blocks]


def _picture(picture: Picture, place: Place) -> Json:
    width, height = size(picture.svg)
    name = f"chat-{hashlib.sha256(picture.svg.encode()).hexdigest()[:16]}"
    return {
        "src": place(name, picture.svg),
        "alt": picture.alt,
        "width": round(width),
        "height": round(height),
    }
