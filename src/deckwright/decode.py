"""YAML nodes to models: every problem of a file or card at its own place, none stops the rest."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from deckwright.diagnostics import Problems, did_you_mean, shorten
from deckwright.model import DATE, GAP, NOT_EMPTY, SLUG, TAG
from deckwright.syntax import AnyNode, Document, Mapping, Scalar, Sequence, find, to_data

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from deckwright.source import Span

AnyModel = TypeVar("AnyModel", bound=BaseModel)
Path: TypeAlias = tuple[str | int, ...]

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


_LIMITS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("of at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("of at most", "le"),
}
_SPOKEN = {
    "^[a-z]{2,3}(-[A-Za-z0-9]+)*$": "a language code such as en or pt-BR",
    r"^https?://\S+$": "a web address that begins with https://",
    "^[A-Za-z][A-Za-z0-9+#_.-]*$": "the name of a language such as python or sql",
}
"""Patterns of single fields, in words."""


class Origin:
    """Where a value came from: its document and node, for problems found later.

    A value that was read without nodes is found by its ``path`` from the document's root.
    """

    __slots__ = ("_node", "_path", "document")

    def __init__(self, document: Document, node: AnyNode | None = None, path: Path = ()) -> None:
        self.document = document
        self._node = node
        self._path = path

    @property
    def node(self) -> AnyNode:
        """The value's node."""
        node = self._node or self.document.root
        assert node is not None, "a value came from a document without values"
        return find(node, self._path)

    def span(self, *path: str | int) -> Span:
        """The place of the field at ``path``; of a field that is not written, its mapping's first key."""
        node = find(self.node, path)
        if isinstance(node, Mapping) and path and node is find(self.node, path[:-1]):
            return _head(self, node)
        return self.document.span(node)

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
    model: type[AnyModel],
    document: Document,
    node: AnyNode,
    what: str,
    problems: Problems,
    *,
    card: str | None = None,
) -> AnyModel | None:
    """Validate a node as ``model``; on failure every problem is recorded and None returned.

    ``what`` names the thing in messages: ``a recall card``, ``a deck file``; ``card`` is its id, if it
    is a card that has one.
    """
    nothing: list[Scalar] = []
    data = to_data(node, nothing)
    details: list[ErrorDetails] = []
    decoded = None
    try:
        decoded = model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
    origin = Origin(document, node)
    unknown = [find(node, _path(d["loc"], node)) for d in details if d["type"] == "extra_forbidden"]
    for empty in nothing:
        if not any(empty is value for value in unknown):
            problems.add(
                "empty-text",
                document.span(empty),
                "expected a value, found nothing",
                hint='fill it in, or leave the field out; quote it to mean the word ("null")',
                card=card,
            )
    if details:
        meant = _meant(details, origin, model)
        seen: set[tuple[str, Path]] = set()
        for detail in details:
            if detail["type"] != "missing" or _path(detail["loc"], node) not in meant:
                _report(detail, origin, model, what, problems, seen, card)
    return None if nothing else decoded


def decode_plain(model: type[AnyModel], data: object) -> AnyModel | None:
    """Validate data as ``model``; None where anything is wrong, which `decode` can then say."""
    try:
        return model.model_validate(data)
    except ValidationError:
        return None


def _meant(details: list[ErrorDetails], origin: Origin, model: type[BaseModel]) -> set[Path]:
    """The fields that misspelt ones were meant to be: reported as unknown, they are not missing too."""
    paths = [_path(d["loc"], origin.node) for d in details if d["type"] == "extra_forbidden"]
    close = [(path[:-1], _closest(str(path[-1]), _known_fields(model, path[:-1]))) for path in paths]
    return {(*parent, name) for parent, name in close if name is not None}


