"""A product that uses the adapters: the sample domain of the contracts, kept in PostgreSQL."""

from tests.infra.shop.tables import MODEL, metadata, order_lines, orders

__all__ = ["MODEL", "metadata", "order_lines", "orders"]
