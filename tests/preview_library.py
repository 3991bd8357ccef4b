"""What the tests of the preview share: a library of all kinds, a hostile one, and a page being served."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deckwright.preview.running import Session, serving
from libraries import library, write

NOW = 1_790_000_000

CARDS = r"""
- id: forests
  kind: recall
  core: true
  front: Why does a random forest with $B$ trees have less variance than $\hat f$ alone?
  back: |
    Averaging lowers it.

    For equal correlation it is $\rho\sigma^2 + \frac{1-\rho}{B}\sigma^2$.
  key_points: [{say: Averaging lowers $\sigma^2$, words: [average, mean]}]
  red_flags: [{claim: It lowers the bias, why: The bias stays.}]
- id: gradient
  kind: cloze
  text: 'A gradient is {{c1::steepest}} and $\nabla {{c2::f}}$ is a {{c1::vector::kind}}.'
- id: options
  kind: choice
  level: hard
  front: Which is right?
  options:
    - {text: This one, right: true, why: It is.}
    - {text: Not this, why: It is not.}
"""

HOSTILE = r"""
- id: script
  kind: recall
  front: <script>alert(1)</script><img src=x onerror=alert(2)> ![x" onerror="alert(3)](missing.png)
  back: |
    </script><script>alert(4)</script> [link](javascript:alert(5)) <svg onload=alert(6)> {{#Front}}{{FrontSide}}

    `</code><iframe srcdoc="<script>alert(7)</script>">` "><style>body{display:none}</style>
  tags: ['<b>&']
  sources: ['[a](javascript:alert(8)) <a href="https://example.org" onclick="alert(9)">']
  key_points: [{say: '<img src=x onerror=alert(10)>', words: ['</script><script>alert(11)</script>']}]
- id: chatty
  kind: choice
  front: '**<script>alert(12)</script>** [x](javascript:alert(13)) <!--<script>'
  options:
    - {text: '<img src=x onerror=alert(14)>', right: true, why: '</script><script>alert(15)</script>'}
    - {text: 'x" onmouseover="alert(16)', why: '$\href{javascript:alert(17)}{x}$ $\style{color:red;background:url(http://example.org/x)}{y}$'}
- id: gaps
  kind: cloze
  text: 'A {{c1::"><script>alert(18)</script>::"><img src=x onerror=alert(19)>}} and $\text{</script><script>alert(20)</script>{{c2::x}}}$'
"""


def small(root: Path) -> Path:
    """A library with a card of some kinds."""
    return library(root, CARDS)


def hostile(root: Path) -> Path:
    """A library whose author wants to run a script in the page."""
    head = "title: '</title><script>alert(21)</script>'\nnamespace: test\ndecks: [main]\n"
    return library(root, HOSTILE, deck="title: '<img src=x onerror=alert(22)>'\n", head=head)


def replace(root: Path, old: str, new: str) -> None:
    """Change the topic as an editor would: the whole file at once."""
    path = root / "main/topic.yaml"
    text = path.read_text("utf-8")
    assert old in text
    write(root, {"main/topic.yaml": text.replace(old, new)})


@contextmanager
def served(root: Path) -> Iterator[Session]:
    """A page being served and watched, as the command does it."""
    with serving(root, NOW) as session:
        watcher = threading.Thread(target=lambda: list(session.watch()), daemon=True)
        watcher.start()
        yield session
