"""For tests: twins that live in memory, and the contracts that twins and real adapters must both keep."""

from infra_adapters.testing import contract_events, contract_lists, contract_repositories, contract_units
from infra_adapters.testing.contract import PROMISES, ContractBroken
from infra_adapters.testing.memory import MemoryStore, MemoryUnitOfWork

__all__ = [
    "PROMISES",
    "ContractBroken",
    "MemoryStore",
    "MemoryUnitOfWork",
    "contract_events",
    "contract_lists",
    "contract_repositories",
    "contract_units",
]
