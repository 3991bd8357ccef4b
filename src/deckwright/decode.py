"""YAML nodes to models: every problem of a file or card at its own place, none stops the rest."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from deckwright.diagnostics import Problems, did_you_mean, shorten
from deckwright.model import DATE, GAP, NOT_EMPTY, SLUG, TAG
from deckwright.syntax import AnyNode, Document, Mapping, Scalar, Sequence, find, to_data

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from deckwright.source import Span

AnyModel = TypeVar("AnyModel", bound=BaseModel)

_WANTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: its document and node, for problems found later."""

    document: Document
    node: AnyNode

    def span(self, *path: str | int) -> Span:
        """The place of the field at ``path``; a text's place is its first character."""
        return self.document.span(find(self.node, path))

    def text_span(self, path: tuple[str | int, ...], needle: str) -> Span:
        """The place of ``needle`` inside the field at ``path``, or the field's own place."""
        node = find(self.node, path)
        whole = self.document.span(node)
        wanted = needle.strip().split("\n")[0].strip()
        if not wanted:
            return whole
        lines = self.document.source.lines
        for number in range(whole.line, min(whole.end_line, len(lines)) + 1):
            start = whole.column - 1 if number == whole.line else 0
            at = lines[number - 1].find(wanted, start)
            if at >= 0:
                return whole._replace(
                    line=number, column=at + 1, end_line=number, end_column=at + 1 + len(wanted)
                )
        return whole


def decode(
    model: type[AnyModel], document: Document, node: AnyNode, what: str, problems: Problems
) -> AnyModel | None:
    """Validate a node as ``model``; on failure every problem is recorded and None returned.

    ``what`` names the thing in messages: ``a recall card``, ``a deck file``.
    """
    nothing: list[Scalar] = []
    data = to_data(node, nothing)
    for empty in nothing:
        problems.add(
            "empty-text",
            document.span(empty),
            "expected a value, found nothing",
            hint='fill it in, or leave the field out; quote it to mean the word ("null")',
        )
    try:
        decoded = model.model_validate(data)
    except ValidationError as error:
        origin = Origin(document, node)
        seen: set[tuple[str, tuple[str | int, ...]]] = set()
        for detail in error.errors(include_url=False):
            _report(detail, origin, model, what, problems, seen)
        return None
    return None if nothing else decoded


