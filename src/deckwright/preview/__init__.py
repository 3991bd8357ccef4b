"""Pages that show cards as Anki and the chat show them: served while an author writes, or as files."""
