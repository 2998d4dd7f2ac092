"""What a migration would do to a service that runs meanwhile, and to its version before: judged before it runs."""

from infra_adapters.postgres.danger.kinds import BEYOND, KINDS
from infra_adapters.postgres.danger.reading import Danger, examine
from infra_adapters.postgres.danger.waivers import faults

__all__ = ["BEYOND", "KINDS", "Danger", "examine", "faults"]
