"""Processes: a command goes in, how it ended comes out, and no process is left behind."""

from devnet_runner.process.run import Running, run, start
from devnet_runner.process.values import Command, Completed, Ending, Execute, minimal_environment

__all__ = ["Command", "Completed", "Ending", "Execute", "Running", "minimal_environment", "run", "start"]
