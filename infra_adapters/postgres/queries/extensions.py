"""Extensions of the server that a query needs: what is told where one is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from infra_adapters.errors import ConfigError
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

FOUND = text("""
SELECT extversion, nspname FROM pg_extension JOIN pg_namespace AS space ON space.oid = extnamespace
 WHERE extname = :name
""")


class ExtensionMissing(ConfigError):
    """The server lacks an extension; `cure` is what makes it have it."""

    code = "extension_missing"

    def __init__(self, name: str, why: str, cure: str) -> None:
        super().__init__(f"{name}: {why}; cure: {cure}")
        self.name = name
        self.cure = cure


async def extension(connection: AsyncConnection, name: str) -> tuple[tuple[int, ...], str]:
    """The version of an extension that is installed in this database, and its schema. Raises ExtensionMissing."""
    with translated():
        found = (await connection.execute(FOUND, {"name": name})).first()
    if found is None:
        raise ExtensionMissing(name, "it is not installed in this database", f"CREATE EXTENSION {name}")
    version, schema = found
    return tuple(int(part) for part in version.split(".") if part.isdigit()), schema