def _closest(word: str, known: set[str]) -> str | None:
    hint = did_you_mean(word, known)
    return hint.split('"')[1] if hint else None


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
    seen: set[tuple[str, Path]],
    card: str | None,
) -> None:
    kind = detail["type"]
    path = _path(detail["loc"], origin.node)
    field = _label(path)
    node = find(origin.node, path)
    found = describe(node)
    empty = isinstance(node, Scalar) and node.value is None
    if (kind, path) in seen or (empty and kind not in ("missing", "extra_forbidden")):
        return
    seen.add((kind, path))

    def add(code: str, message: str, hint: str | None = None, span: Span | None = None) -> None:
        problems.add(code, span or origin.document.span(node), message, hint=hint, card=card)

    if kind == "extra_forbidden":
        name = str(path[-1])
        known = _known_fields(model, path[:-1])
        owner = what if len(path) == 1 else f"`{_label(path[:-1])}`"
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
        owner = what if len(path) == 1 else f"`{_label(path[:-1])}`"
        if name == "id":
            add(
                "missing-id",
                f"expected an `id` for {owner}, found none",
                "write one, or let `deckwright check --fix` add it",
                _head(origin, parent),
            )
        else:
            message = f"expected `{name}` in {owner}, found none"
            add("missing-field", message, f"add `{name}:`", _head(origin, parent))
    elif kind == "string_pattern_mismatch" and detail["loc"][-1] == "[key]":
        _report_key(detail, origin, path, add)
    elif kind == "string_pattern_mismatch":
        _report_pattern(detail, node, field, add)
    elif kind in ("too_short", "too_long"):
        context = detail.get("ctx", {})
        low, high = context.get("min_length"), context.get("max_length")
        count = len(node.items) if isinstance(node, Sequence) else 0
        if low is not None and count >= low:
            return  # pydantic does not count entries that have problems of their own
        wanted = f"at least {_entries(low)}" if low is not None else f"at most {_entries(high)}"
        add("wrong-count", f"expected {wanted} in `{field}`, found {count}")
    elif kind in ("literal_error", "enum"):
        _report_literal(detail, field, found, add, or_list=_holds_models(model, path))
    elif kind == "string_too_long":
        add("bad-id", f"expected at most {detail.get('ctx', {}).get('max_length')} characters, found {found}")
    elif kind in _LIMITS:
        word, bound = _LIMITS[kind]
        limit = detail.get("ctx", {}).get(bound)
        add("wrong-value", f"expected a number {word} {limit:g} in `{field}`, found {found}")
    elif kind in _WANTED and not path:
        add("wrong-type", f"expected {what} with its fields, found {found}", "begin with `title:`")
    elif kind in _WANTED:
        if kind == "string_type" and isinstance(node, Scalar):
            if _is_date(model, path):
                add("bad-date", f"expected a day as YYYY-MM-DD in `{field}`, found {found}")
                return
            add(
                "bad-id",
                f"expected words joined by hyphens in `{field}`, found {found}",
                "begin with a letter",
            )
            return
        hint = None
        if kind.startswith("bool"):
            hint = "write true or false, without quotes"
        elif kind in ("tuple_type", "list_type") and isinstance(node, Scalar):
            inner = _known_fields(model, path) if _holds_models(model, path) else None
            hint = f"write it as a list: [{found}]" if not inner else "begin each entry with a hyphen"
        elif kind == "string_type":
            hint = "put the text in quotes" if isinstance(node, (Mapping, Sequence)) else None
        add("wrong-type", f"expected {_WANTED[kind]} in `{field}`, found {found}", hint)
    else:
        message = detail["msg"][:1].lower() + detail["msg"][1:]
        add("wrong-value", f"{message} in `{field}`, found {found}")


def _entries(count: object) -> str:
    return f"{count} entry" if count == 1 else f"{count} entries"


def _report_key(detail: ErrorDetails, origin: Origin, path: Path, add: Any) -> None:  # noqa: ANN401
    """A key of a mapping that may have any keys of one form: the gaps' names."""
    name = str(detail["loc"][-2])
    parent = find(origin.node, path[:-1]) if path and path[-1] == name else find(origin.node, path)
    span = (
        origin.document.span(parent.keys[name])
        if isinstance(parent, Mapping) and name in parent.keys
        else None
    )
    wanted = "a gap such as c1" if detail.get("ctx", {}).get("pattern") == GAP else "another name"
    add("unknown-gap", f"expected {wanted} in `{_label(path[:-1])}`, found {shorten(name)}", None, span)


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
        wanted = _SPOKEN.get(str(pattern), f"a value that matches {pattern}")
        add("wrong-value", f"expected {wanted} in `{field}`, found {found}")


def _report_literal(
    detail: ErrorDetails,
    field: str,
    found: str,
    add: Any,  # noqa: ANN401
    *,
    or_list: bool,
) -> None:
    wanted = str(detail.get("ctx", {}).get("expected", "")).replace("'", "")
    hint = did_you_mean(found.strip('"'), [w.strip() for w in wanted.replace(" or ", ",").split(",")])
    said = f'a list or the word "{wanted}"' if or_list else wanted
    add("wrong-value", f"expected {said} in `{field}`, found {found}", hint)


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


def _field(model: type[BaseModel], path: Path) -> Any:  # noqa: ANN401  any annotation
    """The annotation of the field at ``path``, None where the models do not say."""
    names = [step for step in path if isinstance(step, str)]
    if not names:
        return None
    models = [model]
    for name in names[:-1]:
        models = [inner for m in models for f in _named(m, name) for inner in _models_in(f.annotation)]
    return next((f for m in models for f in _named(m, names[-1])), None)


def _named(model: type[BaseModel], name: str) -> list[Any]:
    return [f for key, f in model.model_fields.items() if name in (key, f.alias)]


def _holds_models(model: type[BaseModel], path: Path) -> bool:
    field = _field(model, path)
    return field is not None and bool(_models_in(field.annotation))


def _is_date(model: type[BaseModel], path: Path) -> bool:
    field = _field(model, path)
    return field is not None and _has_pattern((field.annotation, *field.metadata), DATE)


def _has_pattern(parts: Any, pattern: str) -> bool:  # noqa: ANN401  annotations and their metadata
    return any(
        getattr(part, "pattern", None) == pattern
        or _has_pattern(getattr(part, "metadata", ()), pattern)
        or _has_pattern(getattr(part, "__metadata__", ()), pattern)
        or _has_pattern(get_args(part), pattern)
        for part in parts
    )


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401  any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, list, dict, AnyMapping) or get_args(annotation):
        return [m for inner in get_args(annotation) for m in _models_in(inner)]
    return []
