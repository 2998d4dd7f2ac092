"""The columns of a bulk write, and how a caller's row becomes what the driver takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy import bindparam, literal
from sqlalchemy.exc import CompileError

from infra_adapters.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Column, Dialect, Table

    from infra_adapters.postgres.bulk.source import Row

    Cells = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What is written of each row: the `given` keys, then columns whose default is made in Python, for each row anew.

    `expressions` are columns whose default is SQL, with that SQL. `binds` are the placeholders of the cells, with the
    casts that their types ask for. `as_text` says that a cell is stored as it is read, so that COPY can take it.
    """

    columns: tuple[Column[Any], ...]
    given: tuple[str, ...]
    made: tuple[Callable[[], object], ...]
    expressions: tuple[tuple[Column[Any], str], ...]
    binds: tuple[str, ...]
    as_text: bool
    processors: tuple[tuple[int, Callable[[Any], Any]], ...]

    @classmethod
    def of(cls, table: Table, row: Row, dialect: Dialect) -> Layout:
        """The layout that the first row asks for. Raises InvalidRequest for a column that the table does not have."""
        given = tuple(_mapping(row, 0))
        if unknown := sorted(str(name) for name in given if name not in table.c):
            raise InvalidRequest(f"{table.name} has no column {', '.join(unknown)}")
        if not given:
            raise InvalidRequest(f"rows of {table.name} without a column")
        others = [column for column in table.columns if column.key not in given and column.default is not None]
        made = [column for column in others if _in_python(column)]
        columns = (*(table.c[name] for name in given), *made)
        found = [column.type.dialect_impl(dialect)._cached_bind_processor(dialect) for column in columns]  # noqa: SLF001
        return cls(
            columns,
            given,
            tuple(_maker(column) for column in made),
            tuple((column, _expression(column, dialect)) for column in others if column not in made),
            tuple(_bind(column, dialect) for column in columns),
            not any(column.type._has_bind_expression for column in columns),  # noqa: SLF001
            tuple((at, processor) for at, processor in enumerate(found) if processor),
        )

    def places(self, keys: Iterable[str]) -> tuple[int, ...]:
        """Where in a row of cells some columns are. Raises InvalidRequest for one that the rows do not have."""
        names = [column.key for column in self.columns]
        if missing := [key for key in keys if key not in names]:
            raise InvalidRequest(f"the rows have no column {', '.join(missing)}")
        return tuple(names.index(key) for key in keys)

    def cells(self, rows: Sequence[Row], first: int) -> list[Cells]:
        """The cells of rows, the first of which is the caller's row `first`, counted from 0.

        Raises InvalidRequest for a row with other columns than the first row of all, and for a value that its column's
        type does not take.
        """
        width = len(self.given)
        get = itemgetter(*self.given) if width > 1 else lambda row: (row[self.given[0]],)
        try:
            found = list(map(get, rows))
            whole = set(map(len, rows)) == {width}
        except (KeyError, TypeError, IndexError):
            whole = False
        if not whole:
            raise InvalidRequest(self._odd(rows, first))
        if self.made:
            found = [(*cells, *(make() for make in self.made)) for cells in found]
        return self._processed(found, first) if self.processors else found

    def _processed(self, found: list[Cells], first: int) -> list[Cells]:
        rows = [list(cells) for cells in found]
        for at, processor in self.processors:
            for number, row in enumerate(rows):
                try:
                    row[at] = processor(row[at])
                except InvalidRequest:
                    raise
                except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
                    raise InvalidRequest(f"row {first + number}: {self.columns[at].name} does not take it") from None
        return [tuple(row) for row in rows]

    def _odd(self, rows: Sequence[Row], first: int) -> str:
        known = set(self.given)
        number, row = next((n, row) for n, row in enumerate(rows) if set(_mapping(row, first + n)) != known)
        less, more = (", ".join(sorted(map(str, one))) for one in (known - set(row), set(row) - known))
        return f"row {first + number} has other columns than the first: less {less or 'none'}, more {more or 'none'}"


def _mapping(row: Row, number: int) -> Row:
    if not isinstance(row, Mapping):
        raise InvalidRequest(f"row {number} is no mapping of columns to values")
    return row


def _in_python(column: Column[Any]) -> bool:
    default: Any = column.default
    return bool(default.is_scalar or default.is_callable)


def _maker(column: Column[Any]) -> Callable[[], object]:
    default: Any = column.default
    # SQLAlchemy hands its own context to such a function; there is none here.
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)


def _expression(column: Column[Any], dialect: Dialect) -> str:
    default: Any = column.default
    return _literal(default.next_value() if isinstance(default, DatabaseSequence) else default.arg, dialect)


def on_update(column: Column[Any], dialect: Dialect) -> str:
    """The SQL of what a column is set to by an UPDATE that does not name it, one value for all rows of a batch.

    Raises InvalidRequest for a value that cannot be written as SQL.
    """
    new: Any = column.onupdate
    if isinstance(new, DatabaseSequence):
        return _literal(new.next_value(), dialect)
    made = new.arg if new.is_clause_element else literal(new.arg(None) if new.is_callable else new.arg, column.type)
    try:
        return _literal(made, dialect)
    except CompileError:
        raise InvalidRequest(f"{column.name}: what it is set to by an update cannot be written as SQL") from None


def _literal(made: Any, dialect: Dialect) -> str:
    return str(made.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _bind(column: Column[Any], dialect: Dialect) -> str:
    made = str(bindparam("cell", type_=column.type).compile(dialect=dialect))
    return made.replace("%(cell)s", "%s")
