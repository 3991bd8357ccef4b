"""The verdict on a formula, and its picture, from the MathJax that Anki itself runs.

MathJax comes as plain JavaScript files inside the package `sphinx-mathjax-offline` (of which nothing
is imported) and runs in QuickJS, an interpreter without files, network or clock. So a formula
can ask for nothing, and neither a browser nor node is needed.
"""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    _Argument = str | bool | float

# What Anki bundles. Another release may judge differently, so start-up refuses it.
MATHJAX_VERSION = "3.2.2"
# To be raised whenever the JavaScript below or a limit changes a verdict or a picture.
_WRAPPER_VERSION = 1

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
# threads' work is counted too and an ordinary formula takes two milliseconds.
_CPU_SECONDS = 5.0
# The interpreter stops at the first number; the thread has the second. The gap is what keeps a
# formula nested ten thousand deep an error and not a crash.
_JS_STACK_BYTES = 4 * 1024 * 1024
_THREAD_STACK_BYTES = 16 * 1024 * 1024

_COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class FormulaFailure:
    """Why a formula would not show in Anki: a verdict to report, in lower case and without full stop."""

    message: str


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
        self, latex: str, *, display: bool, em: float = 16.0, ink: str = "currentColor"
    ) -> str | FormulaFailure:
        """Draw the formula as an SVG document of its own: `em` pixels to the em, `ink` for the glyphs.

        It holds shapes only: no links, scripts, styles, ids or addresses. Letters that MathJax has no
        outline for (`é`, `漢`, blackboard digits) remain text and need a font. The root's
        `vertical-align` tells how far the picture hangs below the line. Fails whenever `check` does.
        """
        if not _COLOUR.fullmatch(ink):
            message = f"ink must be a colour name or #rrggbb, not {ink!r}"
            raise ValueError(message)
        return self._ask("svg", latex, display, em, ink)

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
        if self._machine is None:
            self._machine = _Machine()
        try:
            return self._machine.call(task, latex, *arguments)
        except _ExhaustedError as exhausted:
            # Whatever was interrupted may have left MathJax half-way; starting anew costs 0.1 s.
            self._retire()
            return FormulaFailure(str(exhausted))

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
        context.eval(_BRIDGE)
        # Only now: the limit is for each call, and start-up must not depend on a busy machine.
        context.set_time_limit(_CPU_SECONDS)
        self._context = context
        self._run = context.get("deckwright")

    def call(self, task: str, latex: str, *arguments: _Argument) -> str | FormulaFailure:
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

