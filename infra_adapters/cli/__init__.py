"""The command `infra`: the database of a service, from a shell."""

from infra_adapters.cli.entry import main

__all__ = ["main"]
