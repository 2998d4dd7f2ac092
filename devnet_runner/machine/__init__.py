"""The machine: what a project needs of it, what is there, and how to get the rest. Nothing is changed."""

from devnet_runner.machine.checks import examine
from devnet_runner.machine.values import Check, State

__all__ = ["Check", "State", "examine"]
