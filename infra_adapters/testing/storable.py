"""What a store in memory refuses as PostgreSQL would: values that its types do not have."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, get_type_hints

from infra_adapters.errors import InvalidRequest, NotNullViolated


class _Unknown:
    """A type that only a checker knows, also with parameters."""

    def __class_getitem__(cls, _: object) -> type[_Unknown]:
        return cls


ANYTHING = (NoneType, object, Any, _Unknown)
"""Types that have None, or may."""


def require_storable(name: str, value: object) -> None:
    """Raise InvalidRequest for a value that no column takes, NotNullViolated for None where a type does not have it.

    Looks into dataclasses and collections; `name` is the table that is told.
    """
    match value:
        case str():
            wrong = _no_text(value)
        case datetime():
            wrong = value.tzinfo is None
        case Decimal():
            wrong = not value.is_finite()
        case _:
            wrong = False
    if wrong:
        raise InvalidRequest("a value cannot be stored")
    if isinstance(value, (tuple, list)):
        for one in value:
            require_storable(name, one)
    elif is_dataclass(value) and not isinstance(value, type):
        made_as: Any = type(value)
        for field in fields(value):
            require_attribute(name, made_as, field.name, getattr(value, field.name))


def require_texts(value: object) -> None:
    """Raise InvalidRequest for a text that JSON in a column cannot hold, wherever in a value it is."""
    match value:
        case str():
            if _no_text(value):
                raise InvalidRequest("a value cannot be stored")
        case dict():
            require_texts((*value.keys(), *value.values()))
        case tuple() | list():
            for one in value:
                require_texts(one)
        case _ if is_dataclass(value):
            require_texts([getattr(value, field.name) for field in fields(value)])


def _no_text(value: str) -> bool:
    return "\0" in value or (not value.isascii() and value != value.encode("utf-8", "replace").decode())


def require_attribute(name: str, kind: Any, attribute: str, value: object) -> None:
    """Raise InvalidRequest or NotNullViolated for what an attribute of a dataclass cannot be."""
    if value is None and attribute in _never_none(kind):
        raise NotNullViolated("", name, attribute)
    require_storable(name, value)


@cache
def _never_none(kind: Any) -> frozenset[str]:
    unknown: dict[str, Any] = {}
    while True:
        try:
            hints = get_type_hints(kind, localns=unknown)
            break
        except NameError as error:
            # A type that only a checker knows says nothing; the others still do.
            unknown[str(error.name)] = _Unknown
    return frozenset(name for name, hint in hints.items() if isinstance(hint, type) and hint not in ANYTHING)
