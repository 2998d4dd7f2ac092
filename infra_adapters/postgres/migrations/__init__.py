"""Migrations, forward and back, callable from Python; Alembic underneath."""

from infra_adapters.postgres.migrations.api import Migrations
from infra_adapters.postgres.migrations.script import Revision, Script

__all__ = ["Migrations", "Revision", "Script"]
