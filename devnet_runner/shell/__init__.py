"""Shell: what a command of a document can and cannot say, read from its text alone."""

from devnet_runner.shell.expansions import Expansion, expansions, opened
from devnet_runner.shell.policy import refused
from devnet_runner.shell.reading import Reading, counterfactual, doubtful, read_command

__all__ = ["Expansion", "Reading", "counterfactual", "doubtful", "expansions", "opened", "read_command", "refused"]
