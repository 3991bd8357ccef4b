"""Every text of a card with its place and its role, and what stands in it: formulas, images, links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from pydantic import BaseModel

from deckwright import markup
from deckwright.model import Role

if TYPE_CHECKING:
    from markdown_it.token import Token

Path = tuple[str | int, ...]


class CardText(NamedTuple):
    """One text of a card: the path of its field in the YAML, what it holds, and the text."""

    path: Path
    role: Role
    text: str


def texts(model: BaseModel) -> list[CardText]:
    """Every text the author wrote in a model, in the order of its fields."""
    found: list[CardText] = []
    _collect(model, None, (), found)
    return found


def _collect(value: Any, role: Role | None, path: Path, found: list[CardText]) -> None:  # noqa: ANN401
    if isinstance(value, str):
        if role is not None:
            found.append(CardText(path, role, value))
    elif isinstance(value, BaseModel):
        written = value.model_fields_set
        for name, (alias, inner) in _roles(type(value)).items():
            if name in written:
                _collect(getattr(value, name), inner, (*path, alias), found)
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            _collect(item, role, (*path, i), found)
    elif isinstance(value, dict):
        for key, item in value.items():
            _collect(item, role, (*path, str(key)), found)


@cache
def _roles(model: type[BaseModel]) -> dict[str, tuple[str, Role | None]]:
    """For each field that can hold text: its name in YAML and its texts' role."""
    found: dict[str, tuple[str, Role | None]] = {}
    for name, info in model.model_fields.items():
        role = next((m for m in info.metadata if isinstance(m, Role)), None) or _role_in(info.annotation)
        if role is not None or _holds_models(info.annotation):
            found[name] = (info.alias or name, role)
    return found


def _role_in(annotation: Any) -> Role | None:  # noqa: ANN401  any annotation
    for inner in (*getattr(annotation, "__metadata__", ()), *get_args(annotation)):
        if isinstance(inner, Role):
            return inner
        if (found := _role_in(inner)) is not None:
            return found
    return None


def _holds_models(annotation: Any) -> bool:  # noqa: ANN401  any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    return any(_holds_models(inner) for inner in get_args(annotation))


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in one Markdown text."""

    formulas: tuple[tuple[str, bool], ...]
    """LaTeX with gaps as written, and whether it is displayed."""
    images: tuple[str, ...]
    links: tuple[str, ...]
    strays: tuple[str, ...]
    """Delimiters of maths without their partner, with a little of what follows."""
    longest_list: int
    gaps: frozenset[int]
    """Numbers of the gaps that stand in words, code or maths."""
    lost_gaps: frozenset[int]
    """Those that stand in an address or an image, or reach from one cell of a table into another."""


_NOTHING = Found((), (), (), (), 0, frozenset(), frozenset())
_SHOWN = frozenset({"text", "text_special", "code_inline", "fence", "code_block"})
_STRAY_DOLLAR = re.compile(r"\$(?!\d)(?<!\d\$).{0,12}")


@lru_cache(maxsize=20_000)
def look_into(text: str) -> Found:
    """Parse a Markdown text once and say what stands in it."""
    if markup.is_plain(text):
        return _NOTHING
    formulas: list[tuple[str, bool]] = []
    images: list[str] = []
    links: list[str] = []
    strays: list[str] = []
    longest, open_lists = 0, [0]
    shown: list[str] = []
    lost: list[str] = []
    tokens = markup.parse(markup.mark_gaps(markup.clean(text)))
    for token in markup.flatten(tokens):
        if token.type in _SHOWN or markup.is_maths(token):
            shown += markup.GAP_MARKS.findall(token.content)
        for name in ("src", "href", "title") if token.attrs else ():
            lost += markup.GAP_MARKS.findall(markup.image_name(str(token.attrGet(name) or "")))
        if markup.is_maths(token):
            formulas.append((token.content, markup.is_display(token)))
        elif token.type == "image":
            images.append(str(token.attrGet("src") or ""))
        elif token.type == "link_open":
            links.append(str(token.attrGet("href") or ""))
        elif token.type == "text":
            strays += _STRAY_DOLLAR.findall(token.content)
        elif token.type == "text_special" and token.markup in (r"\(", r"\)", r"\[", r"\]"):
            strays.append(token.markup)
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            open_lists.append(0)
        elif token.type == "list_item_open":
            open_lists[-1] += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            longest = max(longest, open_lists.pop())
    return Found(
        tuple(formulas),
        tuple(images),
        tuple(links),
        tuple(strays),
        longest,
        gaps=frozenset(markup.gap_numbers(shown)),
        lost_gaps=frozenset(markup.gap_numbers(lost)) | frozenset(_torn_gaps(tokens)),
    )


def _torn_gaps(tokens: Sequence[Token]) -> Iterator[int]:
    cell = False
    for token in tokens:
        cell = (cell or token.type in ("th_open", "td_open")) and token.type not in ("th_close", "td_close")
        if cell and token.type == "inline":
            marks = markup.GAP_MARKS.findall(token.content)
            if marks and marks[-1] != markup.GAP_CLOSE:
                yield from markup.gap_numbers(marks[-1:])
