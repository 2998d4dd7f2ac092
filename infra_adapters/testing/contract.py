"""What every adapter of `UnitOfWork`, `Repository` and `EventStore` must do, as functions from a way to open a unit.

They speak of the sample domain, so an adapter under test keeps that. `PROMISES` has them all, by name, once their
modules are imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from infra_adapters.testing.sample import ORDERS, SampleOrder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from uuid import UUID

    from infra_adapters.ports import UnitOfWork


class Opens(Protocol):
    """A way to open a unit of work, of a tenant or of none."""

    def __call__(self, *, tenant: UUID | None = None) -> UnitOfWork:
        """A unit of work that has not begun."""


class ContractBroken(AssertionError):
    """An adapter does not keep a promise of its port."""


PROMISES: dict[str, Callable[[Opens], Awaitable[None]]] = {}


def promise(function: Callable[[Opens], Awaitable[None]]) -> Callable[[Opens], Awaitable[None]]:
    """Count a function among the promises."""
    PROMISES[function.__name__] = function
    return function


def expect(kept: bool, said: str) -> None:
    """Raise ContractBroken where a promise is not kept."""
    if not kept:
        raise ContractBroken(said)


class raises:  # noqa: N801 - it reads as a word
    """Expects an error of a type inside of its block; `error` is the one that came."""

    def __init__(self, kind: type[Exception], said: str) -> None:
        self._kind = kind
        self._said = said
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if isinstance(error, self._kind):
            self.error = error
            return True
        expect(error is not None, self._said)
        return False


async def keep(opens: Opens, order: SampleOrder, events: Sequence[object] = ()) -> SampleOrder:
    """Save an order in a unit of its own."""
    async with opens(tenant=order.tenant) as unit:
        saved = await unit.repository(ORDERS).save(order, events)
        await unit.commit()
        return saved


async def find(opens: Opens, order: SampleOrder, *, include_deleted: bool = False) -> SampleOrder | None:
    """Look for an order in a unit of its own."""
    async with opens(tenant=order.tenant) as unit:
        return await unit.repository(ORDERS).get(order.id, include_deleted=include_deleted)
