"""Step 1: the adapters and their twins keep the same promises."""

from __future__ import annotations

import pytest

from infra_adapters.errors import InfraError
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.testing import PROMISES, ContractBroken
from infra_adapters.testing.contract import expect, raises
from infra_adapters.testing.memory import MemoryStore, MemoryUnitOfWork
from infra_adapters.testing.sample import EVENTS
from tests.infra.shop import MODEL

pytestmark = pytest.mark.blocking

REPOSITORIES = "Repositories behind ports, used through a unit of work"
KEPT = "The repository keeps the promises of its port"


@pytest.mark.deliverable(REPOSITORIES, KEPT)
@pytest.mark.parametrize("promise", PROMISES)
async def test_postgres_keeps_the_contract(infrastructure, promise):
    await PROMISES[promise](infrastructure.unit)


@pytest.mark.deliverable(REPOSITORIES)
@pytest.mark.parametrize("promise", [name for name in PROMISES if "tenant" in name])
async def test_a_role_for_which_row_level_security_does_not_hold_keeps_tenants_apart(settings, promise):
    """The server would show it every row; the statements ask for a tenant's own."""
    async with Infrastructure.open(settings(role=""), MODEL) as opened:
        await PROMISES[promise](opened.unit)


@pytest.mark.deliverable(REPOSITORIES)
@pytest.mark.parametrize("promise", PROMISES)
async def test_the_twin_in_memory_keeps_the_same_contract(memory, promise):
    await PROMISES[promise](memory)


async def test_the_contract_notices_an_adapter_that_forgets():
    with pytest.raises(ContractBroken, match="found"):
        await PROMISES["what_was_committed_is_found"](
            lambda **options: MemoryUnitOfWork(MemoryStore(EVENTS), **options)
        )


def test_the_contract_notices_what_does_not_raise():
    with pytest.raises(ContractBroken, match="a promise"), raises(InfraError, "a promise"):
        pass
    with pytest.raises(ContractBroken, match="a promise"):
        expect(False, "a promise")


def test_the_contract_lets_other_errors_through():
    with pytest.raises(KeyError), raises(InfraError, "a promise"):
        raise KeyError("other")
