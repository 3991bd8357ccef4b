r"""Show the cards of a package in the real Anki desktop and take pictures of both sides.

    python tests/anki_desktop/shoot.py PACKAGE.apkg --out DIR [--card SEARCH ...]
           [--modes light,night] [--widths 900,360] [--unfold]

Anki comes from a virtual environment of its own (``--python``), made once with::

    python3.11 -m venv /tmp/aqt-venv && /tmp/aqt-venv/bin/pip install 'aqt[qt6]==26.9.3'
    apt-get install --no-install-recommends xvfb libegl1 libgl1 libnss3 libxcomposite1 libxdamage1 \
        libxrandr2 libxtst6 libasound2 libxkbcommon-x11-0 libxkbfile1 libdbus-1-3 libxcb-cursor0 \
        libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 \
        libxcb-randr0 libfontconfig1 fonts-dejavu-core fonts-roboto-unhinted fonts-noto-mono

The outer process starts Xvfb and Anki, waits at most ``--timeout`` seconds and stops both. Anki is
only driven: it opens a profile made for this run, its own reviewer draws every card, and nothing is
written outside a temporary folder and ``--out``. The exit code is 1 where a page has a finding (wider
than the window, maths not typeset or in error, a missing image, a script error), 2 where the run failed.
"""

# ruff: noqa: INP001, T201  a script to run by hand, which prints what it found

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PROFILE = "shoot"
STEP_SECONDS = 20
"""How long one step inside Anki (a page drawn, a state entered) may take."""
MAX_HEIGHT = 6000

FACTS = r"""(function () {
  var root = document.documentElement, qa = document.getElementById("qa");
  var walker = document.createTreeWalker(qa, NodeFilter.SHOW_TEXT), raw = [], node;
  while ((node = walker.nextNode())) {
    if (!/^(SCRIPT|STYLE|CODE)$/.test(node.parentNode.nodeName) && /\\[(\[]|\\[)\]]/.test(node.data)) {
      raw.push(node.data.trim().slice(0, 80));
    }
  }
  return {
    scroll: Math.max(root.scrollWidth, document.body.scrollWidth),
    client: root.clientWidth, height: root.scrollHeight,
    raw: raw,
    bad_maths: Array.prototype.map.call(qa.querySelectorAll("mjx-merror, [data-mjx-error]"),
      function (e) { return e.getAttribute("data-mjx-error") || e.textContent; }),
    maths: qa.querySelectorAll("mjx-container").length,
    moving: Array.prototype.filter.call(qa.querySelectorAll("*"), function (e) {
      return e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX);
    }).map(function (e) { return e.nodeName.toLowerCase() + "." + e.className; }),
    body: document.body.className,
    missing: Array.prototype.filter.call(qa.querySelectorAll("img"),
      function (i) { return !i.naturalWidth; }).map(function (i) { return i.src; })
  };
})()"""


@dataclass(slots=True)
class Page:
    """One side of one card as one window showed it; empty lists mean nothing was found."""

    card: int
    note_type: str
    ordinal: int
    side: str
    mode: str
    width: int
    picture: str
    body_class: str = ""
    maths: int = 0
    overflow: int = 0
    moving: list[str] = field(default_factory=list)
    """Parts that scroll sideways by themselves: no finding, but worth a look."""
    untypeset: list[str] = field(default_factory=list)
    bad_maths: list[str] = field(default_factory=list)
    missing_images: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    def findings(self) -> list[str]:
        """What is wrong with the page, in words."""
        found = [f"wider than the window by {self.overflow} px"] if self.overflow else []
        found += [f"untypeset maths: {text}" for text in self.untypeset]
        found += [f"maths error: {text}" for text in self.bad_maths]
        found += [f"image missing: {text}" for text in self.missing_images]
        return found + [f"console: {text}" for text in self.console]


# ---------------------------------------------------------------- the outer process


