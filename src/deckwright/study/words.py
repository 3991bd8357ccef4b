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

from deckwright.study.opposites import CARRY_NOT

_STEMMER = snowballstemmer.stemmer("english")

# Near-synonyms. A word may stand in several groups: "drop" is LOW in "errors drop", REMOVE in "drop the rows".
GROUPS: dict[str, str] = {
    "HIGH": "high higher highest large larger largest big bigger biggest great greater huge increase increases "
    "rise rising raise raises grow grows growth inflate amplify more explode up massive enormous upwards",
    "LOW": "low lower lowest lowers small smaller smallest little tiny decrease reduce reduction shrink shrinks fall "
    "drop cut cuts less least decline diminish negligible minimise down lessen weaken barely scale-down",
    "VANISH": "vanish disappear fade die zero evaporate dies gone",
    "MANY": "many multiple several numerous lots plenty various lot repeated",
    "FEW": "few fewer handful couple single",
    "FAST": "fast faster fastest quick quickly quicker quickest rapid rapidly instantly immediately",
    "DELAY": "delay late later lag wait latency delayed slow slowly slower slowest stuck hold-up",
    "STRONG": "strong stronger strongest powerful accurate",
    "WEAK": "weak weaker weakest poor poorly bad shallow",
    "SAME": "same identical equal equally alike similar match matches constant unchanged",
    "DIFFERENT": "different differ differs differently difference distinct other another vary varies mismatch disagree",
    "CONSTANT": "constant fixed fix steady always",
    "KEEP": "keep keeps stay stays remain remains retain preserve hold holds still maintain leave",
    "REMOVE": "remove delete drop erase exclude omit discard skip mask ablate ablation occlude occlusion perturb throw",
    "CHANGE": "change alter modify shift move moves replace adjust rescale correct update",
    "BEFORE": "before beforehand previous previously earlier prior upfront advance preceding",
    "AFTER": "after afterwards subsequently following next then",
    "WRONG": "wrong mistaken faulty flawed bad broken complain objection object",
    "SOUND": "sound correct fine right good agree ok okay valid solid reasonable accept legit great",
    "USE": "use apply employ utilise",
    "PERSON": "person people user customer individual client human someone anybody somebody",
    "TRAIN": "train fit learn train trained fitted retrain refit",
    "PREDICT": "predict forecast prediction output",
    "CHECK": "check verify audit review inspect examine validate test validation",
    "SPLIT": "split divide partition separate fold",
    "ERROR": "error mistake failure fault",
    "CHOOSE": "choose pick select draw decide decision choice determine",
    "AVERAGE": "average mean expectation expected expect",
    "STOP": "stop end kill abandon halt quit terminate ended drop give-up",
    "ALL": "all every each whole entire complete full everything both",
    "RANDOM": "random randomly randomise randomised chance arbitrary",
    "REASON": "why reason because cause explain trigger due",
    "GOAL": "goal objective target aim purpose metric criterion success",
    "OWN": "own owner responsible ownership charge accountable",
    "ASSUME": "assume assumption suppose guess estimate hypothesis",
    "EXAMPLE": "example case instance concrete",
    "DATA": "data dataset sample row example",
    "MEMORY": "memory ram",
    "RANK": "rank ranking order ordering sort",
    "ROC": "roc auc auroc",
    "SHARE": "share fraction proportion percentage ratio part",
    "FEATURE": "feature input variable predictor covariate column attribute",
    "WEIGHT": "weight coefficient parameter",
    "LAUNCH": "launch ship deploy release production live serve serving online inference",
    "RECENT": "recent recently last latest",
    "TIME": "time period hour window slot",
    "NOTICE": "notice detect spot discover find catch see reveal",
    "LABEL": "label annotate annotation",
    "OUTCOME": "outcome result truth actual label ground",
    "HELP": "help improve benefit gain profit",
    "GOOD": "good helpful valuable better",
    "LEAK": "leak leakage contaminate contamination spill spillover overlap",
    "RANDOMTEST": "experiment trial rct abtest",
    "PROBABILITY": "probability likelihood chance probable odds",
    "STABLE": "stable stability robust",
    "PREVENT": "prevent avoid safeguard protect guard",
    "IMPORTANT": "important importance matter relevant informative helpful signal",
    "EXTRA": "additional extra further",
    "MAKE": "make create build produce generate",
    "SPEED": "speed quick fast",
    "REVERT": "revert rollback undo",
    "MONTH": "month week year",
    "SCALE": "scale unit normalise normalised rescale divide",
    "CANCEL": "cancel invariant",
    "INTERACT": "click interaction",
    "HARD": "hard difficult challenge challenging problem tough",
    "BASIC": "trivial constant majority dummy naive baseline",
    "FAULT": "fault blame guilty",
    "STALE": "stale outdated old expired",
    "DISABLE": "disable off deactivate inactive",
    "MODEL": "model classifier network net learner algorithm predictor regressor estimator",
    "ITEM": "item product listing article document",
    "PAYMENT": "payment transaction purchase order",
    "TOKEN": "token word",
    "VECTOR": "vector embedding representation",
    "OVERFITTING": "overfit memorise memorisation",
    "NOISE": "noise noisy stochastic",
    "GRADIENT": "gradient derivative slope",
    "PENALTY": "penalty penalise regularise regularisation regulariser",
    "FILTER": "filter prune preselect shortlist",
    "THRESHOLD": "threshold cutoff",
    "ALERT": "alert alarm warning page",
    "MONITOR": "monitor track watch observe",
    "COST": "cost expensive price expense",
    "CAUSE": "cause causal lead effect impact influence affect",
    "PRECOMPUTE": "precompute cache precalculate",
    "SCHEDULED": "schedule cron nightly batch offline",
    "STREAM": "stream kafka flink online realtime",
    "TWICE": "twice duplicate double copy",
    "MISSING": "missing null nan empty blank absent unavailable gap",
    "DEFAULT": "default fallback",
    "START": "start begin initial initially initialise",
    "REPEAT": "repeat iterate loop again",
    "TOTAL": "aggregate sum count total",
    "FLEXIBLE": "flexible complex capacity complicated",
    "INTERPRET": "interpret explain explanation understand interpretable",
    "BUSINESS": "stakeholder manager business client",
    "TEAM": "team colleague coworker teammate",
    "HONEST": "honest frank transparent admit open",
    "CONFLICT": "disagree conflict argue dispute disagreement",
    "NUMBER": "number quantify measure figure metric",
    "PROPOSE": "propose suggest offer proposal suggestion",
    "CONVINCE": "convince persuade",
    "WRITE": "write document note",
    "SIMPLE": "simple simpler plain easy basic",
    "SHARED": "share common joint",
    "NEAR": "near close nearby",
    "CRASH": "crash outage incident down",
    "RETURN": "return come back",
}

