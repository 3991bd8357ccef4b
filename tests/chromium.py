"""Headless Chromium for tests of pages, driven through the DevTools protocol over a pipe.

Where no Chromium is installed the tests that need it are skipped, but never in CI.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
SECONDS = 60
"""Real seconds that a page on a busy machine is waited for."""


def executable() -> str:
    """Where Chromium is; without one the test is skipped, or fails in CI."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        reason = "no Chromium is installed (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Chromium:
    """One browser with an empty profile; `open` gives a page of it."""

    def __init__(self) -> None:
        program = executable()
        self._profile = tempfile.mkdtemp(prefix="deckwright-chromium-")
        # Chromium reads commands from descriptor 3 and answers on 4, each message ending in a zero byte.
        read_end, self._to = os.pipe()
        self._from, write_end = os.pipe()
        wanted = f'exec 3<&{read_end} 4>&{write_end}; exec "$@"'
        command = ["bash", "-c", wanted, "chromium", program, *FLAGS, f"--user-data-dir={self._profile}"]
        self._process = subprocess.Popen(
            [*command, "about:blank"],
            pass_fds=(read_end, write_end),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read_end)
        os.close(write_end)
        os.set_blocking(self._from, False)
        self._left = b""
        self._number = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self.pages: dict[str, Page] = {}
        self._contexts: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and all its helpers, and drop the profile."""
        with_helpers = os.getpgid(self._process.pid)
        os.killpg(with_helpers, signal.SIGKILL)
        self._process.wait(10)
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, url: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        """A new page in a context of its own (no storage is shared), loaded."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        self._contexts.append(context)
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        self.pages[session] = page
        page.prepare()
        scheme = "dark" if dark else "light"
        page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        page.resize(width, height)
        page.send("Page.navigate", url=url)
        return page

    def close_pages(self) -> None:
        """Close every page: a page whose server has gone goes on asking for it."""
        self.pages.clear()
        while self._contexts:
            self.send("Target.disposeBrowserContext", browserContextId=self._contexts.pop())

    def send(self, method: str, session: str | None = None, **arguments: Any) -> Any:
        """Send a command and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": arguments}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        number = self._number
        self.pump(lambda: number in self._answers, method)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def pump(self, done: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
        """Take in messages until something is true."""
        limit = time.monotonic() + seconds
        while not done():
            if time.monotonic() > limit:
                raise TimeoutError(f"waited {seconds} s for {what}")
            self._read()

    def _read(self) -> None:
        try:
            data = os.read(self._from, 1 << 20)
        except BlockingIOError:
            time.sleep(0.005)
            return
        if not data:
            raise RuntimeError("Chromium ended")
        *messages, self._left = (self._left + data).split(b"\0")
        for raw in messages:
            message = json.loads(raw)
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        page = self.pages.get(message.get("sessionId", ""))
        if page is not None:
            page.hear(message["method"], message["params"])


class Page:
    """A page and the frames in it, with everything that was said about them."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self.browser = browser
        self.session = session
        self.said: list[str] = []
        """Console messages, script errors, and what the security policy refused."""
        self.dialogs: list[str] = []
        self._sent: dict[str, str] = {}
        self.frames: list[str] = []
        """Sessions of frames that live in processes of their own."""
        self._waiting: list[str] = []

    def prepare(self) -> None:
        """Listen to everything."""
        for session in (self.session, *self._waiting):
            with contextlib.suppress(RuntimeError) if session != self.session else contextlib.nullcontext():
                self._listen(session)
        self._waiting.clear()

    def _listen(self, session: str) -> None:
        """A frame may be gone before it was listened to; then there is nothing to hear."""
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.browser.send(f"{domain}.enable", session)
        self.browser.send(
            "Target.setAutoAttach", session, autoAttach=True, waitForDebuggerOnStart=False, flatten=True
        )

    def hear(self, method: str, params: dict[str, Any]) -> None:
        """Take note of an event."""
        match method:
            case "Runtime.consoleAPICalled":
                self.said.append(" ".join(str(each.get("value", "")) for each in params["args"]))
            case "Runtime.exceptionThrown":
                self.said.append(
                    f"exception: {params['exceptionDetails'].get('text')} {params['exceptionDetails'].get('exception')}"
                )
            case "Log.entryAdded":
                self.said.append(f"{params['entry']['source']}: {params['entry']['text']}")
            case "Page.javascriptDialogOpening":
                self.dialogs.append(params["message"])
            case "Network.requestWillBeSent":
                self._sent[params["requestId"]] = params["request"]["url"]
            case "Network.loadingFailed" if params.get("blockedReason") == "csp":
                self._sent.pop(params["requestId"], None)
            case "Audits.issueAdded":
                if params["issue"]["code"] == "ContentSecurityPolicyIssue":
                    self.said.append(f"policy: {json.dumps(params['issue']['details'])}")
            case "Target.attachedToTarget":
                session = params["sessionId"]
                self.frames.append(session)
                self.browser.pages[session] = self
                self._waiting.append(session)
            case "Target.detachedFromTarget" if params["sessionId"] in self.frames:
                self.frames.remove(params["sessionId"])
            case _:
                pass

    @property
    def requests(self) -> list[str]:
        """The addresses that were asked for; not those that the security policy refused to ask for."""
        return list(self._sent.values())

    @property
    def complaints(self) -> list[str]:
        """What was said beyond MathJax's two remarks about its own file."""
        return [text for text in self.said if "No version information available" not in text]

    def send(self, method: str, **arguments: Any) -> Any:
        """Send a command to the page itself."""
        return self.browser.send(method, self.session, **arguments)

    def resize(self, width: int, height: int) -> None:
        """Give the window a size; a narrow one is a phone."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def script(self, source: str, session: str | None = None) -> Any:
        """The value of an expression in the page, or in one of its frames."""
        answer = self.browser.send(
            "Runtime.evaluate",
            session or self.session,
            expression=source,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", source))
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = SECONDS) -> Any:
        """The value of an expression as soon as it is true."""
        limit = time.monotonic() + seconds
        while True:
            if self._waiting:
                self.prepare()
            if value := self.script(expression):
                return value
            if time.monotonic() > limit:
                raise TimeoutError(f"waited {seconds} s for {expression}; heard {self.said[-5:]}")
            time.sleep(0.01)

    def settle(self) -> None:
        """Wait until every frame that is seen has shown its card."""
        self.wait(
            "document.readyState === 'complete' && !!document.querySelector('#about h2')"
            " && [...document.querySelectorAll('.frame:not([hidden]) iframe')].every("
            "f => f.closest('[hidden]') || f.hasAttribute('data-shown'))"
        )
        if self._waiting:
            self.prepare()

    def key(self, key: str, text: str | None = None) -> None:
        """Press a key where the focus is."""
        extra = {"text": text or key} if len(key) == 1 else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **extra)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def picture(self, path: Path, *, whole: bool = False) -> Path:
        """A screenshot of the window, or of the whole page."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))
        return path
