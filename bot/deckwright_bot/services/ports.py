"""What the services need from the chat, as a Protocol; the client implements it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from deckwright_bot.store.records import Daily, Group, Post


@dataclass(frozen=True, slots=True)
class Yesterday:
    """The line on the last closed post that a new post begins with (R15)."""

    answers: int
    right: int | None
    """How many were right; None for an open question."""
    outage: bool


@dataclass(frozen=True, slots=True)
class Rematch:
    """How a question went when it was asked before (R10's exception on Fridays)."""

    day: date
    right: int
    """The percentage of answers that were right then."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How a post was answered."""

    answers: int
    right: int
    by_letter: dict[str, int]
    dont_know: int
    grades: dict[str, int]


class Refused(Exception):  # noqa: N818  it says what Discord did
    """Discord will not do it, and trying again does not help: 401, 403 or 404 (R9).

    ``missing`` names the permissions that are missing, as Discord names them to people; ``gone`` says that
    the channel itself is no more, and with it all that stood in it.
    """

    def __init__(self, reason: str, missing: Sequence[str] = (), *, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = tuple(missing)
        self.gone = gone


class Rejected(Exception):  # noqa: N818  it says what Discord did
    """Discord finds the request itself wrong (400): a fault of ours, which no repetition mends."""


class Unavailable(Exception):  # noqa: N818  it says what Discord is
    """Discord cannot do it now: 5xx, 429, a lost connection. It is tried again."""


class Messenger(Protocol):
    """Sends and edits what people see. Every method raises `Refused` or `Unavailable` when Discord fails."""

    async def send_post(
        self, post: Post, daily: Daily, yesterday: Yesterday | None, rematch: Rematch | None
    ) -> int:
        """Send a claimed post with its nonce and return its message's id."""

    async def find_post(self, post: Post, around: datetime) -> int | None:
        """Look in the channel, around an instant, for the message of a post; None if it is not there (R7).

        Raises:
            Refused: also if the bot may not read the channel's history, for then nobody knows.
        """

    async def show_count(self, post: Post, answers: int) -> None:
        """Show the number of answers on an open post (R15)."""

    async def reveal(self, post: Post, tally: Tally, rematch: Rematch | None) -> None:
        """Edit a closed or void post: buttons off but "my result", counts, key and reasons (R15)."""

    async def open_thread(self, post: Post) -> int:
        """Open the post's thread and return its id."""

    async def pin(self, post: Post) -> None:
        """Pin the post."""

    async def greet(self, group: Group) -> None:
        """Send the one message on joining (R12)."""

    async def tell_paused(self, group: Group, daily: Daily, missing: Sequence[str]) -> None:
        """Tell the owner that posting stopped, and what is missing (R9)."""

    async def tell_running_out(self, group: Group, daily: Daily, left: int) -> None:
        """Tell the owner that few prompts are left (R10)."""

    async def remind(self, member: int, group: Group, post: Post) -> bool:
        """Send a reminder; False if the member's DMs are closed (R32)."""

    async def unshare(self, group: int, channel: int, message: int) -> None:
        """Delete a message that shows a member's words (R15, R31); one that is gone already is fine."""

    async def is_member(self, group: int, member: int) -> bool:
        """Ask Discord whether somebody is in a group (R30).

        Raises:
            Refused: if nobody can tell, for the bot is not in the group.
            Unavailable: also while the group is out of reach.
        """
