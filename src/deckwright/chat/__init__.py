"""Cards as messages: Discord Markdown, maths as Unicode text, and a picture where no text would do."""