SHORT: dict[str, str] = {
    "abs": "absolute",
    "acc": "accuracy",
    "approx": "approximately",
    "avg": "average",
    "bc": "because",
    "coef": "coefficient",
    "cond": "conditional",
    "cos": "because",
    "cuz": "because",
    "cv": "cross validation",
    "db": "database",
    "diff": "difference",
    "dim": "dimension",
    "dims": "dimensions",
    "distr": "distribution",
    "dist": "distribution",
    "dunno": "do not know",
    "eg": "example",
    "exp": "experiment",
    "fdr": "false discovery rate",
    "feat": "feature",
    "feats": "features",
    "fn": "false negative",
    "fp": "false positive",
    "fpr": "false positive rate",
    "gd": "gradient descent",
    "grad": "gradient",
    "grads": "gradients",
    "gonna": "going to",
    "hi": "high",
    "hyperparams": "hyperparameters",
    "info": "information",
    "inv": "inverse",
    "lr": "learning rate",
    "max": "maximum",
    "mem": "memory",
    "min": "minimum",
    "oom": "out of memory",
    "param": "parameter",
    "params": "parameters",
    "pct": "%",
    "percent": "%",
    "pp": "percentage points",
    "pred": "prediction",
    "preds": "predictions",
    "prob": "probability",
    "probs": "probabilities",
    "reg": "regularisation",
    "rf": "random forest",
    "sd": "standard deviation",
    "srm": "sample ratio mismatch",
    "std": "standard deviation",
    "stdev": "standard deviation",
    "tpr": "true positive rate",
    "ttl": "time to live",
    "thru": "through",
    "u": "you",
    "val": "validation",
    "var": "variance",
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
    ("leav", "on"): "enable",
    ("stay", "on"): "enable",
    ("switch", "on"): "enable",
    ("turn", "on"): "enable",
}

