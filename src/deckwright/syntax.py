"""YAML text to nodes that know their place: the only module that imports yaml.

The text is read through libyaml's event stream. Scalars stay what was typed (``no``, ``012``,
``1.10`` are text until a field asks for something else); a plain scalar that YAML 1.2 would resolve
to a boolean, a number or nothing is kept as `Bare`, so that a field which wants a boolean
can tell ``true`` from ``"true"``.

Most files have nothing wrong in them, and then nobody asks for places. Such a file is read into plain
dicts and lists (`_plain`); nodes, which know their places, are made only where something is unusual
or a place is asked for.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from deckwright.diagnostics import Problems, Related, shorten
from deckwright.source import MAX_FILE_BYTES, SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 40
MAX_ALIASED_NODES = 2_000

# The core schema of YAML 1.2, section 10.3.2.
_BARE = re.compile(
    r"(?:true|True|TRUE|false|False|FALSE"
    r"|null|Null|NULL|~|"
    r"|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN)"
)
_BARE_START = frozenset("tTfFnN~0123456789+-.")
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_ESCAPE = re.compile(r'\\(?!")')
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}\Z")
_HUNDREDS = re.compile(r"\d{3}(?!\d)")


class Bare(str):
    """A plain scalar that YAML 1.2 reads as a boolean or a number; its text is what was typed."""

    __slots__ = ()


class Node:
    """A piece of YAML with its place; positions are packed to stay small in large libraries."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    def span(self, file: str) -> Span:
        """The node's place in the named file."""
        line, column = divmod(self.start, _LINE)
        end_line, end_column = divmod(self.end, _LINE)
        return Span(file, line + 1, column + 1, end_line + 1, end_column + 1)


class Scalar(Node):
    """Text. ``value`` is None for nothing (empty, ``~``, ``null``)."""

    __slots__ = ("block", "value")

    def __init__(self, value: str | None, start: int, end: int, *, block: bool = False) -> None:
        # Most of a library is scalars: a call of the base class for each costs 3 % of the parse.
        self.start = start
        self.end = end
        self.value = value
        self.block = block


class Sequence(Node):
    """A list of nodes."""

    __slots__ = ("items",)

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self.items: list[AnyNode] = []


class Mapping(Node):
    """Keys and values in the order of the source; of a duplicated key the first value stays."""

    __slots__ = ("keys", "values")

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self.keys: dict[str, Scalar] = {}
        self.values: dict[str, AnyNode] = {}


AnyNode: TypeAlias = Scalar | Sequence | Mapping

_LINE = 1 << 32


class Document:
    """A parsed file: its source and its root node (None when there is nothing usable in it)."""

    def __init__(self, source: SourceFile, root: AnyNode | None, data: Any = None) -> None:  # noqa: ANN401
        self.source = source
        self._root = root
        self._data = data
        self._unread = data is not None

    @property
    def root(self) -> AnyNode | None:
        """The file's nodes, made when they are first asked for."""
        if self._unread:
            self._root = _Builder(self.source, Problems()).build()
            self._unread = False
        return self._root

    def take_data(self) -> Any:  # noqa: ANN401  the models check every type
        """What `to_data` gives for the root, without any nodes; None unless the file is plain, and once only.

        The data of a large file is as large again, so the document does not keep what it gives away.
        """
        data, self._data = self._data, None
        return data

    def span(self, node: Node) -> Span:
        """The place of one of this document's nodes."""
        return node.span(self.source.name)


def read_document(path: Path, name: str, problems: Problems) -> Document:
    """Read and parse a file; whatever is wrong goes into ``problems``."""
    source = read_source(path, name, problems)
    if source is None:
        return Document(SourceFile(path, name, ""), None)
    data = _plain(source.text)
    return parse(source, problems) if data is None else Document(source, None, data)


def read_source(
    path: Path, name: str, problems: Problems, *, too_large: str = "split the file into topics"
) -> SourceFile | None:
    """Read a file of text; None if it cannot be read, with the reason in ``problems``."""
    source = SourceFile(path, name, "")
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            problems.add(
                "file-too-large",
                source.span(),
                f"expected at most {MAX_FILE_BYTES // 2**20} MiB, found {size // 2**20} MiB",
                hint=too_large,
            )
            return None
        raw = path.read_bytes()
    except OSError as error:
        problems.add("unreadable-file", source.span(), f"cannot be read: {error.strerror or error}")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.add(
            "not-utf8",
            source.span(line),
            f"expected UTF-8 text, found byte 0x{raw[error.start]:02x}",
            hint="save the file as UTF-8",
        )
        return None
    del raw
    return SourceFile(path, name, text.replace("\r\n", "\n"))


