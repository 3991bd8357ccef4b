"""Rate limits: a bucket per route and major parameter, and 50 requests a second over all.

The numbers are plausible, not Discord's: a client has to read the headers anyway.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from deckwright_bot.sandbox.errors import ApiError

# (method and route, requests, seconds); the first that fits rules
DEFAULT_RULES = (
    ("POST /channels/{channel}/messages", 5, 5.0),
    ("PATCH /channels/{channel}/messages/{message}", 5, 5.0),
    ("DELETE /channels/{channel}/messages/{message}", 5, 1.0),
    ("POST /users/@me/channels", 10, 10.0),
    ("POST /channels/{channel}/typing", 5, 5.0),
)
OTHERS = (50, 10.0)
GLOBAL = 50
MAJOR = ("channel", "guild", "webhook")


@dataclass
class Bucket:
    """How much of a window is used."""

    limit: int
    seconds: float
    name: str
    used: int = 0
    started: float = float("-inf")


class RateLimited(ApiError):  # noqa: N818 (it says what happened)
    """429, with what its body and headers say."""

    def __init__(self, retry_after: float, headers: dict[str, str], *, everywhere: bool) -> None:
        super().__init__(429, 0, "You are being rate limited.")
        self.retry_after = retry_after
        self.everywhere = everywhere
        self.headers = headers | {"Retry-After": str(int(retry_after) + 1)}


class RateLimits:
    """Counts requests; ``enabled=False`` for load tests."""

    def __init__(
        self,
        *,
        enabled: bool = True,
        rules: tuple[tuple[str, int, float], ...] = DEFAULT_RULES,
        global_limit: int = GLOBAL,
    ) -> None:
        self.enabled = enabled
        self.rules = rules
        self.global_limit = global_limit
        self.hits: list[str] = []
        self._buckets: dict[tuple[str, ...], Bucket] = {}
        self._second = Bucket(global_limit, 1.0, "global")

    def count(self, template: str, params: dict[str, str]) -> dict[str, str]:
        """Count one request and return its headers, or raise 429."""
        if not self.enabled:
            return {}
        now = time.monotonic()
        self._count_global(template, now)
        major = tuple(params[key] for key in MAJOR if key in params)
        bucket = self._bucket(template, major)
        if now - bucket.started >= bucket.seconds:
            bucket.started, bucket.used = now, 0
        reset_after = bucket.seconds - (now - bucket.started)
        bucket.used += 1
        headers = {
            "X-RateLimit-Limit": str(bucket.limit),
            "X-RateLimit-Remaining": str(max(0, bucket.limit - bucket.used)),
            "X-RateLimit-Reset": f"{time.time() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": bucket.name,
        }
        if bucket.used > bucket.limit:
            self.hits.append(template)
            raise RateLimited(reset_after, headers | {"X-RateLimit-Scope": "user"}, everywhere=False)
        return headers

    def _count_global(self, template: str, now: float) -> None:
        if now - self._second.started >= self._second.seconds:
            self._second.started, self._second.used = now, 0
        self._second.used += 1
        if self._second.used > self.global_limit:
            self.hits.append(template)
            headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
            # a little more than what is left, or the retry comes before the second is over
            raise RateLimited(1.01 - (now - self._second.started), headers, everywhere=True)

    def _bucket(self, template: str, major: tuple[str, ...]) -> Bucket:
        key = (template, *major)
        if key not in self._buckets:
            found = next(((n, s) for rule, n, s in self.rules if rule == template), OTHERS)
            name = hashlib.sha256(template.encode()).hexdigest()[:32]
            self._buckets[key] = Bucket(*found, name)
        return self._buckets[key]