_FORMS: dict[str, str] = {
    form: base
    for base, forms in {
        "become": "became",
        "begin": "began begun",
        "helpful": "useful",
        "probable": "likely",
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
        "hide": "hid hidden",
        "hold": "held",
        "keep": "kept",
        "know": "knew known",
        "lead": "led",
        "learn": "learnt",
        "leave": "left",
        "lose": "lost",
        "make": "made",
        "meter": "metre metres",
        "pay": "paid",
        "rise": "rose risen",
        "run": "ran",
        "say": "said",
        "see": "saw seen",
        "send": "sent",
        "shrink": "shrank shrunk shrunken",
        "spend": "spent",
        "stable": "stability",
        "take": "took taken",
        "tell": "told",
        "think": "thought",
        "wake": "woke woken",
        "win": "won",
        "write": "wrote written",
    }.items()
    for form in forms.split()
}

STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "it",
        "its",
        "itself",
        "i",
        "me",
        "my",
        "mine",
        "you",
        "your",
        "yours",
        "we",
        "us",
        "our",
        "he",
        "him",
        "his",
        "she",
        "her",
        "they",
        "them",
        "their",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "am",
        "do",
        "does",
        "did",
        "doing",
        "done",
        "has",
        "have",
        "had",
        "having",
        "will",
        "would",
        "shall",
        "should",
        "can",
        "could",
        "may",
        "might",
        "must",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "with",
        "as",
        "into",
        "onto",
        "and",
        "or",
        "if",
        "than",
        "such",
        "there",
        "here",
        "so",
        "too",
        "very",
        "just",
        "also",
        "only",
        "even",
        "really",
        "quite",
        "rather",
        "s",
        "t",
        "re",
        "ve",
        "ll",
        "d",
        "m",
        "not",
        "no",
        "nor",
        "what",
        "which",
        "how",
        "whether",
        "any",
        "some",
        "get",
        "let",
        "lets",
        "ok",
        "well",
        "oh",
        "hmm",
        "hm",
        "um",
        "yes",
        "yeah",
        "yep",
        "please",
        "maybe",
        "perhaps",
        "think",
        "believe",
        "guess",
        "sth",
        "something",
        "thing",
        "one",
        "about",
        "like",
        "via",
        "per",
    ]
)
# Words that everybody uses of everything: evidence, but little.
COMMON = frozenset(
    [
        "all",
        "always",
        "answer",
        "anything",
        "ask",
        "back",
        "bad",
        "because",
        "before",
        "better",
        "both",
        "case",
        "change",
        "check",
        "common",
        "come",
        "data",
        "day",
        "different",
        "do",
        "easy",
        "each",
        "end",
        "enough",
        "every",
        "everything",
        "example",
        "fact",
        "few",
        "find",
        "first",
        "fit",
        "give",
        "go",
        "good",
        "great",
        "hard",
        "help",
        "high",
        "idea",
        "important",
        "kind",
        "know",
        "large",
        "last",
        "later",
        "learn",
        "less",
        "level",
        "little",
        "long",
        "look",
        "lot",
        "low",
        "make",
        "many",
        "mean",
        "model",
        "more",
        "most",
        "much",
        "need",
        "never",
        "new",
        "next",
        "nothing",
        "now",
        "number",
        "often",
        "old",
        "open",
        "order",
        "other",
        "out",
        "over",
        "own",
        "part",
        "people",
        "place",
        "point",
        "problem",
        "put",
        "question",
        "reason",
        "result",
        "right",
        "same",
        "see",
        "set",
        "show",
        "simple",
        "since",
        "small",
        "solution",
        "start",
        "state",
        "still",
        "stop",
        "sure",
        "system",
        "take",
        "tell",
        "test",
        "then",
        "thing",
        "time",
        "true",
        "try",
        "turn",
        "two",
        "under",
        "up",
        "use",
        "user",
        "usual",
        "value",
        "want",
        "way",
        "when",
        "where",
        "while",
        "who",
        "why",
        "without",
        "word",
        "work",
        "wrong",
        "year",
        "after",
        "again",
        "against",
        "already",
        "another",
        "around",
        "between",
        "down",
        "end",
        "else",
        "ever",
        "far",
        "keep",
        "leave",
        "move",
        "off",
        "once",
        "read",
        "run",
        "say",
        "seem",
        "side",
        "talk",
        "until",
        "whole",
        "training",
        "train",
        "sample",
        "sum",
        "input",
        "output",
        "score",
        "scores",
        "feature",
        "features",
        "error",
        "errors",
        "mean",
        "means",
        "expect",
    ]
)

