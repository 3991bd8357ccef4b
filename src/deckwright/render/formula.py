"""The verdict on a formula, and its picture, from the MathJax that Anki itself runs.

MathJax comes as plain JavaScript files inside the package `sphinx-mathjax-offline` (of which nothing
is imported) and runs in QuickJS, an interpreter without files or network. So a formula
can ask for nothing, and neither a browser nor node is needed.
"""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    _Argument = str | bool | float
    _Json = dict[str, Any]

# What Anki bundles. Another release may judge differently, so start-up refuses it.
MATHJAX_VERSION = "3.2.2"
# To be raised whenever the JavaScript below or a limit changes a verdict or a picture.
_WRAPPER_VERSION = 2

_WHEEL = "sphinx-mathjax-offline"
_SCRIPTS = (
    "loader.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex-full.js",
    "output/svg.js",
    "output/svg/fonts/tex.js",
)

# A formula of a card has some dozens of characters. MathJax itself stops at about as many when
# macros grow, and below this size the limits of time and memory are hardly ever what decides.
_MAX_CHARACTERS = 5_000
_MEMORY_BYTES = 256 * 1024 * 1024
# Seconds of processor time of the whole process, as QuickJS counts them: generous, because other
# threads' work is counted too and a rich formula takes ten milliseconds.
_CPU_SECONDS = 5.0
# What MathJax keeps of a formula is forgotten in the JavaScript below, but for some 2 KB; starting anew
# in time bounds that, and whatever else may leak, for 0.2 ms a formula.
_FORMULAS_A_MACHINE = 500
# The interpreter stops at the first number; the thread has the second. The gap is what keeps a
# formula nested ten thousand deep an error and not a crash.
_JS_STACK_BYTES = 4 * 1024 * 1024
_THREAD_STACK_BYTES = 16 * 1024 * 1024

_COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class FormulaFailure:
    """Why a formula would not show in Anki: a verdict to report, in lower case and without full stop.

    A verdict that is not ``lasting`` met a limit of time or memory and may fall differently on
    another day, so it is not to be kept.
    """

    message: str
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class MathNode:
    """One node of MathJax's MathML tree, which knows what plain MathML does not: each part's class in TeX.

    Leaves of ``kind`` ``text`` hold characters; ``none`` is an empty place, ``deep`` one that is cut off.
    """

    kind: str
    children: tuple[MathNode, ...] = ()
    text: str = ""
    tex_class: int = -1
    """0 ordinary, 1 operator, 2 binary, 3 relation, 4 opening, 5 closing, 6 punctuation, 7 inner."""
    variant: str = ""
    """The kind of letters, such as ``bold`` or ``double-struck``, where the formula says so."""
    size: str = ""
    """How wide a space is, or how thick a fraction's line, such as ``0.167em``, where the formula says so."""


class FormulaEngineUnavailableError(RuntimeError):
    """The parts that run MathJax are not installed, or are not the release Anki has."""


