"""Tests of the sandbox: the unmodified discord.py must not be able to tell."""