def main(argv: list[str] | None = None) -> int:
    """Start Xvfb and Anki, wait for the pictures, print what was found."""
    options = _arguments().parse_args(argv)
    if options.inside:
        return _inside(options)
    options.out.mkdir(parents=True, exist_ok=True)
    report = options.out / "report.json"
    report.unlink(missing_ok=True)
    # Whoever ends this process must not leave a display and a browser behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    with tempfile.TemporaryDirectory(prefix="shoot-") as home:
        command = [options.python, str(Path(__file__).resolve()), *(argv or sys.argv[1:]), "--inside", home]
        code = _run_under_xvfb(command, Path(home), options.timeout)
    if code != 0 or not report.exists():
        print(f"anki ended with code {code}; see {options.out / 'anki.log'}", file=sys.stderr)
        return 2
    pages = [Page(**page) for page in json.loads(report.read_text("utf-8"))]
    for page in pages:
        for finding in page.findings():
            print(f"{page.picture}: {finding}")
    bad = sum(bool(page.findings()) for page in pages)
    print(f"{len(pages)} pages in {options.out}, {bad} with findings")
    return 1 if bad or not pages else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures and report.json")
    parser.add_argument(
        "--card", action="append", help="Anki search; every card it finds is shown (default: all)"
    )
    parser.add_argument("--modes", default="light,night")
    parser.add_argument("--widths", default="900,360")
    parser.add_argument("--unfold", action="store_true", help="open every foldable part first")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for the whole run")
    parser.add_argument(
        "--python",
        default=os.environ.get("DECKWRIGHT_AQT_PYTHON", "/tmp/aqt-venv/bin/python"),
        help="an interpreter that has aqt",
    )
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    return parser


def _run_under_xvfb(command: list[str], home: Path, timeout: float) -> int:
    """Run a command on a display of its own; whatever happens, both are gone afterwards."""
    reading, writing = os.pipe()
    screen = f"1600x{MAX_HEIGHT + 400}x24"
    xvfb = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-nolisten", "tcp"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    anki: subprocess.Popen[bytes] | None = None
    try:
        with os.fdopen(reading) as pipe:
            display = pipe.readline().strip()
        if not display:
            print("Xvfb did not start", file=sys.stderr)
            return 2
        anki = subprocess.Popen(command, env=_environment(home, display), start_new_session=True)
        return anki.wait(timeout)
    except subprocess.TimeoutExpired:
        print(f"stopped after {timeout:.0f} seconds", file=sys.stderr)
        return 2
    finally:
        if anki is not None:
            _stop_group(anki)
        xvfb.terminate()
        xvfb.wait(10)


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    # QtWebEngine's helpers live in the same session and outlive a main process that was killed.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def _environment(home: Path, display: str) -> dict[str, str]:
    """No trace of the caller's desktop, and what Chromium needs as root without a graphics card."""
    kept = {key: os.environ[key] for key in ("PATH", "TZ") if key in os.environ}
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    return kept | {
        "DISPLAY": f":{display}",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "QT_QPA_PLATFORM": "xcb",
        "QT_XCB_FORCE_SOFTWARE_OPENGL": "1",
        "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox --disable-gpu",
    }


# ---------------------------------------------------------------- inside Anki's interpreter


def _inside(options: argparse.Namespace) -> int:
    """Open a prepared profile, show every wanted card, write the report."""
    log = (options.out / "anki.log").open("w", encoding="utf-8", buffering=1)
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    base = options.inside / "anki"
    _prepare_profile(base)
    console = _listen_to_console()
    import aqt

    app = aqt._run(["anki", "-b", str(base), "-p", PROFILE, "-l", "en"], exec=False)
    try:
        _show_cards(options, Desktop(app, console))
    except BaseException:  # noqa: BLE001  Anki replaces sys.stderr, so nothing else would say it
        traceback.print_exc(file=log)
        os._exit(1)
    # The profile goes with the temporary folder: no backup, no question about syncing.
    os._exit(0)


