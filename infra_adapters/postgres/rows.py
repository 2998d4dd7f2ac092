"""Rows and what they mean to the domain: which columns make which attribute, in both directions."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from infra_adapters.errors import ConfigError, CorruptRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Table

T = TypeVar("T")
log = logging.getLogger("infra_adapters.rows")
WRONG = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
"""What reading raises where cells make no value; InfraError is none of them, unless it is a ValueError."""
corrupt: dict[str, int] = {}
"""How many rows of each table made no value, since the program began."""


@dataclass(frozen=True, slots=True)
class Value:
    """An attribute made of other columns than one of its own name. `read` raises one of `WRONG` for no value."""

    attribute: str
    columns: tuple[str, ...]
    read: Callable[..., object]
    write: Callable[[Any], tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """Parts of an aggregate in a table of their own; `parent` refers to the aggregate, `position` keeps their order."""

    attribute: str
    rows: Rows[Any]
    parent: str
    position: str = "position"


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """The rows of a table as values of a frozen dataclass. Attributes are columns of their name, unless told otherwise.

    `own` are the attributes that are read, from the columns `names`, in this order.

    Raises ConfigError where an attribute has no column.
    """

    type: type[T]
    table: Table
    values: tuple[Value, ...] = ()
    parts: tuple[Part, ...] = ()
    own: tuple[Value, ...] = field(init=False)
    names: tuple[str, ...] = field(init=False)
    columns: tuple[ColumnElement[Any], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        special = {one.attribute: one for one in self.values}
        parts = {one.attribute for one in self.parts}
        named = [one.name for one in fields(self.type) if one.name not in parts]  # type: ignore[arg-type]
        own = tuple(special.get(name) or _plain(name) for name in named)
        missing = {column for one in own for column in one.columns} - set(self.table.columns.keys())
        if missing:
            raise ConfigError(f"{self.table.name} has no column {', '.join(sorted(missing))} for {self.type.__name__}")
        names = tuple(name for one in own for name in one.columns)
        for name, value in (("own", own), ("names", names), ("columns", tuple(self.table.c[one] for one in names))):
            object.__setattr__(self, name, value)

    def column(self, attribute: str) -> ColumnElement[Any]:
        """The one column of an attribute. Raises ConfigError where it has several, or none."""
        for one in self.own:
            if one.attribute == attribute and len(one.columns) == 1:
                return self.table.c[one.columns[0]]
        raise ConfigError(f"{self.type.__name__}.{attribute} is not one column of {self.table.name}")

    def place(self, attribute: str) -> int:
        """Where in a row the one column of an attribute is."""
        return self.names.index(self.column(attribute).name)

    def write(self, value: T) -> dict[str, object]:
        """The columns of a value, without its parts."""
        return self.written({one.attribute: getattr(value, one.attribute) for one in self.own})

    def written(self, attributes: Mapping[str, object]) -> dict[str, object]:
        """The columns of some attributes. Raises ConfigError for an attribute that there is not."""
        known = {one.attribute: one for one in self.own}
        if unknown := sorted(set(attributes) - set(known)):
            raise ConfigError(f"{self.type.__name__} has no attribute {', '.join(unknown)} that is kept")
        found: dict[str, object] = {}
        for name, value in attributes.items():
            found |= zip(known[name].columns, known[name].write(value), strict=True)
        return found

    def read(self, row: Sequence[Any], parts: Mapping[str, object], key: object) -> T:
        """The value of a row whose columns are `columns`. Raises CorruptRow, naming every column that makes none."""
        wrong: list[str] = []
        found = dict(parts)
        for one, cells in self._cells(row):
            try:
                found[one.attribute] = one.read(*cells)
            except WRONG:
                wrong.append(", ".join(one.columns))
        if not wrong:
            try:
                return self.type(**found)
            except WRONG as error:
                wrong.append(f"the whole row ({type(error).__name__})")
        corrupt[self.table.name] = corrupt.get(self.table.name, 0) + 1
        log.error("corrupt row in %s, key %s: %s", self.table.name, key, "; ".join(wrong))
        raise CorruptRow(f"a row of {self.table.name}, key {key}, makes no {self.type.__name__}: {'; '.join(wrong)}")

    def _cells(self, row: Sequence[Any]) -> Iterator[tuple[Value, Sequence[Any]]]:
        at = 0
        for one in self.own:
            yield one, row[at : at + len(one.columns)]
            at += len(one.columns)


def _plain(name: str) -> Value:
    return Value(name, (name,), lambda cell: cell, lambda value: (value,))
