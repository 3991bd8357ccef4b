"""Text to words: normalised, stemmed, each with its place in the text and whether it is denied there.

Spelling is made one (British and American, contractions, chat shorthand, invisible characters), a word gets its
stem and the groups of near-synonyms it belongs to, and a "not" marks the words it governs within its clause.
Card texts and answers are read by the same rules, so a rule that is odd is at least odd on both sides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import snowballstemmer

from deckwright.study.opposites import CARRY_NOT, GROUPS

_STEMMER = snowballstemmer.stemmer("english")


def words_of(words: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(words.split())


def _by_form(bases: dict[str, str]) -> dict[str, str]:
    return {form: base for base, forms in bases.items() for form in forms.split()}


SHORT: dict[str, str] = {
    "abs": "absolute",
    "acc": "accuracy",
    "approx": "approximately",
    "attn": "attention",
    "avg": "average",
    "avgs": "averages",
    "backprop": "backpropagation",
    "bc": "because",
    "calc": "calculate",
    "ci": "confidence interval",
    "ckpt": "checkpoint",
    "coef": "coefficient",
    "coeff": "coefficient",
    "col": "column",
    "cols": "columns",
    "cond": "conditional",
    "cos": "because",
    "cuz": "because",
    "cv": "cross validation",
    "db": "database",
    "dedup": "deduplicate",
    "diff": "difference",
    "dim": "dimension",
    "dims": "dimensions",
    "dist": "distribution",
    "distr": "distribution",
    "dunno": "do not know",
    "dup": "duplicate",
    "dupes": "duplicates",
    "dups": "duplicates",
    "eg": "example",
    "emb": "embedding",
    "embs": "embeddings",
    "eps": "epsilon",
    "est": "estimate",
    "eval": "evaluation",
    "exp": "experiment",
    "fdr": "false discovery rate",
    "feat": "feature",
    "feats": "features",
    "fn": "false negative",
    "fns": "false negatives",
    "fp": "false positive",
    "fpr": "false positive rate",
    "fps": "false positives",
    "freq": "frequency",
    "gd": "gradient descent",
    "gen": "generation",
    "gonna": "going to",
    "govt": "government",
    "grad": "gradient",
    "grads": "gradients",
    "hi": "high",
    "hyperparams": "hyperparameters",
    "info": "information",
    "inv": "inverse",
    "lr": "learning rate",
    "max": "maximum",
    "mem": "memory",
    "min": "minimum",
    "minibatch": "mini batch",
    "minibatches": "mini batches",
    "msg": "message",
    "msgs": "messages",
    "neg": "negative",
    "negs": "negatives",
    "nn": "neural network",
    "num": "number",
    "obs": "observations",
    "oom": "out of memory",
    "param": "parameter",
    "params": "parameters",
    "pct": "%",
    "percent": "%",
    "perf": "performance",
    "pos": "positive",
    "pp": "percentage points",
    "ppl": "people",
    "prec": "precision",
    "pred": "prediction",
    "preds": "predictions",
    "prob": "probability",
    "probs": "probabilities",
    "prod": "production",
    "reg": "regularisation",
    "rel": "relative",
    "req": "request",
    "reqs": "requests",
    "rf": "random forest",
    "roundoff": "rounding",
    "sd": "standard deviation",
    "se": "standard error",
    "sem": "standard error",
    "sig": "significant",
    "sqrt": "square root",
    "srm": "sample ratio mismatch",
    "stats": "statistics",
    "std": "standard deviation",
    "stdev": "standard deviation",
    "temp": "temperature",
    "thru": "through",
    "tmp": "temporary",
    "tn": "true negative",
    "tns": "true negatives",
    "tp": "true positive",
    "tpr": "true positive rate",
    "tps": "true positives",
    "ttl": "time to live",
    "u": "you",
    "val": "validation",
    "vals": "values",
    "var": "variance",
    "vec": "vector",
    "wo": "without",
}

# Two words that mean one: the first by its stem, so that "turned off" and "rolling back" are here too.
PAIRED: dict[tuple[str, str], str] = {
    ("a", "lot"): "many",
    ("ab", "test"): "abtest",
    ("add", "up"): "sum",
    ("at", "random"): "randomly",
    ("blow", "up"): "explode",
    ("calcul", "again"): "recompute",
    ("cut", "off"): "threshold",
    ("due", "to"): "because",
    ("find", "out"): "discover",
    ("give", "up"): "abandon",
    ("go", "down"): "decrease",
    ("go", "up"): "increase",
    ("had", "to"): "must",
    ("has", "to"): "must",
    ("have", "to"): "must",
    ("hold", "back"): "withhold",
    ("hold", "out"): "withhold",
    ("set", "asid"): "withhold",
    ("put", "asid"): "withhold",
    ("keep", "asid"): "withhold",
    ("keep", "back"): "withhold",
    ("key", "valu"): "keyvalue",
    ("leav", "out"): "exclude",
    ("left", "out"): "exclude",
    ("narrow", "down"): "filter",
    ("roll", "back"): "rollback",
    ("go", "back"): "rollback",
    ("say", "back"): "repeat",
    ("set", "off"): "trigger",
    ("step", "size"): "rate",
    ("switch", "off"): "disable",
    ("throw", "away"): "discard",
    ("throw", "out"): "discard",
    ("time", "out"): "timeout",
    ("turn", "off"): "disable",
    ("up", "front"): "upfront",
    ("leav", "on"): "enable",
    ("stay", "on"): "enable",
    ("switch", "on"): "enable",
    ("turn", "on"): "enable",
    ("bounc", "back"): "recover",
    ("bring", "down"): "decrease",
    ("build", "up"): "accumulate",
    ("cancel", "out"): "cancel",
    ("come", "down"): "decrease",
    ("die", "down"): "fade",
    ("die", "out"): "fade",
    ("even", "out"): "average",
    ("averag", "out"): "average",
    ("fall", "back"): "fallback",
    ("figur", "out"): "discover",
    ("give", "back"): "return",
    ("hand", "out"): "give",
    ("look", "up"): "lookup",
    ("pile", "up"): "accumulate",
    ("ramp", "up"): "increase",
    ("round", "off"): "rounding",
    ("rule", "out"): "exclude",
    ("run", "out"): "exhaust",
    ("shut", "down"): "stop",
    ("speed", "up"): "accelerate",
    ("sweet", "spot"): "optimum",
    ("wear", "off"): "fade",
    ("write", "down"): "write",
    ("note", "down"): "write",
    ("spread", "out"): "spread",
    ("warm", "up"): "warm",
}

_FORMS: dict[str, str] = _by_form(
    {
        "become": "became",
        "begin": "began begun",
        "break": "broke broken",
        "bring": "brought",
        "build": "built",
        "center": "centre centred centres",
        "choose": "chose chosen",
        "come": "came",
        "draw": "drew drawn",
        "fall": "fell fallen",
        "feel": "felt",
        "find": "found",
        "fit": "fits fitted",
        "forget": "forgot forgotten",
        "get": "got gotten",
        "give": "gave given",
        "go": "went gone",
        "grow": "grew grown",
        "helpful": "useful",
        "hide": "hid hidden",
        "hold": "held",
        "keep": "kept",
        "know": "knew known",
        "launch": "production",
        "lead": "led",
        "learn": "learnt",
        "leave": "left",
        "lose": "lost",
        "make": "made",
        "meter": "metre metres",
        "pay": "paid",
        "probable": "likely",
        "rise": "rose risen",
        "run": "ran",
        "say": "said",
        "see": "saw seen",
        "send": "sent",
        "shrink": "shrank shrunk shrunken",
        "sound": "reasonable valid",
        "spend": "spent",
        "stable": "stability",
        "take": "took taken",
        "tell": "told",
        "think": "thought",
        "wake": "woke woken",
        "win": "won",
        "write": "wrote written",
    }
)

# Adjectives whose "-er" and "-est" the stemmer leaves.
_COMPARED = words_of(
    "bright broad cheap clean clear cold cool dark deep dense full hard heavy hot lax light long loose narrow new "
    "old poor quick rare rich rough safe short simple slow smart smooth soft steep strict strong thick thin tight "
    "warm weak wide young"
)


def _compared(word: str) -> Iterator[str]:
    root = word[:-1] if word.endswith("e") else word[:-1] + "i" if word.endswith("y") else word
    for end in ("er", "est"):
        yield root + end
        yield root + root[-1] + end


_FORMS |= {form: word for word in _COMPARED for form in _compared(word)}

STOP = words_of(
    "a about also am an and any are as at be been being believe but by can could d did do does doing done "
    "even for from get guess had has have having he her here him his hm hmm how i if in into is it its "
    "itself just let lets like ll m may maybe me means might mine my no nor not of oh ok on one "
    "onto or our per perhaps please quite rather re really s shall she should so some something "
    "sth such t than that the their them there these they thing think this those to too um us ve very "
    "via was we well were what whether which will with would yeah yep yes you your yours"
)
# Words that everybody uses of everything: evidence, but little.
COMMON = words_of(
    "only more after again against all already always another answer anything around ask back bad because before "
    "better between both case change check come common data day different do down each easy else end "
    "enough error errors ever every everything example expect fact far feature features few find first "
    "fit give go good great hard help high idea important input keep kind know large last later learn "
    "leave less level little long look lot low make many mean means model more most move much must need "
    "never new next nothing now number off often old once open order other out output over own part "
    "people place point problem put question read reason result right run same sample say score scores "
    "see seem set show side simple since small solution start state still stop sum sure system take "
    "talk tell test then thing time train training true try turn two under until up use user usual "
    "value want way when where while who whole why without word work wrong year"
)

NEGATORS = words_of(
    "barely cannot hardly lack lacks neither never no nobody none nor not nothing nowhere scarcely without"
)
# What follows "not" without denying anything: "not only", "not sure whether", "no matter how".
_NOT_DENYING = words_of("certain doubt idea just matter merely necessarily only simply sure until")
_BREAKS = words_of(
    "although and because but hence however if instead otherwise rather since so then therefore though "
    "thus unless when where whereas which while who"
)
_BLAME = words_of("answer bottleneck case cause culprit explanation issue limit point problem reason")
_SCOPE = 14

_TOKEN = re.compile(
    r"p\s*\(\s*[^\W\d_]{1,8}\s*[|∣]\s*[^\W\d_]{1,8}\s*\)|p\s*\(\s*[^\W\d_]\s*\)"
    r"|\d+(?:[.,]\d+)*|[^\W\d_]+\d*(?:'[^\W\d_]+)?|[%&]|\n|[-=]+>|[.!?;:,()\[\]{}—–]|(?<=\s)-(?=\s)"
)
_PREFIX = re.compile(
    r"\b(pre|re|over|under|non|co|multi)[-‐](?=[^\W\d_]{3})|\b(over|under)\s(?=fit)|\b(real)[- ](?=time)"
)
_DOTTED = re.compile(r"\b([ie])\.\s?([eg])\.")
_ISE = re.compile(r"(?<=..)is(e|es|ed|ing|ation|ations|er|ers)$")
_YSE = re.compile(r"(?<=al)ys(e|es|ed|ing)$")
_DOUBLE_L = re.compile(r"(?<=abe|ode|nce|eve|ave|nne|gna|ota)ll(?=ed$|ing$|er$|ers$)")
_OUR = re.compile(r"(?<=...)our(?=$|s$|ed$|ing$|al$|ite$|able$)")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: its stem, its groups, its place, and how it stands there."""

    stem: str
    keys: frozenset[str]
    """The stem and the groups it belongs to."""
    text: str
    """The word as normalised, before stemming."""
    start: int
    end: int
    sentence: int
    clause: int
    stop: bool
    negated: bool = False
    asked: bool = False
    """Whether its sentence ends in a question mark."""


