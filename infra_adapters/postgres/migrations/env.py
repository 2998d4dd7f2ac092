"""What Alembic runs to migrate: on the connection it was given, or as SQL text without one."""

from __future__ import annotations

from alembic import context

given = context.config.attributes
context.configure(
    connection=given["connection"],
    dialect_name="postgresql",
    version_table=given["version_table"],
    literal_binds=given["connection"] is None,
    transaction_per_migration=True,
    on_version_apply=given["on_version_apply"],
)
if given["watched"]:
    given["watched"](context.get_context())
with context.begin_transaction():
    context.run_migrations()
