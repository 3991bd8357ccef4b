"""Requests of the page, read strictly, and how they are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deckwright_bot.sandbox.errors import ApiError


class RefusedError(Exception):
    """Discord would not take it; ``about`` says in which fields or options, by their names."""

    def __init__(self, text: str, code: int | None = None, about: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.about = dict(about or {})


class NotUnderstoodError(Exception):
    """A request that our own page never makes."""


def refusal(error: ApiError) -> str:
    """A refusal in Discord's words, with those about the field where there is one."""
    node: object = error.errors
    while isinstance(node, dict) and node:
        if "_errors" in node:
            return f"{error.text}: {node['_errors'][0]['message']}"
        node = next(iter(node.values()))
    return error.text


def string(wanted: Mapping[str, Any], name: str) -> str:
    """A text of a request.

    Raises:
        NotUnderstoodError: if it is none; so do the others.
    """
    found = wanted.get(name)
    if not isinstance(found, str):
        raise NotUnderstoodError
    return found


def strings(wanted: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts of a request."""
    found = wanted.get(name)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise NotUnderstoodError
    return found


def texts(wanted: Mapping[str, Any], name: str) -> dict[str, str]:
    """Texts by their names."""
    found = wanted.get(name)
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise NotUnderstoodError
    return {str(key): value for key, value in found.items()}


def number_in(text: str) -> int:
    """An id as the page writes it; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0
