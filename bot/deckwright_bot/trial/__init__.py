"""The bot to try without a token: a sandbox with a small study group, the bot in it, and a clock to move."""
