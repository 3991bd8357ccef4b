"""What each code means, at length: the pages in ``explain/``, one a code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

from deckwright.diagnostics import CODES

_SECTION = re.compile(r"^## (Wrong|Right)\n+```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code explained: what it means and why it matters, a wrong sample and a right one.

    Samples are YAML or, where YAML cannot show it, plain text. A comment that is only a path
    (``# theory/trees.yaml``) begins a file; a sample without one is a list of cards.
    """

    title: str
    body: str
    wrong: str
    right: str


def explanation(code: str) -> Explanation | None:
    """The page of a code, or None for a word that is no code."""
    if code not in CODES:
        return None
    page = resources.files("deckwright").joinpath("explain", f"{code}.md")
    return parse(CODES[code].title, page.read_text("utf-8"))


def parse(title: str, page: str) -> Explanation:
    """Read a page: a heading, the body, ``## Wrong``, ``## Right``, and perhaps how to get there.

    What stands below the right sample is the last paragraph of the body.

    Raises:
        ValueError: if the page lacks one of its samples.
    """
    text = page.replace("\r\n", "\n")
    samples = {name: sample for name, _, sample in _SECTION.findall(text)}
    if samples.keys() != {"Wrong", "Right"}:
        raise ValueError(f'expected "## Wrong" and "## Right" with a sample each, found {sorted(samples)}')
    rest = _SECTION.sub("", text)
    body = re.sub(r"\A# .*\n", "", rest)
    return Explanation(title, re.sub(r"\n{3,}", "\n\n", body).strip(), samples["Wrong"], samples["Right"])