def _show_cards(options: argparse.Namespace, desktop: Desktop) -> None:
    import aqt

    desktop.wait(lambda: aqt.mw.col is not None and aqt.mw.state == "deckBrowser", "the main window")
    desktop.import_package(options.package.resolve())
    pages = []
    for mode in options.modes.split(","):
        desktop.set_mode(mode)
        for card in desktop.find(options.card or ["deck:*"]):
            for width in options.widths.split(","):
                pages += desktop.shoot(card, mode, int(width), options.out, unfold=options.unfold)
    report = json.dumps([asdict(page) for page in pages], indent=1, ensure_ascii=False)
    (options.out / "report.json").write_text(report, "utf-8")


def _prepare_profile(base: Path) -> None:
    """A profile that asks nothing at its first start."""
    from aqt.profiles import ProfileManager, VideoDriver

    manager = ProfileManager(ProfileManager.get_created_base_folder(str(base)))
    manager.setupMeta()
    manager.meta |= {"firstRun": False, "defaultLang": "en_US", "check_for_updates": False}
    manager.create(PROFILE)
    manager.load(PROFILE)
    manager.set_video_driver(VideoDriver.Software)
    manager.save()
    manager.db.close()


def _listen_to_console() -> list[str]:
    """Collect the errors of every page; Anki's own MathJax gives warnings, so these do not count."""
    from aqt.webview import AnkiWebPage

    heard: list[str] = []
    printing = AnkiWebPage.javaScriptConsoleMessage

    def listen(page: Any, level: Any, message: str, line: int, source: str) -> None:
        if "Error" in level.name:
            heard.append(f"{source}:{line} {message}")
        printing(page, level, message, line, source)

    AnkiWebPage.javaScriptConsoleMessage = listen
    return heard


