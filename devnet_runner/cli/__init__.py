"""The command line."""

from devnet_runner.cli.collector import resting

with resting():
    from devnet_runner.cli.entry import devnet_run, main

__all__ = ["devnet_run", "main"]
