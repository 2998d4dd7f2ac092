"""For tests: twins that live in memory, and the contracts that twins and real adapters must both keep."""

from infra_adapters.testing.memory import MemoryStore, MemoryUnitOfWork

__all__ = ["MemoryStore", "MemoryUnitOfWork"]
