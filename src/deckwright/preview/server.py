"""The preview's web server: this computer only, a few fixed files, and a stream that tells of changes.

Nothing a request says becomes a path: every answer is looked up by its name among what the page
consists of, so that no file is served but the page's own and the pictures the cards show.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from deckwright.preview import assets
from deckwright.preview.workshop import Workshop

ADDRESS = "127.0.0.1"
MAX_CONNECTIONS = 64
MAX_LISTENERS = 16
REQUEST_SECONDS = 15
"""How long a client may take for its request, and for reading an answer."""
KEEP_SECONDS = 10
"""How often a silent stream says that it is alive; a client that is gone is noticed by it."""

ChatOf = Callable[[str, int], object]
"""The chat form of a card's prompt as plain data, or None where there is no such prompt."""


class PreviewServer(ThreadingHTTPServer):
    """Serves one workshop until it is closed."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, workshop: Workshop, root: Path, *, port: int = 0, chat: ChatOf = lambda _card, _n: None
    ) -> None:
        self.workshop = workshop
        self.chat = chat
        self.root = root.resolve()
        self.closing = False
        self.listeners = threading.BoundedSemaphore(MAX_LISTENERS)
        self._connections = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__((ADDRESS, port), _Handler)

    @property
    def port(self) -> int:
        """The port that was free."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{ADDRESS}:{self.port}/"

    def start(self) -> None:
        """Serve on a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self) -> None:
        """End every stream and stop."""
        self.closing = True
        self.workshop.close()
        self.shutdown()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the base class's
        """Serve a connection on a thread, unless too many are open."""
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve, then make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:  # noqa: ANN401
        """A client that hangs up is no news; anything else is a bug and is shown as one."""
        import sys

        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request a connection."""

    server: PreviewServer
    timeout = REQUEST_SECONDS
    server_version = "deckwright"
    sys_version = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing: the terminal is the author's."""

    def do_GET(self) -> None:
        """Answer, if the request comes from our own page."""
        address = urlsplit(self.path)
        path = unquote(address.path).removeprefix("/")
        if not self._ours(path):
            self._send(
                HTTPStatus.FORBIDDEN, "text/plain", b"only for the page of this server\n", assets.HIDDEN
            )
            return
        query = parse_qs(address.query)
        if path == "events":
            self._stream()
            return
        found = self._find(path, query)
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"not here\n", assets.HIDDEN)
        else:
            self._send(HTTPStatus.OK, *found)

    def _ours(self, path: str) -> bool:
        """Whether Host names this server (another name means a rebound one) and no other page asks.

        A sandboxed card frame has an origin of its own, ``null``, as any sandboxed page has: with it
        come only the parts a frame is made of, which are the same everywhere, and pictures.
        """
        hosts = {f"{name}:{self.server.port}" for name in (ADDRESS, "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") not in hosts:
            return False
        if origin == "null":
            return path in assets.FRAME_PARTS or path.startswith("media/")
        return origin is None or origin in {f"http://{host}" for host in hosts}

    def _find(self, path: str, query: dict[str, list[str]]) -> tuple[str, bytes, str] | None:
        snapshot = self.server.workshop.snapshot
        fixed = assets.page_files()
        match path:
            case "" | "index.html":
                head = snapshot.head
                page = assets.page(title=head["title"], language=head["language"])
                return assets.content_type("index.html"), page.encode(), _framed(assets.PAGE_POLICY, "'none'")
            case "frame.html":
                return (
                    assets.content_type(path),
                    assets.frame(snapshot.policy).encode(),
                    _framed(snapshot.policy, "'self'"),
                )
            case "data.js":
                return assets.content_type(path), b"deckwright.start(null);\n", assets.HIDDEN
            case "data.json":
                since = _number(query, "since")
                return assets.content_type(path), snapshot.data(since).encode(), assets.HIDDEN
            case "chat.json":
                form = self.server.chat(query.get("card", [""])[0], _number(query, "ordinal"))
                return assets.content_type(path), json.dumps(form).encode(), assets.HIDDEN
            case _ if path in fixed:
                return assets.content_type(path), fixed[path], assets.HIDDEN
            case _ if path.startswith("media/"):
                return self._media(path.removeprefix("media/"))
            case _:
                return None

    def _media(self, name: str) -> tuple[str, bytes, str] | None:
        path = self.server.workshop.snapshot.media.get(name)
        # A link may lead anywhere; what it leads to is served only if that is in the library too.
        if path is None or not path.resolve().is_relative_to(self.server.root):
            return None
        try:
            return assets.content_type(name), path.read_bytes(), assets.HIDDEN
        except OSError:
            return None

    def _send(self, status: HTTPStatus, kind: str, body: bytes, policy: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self._safe_headers(policy)
        self.end_headers()
        self.wfile.write(body)

    def _safe_headers(self, policy: str) -> None:
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")

    def _stream(self) -> None:
        """Server-sent events: the version, whenever there is a newer one."""
        if not self.server.listeners.acquire(blocking=False):
            self._send(
                HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"too many pages are open\n", assets.HIDDEN
            )
            return
        try:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/event-stream")
            self._safe_headers(assets.HIDDEN)
            self.end_headers()
            version = -1
            while not self.server.closing:
                snapshot = self.server.workshop.snapshot
                told = f"data: {snapshot.version}\n\n" if snapshot.version > version else ": alive\n\n"
                version = snapshot.version
                self.wfile.write(told.encode())
                self.server.workshop.wait(version, KEEP_SECONDS)
        finally:
            self.server.listeners.release()


def _framed(policy: str, by: str) -> str:
    # Only a header can say who may frame a page.
    return f"{policy}; frame-ancestors {by}"


def _number(query: dict[str, list[str]], name: str) -> int:
    text = query.get(name, [""])[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
