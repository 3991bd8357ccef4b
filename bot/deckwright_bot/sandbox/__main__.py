"""``python -m deckwright_bot.sandbox [PORT]``."""

from __future__ import annotations

import sys

from deckwright_bot.sandbox.serve import serve

if __name__ == "__main__":
    sys.exit(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
