"""Points an unmodified discord.py at a server on loopback."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"


@dataclass
class Redirection:
    """What was changed, so that it can be undone."""

    api_base: str
    gateway: str
    cdn: str
    _before: list[tuple[object, str, object]] = field(default_factory=list)

    def apply(self) -> None:
        """Make the assignments; the fourth, ``resume_gateway_url``, is the server's."""
        import discord.asset
        import discord.gateway
        import discord.http
        from yarl import URL

        targets: tuple[tuple[object, str, object], ...] = (
            (discord.http.Route, "BASE", self.api_base),
            (discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", URL(self.gateway)),
            (discord.asset.Asset, "BASE", self.cdn),
        )
        for owner, name, value in targets:
            self._before.append((owner, name, getattr(owner, name)))
            setattr(owner, name, value)

    def undo(self) -> None:
        """Give discord.py its own addresses back."""
        while self._before:
            owner, name, value = self._before.pop()
            setattr(owner, name, value)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo()


def redirect(api_base: str, gateway: str | None = None) -> Redirection:
    """Redirect discord.py to ``http://127.0.0.1:PORT/api/v10``; anything but loopback is refused."""
    root = api_base.removesuffix("/").removesuffix("/api/v10")
    if not root.startswith(f"http://{LOOPBACK}:"):
        raise ValueError(f"the sandbox is only ever on http://{LOOPBACK}:PORT, not {api_base}")
    socket = gateway or root.replace("http://", "ws://", 1) + "/gateway/"
    made = Redirection(f"{root}/api/v10", socket, f"{root}/cdn")
    made.apply()
    return made
