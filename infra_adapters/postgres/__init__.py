"""PostgreSQL behind the ports: SQLAlchemy 2 over psycopg 3, asyncio."""

from infra_adapters.postgres.database import Database
from infra_adapters.postgres.health import check_health
from infra_adapters.postgres.migrations import Migrations
from infra_adapters.postgres.model import Model
from infra_adapters.postgres.options import UnitOptions
from infra_adapters.postgres.reruns import run_in_unit
from infra_adapters.postgres.rows import Part, Rows, Value
from infra_adapters.postgres.statements import Stored
from infra_adapters.postgres.unit_of_work import PostgresUnitOfWork

__all__ = [
    "Database",
    "Migrations",
    "Model",
    "Part",
    "PostgresUnitOfWork",
    "Rows",
    "Stored",
    "UnitOptions",
    "Value",
    "check_health",
    "run_in_unit",
]
