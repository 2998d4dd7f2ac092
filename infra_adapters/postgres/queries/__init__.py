"""Queries as they should be: shown to use their indexes, sent in bulk, searched without a surprise, told when slow."""

from infra_adapters.postgres.queries.emails import email_index, same_email
from infra_adapters.postgres.queries.extensions import ExtensionMissing
from infra_adapters.postgres.queries.guard import NPlusOne, StatementGuard, constant_in, statement_guard
from infra_adapters.postgres.queries.keys import BareForeignKey, foreign_keys_without_index
from infra_adapters.postgres.queries.normal import normalised
from infra_adapters.postgres.queries.patterns import contains, ends_with, starts_with
from infra_adapters.postgres.queries.plans import AccessPathMissing, Node, explain_check, indexes_used, plan_of
from infra_adapters.postgres.queries.report import By, StatementFigures, statement_report
from infra_adapters.postgres.queries.search import TextQuery, highlighted, search_column, search_index
from infra_adapters.postgres.queries.vector_type import Metric, Vector, VectorMismatch
from infra_adapters.postgres.queries.vectors import Neighbours, hnsw_index, ivfflat_index, require_vectors

__all__ = [
    "AccessPathMissing",
    "BareForeignKey",
    "By",
    "ExtensionMissing",
    "Metric",
    "NPlusOne",
    "Neighbours",
    "Node",
    "StatementFigures",
    "StatementGuard",
    "TextQuery",
    "Vector",
    "VectorMismatch",
    "constant_in",
    "contains",
    "email_index",
    "ends_with",
    "explain_check",
    "foreign_keys_without_index",
    "highlighted",
    "hnsw_index",
    "indexes_used",
    "ivfflat_index",
    "normalised",
    "plan_of",
    "require_vectors",
    "same_email",
    "search_column",
    "search_index",
    "starts_with",
    "statement_guard",
    "statement_report",
]
