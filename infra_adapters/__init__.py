"""The infrastructure layer of a product: PostgreSQL first, other services beside it."""

import logging

# Who asks for no logs gets none: errors are raised, and a command says them once.
logging.getLogger(__name__).addHandler(logging.NullHandler())