def parse(source: SourceFile, problems: Problems) -> Document:
    """Parse one file's text; syntax errors end the file, everything else is collected."""
    builder = _Builder(source, problems)
    try:
        root = builder.build()
    except yaml.MarkedYAMLError as error:
        _report_syntax_error(source, error, problems)
        root = None
    except yaml.reader.ReaderError as error:
        # libyaml counts bytes here, and characters everywhere else.
        before = source.text.encode()[: error.position].decode(errors="ignore")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        problems.add(
            "yaml-syntax",
            source.span(line, column),
            f"expected printable text, found the character U+{_code_point(error.character):04X}",
        )
        root = None
    except _TooMuchError:
        root = None
    return Document(source, root)


def _code_point(character: int | str | bytes) -> int:
    return character if isinstance(character, int) else ord(character)


def to_data(node: AnyNode, nothing: list[Scalar]) -> Any:  # noqa: ANN401  the models check every type
    """The node as plain dicts, lists and text, for the models to validate.

    Scalars that hold nothing are also put into ``nothing``.
    """
    if isinstance(node, Scalar):
        if node.value is None:
            nothing.append(node)
        return node.value
    if isinstance(node, Mapping):
        return {key: to_data(value, nothing) for key, value in node.values.items()}
    return [to_data(item, nothing) for item in node.items]