def describe(node: AnyNode) -> str:
    """A node in a message: what an author sees there."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    return "nothing" if node.value is None else shorten(str(node.value))


def _report(
    detail: ErrorDetails,
    origin: Origin,
    model: type[BaseModel],
    what: str,
    problems: Problems,
    seen: set[tuple[str, tuple[str | int, ...]]],
) -> None:
    kind = detail["type"]
    path = _path(detail["loc"], origin.node)
    field = _label(path)
    node = find(origin.node, path)
    found = describe(node)
    if (kind, path) in seen or (isinstance(node, Scalar) and node.value is None and kind != "missing"):
        return
    seen.add((kind, path))

    def add(code: str, message: str, hint: str | None = None, span: Span | None = None) -> None:
        problems.add(code, span or origin.document.span(node), message, hint=hint)

    if kind == "extra_forbidden":
        name = str(path[-1])
        known = _known_fields(model, path[:-1])
        owner = what if len(path) == 1 else f"an entry of `{_label(path[:-1])}`"
        hint = did_you_mean(name, known) or f"its fields are {', '.join(sorted(known))}"
        parent = find(origin.node, path[:-1])
        span = (
            origin.document.span(parent.keys[name])
            if isinstance(parent, Mapping) and name in parent.keys
            else None
        )
        add("unknown-field", f'expected a field of {owner}, found "{name}"', hint, span)
    elif kind == "missing":
        name = str(path[-1])
        parent = find(origin.node, path[:-1])
        owner = what if len(path) == 1 else f"an entry of `{_label(path[:-1])}`"
        if name == "id":
            add(
                "missing-id",
                f"expected an `id` for {owner}, found none",
                "write one, or let `deckwright check --fix` add it",
                _head(origin, parent),
            )
        else:
            keys = list(parent.keys) if isinstance(parent, Mapping) else []
            near = did_you_mean(name, keys)
            hint = f"add `{name}:`" if not near else f"add `{name}:`, or rename the field that was meant"
            add("missing-field", f"expected `{name}` in {owner}, found none", hint, _head(origin, parent))
    elif kind == "string_pattern_mismatch":
        _report_pattern(detail, node, field, add)
    elif kind in ("too_short", "too_long"):
        context = detail.get("ctx", {})
        low, high = context.get("min_length"), context.get("max_length")
        wanted = f"at least {low}" if low is not None else f"at most {high}"
        count = len(node.items) if isinstance(node, Sequence) else 0
        add("wrong-count", f"expected {wanted} in `{field}`, found {count}")
    elif kind in ("literal_error", "enum"):
        _report_literal(detail, field, found, add)
    elif kind == "string_too_long":
        add("bad-id", f"expected at most {detail.get('ctx', {}).get('max_length')} characters, found {found}")
    elif kind in _WANTED:
        if kind == "string_type" and isinstance(node, Scalar):
            add("bad-id", f"expected words joined by hyphens in `{field}`, found {found}", "begin with a letter")
            return
        hint = None
        if kind.startswith("bool"):
            hint = "write true or false, without quotes"
        elif kind in ("tuple_type", "list_type") and isinstance(node, Scalar):
            hint = f"write it as a list: [{found}]"
        elif kind == "string_type":
            hint = "put the text in quotes" if isinstance(node, (Mapping, Sequence)) else None
        add("wrong-type", f"expected {_WANTED[kind]} in `{field}`, found {found}", hint)
    else:
        message = detail["msg"][:1].lower() + detail["msg"][1:]
        add("wrong-value", f"{message} in `{field}`, found {found}")


def _report_pattern(detail: ErrorDetails, node: AnyNode, field: str, add: Any) -> None:  # noqa: ANN401
    pattern = detail.get("ctx", {}).get("pattern")
    found = describe(node)
    text = str(node.value) if isinstance(node, Scalar) and node.value is not None else ""
    if pattern == NOT_EMPTY or not text.strip():
        add("empty-text", f"expected text in `{field}`, found {found}", "fill it in, or leave the field out")
    elif pattern == SLUG:
        add(
            "bad-id",
            f"expected words of a-z and 0-9 joined by hyphens in `{field}`, found {found}",
            "for example: forest-correlation-floor",
        )
    elif pattern == DATE:
        add("bad-date", f"expected a day as YYYY-MM-DD in `{field}`, found {found}")
    elif pattern == TAG:
        hint = f"write {shorten('-'.join(text.split()))}, or two tags"
        add("tag-with-space", f"expected a tag without spaces, found {found}", hint)
    elif pattern == GAP:
        add("unknown-gap", f"expected a gap such as c1 in `{field}`, found {found}")
    else:
        add("wrong-value", f"expected a value that matches {pattern} in `{field}`, found {found}")


def _report_literal(detail: ErrorDetails, field: str, found: str, add: Any) -> None:  # noqa: ANN401
    wanted = str(detail.get("ctx", {}).get("expected", "")).replace("'", "")
    hint = did_you_mean(found.strip('"'), [w.strip() for w in wanted.replace(" or ", ",").split(",")])
    add("wrong-value", f"expected {wanted} in `{field}`, found {found}", hint)


def _path(location: tuple[str | int, ...], node: AnyNode) -> tuple[str | int, ...]:
    """Pydantic's location without the names it adds for branches of a union.

    A step that the YAML has is kept, and so is the last one (a field that is missing).
    """
    path: list[str | int] = []
    for position, step in enumerate(location):
        inside = (isinstance(node, Mapping) and step in node.values) or (
            isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items)
        )
        if inside:
            path.append(step)
            node = find(node, (step,))
        elif position == len(location) - 1 and isinstance(step, str) and isinstance(node, Mapping):
            path.append(step)
    return tuple(path)


def _label(path: tuple[str | int, ...]) -> str:
    parts = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).lstrip(".")


def _head(origin: Origin, node: AnyNode) -> Span:
    """The first key of a mapping: a better place for what is missing than the whole mapping."""
    if isinstance(node, Mapping) and node.keys:
        return origin.document.span(next(iter(node.keys.values())))
    return origin.document.span(node)


def _known_fields(model: type[BaseModel], path: tuple[str | int, ...]) -> set[str]:
    """The field names of the model that stands at ``path`` below ``model``."""
    models = [model]
    for step in path:
        if isinstance(step, int):
            continue
        found = [
            inner
            for m in models
            for name, field in m.model_fields.items()
            if step in (name, field.alias)
            for inner in _models_in(field.annotation)
        ]
        models = found or models
    return {field.alias or name for m in models for name, field in m.model_fields.items()}


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401  any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, list, dict, AnyMapping) or get_args(annotation):
        return [m for inner in get_args(annotation) for m in _models_in(inner)]
    return []