_BRIDGE = r"""
"use strict";
var deckwright = (() => {
  const { adaptors, components, core, handlers, input, mathjax, output } = MathJax._;

  // Anki: everything in the full build but "textmacros", and "\require" for what is bundled.
  const packages = ["require", ...input.tex.AllPackages.AllPackages]
    .filter((name) => name !== "textmacros");
  // These two turn an error into red text and go on. Here they are only pretended to be present.
  const lenient = ["noerrors", "noundefined"];

  class Refusal extends Error {}
  const refuse = (message) => { throw new Refusal(message); };

  components.loader.Loader.load = (name) => refuse(
    `extension ${name.replace("[tex]/", "")} is not part of Anki's MathJax`);
  const adaptor = adaptors.liteAdaptor.liteAdaptor();
  handlers.html_ts.RegisterHTMLHandler(adaptor);
  const painter = new output.svg_ts.SVG({
    fontCache: "none", font: new output.svg.fonts.tex_ts.TeXFont(),
  });
  const finder = new input.tex.FindTeX.FindTeX({
    inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"]],
    processEscapes: false, processEnvironments: false, processRefs: false,
  });

  // --- verdict ---------------------------------------------------------------------------------

  function compile(latex, display) {
    // A new input processor for every formula, so that no definition outlives it (1 ms).
    const tex = new input.tex_ts.TeX({
      packages: packages.filter((name) => !lenient.includes(name)),
      formatError: (_, error) => { throw error; },
    });
    tex.parseOptions.packageData.get("require").required.push(...lenient);
    const page = mathjax.mathjax.document("", { InputJax: tex, OutputJax: painter });
    const item = new page.options.MathItem(latex, tex, display);
    item.start.node = adaptor.body(page.document);
    item.setMetrics(16, 8, 1280, 1e6, 1);
    for (let attempt = 0; ; attempt++) {
      try {
        item.compile(page);
        break;
      } catch (error) {
        // "\require" of an extension with a preprocessor asks for a second run, once.
        if (!error?.retry || attempt) throw error;
      }
    }
    item.root.walkTree(inspect);
    findable(latex, display);
    return { item, page };
  }

  const LENGTHS = [
    "width", "height", "depth", "voffset", "lspace", "rspace", "minsize", "maxsize", "mathsize",
    "linethickness", "rowspacing", "columnspacing", "framespacing", "columnwidth",
  ];
  const MAX_EM = 1000;
  const EMS = { em: 1, ex: 0.5, px: 0.06, pt: 0.1, pc: 1.2, cm: 2.8, mm: 0.28, in: 7.2, mu: 0.06, "%": 0.01 };

  function inspect(node) {
    if (node.kind === "merror") refuse(node.attributes.get("data-mjx-error") || "error in the formula");
    if (!node.attributes) return;
    const given = node.attributes.getAllAttributes();
    for (const name of LENGTHS) {
      for (const [, number, unit] of String(given[name] ?? "").matchAll(/([\d.]+(?:e\d+)?)([a-z%]*)/gi)) {
        if (!(number * (EMS[unit] ?? 1) <= MAX_EM)) refuse(`length ${number}${unit} is too large`);
      }
    }
  }

  // What compiles alone may not even be seen as a formula on a page: a lone "\" at the end takes
  // the closing delimiter with it, and a brace in a comment counts.
  function findable(latex, display) {
    const text = display ? `\\[${latex}\\]` : `\\(${latex}\\)`;
    const [found] = finder.findMath([text]);
    if (!found || found.start.n !== 0 || found.end.n !== text.length) {
      refuse(`MathJax finds no end of the formula: look for a "\\" at the end or a brace in a comment`);
    }
  }

  // --- picture ---------------------------------------------------------------------------------

  // A page is as wide as its window and puts tags at its edge; a picture has no window. So a tag
  // becomes one more column, and a width in per cent is dropped.
  function unlabel(table, factory) {
    const given = table.attributes.getAllAttributes();
    for (const name of ["width", "columnwidth"]) {
      if (/%|fit/.test(given[name] ?? "")) delete given[name];
    }
    const rows = table.childNodes;
    if (!rows.some((row) => row.kind === "mlabeledtr")) return;
    const cells = (row) => (row.kind === "mlabeledtr" ? row.childNodes.slice(1) : row.childNodes);
    const columns = Math.max(...rows.map((row) => cells(row).length));
    const widened = (name, length, last) => {
      const old = String(table.attributes.get(name)).trim().split(/\s+/);
      const list = Array.from({ length }, (_, i) => old[Math.min(i, old.length - 1)]);
      table.attributes.set(name, [...list, last].join(" "));
    };
    widened("columnalign", columns, "right");
    widened("columnspacing", columns - 1, "2em");
    table.setChildren(rows.map((row) => {
      if (row.kind !== "mlabeledtr") return row;
      const filler = Array.from({ length: columns - cells(row).length }, () => factory.create("mtd"));
      return factory.create("mtr", {}, [...cells(row), ...filler, row.childNodes[0]]);
    }));
  }

  // A toggle or a tooltip is drawn as the part that shows first.
  const unwrap = (node) => {
    (node.childNodes ?? []).forEach((child, i) => {
      let shown = child;
      while (shown?.kind === "maction") shown = shown.selected;
      if (shown !== child) { node.childNodes[i] = shown; shown.parent = node; }
      if (shown) unwrap(shown);
    });
  };

  function flatten(item) {
    const { root } = item;
    unwrap(root);
    const tables = [];
    root.walkTree((node) => { if (node.kind === "mtable") tables.push(node); });
    tables.forEach((table) => unlabel(table, root.factory));
    root.setInheritedAttributes({}, item.display, 0, false);
    root.setTeXclass(null);
  }

  const SHAPES = ["svg", "g", "path", "rect", "line", "ellipse", "circle", "polygon", "polyline", "text"];
  const TRAITS = [
    "d", "transform", "x", "y", "width", "height", "viewBox", "preserveAspectRatio", "points",
    "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fill", "stroke", "stroke-width",
    "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "font-size", "font-family", "font-style",
    "font-weight",
  ];
  // No value of these traits needs a colon, a quote or a "url(".
  const HARMLESS = /^(?!.*url)[\w\s.,#%()+-]*$/i;
  // What MathJax says in a style sheet about the lines of a table.
  const RULES = {
    "mjx-solid": {}, "mjx-dashed": { "stroke-dasharray": "140" },
    "mjx-dotted": { "stroke-dasharray": "0 140", "stroke-linecap": "round" },
  };

  const escape = (text) => Array.from(text, (character) =>
    /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]$/u.test(character)
      ? ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[character] ?? character)
      : "\ufffd").join("");

  function xml(node, ink, out) {
    const kind = adaptor.kind(node);
    if (kind === "#text") return void out.push(escape(adaptor.value(node)));
    const link = kind === "a";
    const skipped = !link && !SHAPES.includes(kind);
    const invisible = adaptor.getAttribute(node, "data-hitbox") || adaptor.getAttribute(node, "data-id-align");
    if (skipped || invisible) return;
    const traits = {};
    for (const { name, value } of link ? [] : adaptor.allAttributes(node)) {
      if (TRAITS.includes(name) && HARMLESS.test(value)) traits[name] = value;
    }
    if (adaptor.getAttribute(node, "data-line") || adaptor.getAttribute(node, "data-frame")) {
      const rule = RULES[adaptor.getAttribute(node, "class")] ?? {};
      Object.assign(traits, { "stroke-width": "70", fill: "none" }, rule);
    }
    const name = link ? "g" : kind;
    out.push("<", name);
    for (const [key, value] of Object.entries(traits)) {
      out.push(` ${key}="${escape(value === "currentColor" ? ink : value)}"`);
    }
    out.push(">");
    adaptor.childNodes(node).forEach((child) => xml(child, ink, out));
    out.push(`</${name}>`);
  }

  function draw(latex, display, em, ink) {
    const { item, page } = compile(latex, display);
    flatten(item);
    item.typeset(page);
    const svg = adaptor.firstChild(item.typesetRoot);
    const box = (adaptor.getAttribute(svg, "viewBox") ?? "").split(" ").map(Number);
    if (box.length !== 4 || !box.every((number) => Math.abs(number) <= MAX_EM * 1000)) {
      refuse("the picture of the formula would be too large");
    }
    // A hair of room, for slanted letters and strokes that lean out of their boxes.
    const [left, top, width, height] = [box[0] - 40, box[1] - 40, box[2] + 80, box[3] + 80];
    const pixels = (units) => `${Math.round(units * em) / 1000}`;
    const out = [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels(width)}" height="${pixels(height)}"`,
      ` viewBox="${left} ${top} ${width} ${height}" style="vertical-align: ${pixels(-(top + height))}px">`,
    ];
    adaptor.childNodes(svg).forEach((child) => xml(child, ink, out));
    out.push("</svg>");
    return out.join("");
  }

  const tasks = {
    check: (latex, display) => { compile(latex, display); return ""; },
    svg: draw,
  };
  return (task, ...args) => {
    try {
      return JSON.stringify({ svg: tasks[task](...args) });
    } catch (error) {
      // MathJax's own errors have an id. Others: its bugs, or the interpreter's limits; for want of
      // memory there may not even be an error to throw.
      if (error === null) return JSON.stringify({ exhausted: "memory" });
      if (error instanceof Refusal || error.id) return JSON.stringify({ failure: `${error.message}` });
      if (error instanceof RangeError || error instanceof InternalError) {
        return JSON.stringify({ exhausted: `${error.message}` });
      }
      return JSON.stringify({ failure: `MathJax cannot handle it (${error.message})` });
    }
  };
})();
"""