NEGATORS = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "neither",
        "nor",
        "without",
        "hardly",
        "barely",
        "scarcely",
        "nothing",
        "nobody",
        "cannot",
        "lack",
        "lacks",
        "nowhere",
    ]
)
# What follows "not" without denying anything: "not only", "not sure whether", "no matter how".
_NOT_DENYING = frozenset(
    ["only", "just", "merely", "simply", "sure", "certain", "necessarily", "matter", "doubt", "idea", "until"]
)
_BREAKS = frozenset(
    [
        "but",
        "because",
        "since",
        "so",
        "therefore",
        "while",
        "whereas",
        "although",
        "though",
        "however",
        "hence",
        "thus",
        "unless",
        "if",
        "then",
        "otherwise",
        "and",
        "when",
        "where",
        "which",
        "who",
        "rather",
        "instead",
    ]
)
_BLAME = frozenset(
    [
        "reason",
        "cause",
        "problem",
        "issue",
        "case",
        "limit",
        "bottleneck",
        "point",
        "explanation",
        "culprit",
        "answer",
    ]
)
_SCOPE = 9

_TOKEN = re.compile(
    r"p\s*\(\s*[^\W\d_]{1,8}\s*[|∣]\s*[^\W\d_]{1,8}\s*\)|p\s*\(\s*[^\W\d_]\s*\)"
    r"|\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?|[%&]|\n|[-=]+>|[.!?;:,()\[\]{}—–]|(?<=\s)-(?=\s)"
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


def _raw(text: str) -> Iterator[tuple[str, int, int]]:
    """Tokens with their places: words, numbers, and the marks that end clauses."""
    flat, places = _normalise(text)
    flat = _DOTTED.sub(_blank, flat)
    joined: dict[int, int] = {}
    for match in _PREFIX.finditer(flat):
        joined[match.end() - 1] = match.start()
    held: tuple[str, int] | None = None
    for match in _TOKEN.finditer(flat):
        token, first, end = match[0], match.start(), match.end()
        if token == "-" and end - 1 in joined:
            continue
        begin = places[first]
        if end in joined or (end < len(flat) and end in joined):
            held = (token, begin)
            continue
        if held is not None:
            token, begin, held = held[0] + token, held[1], None
        yield token, begin, places[end - 1] + 1


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

    tokens = _paired(list(_raw(text)))
    for i, (token, start, end) in enumerate(tokens):
        if token in (".", "!", "?", ";", "\n"):
            # A dot inside "x.y" or after an initial ends nothing.
            if token != "." or i + 1 == len(tokens) or tokens[i + 1][1] > end:
                close(asked=token == "?")
            continue
        if not (token[0].isalnum() or token in "%&"):
            clause += 1
            continue
        for part in _expand(token):
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


def _paired(tokens: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """The tokens with "a/b test", "switch off" and their like as one word each."""
    found: list[tuple[str, int, int]] = []
    for token, start, end in tokens:
        if found:
            before, first, _ = found[-1]
            if token == "b" and before == "a":
                found[-1] = ("ab", first, end)
                continue
            one = PAIRED.get((stem_of(before), token if token in ("off", "on", "out") else stem_of(token)))
            if one is not None:
                found[-1] = (one, first, end)
                continue
        found.append((token, start, end))
    return found


def _expand(token: str) -> list[str]:
    if "'" in token:
        head, _, tail = token.partition("'")
        if tail == "t":
            return [{"ca": "can", "wo": "will", "sha": "shall"}.get(head[:-1], head[:-1]), "not"]
        return [head] if tail in ("s", "re", "ve", "ll", "d", "m") else [head, tail]
    if token in _UNMARKED:
        return [_UNMARKED[token], "not"]
    if token == "cannot":
        return ["can", "not"]
    if token in SHORT:
        return SHORT[token].split()
    if token[0] == "p" and "(" in token:
        return ["".join(token.split()).replace("∣", "|")]
    return [token]


_UNMARKED = {
    f"{verb}nt": verb
    for verb in ["do", "does", "did", "is", "are", "was", "were", "would", "could", "should", "has", "have"]
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
        _flip(words, flips, i + 1, word.clause)
    return [replace(w, negated=not w.negated) if n % 2 else w for w, n in zip(words, flips, strict=True)]


def _flip(words: list[Word], flips: list[int], first: int, clause: int) -> None:
    for j in range(first, min(len(words), first + _SCOPE)):
        if words[j].clause != clause:
            break
        flips[j] += 1
