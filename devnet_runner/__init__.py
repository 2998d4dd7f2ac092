"""devnet-run proves that a phase of a plan is done."""

__version__ = "0.1.0"