def find(node: AnyNode, path: tuple[str | int, ...]) -> AnyNode:
    """The node at ``path``; where the path leaves the tree, the last node that exists."""
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.values:
            node = node.values[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node


def _plain(text: str) -> dict[str, Any] | None:
    """The data of a file that has nothing to report, and otherwise None.

    Where this gives up, `_Builder` finds out why. It takes half of the time of building nodes, and a
    fifth of the memory.
    """
    loader = yaml.CSafeLoader(text)
    try:
        return _plain_mapping(iter(loader.get_event, None), text)
    except yaml.YAMLError:
        return None
    finally:
        loader.dispose()


def _plain_mapping(events: Iterator[Any], text: str) -> dict[str, Any] | None:
    root: Any = None
    stack: list[Any] = []
    keys: list[str | None] = []
    # Classes are compared, not asked with isinstance, and everything is in one loop: it runs for each scalar.
    for event in events:
        kind = type(event)
        value: Any
        if kind is ScalarEvent:
            value = event.value
            style = event.style
            if event.tag is not None or event.anchor is not None:
                return None
            if not style:
                if not value or (value[0] in _BARE_START and _BARE.fullmatch(value)):
                    if value in _NOTHING:
                        return None
                    value = Bare(value)
            elif style == '"' and _ESCAPE.search(text, event.start_mark.index, event.end_mark.index):
                return None
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if event.tag is not None or event.anchor is not None or len(stack) >= MAX_DEPTH:
                return None
            stack.append({} if kind is MappingStartEvent else [])
            keys.append(None)
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            value = stack.pop()
            keys.pop()
        elif kind is DocumentStartEvent and root is None:
            continue
        elif kind is AliasEvent or kind is DocumentStartEvent:
            return None
        else:
            continue
        if not stack:
            root = value
            continue
        parent = stack[-1]
        key = keys[-1]
        if type(parent) is list:
            # No space after a comma: `_Builder` looks whether a number falls apart there.
            if parent and kind is ScalarEvent and text[event.start_mark.index - 1] == ",":
                return None
            parent.append(value)
        elif key is not None:
            parent[key] = value
            keys[-1] = None
        elif not isinstance(value, str) or value in parent:
            return None
        else:
            keys[-1] = str(value)
    return root if isinstance(root, dict) else None


class _TooMuchError(Exception):
    """The file was refused as a whole and the reason is already recorded."""


def _at(mark: Any) -> int:  # noqa: ANN401  libyaml's mark has no public type
    return int(mark.line) * _LINE + int(mark.column)


def _unquoted(node: AnyNode) -> str | None:
    """The text of a scalar without quotes: quoted, it takes up more than its letters."""
    value = node.value if isinstance(node, Scalar) else None
    return value if value is not None and node.end - node.start == len(value) else None


class _Builder:
    """Turns libyaml's events into nodes without recursion, so that depth cannot hurt."""

    def __init__(self, source: SourceFile, problems: Problems) -> None:
        self._source = source
        self._problems = problems
        self._anchors: dict[str, AnyNode] = {}
        self._weights: dict[str, int] = {}
        self._aliased = 0
        self._unused: dict[str, Scalar] = {}

    def build(self) -> AnyNode | None:
        """Read all events of the file and return the root of its one document."""
        root: AnyNode | None = None
        stack: list[Sequence | Mapping] = []
        keys: list[Scalar | None] = []
        anchors: list[tuple[str | None, int]] = []
        documents = 0
        count = 0
        loader = yaml.CSafeLoader(self._source.text)
        try:
            events: Iterator[Any] = iter(loader.get_event, None)
            for event in events:
                kind = type(event)
                if kind is ScalarEvent:
                    count += 1
                    node: AnyNode = self._scalar(event)
                elif kind is MappingStartEvent or kind is SequenceStartEvent:
                    self._no_tag(event)
                    if len(stack) >= MAX_DEPTH:
                        self._too_deep(event)
                    start = _at(event.start_mark)
                    stack.append(Mapping(start, 0) if kind is MappingStartEvent else Sequence(start, 0))
                    keys.append(None)
                    anchors.append((event.anchor, count))
                    count += 1
                    continue
                elif kind is MappingEndEvent or kind is SequenceEndEvent:
                    node = stack.pop()
                    keys.pop()
                    node.end = max(node.start + 1, _at(event.end_mark))
                    anchor, before = anchors.pop()
                    if anchor:
                        self._remember(anchor, node, count - before)
                elif kind is AliasEvent:
                    node = self._alias(event)
                    count += self._weights[event.anchor]
                elif kind is DocumentStartEvent:
                    documents += 1
                    if documents > 1:
                        self._problems.add(
                            "many-documents",
                            self._span(event),
                            "expected one YAML document a file, found a second one",
                            hint='remove the "---", or move what follows into a file of its own',
                        )
                        return root
                    continue
                else:
                    continue
                if not stack:
                    root = node
                    continue
                parent = stack[-1]
                if isinstance(parent, Sequence):
                    if kind is ScalarEvent and parent.items and node.start == parent.items[-1].end + 1:
                        self._warn_split_number(parent.items[-1], node)
                    parent.items.append(node)
                elif (key := keys[-1]) is None:
                    keys[-1] = self._key(node)
                else:
                    self._put(parent, key, node)
                    keys[-1] = None
        finally:
            loader.dispose()
        for anchor, scalar in self._unused.items():
            self._problems.add(
                "unused-anchor",
                scalar.span(self._source.name),
                f'expected text, found an anchor "&{anchor}" that nothing refers to',
                hint="quote a text that begins with &",
            )
        return root

    def _span(self, event: Any) -> Span:  # noqa: ANN401  any of yaml's event classes
        return Node(_at(event.start_mark), _at(event.end_mark)).span(self._source.name)

    def _scalar(self, event: Any) -> Scalar:  # noqa: ANN401  libyaml's marks have no public type
        text: str = event.value
        value: str | None = text
        mark, end_mark = event.start_mark, event.end_mark
        start, end = mark.line * _LINE + mark.column, end_mark.line * _LINE + end_mark.column
        style = event.style
        if event.tag is not None:
            self._no_tag(event)
        if not style:
            if not text or (text[0] in _BARE_START and _BARE.fullmatch(text)):
                value = None if text in _NOTHING else Bare(text)
        elif style == '"':
            self._warn_backslash(event)
        scalar = Scalar(value, start, end, block=style in ("|", ">"))
        if event.anchor:
            self._remember(event.anchor, scalar, 1)
        return scalar

    def _warn_backslash(self, event: Any) -> None:  # noqa: ANN401  libyaml's marks have no public type
        raw = self._source.text[event.start_mark.index : event.end_mark.index]
        if found := _ESCAPE.search(raw):
            before = raw[: found.start()]
            line = event.start_mark.line + before.count("\n")
            column = (
                len(before) - before.rfind("\n") - 1
                if "\n" in before
                else event.start_mark.column + found.start()
            )
            self._problems.add(
                "backslash-in-double-quotes",
                Span(self._source.name, line + 1, column + 1, line + 1, column + 3),
                f"expected no backslash in double quotes, found {shorten(raw[found.start() :][:12])}",
                hint="YAML reads it as an escape; use single quotes or a | block for LaTeX",
            )

    def _warn_split_number(self, before: AnyNode, after: AnyNode) -> None:
        """``[350,000 steps]`` is a list of two; nobody who means two texts leaves out the space, unless they are quoted."""
        first, second = _unquoted(before), _unquoted(after)
        if first and second and _THOUSANDS.search(first) and _HUNDREDS.match(second):
            span = Node(before.start, after.end).span(self._source.name)
            self._problems.add(
                "split-number",
                span,
                f'expected one text, found "{first}" and "{second}": a comma in [ ] separates',
                hint=f'quote a number with a comma: "{first},{second}"',
            )

    def _no_tag(self, event: Any) -> None:  # noqa: ANN401  any of yaml's event classes
        if event.tag is not None and event.tag != "!":
            self._problems.add(
                "tag-not-allowed",
                self._span(event),
                f"expected a plain value, found the tag {shorten(str(event.tag))}",
                hint="remove the tag; quote the value if it must be text",
            )

    def _too_deep(self, event: Any) -> None:  # noqa: ANN401  any of yaml's event classes
        self._problems.add(
            "too-deep",
            self._span(event),
            f"expected at most {MAX_DEPTH} levels of nesting, found more",
        )
        raise _TooMuchError

    def _remember(self, anchor: str, node: AnyNode, weight: int) -> None:
        self._anchors[anchor] = node
        self._weights[anchor] = weight
        if isinstance(node, Scalar):
            self._unused[anchor] = node

    def _alias(self, event: Any) -> AnyNode:  # noqa: ANN401  any of yaml's event classes
        node = self._anchors.get(event.anchor)
        if node is None:
            self._problems.add(
                "yaml-syntax",
                self._span(event),
                f'expected an anchor that is complete before "*{event.anchor}", found none',
            )
            raise _TooMuchError
        self._unused.pop(event.anchor, None)
        self._aliased += self._weights[event.anchor]
        if self._aliased > MAX_ALIASED_NODES:
            self._problems.add(
                "too-many-aliases",
                self._span(event),
                f"expected aliases to unfold to at most {MAX_ALIASED_NODES} values, found more",
            )
            raise _TooMuchError
        return node

    def _key(self, node: AnyNode) -> Scalar:
        if isinstance(node, Scalar):
            return node if node.value else Scalar("", node.start, node.end)
        self._problems.add(
            "key-not-text",
            node.span(self._source.name),
            "expected a field name, found a list or a mapping",
            hint="a value that begins with { or [ needs quotes",
        )
        return Scalar("", node.start, node.end)

    def _put(self, parent: Mapping, key: Scalar, value: AnyNode) -> None:
        name = str(key.value)
        if name in parent.keys:
            first = parent.keys[name].span(self._source.name)
            self._problems.add(
                "duplicate-key",
                key.span(self._source.name),
                f'expected "{name}" once, found it again',
                hint="keep one of the two",
                related=[Related(first, "the first one is here")],
            )
            return
        parent.keys[name] = key
        parent.values[name] = value


def _report_syntax_error(source: SourceFile, error: yaml.MarkedYAMLError, problems: Problems) -> None:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    message = f"{error.problem or 'this is not YAML'}"
    whole = f"{message} {error.context or ''}"
    hint = None
    if "escape" in message:
        hint = "a backslash in double quotes is an escape; use single quotes or a | block"
    elif "mapping values are not allowed" in message:
        hint = 'quote a text that contains ": ", or write it as a | block'
    elif "found character that cannot start any token" in message:
        hint = "indent with spaces, and quote a text that begins with @, ` or %"
    elif any(
        word in whole
        for word in ("block mapping", "block collection", "flow", "alias", "anchor", "simple key")
    ):
        hint = "check the indentation and the colon; a text that begins with a quote, [, {, * or & needs quotes or a | block"
    related = []
    if error.context and error.context_mark is not None and error.context_mark.line != line:
        at = error.context_mark
        related = [Related(source.span(at.line + 1, at.column + 1), str(error.context))]
    problems.add("yaml-syntax", source.span(line + 1, column + 1), message, hint=hint, related=related)