def same_spelling(word: str) -> str:
    """American spelling, irregular forms as their base; the word as it is where no rule applies."""
    word = _FORMS.get(word, word)
    if len(word) < 5:
        return word
    word = _ISE.sub(r"iz\1", word)
    word = _YSE.sub(r"yz\1", word)
    word = _DOUBLE_L.sub("l", word)
    return _OUR.sub("or", word)


@lru_cache(maxsize=50_000)
def stem_of(word: str) -> str:
    """The stem of a normalised word."""
    word = same_spelling(word)
    if len(word) < 3 or not word.isascii() or len(word) > 40:
        return word[:40]
    return str(_STEMMER.stemWord(word))


def _groups() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, members in GROUPS.items():
        for member in members.split():
            found.setdefault(stem_of(member), set()).add(name)
    return {stem: frozenset(names) for stem, names in found.items()}


_GROUPS_OF = _groups()
_STOP_STEMS = frozenset(map(stem_of, STOP))
COMMON_STEMS = frozenset(map(stem_of, COMMON))
KNOWN = frozenset(_GROUPS_OF) | _STOP_STEMS | COMMON_STEMS


def keys_of(stem: str) -> frozenset[str]:
    """The stem and the names of its groups."""
    return _GROUPS_OF.get(stem, frozenset()) | {stem}


