"""A formula's tree as Unicode text: strictly, where it reads well, and in one line, for who cannot see.

The strict reading refuses whatever a reader would have to decode: what is stacked, and scripts of which
a character has no raised or lowered form. The linear reading writes all of it, with slashes and carets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile

from deckwright.render.formula import MathNode

VERSION = 3
"""Raised whenever the same tree would give other text; part of every cache key."""

MAX_TEXT = 80
"""Longer formulas are pictures: on a phone they would take more than two lines."""
MAX_BRACKETS = 4
MAX_SCRIPT = 6

ORDINARY, OPERATOR, BINARY, RELATION, OPENING, CLOSING, PUNCTUATION, INNER = range(8)
SPACE = 8
"""A class of ours: a space that the author asked for."""

_ROWS = {"math", "inferredMrow", "mrow", "mstyle", "mpadded", "mtd"}
_LARGE = set("∑∏∐∫∬∭∮⋃⋂⋁⋀⨁⨂⨆")
_BRACES = set("⏞⏟⎴⎵⏠⏡")
_OPENERS = ("(", "[", "{", "⟨", "⌊", "⌈")
_CLOSERS = (")", "]", "}", "⟩", "⌋", "⌉")
_SIGNS = {
    "∣": "|", "∥": "‖", "⋅": "·", "∗": "*", "≔": ":=", "\u2061": "", "\u2062": "", "\u2063": "", "\u2064": "",
}  # fmt: skip
_SUPERSCRIPTS = dict(
    zip(
        "0123456789+−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ⊤*′″‴∘†°",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡᵀ*′″‴°†°",
        strict=True,
    )
)
_SUBSCRIPTS = dict(
    zip(
        "0123456789+−=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
# ϕ is how MathJax writes \phi; the raised and lowered forms know one letter only.
_SUPERSCRIPTS["ϕ"] = "ᵠ"
_SUBSCRIPTS["ϕ"] = "ᵩ"
_ACCENTS = {
    "^": ("\u0302", "hat"), "~": ("\u0303", "tilde"), "¯": ("\u0304", "bar"), "―": ("\u0304", "bar"),
    "‾": ("\u0304", "bar"), "˙": ("\u0307", "dot"), "¨": ("\u0308", "ddot"),
    "ˇ": ("\u030c", "check"), "´": ("\u0301", "acute"), "`": ("\u0300", "grave"), "˘": ("\u0306", "breve"),
    "→": ("\u20d7", "vec"),
}  # fmt: skip
_HOLES = {
    "𝒝": "ℬ", "𝒠": "ℰ", "𝒡": "ℱ", "𝒣": "ℋ", "𝒤": "ℐ", "𝒧": "ℒ", "𝒨": "ℳ", "𝒭": "ℛ", "𝒺": "ℯ", "𝒼": "ℊ",
    "𝓄": "ℴ", "𝔆": "ℭ", "𝔋": "ℌ", "𝔌": "ℑ", "𝔕": "ℜ", "𝔝": "ℨ", "𝔺": "ℂ", "𝔿": "ℍ", "𝕅": "ℕ", "𝕇": "ℙ",
    "𝕈": "ℚ", "𝕉": "ℝ", "𝕑": "ℤ",
}  # fmt: skip
"""Styled letters that Unicode had before it gave the others a block."""
_LETTERS = {"bold": 0x1D400, "script": 0x1D49C, "fraktur": 0x1D504, "double-struck": 0x1D538}


_VULGAR = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾"}


class _UnreadableError(Exception):
    """The formula would not read well as text."""


@dataclass(frozen=True, slots=True)
class _Atom:
    """A piece of text and how TeX would space it."""

    text: str
    tex_class: int = ORDINARY
    word: bool = False
    """Whether it is a name of several letters, which must not run into its neighbours."""
    sign: bool = False
    """Whether it is a plus or minus that belongs to what follows."""


_Parts = Sequence[Sequence[_Atom]]
"""A table's cell: the atoms of each thing in it, none for a thing that is not seen."""


