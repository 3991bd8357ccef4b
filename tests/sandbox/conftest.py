"""Imports discord.py once, before warnings become errors."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # its player imports audioop, which Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord  # noqa: F401
