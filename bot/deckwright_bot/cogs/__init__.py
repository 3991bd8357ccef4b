"""Slash commands and what buttons do: arguments in, a service called, a view out."""
