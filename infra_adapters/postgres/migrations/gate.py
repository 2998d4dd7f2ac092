"""The gate: revisions whose SQL would stop a running service do not run without a reason in writing."""

from __future__ import annotations

import io
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.script import ScriptDirectory

from infra_adapters.errors import DangerousDdl, RevisionBroken
from infra_adapters.postgres.danger import Danger, examine, faults
from infra_adapters.postgres.danger.kinds import RETYPED, UNREADABLE
from infra_adapters.postgres.migrations.script import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection

    from infra_adapters.postgres.migrations.script import Revision, Script


def written(script: Script, span: str, run: Callable[..., None]) -> str:
    """The SQL of a span of revisions like `1:2`, without a connection. Raises MigrationFailed, RevisionBroken."""
    output = io.StringIO()
    with named():
        run(script.config(output=output), span, sql=True)
    return output.getvalue()


def pieces(script: Script, span: str, run: Callable[..., None]) -> tuple[str, ...]:
    """The same, one text for each operation, Alembic's own BEGIN and COMMIT among them."""
    output = Pieces()
    with named():
        run(script.config(output=output), span, sql=True)
    return tuple(one.strip() for one in output.found if one.strip())


class Pieces(io.StringIO):
    """Keeps apart what is written apart: Alembic writes each operation at once."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def write(self, text: str, /) -> int:
        """Keep a piece."""
        self.found.append(text)
        return len(text)


def dangers(script: Script, revision: Revision, version: str) -> tuple[Danger, ...]:
    """What is dangerous in a revision on a server of a `version` like 18.0."""
    try:
        sql = _forward(script, revision)
    except RevisionBroken as error:
        cure = "write it so that it can be shown as SQL"
        return (Danger(UNREADABLE, f"revision {revision.id}", f"it cannot be read before it runs ({error}).", cure),)
    found = examine(sql, version)
    # The history tells the type before, and not the server: what needs a reason is the same on every database.
    return examine(sql, version, tuple(_before(script, revision))) if RETYPED in {one.kind for one in found} else found


def _forward(script: Script, revision: Revision) -> str:
    return written(script, f"{revision.down or 'base'}:{revision.id}", command.upgrade)


def _before(script: Script, revision: Revision) -> Iterator[str]:
    """The SQL of each revision before one; of one that cannot be read, a text that cannot be read."""
    for one in takewhile(lambda earlier: earlier.id != revision.id, script.revisions()):
        try:
            yield _forward(script, one)
        except RevisionBroken:
            yield "'"


def refused(script: Script, revisions: Iterable[Revision], version: str) -> Iterator[str]:
    """Why each of these revisions may not run, one line for each reason."""
    with named():
        folder = ScriptDirectory.from_config(script.config())
        for revision in revisions:
            module: Any = folder.get_revision(revision.id).module
            waivers = getattr(module, "WAIVERS", {})
            for fault in faults(dangers(script, revision, version), waivers):
                yield f"{revision.id}: {fault}"


def refuse(script: Script, revisions: Iterable[Revision], version: str) -> None:
    """Raise DangerousDdl, with every reason, where one of these revisions may not run."""
    why = tuple(refused(script, revisions, version))
    if why:
        cure = 'do it the way that is named, or write into the revision WAIVERS = {"kind": "why it may run"}'
        raise DangerousDdl("\n".join((f"{len(why)} refused; {cure}", *why)))


def server_version(connection: Connection) -> str:
    """The server's version, like 18.1."""
    driver: Any = connection.connection.driver_connection
    return f"{driver.info.server_version // 10000}.{driver.info.server_version % 10000}"
