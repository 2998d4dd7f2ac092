"""Migrations, forward and back, callable from Python; Alembic underneath."""

from infra_adapters.postgres.migrations.api import Migrations, Revision

__all__ = ["Migrations", "Revision"]