class Desktop:
    """The running program, driven step by step from one thread; each step has a time limit."""

    def __init__(self, app: Any, console: list[str]) -> None:
        from aqt import gui_hooks

        self._app = app
        self._console = console
        self._shown = 0
        gui_hooks.card_will_show.append(self._mark)

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Run Anki's events until something is true."""
        limit = time.monotonic() + STEP_SECONDS
        while not done():
            if time.monotonic() > limit:
                raise TimeoutError(f"waited {STEP_SECONDS} s for {what}")
            self._app.processEvents()
            time.sleep(0.005)

    def pause(self, seconds: float) -> None:
        """Let Anki paint."""
        limit = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > limit, "a pause")

    def script(self, source: str) -> Any:
        """The value of an expression in the reviewer's page."""
        from aqt import mw

        values: list[Any] = []
        mw.web.page().runJavaScript(source, values.append)
        self.wait(lambda: bool(values), "a script")
        return values[0]

    def import_package(self, package: Path) -> None:
        """Import with the choices the desktop offers by default."""
        from anki.collection import ImportAnkiPackageRequest
        from aqt import mw

        mw.col.import_anki_package(ImportAnkiPackageRequest(package_path=str(package)))
        # The list of decks is drawn in the background; drawn late it would replace the first card.
        self.pause(1.5)

    def find(self, searches: list[str]) -> Iterator[int]:
        """Ids of the cards that any of the searches finds."""
        from aqt import mw

        yield from sorted({card for search in searches for card in mw.col.find_cards(search)})

    def set_mode(self, mode: str) -> None:
        """Light or night, through the same door as the preferences."""
        from aqt import mw
        from aqt.theme import Theme

        mw.set_theme(Theme.DARK if mode == "night" else Theme.LIGHT)
        self.pause(0.3)

    def shoot(self, card: int, mode: str, width: int, out: Path, *, unfold: bool) -> list[Page]:
        """Study one card: its front, then its back."""
        from aqt import mw

        self._resize(width, 700)
        self._console.clear()
        self._show(lambda: self._study(card))
        pages = [self._page(card, mode, width, out, unfold=unfold)]
        self._resize(width, 700)
        self._show(mw.reviewer._showAnswer)
        pages.append(self._page(card, mode, width, out, unfold=unfold))
        return pages

    def _mark(self, html: str, _card: Any, _kind: str) -> str:
        # Anki fades a page in when its maths is set: this mark tells the old page from the new.
        self._shown += 1
        return f'{html}<i hidden data-shoot="{self._shown}"></i>'

    def _show(self, action: Callable[[], object]) -> None:
        before = self._shown
        action()
        self.wait(lambda: self._shown > before, "the reviewer")
        ready = (
            f"""(function (qa) {{ return !!(qa && qa.querySelector('[data-shoot="{self._shown}"]') &&"""
            """ qa.style.opacity === "1" && document.fonts.status === "loaded" &&"""
            """ [].every.call(qa.querySelectorAll("img"), function (i) { return i.complete; })); })"""
            """(document.getElementById("qa"))"""
        )
        self.wait(lambda: bool(self.script(ready)), "the page and its maths")
        self.pause(0.15)

    def _study(self, card: int) -> None:
        """Put one card, and no other, before the reviewer."""
        from anki.decks import DeckId
        from aqt import mw

        old = mw.col.decks.id_for_name(PROFILE)
        deck = mw.col.sched.get_or_create_filtered_deck(DeckId(old or 0))
        deck.name = PROFILE
        deck.config.reschedule = False
        del deck.config.search_terms[1:]
        deck.config.search_terms[0].search = f"cid:{card}"
        deck.config.search_terms[0].limit = 1
        made = mw.col.sched.add_or_update_filtered_deck(deck)
        mw.col.decks.select(DeckId(made.id))
        mw.moveToState("review")

    def _resize(self, width: int, height: int) -> None:
        """Give the card's web view this size; Anki's own least width is for its bars."""
        from aqt import mw
        from aqt.qt import QLayout

        for part in (mw, mw.form.centralwidget, mw.toolbarWeb, mw.web, mw.bottomWeb):
            part.setMinimumWidth(1)
        mw.layout().setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        mw.resize(width, height)
        self.pause(0.05)
        mw.resize(width + mw.width() - mw.web.width(), height + mw.height() - mw.web.height())
        self.wait(lambda: mw.web.width() == width, f"a view of {width} px")

    def _page(self, card_id: int, mode: str, width: int, out: Path, *, unfold: bool) -> Page:
        from aqt import mw

        if unfold:
            self.script("document.querySelectorAll('details').forEach(function (d) { d.open = true; }), 1")
            self.pause(0.1)
        # Measured in a window of ordinary height, pictured in one as tall as the page.
        facts = self.script(FACTS)
        self._resize(width, min(MAX_HEIGHT, max(200, int(facts["height"]))))
        self.script("window.scrollTo(0, 0), 1")
        self.pause(0.3)
        card = mw.reviewer.card
        side = {"question": "front", "answer": "back"}[mw.reviewer.state]
        note = card.note()
        named = note["Id"] if "Id" in note else str(card_id)
        name = f"{card.note_type()['name'].split(' - ')[-1]}-{named}-{card.ord + 1}-{side}-{mode}-{width}.png"
        picture = name.replace(" ", "_").replace("/", "_")
        mw.web.grab().save(str(out / picture))
        heard = list(self._console)
        self._console.clear()
        return Page(
            card=card_id,
            note_type=card.note_type()["name"],
            ordinal=card.ord,
            side=side,
            mode=mode,
            width=width,
            picture=picture,
            body_class=facts["body"],
            maths=facts["maths"],
            overflow=max(0, facts["scroll"] - facts["client"]),
            moving=facts["moving"],
            untypeset=facts["raw"],
            bad_maths=facts["bad_maths"],
            missing_images=facts["missing"],
            console=heard,
        )


if __name__ == "__main__":
    sys.exit(main())
