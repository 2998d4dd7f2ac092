"""devnet-run proves that a phase of a plan is done."""
