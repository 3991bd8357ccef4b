"""``python -m deckwright_bot``."""

from deckwright_bot.app import main

main()