def as_text(node: MathNode) -> str | None:
    """The formula as text that reads well, or None where it needs a picture."""
    try:
        text = _plain_fraction(node) or _Writer(strict=True).text(node)
    except _UnreadableError:
        return None
    return text if text and len(text) <= MAX_TEXT and _depth(text) <= MAX_BRACKETS else None


def linear(node: MathNode) -> str:
    """The formula in one line, whatever is in it: for alternative texts."""
    return _Writer(strict=False).text(node)


def _plain_fraction(node: MathNode) -> str | None:
    """A fraction of two single signs that is the whole formula: `1/n` reads as well in a line."""
    core = _core(node)
    if core.kind != "mfrac" or core.size.startswith("0"):
        return None
    over, under = (_core(child) for child in core.children)
    if over.kind not in ("mi", "mn") or under.kind not in ("mi", "mn"):
        return None
    writer = _Writer(strict=True)
    text = f"{writer.text(over)}/{writer.text(under)}"
    return _VULGAR.get(text, text)


def _depth(text: str) -> int:
    deepest = depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    return deepest


class _Writer:
    """Writes a tree; a strict writer gives up where the text would have to be decoded."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict

    def text(self, node: MathNode) -> str:
        """The whole of a node as one text."""
        return unicodedata.normalize("NFC", _join(self._atoms(node)))

    def _unreadable(self) -> None:
        if self._strict:
            raise _UnreadableError

    def _atoms(self, node: MathNode) -> list[_Atom]:
        kind = node.kind
        if kind in _ROWS:
            return [atom for child in node.children for atom in self._atoms(child)]
        if kind == "TeXAtom":
            return self._group(node)
        if kind in ("mi", "mn", "mo", "mtext", "ms"):
            return self._leaf(node)
        if kind == "mspace":
            return _space(node.size)
        if kind in ("msub", "msup", "msubsup"):
            return [self._scripts(node)]
        if kind in ("munder", "mover", "munderover"):
            return [self._stacked(node)]
        if kind in ("msqrt", "mroot"):
            return [self._root(node)]
        if kind == "none":
            return []
        if kind == "mfrac" and self._strict and (vulgar := _plain_fraction(node)) in _VULGAR.values():
            return [_Atom(str(vulgar), INNER)]
        if kind == "mtable":
            return self._table(node)
        self._unreadable()
        return self._unstacked(node)

    def _group(self, node: MathNode) -> list[_Atom]:
        inner = [atom for child in node.children for atom in self._atoms(child)]
        if not inner:
            return []
        text = _join(inner)
        tex_class = ORDINARY if node.tex_class in (-1, ORDINARY, 8) else node.tex_class
        if text in _OPENERS or text in _CLOSERS:
            # To TeX a bracket after \\big is an ordinary sign; to a reader it opens or closes all the same.
            tex_class = OPENING if text in _OPENERS else CLOSING
        return [_Atom(text, tex_class, word=len(inner) == 1 and inner[0].word)]

    def _leaf(self, node: MathNode) -> list[_Atom]:
        text = "".join(child.text for child in node.children)
        if node.kind in ("mtext", "ms"):
            text = re.sub(r"[\s\u00a0]+", " ", text)
            if not text.strip():
                return [_Atom(" ", SPACE)]
            return [_Atom(text)]
        if node.kind == "mo":
            text = "".join(_SIGNS.get(char, char) for char in text)
        else:
            text = _styled(text, node.variant)
        if not text:
            return []
        tex_class = max(node.tex_class, ORDINARY)
        word = node.kind == "mi" and len(text) > 1 and text.isalpha() and text.isascii()
        return [_Atom(text, tex_class, word)]

    def _scripts(self, node: MathNode) -> _Atom:
        base, *scripts = node.children
        sub = scripts[0] if node.kind != "msup" else None
        sup = scripts[-1] if node.kind != "msub" else None
        written = self._base(base)
        core = _core(base)
        text = written.text
        if text in _LARGE:
            self._unreadable()
        elif core.kind in ("msup", "msubsup") or (core.kind == "msub" and sub is not None):
            self._unreadable()
            text = f"({text})"
        if sub is not None:
            text += self._script(sub, _SUBSCRIPTS, "_")
        if sup is not None:
            text += self._script(sup, _SUPERSCRIPTS, "^")
        return replace(written, text=text, word=False)

    def _base(self, node: MathNode) -> _Atom:
        atoms = self._atoms(node)
        core = _core(node)
        scripted = core.kind in ("msup", "msubsup")
        if len(atoms) == 1 and (atoms[0].tex_class == OPERATOR or _is_single(core) or scripted):
            return atoms[0]
        if _core(node).tex_class == INNER and atoms[0].tex_class == OPENING:
            return _Atom(_join(atoms))
        self._unreadable()
        return _Atom(f"({_join(atoms)})")

    def _script(self, node: MathNode, table: dict[str, str], mark: str) -> str:
        text = self.text(node)
        bare = text.replace(" ", "")
        if not bare:
            return ""
        if len(bare) <= MAX_SCRIPT and all(char in table for char in bare):
            return "".join(table[char] for char in bare)
        self._unreadable()
        return mark + (bare if len(bare) == 1 or (bare.isascii() and bare.isalnum()) else f"({_tight(text)})")

    def _stacked(self, node: MathNode) -> _Atom:
        base, *scripts = node.children
        if len(scripts) == 1:
            mark = self._sign(scripts[0])
            if node.kind == "munder" and mark in ("_", "―"):
                return self._accented(base, "\u0332", "underlined")
            if node.kind == "mover" and mark in _ACCENTS:
                return self._accented(base, *_ACCENTS[mark])
            if mark in _BRACES:
                self._unreadable()
                return _Atom(_bracketed(self.text(base)))
        self._unreadable()
        atoms = self._atoms(base)
        text = _join(atoms) if len(atoms) == 1 else _bracketed(_join(atoms))
        if node.kind != "mover":
            text += self._script(scripts[0], {}, "_")
        if node.kind != "munder":
            text += self._script(scripts[-1], {}, "^")
        return _Atom(text, atoms[0].tex_class if len(atoms) == 1 else ORDINARY)

    def _sign(self, node: MathNode) -> str:
        core = _core(node)
        return "".join(child.text for child in core.children) if core.kind == "mo" else ""

    def _accented(self, base: MathNode, combining: str, name: str) -> _Atom:
        core = _core(base)
        text = self.text(base)
        if core.kind == "mi" and len(text) == 1 and text.isalpha() and ord(text) < 0x10000:
            return _Atom(unicodedata.normalize("NFC", text + combining))
        self._unreadable()
        return _Atom(f"{name}({text})")

    def _root(self, node: MathNode) -> _Atom:
        inside = self._atoms(node.children[0])
        text = _join(inside)
        if len([atom for atom in inside if atom.tex_class != SPACE]) > 1:
            text = f"({text})"
        if node.kind == "msqrt":
            return _Atom(f"√{text}")
        degree = self.text(node.children[1])
        if degree in ("3", "4"):
            return _Atom(("∛" if degree == "3" else "∜") + text)
        self._unreadable()
        return _Atom(f"({text})^(1/{degree})")

    def _unstacked(self, node: MathNode) -> list[_Atom]:
        """What only the linear reading writes: fractions, and whatever else there may be."""
        if node.kind == "mfrac":
            over, under = (self.text(child) for child in node.children)
            if node.size.startswith("0"):
                return [_Atom(f"{over} over {under}")]
            return [_Atom(f"{_bracketed(over)}/{_bracketed(under, product=True)}", INNER)]
        if node.kind == "mphantom":
            return []
        if node.kind == "deep":
            return [_Atom("…")]
        return [atom for child in node.children for atom in self._atoms(child)]

    def _table(self, node: MathNode) -> list[_Atom]:
        """A broken line in one piece; of several lines only the linear reading is written."""
        lines: list[list[_Atom]] = []
        for row in node.children:
            cells = [self._parts(cell) for cell in row.children]
            filled = [cell for cell in cells if _join(_flat(cell))]
            if lines and len(filled) == 1 and _goes_on(filled[0]):
                lines[-1] += dropwhile(lambda atom: atom.tex_class == SPACE, _flat(filled[0]))
            elif filled:
                lines.append(self._row(filled))
        if len(lines) == 1:
            return lines[0]
        self._unreadable()
        return [_Atom("; ".join(_join(line).rstrip(",") for line in lines))]

    def _row(self, cells: Sequence[_Parts]) -> list[_Atom]:
        """The cells of a table's row; in aligned equations they are parts of one line."""
        aligned = any(map(_goes_on, cells[1:]))
        row = _flat(cells[0])
        for cell in cells[1:]:
            last = next((atom.text for atom in reversed(row) if atom.tex_class != SPACE), "")
            if not aligned and last != ",":
                self._unreadable()
                row.append(_Atom(",", PUNCTUATION))
            row += _flat(cell)
        return row

    def _parts(self, cell: MathNode) -> _Parts:
        inner = cell
        while inner.kind in _ROWS and len(inner.children) == 1:
            inner = inner.children[0]
        return [self._atoms(part) for part in (inner.children if inner.kind in _ROWS else (inner,))]


