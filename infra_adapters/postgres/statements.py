"""The statements of a repository, made once for each kind of aggregate: to make one takes longer than to run it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic

from sqlalchemy import ARRAY, Integer, Select, and_, any_, bindparam, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql

from infra_adapters.errors import ConfigError
from infra_adapters.ports.aggregates import A, Kind, Listing
from infra_adapters.postgres.compiled import Compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import ColumnElement, Executable

    from infra_adapters.postgres.rows import Part, Rows


@dataclass(frozen=True, slots=True)
class Stored(Generic[A]):
    """A kind of aggregate and the rows that keep it. Raises ConfigError where they cannot keep what the kind says.

    Statements take their values by name: `of_id` or `of_ids`, `of_tenant`, `of_version`, `of_parent` or `of_parents`,
    `new_…` for a column, `where_…` for what a list wants equal, `after_0`, `after_1`, … for a position in it, `most`.
    """

    kind: Kind[A]
    rows: Rows[A]
    _made: dict[tuple[object, ...], Compiled] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = {"id", "version", *(name for name in (self.kind.tenant, self.kind.deleted) if name)}
        for listing in self.kind.listings:
            named |= {*listing.equal, *(one.attribute for one in listing.order)}
        for name in sorted(named):
            self.rows.column(name)
        for order in (one for listing in self.kind.listings for one in listing.order):
            if self.rows.column(order.attribute).nullable:
                raise ConfigError(f"{self.kind.name}: a list is ordered by {order.attribute}, which may be NULL")

    def find(self, *, many: bool, include_deleted: bool = False) -> Compiled:
        """The rows of `of_id`, or of several `of_ids`."""

        def make() -> Select[Any]:
            asked = _one_of(self.rows.column("id"), "of_ids") if many else self._identity
            return select(*self.rows.columns).where(asked, *self._visible(include_deleted=include_deleted))

        return self._once(make, "find", many, include_deleted)

    def parts(self, part: Part, *, many: bool) -> Compiled:
        """The parts of `of_parent` or of several `of_parents`, in order; the first column says whose."""

        def make() -> Select[Any]:
            parent = part.rows.table.c[part.parent]
            asked = _one_of(parent, "of_parents") if many else parent == bindparam("of_parent", type_=parent.type)
            found = select(parent, *part.rows.columns).where(asked)
            return found.order_by(parent, part.rows.table.c[part.position])

        return self._once(make, "parts", part.attribute, many)

    def add(self) -> Compiled:
        """Add a row, unless its id is taken."""

        def make() -> Executable:
            added = postgresql.insert(self.rows.table).values(_bound(self.rows.table, self.rows.names))
            return added.on_conflict_do_nothing(index_elements=[self.rows.column("id")]).returning(
                self.rows.column("id")
            )

        return self._once(make, "add")

    def add_part(self, part: Part) -> Compiled:
        """Add the row of a part."""
        names = (part.parent, part.position, *part.rows.names)
        return self._once(
            lambda: insert(part.rows.table).values(_bound(part.rows.table, names)), "part", part.attribute
        )

    def change(self, names: Iterable[str]) -> Compiled:
        """Set columns of the rows of `of_ids`; each gets a new version, and a new time where it has one."""
        columns = tuple(sorted(names))
        asked = _one_of(self.rows.column("id"), "of_ids")
        return self._once(lambda: self._update(columns, asked, *self._visible()), "change", columns)

    def replace(self) -> Compiled:
        """Set every column of the row of an `of_id` at `of_version`."""
        fixed = {self.rows.column(one).name for one in ("id", "version")}
        names = tuple(name for name in self.rows.names if name not in fixed)
        return self._once(lambda: self._update(names, *self._guarded()), "replace")

    def mark(self) -> Compiled:
        """Mark the row of an `of_id` at `of_version` as deleted, now."""
        now = {self.rows.column(self.kind.deleted).name: func.clock_timestamp()}
        return self._once(lambda: self._update((), *self._guarded(), **now), "mark")

    def hold(self) -> Compiled:
        """The row of an `of_id` at `of_version`, which nobody else may change before the end of the transaction."""
        return self._once(lambda: select(*self.rows.columns).where(*self._guarded()).with_for_update(), "hold")

    def remove(self) -> Compiled:
        """Remove the row of an `of_id` at `of_version`."""
        return self._once(lambda: delete(self.rows.table).where(*self._guarded()), "remove")

    def remove_parts(self, part: Part) -> Compiled:
        """Remove the parts of `of_parent`."""
        parent = part.rows.table.c[part.parent]
        asked = parent == bindparam("of_parent", type_=parent.type)
        return self._once(lambda: delete(part.rows.table).where(asked), "remove parts", part.attribute)

    def page(self, listing: Listing, *, after: bool) -> Compiled:
        """At most `most` rows of a list, from its beginning or after a position."""

        def make() -> Select[Any]:
            equal = [
                self.rows.column(name) == _named(self.rows.column(name), f"where_{name}") for name in listing.equal
            ]
            order = [(self.rows.column(one.attribute), one.descending) for one in listing.order]
            order.append((self.rows.column("id"), bool(order) and order[-1][1]))
            behind = [_behind(order)] if after else []
            sorted_by = [column.desc() if descending else column.asc() for column, descending in order]
            found = select(*self.rows.columns).where(*equal, *behind, *self._visible())
            return found.order_by(*sorted_by).limit(bindparam("most", type_=Integer))

        return self._once(make, "page", listing.name, after)

    @property
    def _identity(self) -> ColumnElement[bool]:
        column = self.rows.column("id")
        return column == _named(column, "of_id")

    def _guarded(self) -> list[ColumnElement[bool]]:
        version = self.rows.column("version")
        return [self._identity, version == _named(version, "of_version"), *self._visible()]

    def _visible(self, *, include_deleted: bool = False) -> list[ColumnElement[bool]]:
        """What every statement asks of a row beside its own conditions."""
        asked: list[ColumnElement[bool]] = []
        if self.kind.tenant:
            column = self.rows.column(self.kind.tenant)
            asked.append(column == _named(column, "of_tenant"))
        if self.kind.deleted and not include_deleted:
            asked.append(self.rows.column(self.kind.deleted).is_(None))
        return asked

    def _update(self, names: Iterable[str], *asked: ColumnElement[bool], **new: Any) -> Executable:
        table = self.rows.table
        version = self.rows.column("version")
        new = {**_bound(table, names), **new, version.name: version + 1}
        if "updated_at" in table.c:
            new["updated_at"] = func.clock_timestamp()
        return update(table).where(*asked).values(new)

    def _once(self, make: Callable[[], Executable], *key: object) -> Compiled:
        if key not in self._made:
            self._made[key] = Compiled(make())
        return self._made[key]


def _named(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=column.type)


def _bound(table: Any, names: Iterable[str]) -> dict[str, Any]:
    # A prefix, as a value may not be named like its column in these statements.
    return {name: _named(table.c[name], f"new_{name}") for name in names}


def _one_of(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column has one of some values, which are one parameter however many they are."""
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


def _behind(order: list[tuple[ColumnElement[Any], bool]]) -> ColumnElement[bool]:
    """Rows after a position: one comparison of tuples, as an index has it, where every column goes the same way."""
    columns = [column for column, _ in order]
    after = [_named(column, f"after_{at}") for at, column in enumerate(columns)]
    if len({descending for _, descending in order}) == 1:
        return tuple_(*columns) < tuple_(*after) if order[0][1] else tuple_(*columns) > tuple_(*after)
    found: list[ColumnElement[bool]] = []
    for at, (column, descending) in enumerate(order):
        same = [columns[before] == after[before] for before in range(at)]
        found.append(and_(*same, column < after[at] if descending else column > after[at]))
    first, descending = order[0]
    # The first condition alone is what an index can begin at.
    return and_(first <= after[0] if descending else first >= after[0], or_(*found))
