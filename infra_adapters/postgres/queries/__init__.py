"""Queries as they should be: shown to use their indexes, sent in bulk, searched without a surprise, told when slow."""

from infra_adapters.postgres.queries.guard import NPlusOne, StatementGuard, constant_in, statement_guard
from infra_adapters.postgres.queries.keys import BareForeignKey, foreign_keys_without_index
from infra_adapters.postgres.queries.normal import normalised
from infra_adapters.postgres.queries.plans import AccessPathMissing, Node, explain_check, indexes_used, plan_of

__all__ = [
    "AccessPathMissing",
    "BareForeignKey",
    "NPlusOne",
    "Node",
    "StatementGuard",
    "constant_in",
    "explain_check",
    "foreign_keys_without_index",
    "indexes_used",
    "normalised",
    "plan_of",
    "statement_guard",
]