def _flat(cell: _Parts) -> list[_Atom]:
    return [atom for part in cell for atom in part]


def _goes_on(cell: _Parts) -> bool:
    """Whether a cell begins with a sign between two things, of which the first stands before the cell."""
    after_nothing = False
    for part in cell:
        if part and part[0].tex_class != SPACE:
            sign = part[0].tex_class
            # In a matrix a minus belongs to its number; between lines TeX wants an empty thing before it.
            return sign == RELATION or (sign == BINARY and after_nothing)
        after_nothing = after_nothing or not part
    return False


def _core(node: MathNode) -> MathNode:
    """The node itself, without the groups around it."""
    while (node.kind in _ROWS or (node.kind == "TeXAtom" and node.tex_class <= 0)) and len(
        node.children
    ) == 1:
        node = node.children[0]
    return node


def _is_single(node: MathNode) -> bool:
    """Whether a script set on the node would be read as belonging to all of it."""
    return node.kind in ("mi", "mn", "mo", "mtext", "msub", "mover") or (
        node.kind == "TeXAtom" and node.tex_class in (OPERATOR, OPENING, CLOSING)
    )


def _tight(text: str) -> str:
    """A script's text without the spaces around signs, so that it stays together."""
    return re.sub(r" ?([=<>≤≥+−∈,→]) ?", r"\1", text)


