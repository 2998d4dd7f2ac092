"""The statements of a repository, made once for each kind of aggregate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from sqlalchemy import ARRAY, Select, and_, any_, bindparam, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from infra_adapters.errors import ConfigError
from infra_adapters.ports.aggregates import A, Kind, Listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Delete, Update
    from sqlalchemy.sql.dml import ReturningInsert

    from infra_adapters.postgres.rows import Part, Rows


@dataclass(frozen=True, slots=True)
class Stored(Generic[A]):
    """A kind of aggregate and the rows that keep it. Raises ConfigError where they cannot keep what the kind says."""

    kind: Kind[A]
    rows: Rows[A]

    def __post_init__(self) -> None:
        named = {"id", "version", *(name for name in (self.kind.tenant, self.kind.deleted) if name)}
        for listing in self.kind.listings:
            named |= {*listing.equal, *(one.attribute for one in listing.order)}
        for name in sorted(named):
            self.rows.column(name)
        for order in (one for listing in self.kind.listings for one in listing.order):
            if self.rows.column(order.attribute).nullable:
                raise ConfigError(f"{self.kind.name}: a list is ordered by {order.attribute}, which may be NULL")

    def visible(self, tenant: object, *, include_deleted: bool) -> ColumnElement[bool]:
        """What every statement asks of a row beside its own conditions."""
        asked: list[ColumnElement[bool]] = []
        if self.kind.tenant:
            asked.append(self.rows.column(self.kind.tenant) == bindparam("tenant", tenant, unique=True))
        if self.kind.deleted and not include_deleted:
            asked.append(self.rows.column(self.kind.deleted).is_(None))
        return and_(True, *asked)

    def select(self, *asked: ColumnElement[bool]) -> Select[Any]:
        """The rows for which this holds."""
        return select(*self.rows.columns).where(*asked)

    def parts(self, part: Part, parents: Sequence[object]) -> Select[Any]:
        """The parts of some aggregates, in order; the first column says whose."""
        parent = part.rows.table.c[part.parent]
        found = select(parent, *part.rows.columns).where(one_of(parent, parents))
        return found.order_by(parent, part.rows.table.c[part.position])

    def insert(self, values: Mapping[str, object]) -> ReturningInsert[Any]:
        """Add a row, unless its id is taken."""
        added = insert(self.rows.table).values(values)
        return added.on_conflict_do_nothing(index_elements=[self.rows.column("id")]).returning(self.rows.column("id"))

    def update(self, values: Mapping[str, object], *asked: ColumnElement[bool]) -> Update:
        """Change the rows for which this holds; each gets a new version, and a new time where it has one."""
        table = self.rows.table
        new: dict[str, Any] = {**values, "version": table.c.version + 1}
        if "updated_at" in table.c:
            new["updated_at"] = func.clock_timestamp()
        return update(table).where(*asked).values(new)

    def delete(self, *asked: ColumnElement[bool]) -> Delete:
        """Remove the rows for which this holds."""
        return delete(self.rows.table).where(*asked)

    def remove_parts(self, part: Part, parent: object) -> Delete:
        """Remove the parts of an aggregate."""
        return delete(part.rows.table).where(part.rows.table.c[part.parent] == parent)

    def page(self, listing: Listing, where: Mapping[str, object], after: Sequence[object]) -> Select[Any]:
        """A list from its beginning, or after an item with the values `after` of its order."""
        equal = [self.rows.column(name) == where[name] for name in listing.equal]
        order = [(self.rows.column(one.attribute), one.descending) for one in listing.order]
        order.append((self.rows.column("id"), bool(order) and order[-1][1]))
        behind = [_behind(order, after)] if after else []
        sorted_by = [column.desc() if descending else column.asc() for column, descending in order]
        return self.select(*equal, *behind).order_by(*sorted_by)


def one_of(column: ColumnElement[Any], values: Sequence[object]) -> ColumnElement[bool]:
    """Whether a column has one of some values, which are one parameter however many they are."""
    if len(values) == 1:
        return column == values[0]
    return column == any_(bindparam(None, list(values), ARRAY(column.type)))


def _behind(order: list[tuple[ColumnElement[Any], bool]], after: Sequence[object]) -> ColumnElement[bool]:
    """Rows after a position: one comparison of tuples, as an index has it, where every column goes the same way."""
    columns = [column for column, _ in order]
    if len({descending for _, descending in order}) == 1:
        here = tuple_(*columns)
        there = tuple_(*(bindparam(None, value, column.type) for column, value in zip(columns, after, strict=True)))
        return here < there if order[0][1] else here > there
    found: list[ColumnElement[bool]] = []
    for at, (column, descending) in enumerate(order):
        same = [columns[before] == after[before] for before in range(at)]
        found.append(and_(*same, column < after[at] if descending else column > after[at]))
    first, descending = order[0]
    # The first condition alone is what an index can begin at.
    return and_(first <= after[0] if descending else first >= after[0], or_(*found))
