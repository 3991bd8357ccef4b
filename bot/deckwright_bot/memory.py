"""How the process asks the system for memory, and gives it back.

The C library of most Linux systems (glibc) keeps what was freed for later: of every thread apart, and in ever larger
pieces. A bot that draws a picture now and then would hold what the largest picture took, for ever. Other C
libraries are left as they are.
"""

from __future__ import annotations

import ctypes
import platform
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
"""Options of `mallopt`, by their numbers in `malloc.h`."""

_PIECE: Final = 128 * 1024
"""glibc's own first threshold; set by us it stays, and what is larger goes back as soon as it is freed."""
_ARENAS: Final = 2
"""Threads share so many heaps; otherwise each has one."""


def settle() -> None:
    """Hold little that is free. To be called before threads start; it costs no speed that can be measured."""
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _PIECE)
        library.mallopt(_TRIM_THRESHOLD, _PIECE)
        library.mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give everything that is free back to the system; takes some milliseconds, during which other threads go on."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
