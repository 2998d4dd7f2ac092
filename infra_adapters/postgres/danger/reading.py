"""From the SQL of a revision to its dangerous statements: by Squawk, and by reading what it does not see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

import postgast
from postgast import pg_query_pb2 as pb

from infra_adapters.postgres.danger.columns import Columns
from infra_adapters.postgres.danger.kinds import BEYOND, RETYPED, UNSEEN
from infra_adapters.postgres.danger.locks import locks
from infra_adapters.postgres.danger.removals import removals
from infra_adapters.postgres.danger.showing import shown
from infra_adapters.postgres.danger.squawk import linted
from infra_adapters.postgres.danger.statements import statements
from infra_adapters.postgres.danger.tables import tables
from infra_adapters.postgres.danger.targets import targets
from infra_adapters.postgres.danger.writes import writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra_adapters.postgres.danger.scope import Scope
    from infra_adapters.postgres.danger.squawk import Finding
    from infra_adapters.postgres.danger.statements import Statement

_STANDING = {"ban-concurrent-index-creation-in-transaction", "ban-truncate-cascade", "syntax-error"}
"""Kinds that are dangerous also to what the same text has made."""
_PRIVATE = {"OBJECT_INDEX", "OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"}
"""What no query calls by its name."""
_SWITCHED_ON = {"AT_EnableTrig", "AT_EnableTrigAll", "AT_EnableTrigUser", "AT_EnableRule"}
"""Changes of a table that bring a guard back."""


@dataclass(frozen=True, slots=True)
class Danger:
    """A statement that would stop a running service, or break its version before; `kind` is one of KINDS."""

    kind: str
    statement: str
    why: str
    cure: str

    def __str__(self) -> str:
        cure = f" Instead: {self.cure}" if self.cure else ""
        return f"{self.kind}: {self.statement}: {self.why}{cure}"


@lru_cache(maxsize=512)
def examine(sql: str, version: str = "18.0", before: tuple[str, ...] = ()) -> tuple[Danger, ...]:
    """The dangers in the SQL of a migration, in order, on a server of a `version` like 18.0; one of a kind a statement.

    BEGIN and COMMIT in the text say what is one transaction. What the same text has created may be changed freely.
    `before` are the texts of the migrations before it: they tell the type of a column that gets another one.
    Raises MigrationFailed where Squawk is not installed or does not answer.
    """
    try:
        read = statements(sql) if "\0" not in sql else None
    except postgast.PgQueryError:
        read = None
    if read is None:
        return (_own("syntax-error", shown(sql)),)
    # Squawk gets the statements alone, those of blocks among them, so that each place in the text is known.
    ends = tuple(accumulate(len(one.text.encode()) + 2 for one in read))
    said = linted(";\n".join(one.text for one in read), version) if read else ()
    columns, begin = _known(before), 0
    found: list[Danger] = []
    for one, end in zip(read, ends, strict=True):
        here = [finding for finding in said if begin <= finding.place < end]
        if any(finding.kind == RETYPED for finding in here) and columns.widened(one):
            here = [finding for finding in here if finding.kind != RETYPED]
        found += _judged(one, columns.scope, here)
        columns.learn(one)
        begin = end
    return tuple(dict.fromkeys(found))


def _known(texts: Iterable[str]) -> Columns:
    """The types of columns after migrations with these texts; nothing is known before one that cannot be read."""
    columns = Columns()
    for text in texts:
        try:
            for one in statements(text):
                columns.learn(one)
        except postgast.PgQueryError:
            columns.kinds.clear()
        columns.begin()
    return columns


def _judged(statement: Statement, scope: Scope, said: Sequence[Finding]) -> Iterator[Danger]:
    text = shown(statement.text)
    known = _own_affair(statement, scope)
    for finding in said:
        if not known or finding.kind in _STANDING:
            yield Danger(finding.kind, text, finding.why, finding.cure)
    there = {finding.kind for finding in said}
    yield from (_own(kind, text) for kind in _kinds(statement, scope) if kind not in there)


def _own_affair(statement: Statement, scope: Scope) -> bool:
    """Whether a statement changes only what the text has made, names anew what no query names, or switches on."""
    if statement.kind == "rename_stmt" and pb.ObjectType.Name(statement.node.rename_type) in _PRIVATE:
        return True
    if statement.kind == "alter_table_stmt":
        actions = {pb.AlterTableType.Name(one.alter_table_cmd.subtype) for one in statement.node.cmds}
        if actions <= _SWITCHED_ON:
            return True
    touched = targets(statement)
    return bool(touched) and all(map(scope.knows, touched))


def _kinds(statement: Statement, scope: Scope) -> Iterator[str]:
    if statement.dynamic:
        yield "unread-block"
    if not statement.kind:
        yield "unread-statement"
        return
    for rule in (tables, locks, writes):
        yield from rule(statement, scope)
    yield from removals(statement)


def _own(kind: str, text: str) -> Danger:
    return Danger(kind, text, *(BEYOND.get(kind) or UNSEEN[kind]))