def _normalise(text: str) -> tuple[str, list[int]]:
    """Lower case without marks and invisible characters, and for each character its place in the text."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    out: list[str] = []
    places: list[int] = []
    for i, char in enumerate(text):
        if char.isascii():
            out.append(char.lower())
            places.append(i)
            continue
        if unicodedata.category(char) == "Cf":
            continue
        for part in unicodedata.normalize("NFKD", char).casefold():
            if unicodedata.category(part) != "Mn":
                out.append("'" if part in "’ʼ`´" else part)
                places.append(i)
    return "".join(out), places


def _blank(match: re.Match[str]) -> str:
    # The same length, so that places stay right.
    return match[0].replace(".", " ")


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """Tokens with their places: words, numbers, and the marks that end clauses."""
    flat, places = _normalise(text)
    flat = _DOTTED.sub(_blank, flat)
    joined: dict[int, int] = {}
    for match in _PREFIX.finditer(flat):
        joined[match.end() - 1] = match.start()
    held: tuple[str, int] | None = None
    for match in _TOKEN.finditer(flat):
        piece, first, end = match[0], match.start(), match.end()
        if piece == "-" and end - 1 in joined:
            continue
        begin = places[first]
        if end in joined or (end < len(flat) and end in joined):
            held = (piece, begin)
            continue
        if held is not None:
            piece, begin, held = held[0] + piece, held[1], None
        yield piece, begin, places[end - 1] + 1


def read(text: str, repair: Callable[[str], str] | None = None) -> tuple[Word, ...]:
    """The words of a text in order; ``repair`` may put a known word in the place of a misspelt one."""
    words: list[Word] = []
    sentence = clause = 0
    first_of_sentence = 0

    def close(*, asked: bool) -> None:
        nonlocal sentence, clause, first_of_sentence
        if asked:
            for i in range(first_of_sentence, len(words)):
                words[i] = replace(words[i], asked=True)
        sentence, clause, first_of_sentence = sentence + 1, clause + 1, len(words)

    pieces = _paired(list(_pieces(text)))
    for i, (piece, start, end) in enumerate(pieces):
        if piece in (".", "!", "?", ";", "\n"):
            # A dot inside "x.y" or after an initial ends nothing.
            if piece != "." or i + 1 == len(pieces) or pieces[i + 1][1] > end:
                close(asked=piece == "?")
            continue
        if not (piece[0].isalnum() or piece in "%&"):
            clause += 1
            continue
        for part in _expand(piece):
            word = repair(part) if repair is not None else part
            if word in _BREAKS:
                clause += 1
            flipped = CARRY_NOT.get(same_spelling(word))
            stem = stem_of(flipped or word)
            words.append(
                Word(
                    stem,
                    keys_of(stem),
                    word,
                    start,
                    end,
                    sentence,
                    clause,
                    stop=flipped is None and (word in STOP or word in NEGATORS),
                    negated=flipped is not None,
                )
            )
    return tuple(_deny(words))


_PARTICLES = frozenset(("off", "on", "out", "up", "down", "back", "away"))


def _paired(pieces: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """The pieces with "a/b test", "switch off" and their like as one word each."""
    found: list[tuple[str, int, int]] = []
    for piece, start, end in pieces:
        if found:
            before, first, _ = found[-1]
            if piece == "b" and before == "a":
                found[-1] = ("ab", first, end)
                continue
            at = -1
            if before in ("it", "them", "that", "these", "those") and len(found) > 1 and piece in _PARTICLES:
                at = -2
            one = PAIRED.get((stem_of(found[at][0]), piece if piece in _PARTICLES else stem_of(piece)))
            if one is not None:
                found[at:] = [(one, found[at][1], end)]
                continue
        found.append((piece, start, end))
    return found


def _expand(piece: str) -> list[str]:
    if "'" in piece:
        head, _, tail = piece.partition("'")
        if tail == "t":
            return [{"ca": "can", "wo": "will", "sha": "shall"}.get(head[:-1], head[:-1]), "not"]
        return [head] if tail in ("s", "re", "ve", "ll", "d", "m") else [head, tail]
    if piece in _UNMARKED:
        return [_UNMARKED[piece], "not"]
    if piece == "cannot":
        return ["can", "not"]
    if piece in SHORT:
        return SHORT[piece].split()
    if piece[0] == "p" and "(" in piece:
        return ["".join(piece.split()).replace("∣", "|")]
    return [piece]


_UNMARKED = {
    f"{verb}nt": verb for verb in sorted(words_of("do does did is are was were would could should has have"))
}
_UNMARKED |= {"cant": "can", "wont": "will"}


def _deny(words: list[Word]) -> list[Word]:
    """Flip the words that a "not" governs: up to the end of its clause, or a "not the reason" behind them."""
    flips = [0] * len(words)
    for i, word in enumerate(words):
        of = i + 1 < len(words) and words[i + 1].text in ("of", "than")
        if word.text in ("instead", "rather") and of:
            _flip(words, flips, i + 2, word.clause)
        if word.text not in NEGATORS:
            continue
        if word.text in ("nothing", "nobody", "none") and i > 0 and words[i - 1].clause == word.clause:
            flips[i - 1] += 1
            if word.text == "nothing" and i + 1 < len(words) and words[i + 1].text in ("about", "of", "on"):
                _flip(words, flips, i + 1, word.clause)
            continue
        after = [w.text for w in words[i + 1 : i + 4]]
        if after and (after[0] in _NOT_DENYING or (len(after) > 1 and after[1] in ("sure", "certain"))):
            continue
        if word.text == "not" and len(after) > 2 and after[2] in ("sure", "certain"):
            continue
        if word.text == "not" and after and after[0] == "know" and i > 0:
            continue
        if any(text in _BLAME for text in after) and i > 0 and words[i - 1].text in ("is", "are", "was"):
            for j in range(i - 2, max(-1, i - _SCOPE), -1):
                if words[j].clause != word.clause:
                    break
                flips[j] += 1
            continue
        if i > 0 and words[i - 1].text == "need":
            flips[i - 1] += 1
        _flip(words, flips, i + 1, word.clause)
    return [replace(w, negated=not w.negated) if n % 2 else w for w, n in zip(words, flips, strict=True)]


def _flip(words: list[Word], flips: list[int], first: int, clause: int) -> None:
    for j in range(first, min(len(words), first + _SCOPE)):
        if words[j].clause != clause:
            break
        flips[j] += 1
