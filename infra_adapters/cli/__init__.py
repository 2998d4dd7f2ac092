"""The command `infra`: the database of a service, from a shell."""

from infra_adapters.cli.drizzle import drizzle
from infra_adapters.cli.entry import main

main.add_command(drizzle)

__all__ = ["main"]
