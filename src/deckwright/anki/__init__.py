"""Cards as Anki knows them: field HTML, note types, packages."""
