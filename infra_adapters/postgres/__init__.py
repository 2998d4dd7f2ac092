"""PostgreSQL behind the ports: SQLAlchemy 2 over psycopg 3, asyncio."""

from infra_adapters.postgres.engine import open_engine
from infra_adapters.postgres.health import check_health
from infra_adapters.postgres.migrations import Migrations
from infra_adapters.postgres.unit_of_work import PostgresUnitOfWork, run_in_unit

__all__ = ["Migrations", "PostgresUnitOfWork", "check_health", "open_engine", "run_in_unit"]
