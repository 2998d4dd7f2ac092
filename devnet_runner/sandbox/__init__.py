"""The sandbox: a shell command goes in, how it ended comes out, and it changed and reached nothing on the way."""

from devnet_runner.sandbox.opening import Sandbox, open_sandbox
from devnet_runner.sandbox.values import Ended, Ending, Trial

__all__ = ["Ended", "Ending", "Sandbox", "Trial", "open_sandbox"]