def _space(size: str) -> list[_Atom]:
    found = re.match(r"([+-]?[\d.]+)", size)
    width = float(found[1]) if found else 0.0
    if width <= 0:
        return []
    return [_Atom("\u2003" if width >= 1 else " ", SPACE)]


def _bracketed(text: str, *, product: bool = False) -> str:
    """The text in brackets, unless it is one thing."""
    one = re.fullmatch(r"√?[\w\u0300-\u036f\u20d7′*]+|√?\([^()]*\)", text)
    return text if one and not (product and _is_product(text)) else f"({text})"


def _is_product(text: str) -> bool:
    """Whether several letters or a number and letters stand side by side."""
    return re.fullmatch(r"\d+|[^\W\d][\u0300-\u036f₀-ₜᵢⱼᵣᵤᵥ⁰-ⁿ²³¹]*(_\w)?|√.*|\(.*", text) is None


def _styled(text: str, variant: str) -> str:
    """Letters in the style that carries meaning; italics and upright ones are plain."""
    style = "script" if "calligraphic" in variant or "script" in variant else variant.removesuffix("-italic")
    if "bold" in variant and style not in _LETTERS:
        style = "bold"
    if style not in _LETTERS or (len(text) > 1 and style == "bold"):
        return text
    return "".join(_style(char, style) for char in text)


