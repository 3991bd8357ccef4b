"""How alembic runs here: on the connection it is given, each migration a transaction of its own."""

from __future__ import annotations

from typing import Any

from alembic import context

from deckwright_bot.store.tables import metadata


def _note(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:  # noqa: ANN401, ARG001  alembic's call
    context.config.attributes["applied"].append(step.up_revision_id)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    transactional_ddl=True,
    on_version_apply=_note,
)
with context.begin_transaction():
    context.run_migrations()
