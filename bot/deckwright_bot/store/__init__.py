"""The database: tables, statements, migrations. Nothing here knows Discord, and no row leaves it."""
