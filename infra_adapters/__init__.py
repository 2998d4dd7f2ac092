"""The infrastructure layer of a product: PostgreSQL first, other services beside it."""
