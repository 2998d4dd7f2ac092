"""The nearest vectors of a table: its index, the tenant's rows only, and as many of them as there are.

An approximate index gives its nearest rows first and conditions are asked afterwards, so that of a small tenant among
large ones nothing would be left. pgvector goes on looking (0.8 and later, its README, "Iterative Index Scans"), up to
a limit of its own; where rows are still missing then, all that meet the conditions are measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, Index, column, select, text, type_coerce

from infra_adapters.errors import ConfigError, InvalidRequest, TenantRequired
from infra_adapters.postgres.queries.extensions import ExtensionMissing, extension
from infra_adapters.postgres.queries.vector_type import Metric, Vector
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column, ColumnElement, Row, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

NAME = "vector"
ITERATES = (0, 8)
INDEXED = 2000
"""The most dimensions of an index, by pgvector's README."""
KEEP_LOOKING = text(
    "SELECT set_config('hnsw.iterative_scan', 'strict_order', true),"
    " set_config('ivfflat.iterative_scan', 'relaxed_order', true)"
)


def hnsw_index(vectors: Column[Any], metric: Metric, *, m: int = 16, ef_construction: int = 64) -> Index:
    """A graph: finds best and takes longest to build; part of the table. Raises ConfigError."""
    return _index(vectors, metric, "hnsw", {"m": m, "ef_construction": ef_construction})


def ivfflat_index(vectors: Column[Any], metric: Metric, *, lists: int = 100) -> Index:
    """Lists around centres that are chosen when it is built, so from rows that are there. Raises ConfigError."""
    return _index(vectors, metric, "ivfflat", {"lists": lists})


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where vectors are, how far they are apart, and the column of their tenant, None where they have none."""

    vectors: Column[Any]
    metric: Metric = Metric.COSINE
    tenant: Column[Any] | None = None

    def statement(
        self, to: Sequence[float], limit: int, *, tenant: object = None, where: Sequence[ColumnElement[bool]] = ()
    ) -> Select[Any]:
        """The rows of the table with their `distance`, the nearest first.

        Raises VectorMismatch, InvalidRequest, and TenantRequired where rows have a tenant and none is given.
        """
        kind = _kind(self.vectors)
        numbers = kind.checked(to)
        if limit < 1:
            raise InvalidRequest("at least one neighbour is asked for")
        if self.metric is Metric.COSINE and not any(numbers):
            raise InvalidRequest("a vector of zeros has no direction, so nothing has an angle to it")
        asked = list(where)
        if self.tenant is not None:
            if tenant is None:
                raise TenantRequired(f"rows of {self.vectors.table.name} are asked for without saying of which tenant")
            asked.append(self.tenant == tenant)
        away = self.vectors.op(self.metric.operator, return_type=Float())(type_coerce(numbers, kind))
        found = select(self.vectors.table, away.label("distance")).where(self.vectors.is_not(None), *asked)
        return found.order_by(away).limit(limit)

    async def nearest(
        self,
        connection: AsyncConnection,
        to: Sequence[float],
        limit: int,
        *,
        tenant: object = None,
        where: Sequence[ColumnElement[bool]] = (),
    ) -> Sequence[Row[Any]]:
        """Run it, in a transaction whose later statements keep looking too. Raises ExtensionMissing as well."""
        asked = self.statement(to, limit, tenant=tenant, where=where)
        await require_vectors(connection)
        with translated():
            await connection.execute(KEEP_LOOKING)
            found = (await connection.execute(asked)).all()
            if len(found) < limit:
                found = (await connection.execute(_measured(asked, limit))).all()
        return sorted(found, key=lambda row: float(row.distance))


async def require_vectors(connection: AsyncConnection) -> None:
    """Raise ExtensionMissing where pgvector is not there, or too old to go on looking for rows of a tenant."""
    version, _ = await extension(connection, NAME)
    if version < ITERATES:
        told = ".".join(map(str, version))
        raise ExtensionMissing(NAME, f"version {told} is older than 0.8", f"ALTER EXTENSION {NAME} UPDATE")


def _measured(asked: Select[Any], limit: int) -> Select[Any]:
    """The same rows by a way that no index is for."""
    away = column("distance", Float)
    every = asked.order_by(None).limit(None).subquery()
    return select(every).order_by(away + 0.0).limit(limit)


def _kind(vectors: Column[Any]) -> Vector:
    kind: object = vectors.type
    if not isinstance(kind, Vector):
        raise ConfigError(f"{vectors.name} is no column of vectors")
    return kind


def _index(vectors: Column[Any], metric: Metric, using: str, options: dict[str, int]) -> Index:
    if _kind(vectors).dimensions > INDEXED:
        raise ConfigError(f"{vectors.name}: an index takes {INDEXED} dimensions at most")
    return Index(
        f"ix_{vectors.table.name}_{vectors.name}_{using}",
        vectors,
        postgresql_using=using,
        postgresql_with=options,
        postgresql_ops={vectors.key: metric.operators},
    )