def _style(char: str, style: str) -> str:
    if "A" <= char <= "Z":
        made = chr(_LETTERS[style] + ord(char) - ord("A"))
    elif "a" <= char <= "z":
        made = chr(_LETTERS[style] + 26 + ord(char) - ord("a"))
    elif style == "bold" and "Α" <= char <= "Ω":
        made = chr(0x1D6A8 + ord(char) - ord("Α"))
    elif style == "bold" and "α" <= char <= "ω":
        made = chr(0x1D6C2 + ord(char) - ord("α"))
    elif style == "double-struck" and char.isascii() and char.isdigit():
        made = chr(0x1D7D8 + int(char))
    else:
        return char
    return _HOLES.get(made, made)


def _join(atoms: Sequence[_Atom]) -> str:
    """The atoms in a row, spaced as a reader expects."""
    row = _bars_as_relations(atoms)
    out: list[str] = []
    last: _Atom | None = None
    asked = ""
    for i, atom in enumerate(row):
        if atom.tex_class == SPACE:
            asked = max(asked, atom.text)
            continue
        current = atom
        if atom.tex_class == BINARY and (_is_unary_after(last) or _nothing_follows(row, i)):
            current = replace(atom, tex_class=ORDINARY, sign=True)
        if last is not None and last.tex_class != OPENING and current.tex_class not in (CLOSING, PUNCTUATION):
            space = asked or (" " if _spaced(last, current) else "")
            if space and not (out[-1].endswith(" ") or current.text.startswith(" ")):
                out.append(space)
        out.append(current.text.lstrip(" ") if out and out[-1].endswith(" ") else current.text)
        last, asked = current, ""
    return "".join(out).strip(" \u2003") if len(out) != 1 else "".join(out)


def _bars_as_relations(atoms: Sequence[_Atom]) -> list[_Atom]:
    """A lone ``|`` between brackets means "given": two are a norm or an absolute value."""
    row = list(atoms)
    groups: list[list[int]] = [[]]
    for i, atom in enumerate(row):
        if atom.tex_class == OPENING:
            groups.append([])
        elif atom.tex_class == CLOSING and len(groups) > 1:
            bars = groups.pop()
            if len(bars) == 1:
                row[bars[0]] = replace(row[bars[0]], tex_class=RELATION)
        elif atom.text == "|" and atom.tex_class == ORDINARY:
            groups[-1].append(i)
    return row


def _is_unary_after(last: _Atom | None) -> bool:
    return last is None or last.tex_class in (OPERATOR, BINARY, RELATION, OPENING, PUNCTUATION)


def _nothing_follows(row: Sequence[_Atom], at: int) -> bool:
    following = next((atom for atom in row[at + 1 :] if atom.tex_class != SPACE), None)
    return following is None or following.tex_class in (RELATION, CLOSING, PUNCTUATION)


def _spaced(left: _Atom, right: _Atom) -> bool:
    classes = {left.tex_class, right.tex_class}
    if left.sign:
        return False
    if classes & {RELATION, BINARY, INNER} or left.tex_class == PUNCTUATION:
        return True
    if left.tex_class == OPERATOR:
        return right.tex_class != OPENING or left.text[0] in _LARGE
    if right.tex_class == OPERATOR:
        return True
    if left.word or right.word:
        return classes == {ORDINARY} and (left.text[-1:] + right.text[:1]).isalnum()
    return False