class FormulaEngine:
    """Judges and draws formulas, each one as if it were alone on its card.

    Any thread may call; the work is done one formula at a time on a thread of the engine's own, because
    an interpreter belongs to one thread and needs a deep stack. MathJax starts with the first formula.
    Macros, labels and colours that a formula defines are gone with it. Closing is final.
    """

    def __init__(self) -> None:
        """Promise nothing yet: MathJax loads with the first formula."""
        self._machine: _Machine | None = None
        self._thread = _deep_thread()

    @property
    def version(self) -> str:
        """What a cached result depends on: known without starting MathJax."""
        return f"mathjax-{MATHJAX_VERSION}-deckwright-{_WRAPPER_VERSION}"

    def check(self, latex: str, *, display: bool) -> FormulaFailure | None:
        r"""Say why Anki would show red, or raw text, for `\(latex\)` (display: `\[latex\]`), or None.

        Beyond Anki's own verdict, a formula fails that is too long, too deep, too slow or too large.
        """
        answer = self._ask("check", latex, display)
        return answer if isinstance(answer, FormulaFailure) else None

    def svg(
        self, latex: str, *, display: bool, em: float = 16.0, ink: str = "currentColor", room: float = 0.0
    ) -> str | FormulaFailure:
        """Draw the formula as an SVG document of its own: `em` pixels to the em, `ink` for the glyphs.

        It holds shapes only: no links, scripts, styles, ids or addresses. Letters that MathJax has no
        outline for (`é`, `漢`, blackboard digits) remain text and need a font. The root's
        `vertical-align` tells how far the picture hangs below the line. Fails whenever `check` does.
        A formula wider than `room` pixels (0: no limit) is broken at its outermost relations and operators,
        so far as it has them; it may remain wider.
        """
        if not _COLOUR.fullmatch(ink):
            message = f"ink must be a colour name or #rrggbb, not {ink!r}"
            raise ValueError(message)
        return self._ask("svg", latex, display, em, ink, room / em)

    def tree(self, latex: str, *, display: bool) -> MathNode | FormulaFailure:
        """Give the formula as a tree, for renderers that write it in another way. Fails whenever `check` does."""
        answer = self._ask("tree", latex, display)
        return answer if isinstance(answer, FormulaFailure) else _node(json.loads(answer))

    def rest(self) -> None:
        """Free the interpreter; the next formula starts another, which takes 0.1 s."""
        self._thread.submit(self._retire).result()

    def close(self) -> None:
        """Free the interpreter; a closed engine answers no more."""
        # The thread that made the interpreter is the one that must drop it.
        self._thread.submit(self._retire)
        self._thread.shutdown()

    def __enter__(self) -> Self:
        """Give the engine itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _ask(self, task: str, latex: str, *arguments: _Argument) -> str | FormulaFailure:
        if len(latex) > _MAX_CHARACTERS:
            return FormulaFailure(f"formula of {len(latex)} characters, more than {_MAX_CHARACTERS}")
        if "\0" in latex or any("\ud800" <= character <= "\udfff" for character in latex):
            return FormulaFailure("formula holds a character that is not text")
        return self._thread.submit(self._answer, task, latex, *arguments).result()

    def _answer(self, task: str, latex: str, *arguments: _Argument) -> str | FormulaFailure:
        if self._machine is None or self._machine.formulas == _FORMULAS_A_MACHINE:
            # Dropped before the next is made, so that two never stand side by side.
            self._retire()
            self._machine = _Machine()
        try:
            return self._machine.call(task, latex, *arguments)
        except _ExhaustedError as exhausted:
            # Whatever was interrupted may have left MathJax half-way; starting anew costs 0.1 s.
            self._retire()
            return FormulaFailure(str(exhausted), lasting=False)

    def _retire(self) -> None:
        self._machine = None


class _ExhaustedError(Exception):
    """A formula reached a limit; what stopped half-way is not to be used again."""


class _Context(Protocol):
    """The part of `quickjs.Context` that is used here; the package brings no types."""

    def eval(self, code: str) -> object: ...
    def get(self, name: str) -> Callable[..., str]: ...
    def set_memory_limit(self, limit: int) -> None: ...
    def set_time_limit(self, limit: float) -> None: ...
    def set_max_stack_size(self, limit: int) -> None: ...


class _QuickJs(Protocol):
    """The part of the module `quickjs` that is used here."""

    JSException: type[Exception]

    def Context(self) -> _Context: ...  # noqa: N802 (a class of theirs)


class _Machine:
    """One interpreter with MathJax in it; it must be made, asked and dropped on one thread."""

    def __init__(self) -> None:
        quickjs, scripts = _parts()
        self._js_error = quickjs.JSException
        context = quickjs.Context()
        context.set_memory_limit(_MEMORY_BYTES)
        context.set_max_stack_size(_JS_STACK_BYTES)
        context.eval(_BEFORE_MATHJAX)
        for script in scripts:
            context.eval(script)
        found = context.eval("MathJax.version")
        if found != MATHJAX_VERSION:
            message = f"expected MathJax {MATHJAX_VERSION}, found {found} in {_WHEEL}"
            raise FormulaEngineUnavailableError(message)
        context.eval((files(__package__) / "formula.js").read_text("utf-8"))
        # Only now: the limit is for each call, and start-up must not depend on a busy machine.
        context.set_time_limit(_CPU_SECONDS)
        self.formulas = 0
        self._run = context.get("deckwright")

    def call(self, task: str, latex: str, *arguments: _Argument) -> str | FormulaFailure:
        self.formulas += 1
        try:
            answer = json.loads(self._run(task, latex, *arguments))
        except self._js_error as error:
            # JavaScript catches what it can; what arrives here are limits it is not allowed to catch.
            raise _ExhaustedError(_limit_of(str(error))) from None
        match answer:
            case {"svg": str(svg)}:
                return svg
            case {"exhausted": str(reason)}:
                raise _ExhaustedError(_limit_of(reason))
            case {"failure": str(message)}:
                return FormulaFailure(_as_ours(message))
            case _:
                message = f"unexpected answer from the formula bridge: {answer!r}"
                raise AssertionError(message)


def _node(found: _Json) -> MathNode:
    return MathNode(
        kind=found["kind"],
        children=tuple(_node(child) for child in found.get("children", ())),
        text=found.get("text", ""),
        tex_class=found.get("texClass", -1),
        variant=found.get("variant", ""),
        size=found.get("size", ""),
    )


def _parts() -> tuple[_QuickJs, list[str]]:
    """Find the interpreter and MathJax's files, or name what is missing."""
    try:
        # Heavy and optional, hence not at the top; without types, hence the cast.
        quickjs = cast("_QuickJs", import_module("quickjs"))
        wheel = metadata.distribution(_WHEEL)
        paths = [wheel.locate_file(f"{_WHEEL}/static/mathjax/{name}") for name in _SCRIPTS]
        return quickjs, [Path(str(path)).read_text(encoding="utf-8") for path in paths]
    except (ImportError, OSError) as error:
        message = f"formulas need the packages quickjs-ng and {_WHEEL}: {error}"
        raise FormulaEngineUnavailableError(message) from error


def _deep_thread() -> ThreadPoolExecutor:
    """Give one thread whose stack is far larger than what JavaScript may use of it."""
    # Python knows only a size for all threads to come, and an executor starts its thread at the
    # first task: so set, start, set back.
    with _STACK_SIZE_LOCK:
        before = threading.stack_size(_THREAD_STACK_BYTES)
        try:
            executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="formula")
            executor.submit(int).result()
        finally:
            threading.stack_size(before)
    return executor


def _limit_of(error: str) -> str:
    """Name the limit that an interpreter's error speaks of."""
    if "interrupted" in error:
        return f"formula takes more than {_CPU_SECONDS:g} seconds"
    if "stack" in error:
        return "formula is nested too deeply"
    return "formula needs too much memory"


def _as_ours(message: str) -> str:
    """Fit a sentence of MathJax among our own: lower case, no full stop, characters that print."""
    text = message.encode("utf-8", "replace").decode("utf-8").rstrip(".")
    return text if text.startswith("MathJax") else text[:1].lower() + text[1:]


_STACK_SIZE_LOCK = threading.Lock()

# MathJax reads its settings from a global of this name. Nothing is to be loaded: all is there already.
_BEFORE_MATHJAX = """
var MathJax = { loader: { load: [], ready() {}, failed(error) { throw error; } } };
"""
