"""What was made lately, for the next to ask: never more than so many bytes of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")

OVERHEAD: Final = 500
"""Bytes that a small result takes with its key, whatever it holds."""


class Kept(Generic[Key, Made]):
    """Results by what they were made from; those not asked for the longest go first. For one thread."""

    def __init__(self, limit: int, weigh: Callable[[Made], int]) -> None:
        """``limit`` is in bytes, and ``weigh`` says about how many a result takes."""
        self._limit = limit
        self._weigh = weigh
        self._made: OrderedDict[Key, tuple[Made, int]] = OrderedDict()
        self.weight = 0

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """What was made from the key, or is now. A result that alone outweighs the limit is given, not kept."""
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key][0]
        made = make()
        weight = self._weigh(made) + OVERHEAD
        if weight <= self._limit:
            self._made[key] = made, weight
            self.weight += weight
        while self.weight > self._limit:
            _, (_, gone) = self._made.popitem(last=False)
            self.weight -= gone
        return made

    def __len__(self) -> int:
        return len(self._made)
