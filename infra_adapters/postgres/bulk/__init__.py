"""Many rows at once: by COPY or by statements of many values, whichever is faster and allowed; all of them or none."""

from infra_adapters.postgres.bulk.duplicates import DuplicateRows, Duplicates
from infra_adapters.postgres.bulk.ways import Written
from infra_adapters.postgres.bulk.write import insert_many, upsert_many

__all__ = ["DuplicateRows", "Duplicates", "Written", "insert_many", "upsert_many"]
