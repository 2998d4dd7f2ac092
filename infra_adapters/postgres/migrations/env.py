"""What Alembic runs to migrate: on the connection it was given, or as SQL text without one."""

from __future__ import annotations

from alembic import context

from infra_adapters.postgres.tables import metadata

connection = context.config.attributes["connection"]
if connection is None:
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
