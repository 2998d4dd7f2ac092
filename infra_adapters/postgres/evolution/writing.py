"""How a batch is written: all of it at once, and by halves where a row refuses, until that row stands alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_adapters.errors import ConstraintViolated, InvalidRequest, MigrationFailed, QueryFailed
from infra_adapters.postgres.evolution.jobs import BackfillStopped, Change, Failure
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    import psycopg

    from infra_adapters.postgres.evolution.jobs import Backfill
    from infra_adapters.postgres.evolution.keyset import Key, Keyset

REFUSALS = (ConstraintViolated, InvalidRequest, QueryFailed)
"""What is said of a row; everything else is said of the server, the lock or the login, and of all rows alike."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is written of one row: the range that ends with its key, or the values that were found for it."""

    key: Key
    after: Key | None = None
    values: tuple[tuple[str, object], ...] = ()


Write = Callable[[Sequence[Piece]], int]
"""Write some pieces and tell how many rows changed."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch."""

    changed: int = 0
    failures: tuple[Failure, ...] = ()


def pieces_of(after: Key | None, keys: Sequence[Key]) -> list[Piece]:
    """Ranges without a gap: a row that comes to lie between two keys belongs to the second."""
    return [Piece(key, before) for before, key in zip([after, *keys], keys, strict=False)]


def by_expressions(connection: psycopg.Connection[Any], keyset: Keyset, job: Backfill) -> Write:
    """Write neighbouring ranges with one statement."""

    def write(pieces: Sequence[Piece]) -> int:
        return connection.execute(*keyset.update_range((pieces[0].after, pieces[-1].key), job)).rowcount

    return write


def by_values(connection: psycopg.Connection[Any], keyset: Keyset) -> Write:
    """Write row by row in a pipeline, the rows that set the same columns together."""

    def write(pieces: Sequence[Piece]) -> int:
        groups: defaultdict[tuple[str, ...], list[list[object]]] = defaultdict(list)
        for piece in pieces:
            groups[tuple(name for name, _ in piece.values)].append([value for _, value in piece.values] + [*piece.key])
        changed = 0
        with connection.cursor() as cursor:
            for names, values in groups.items():
                cursor.executemany(keyset.update_row(names), values)
                changed += cursor.rowcount
        return changed

    return write


def found_values(
    rows: Sequence[tuple[Any, ...]], names: Sequence[str], keyset: Keyset, change: Change
) -> tuple[list[Piece], tuple[Failure, ...]]:
    """Ask the function for each row. `rows` begin with the key's texts; `names` are those of the columns after them."""
    pieces, failures, width = [], [], len(keyset.names)
    for row in rows:
        try:
            found = change(dict(zip(names, row[width:], strict=True))) or {}
        except Exception as error:  # noqa: BLE001 - the author's function may fail in any way, for one row
            failures.append(Failure(row[:width], type(error).__name__))
            continue
        if found.keys() & set(keyset.names):
            raise MigrationFailed("the function of a backfill cannot change the key that it walks along")
        if found:
            pieces.append(Piece(row[:width], values=tuple(sorted(found.items()))))
    return pieces, tuple(failures)


def written(
    connection: psycopg.Connection[Any], pieces: Sequence[Piece], write: Write, name: str, allowed: int
) -> Written:
    """Write what can be written, each try in a savepoint. Raises BackfillStopped beyond `allowed` refusals."""
    waiting, changed, failures = [pieces] if pieces else [], 0, list[Failure]()
    while waiting:
        some = waiting.pop()
        try:
            with translated(), connection.transaction():
                changed += write(some)
        except REFUSALS as error:
            if len(some) > 1:
                waiting += [some[len(some) // 2 :], some[: len(some) // 2]]
                continue
            failures.append(Failure(some[0].key, error.code))
        if len(failures) > allowed:
            raise BackfillStopped(name, tuple(failures))
    return Written(changed, tuple(failures))
