"""Values that PostgreSQL would take and mean otherwise: a time without a zone, a number that is none."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from psycopg import DataError
from psycopg.types.datetime import DatetimeBinaryDumper, DatetimeDumper
from psycopg.types.numeric import DecimalBinaryDumper, DecimalDumper

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg.abc import Buffer
    from psycopg.adapt import Dumper, PyFormat


class ZonedDumper(DatetimeDumper):
    """Datetimes with a zone only: the server would read others in a zone of its own."""

    def upgrade(self, obj: datetime, format: PyFormat) -> Dumper:  # noqa: A002
        """The dumper for one value. Raises psycopg.DataError for one without a zone."""
        return super().upgrade(_zoned(obj), format)


class ZonedBinaryDumper(DatetimeBinaryDumper):
    """The same in the binary format."""

    def upgrade(self, obj: datetime, format: PyFormat) -> Dumper:  # noqa: A002
        """The dumper for one value. Raises psycopg.DataError for one without a zone."""
        return super().upgrade(_zoned(obj), format)


class FiniteDumper(DecimalDumper):
    """Numbers only: NaN and the infinities can be stored, and then nothing can be computed with them."""

    def dump(self, obj: Decimal) -> Buffer | None:
        """The number as text. Raises psycopg.DataError."""
        return super().dump(_finite(obj))


class FiniteBinaryDumper(DecimalBinaryDumper):
    """The same in the binary format."""

    def dump(self, obj: Decimal) -> Buffer | None:
        """The number as bytes. Raises psycopg.DataError."""
        return super().dump(_finite(obj))


def refuse_doubtful_values(connection: AsyncConnection[Any]) -> None:
    """Have the dumpers of this module used on a connection."""
    connection.adapters.register_dumper(datetime, ZonedDumper)
    connection.adapters.register_dumper(datetime, ZonedBinaryDumper)
    connection.adapters.register_dumper(Decimal, FiniteBinaryDumper)
    connection.adapters.register_dumper(Decimal, FiniteDumper)


def _zoned(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise DataError("a datetime without a zone")
    return moment


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise DataError("a number that is none")
    return number
