"""``python -m deckwright``."""

from deckwright.cli import main

main()
