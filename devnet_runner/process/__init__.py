"""Processes: a command goes in, how it ended comes out, and no process is left behind."""

from devnet_runner.process.environment import minimal_environment
from devnet_runner.process.running import Running, run, start
from devnet_runner.process.values import Command, Completed, Ending, Execute

__all__ = ["Command", "Completed", "Ending", "Execute", "Running", "minimal_environment", "run", "start"]
