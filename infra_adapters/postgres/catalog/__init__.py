"""The catalog: everything that a schema is, as texts that can be compared and counted as one fingerprint."""

from infra_adapters.postgres.catalog.compare import Difference, differences
from infra_adapters.postgres.catalog.read import read_catalog
from infra_adapters.postgres.catalog.values import Catalog

__all__ = ["Catalog", "Difference", "differences", "read_catalog"]
