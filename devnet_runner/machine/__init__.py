"""The machine: what a project needs of it, what is there, and how to get the rest. Nothing is changed."""

from devnet_runner.machine.checks import Check, State, examine

__all__ = ["Check", "State", "examine"]
