"""The one room that reads and writes the user's files: whole or not at all, and inside the root only."""

from devnet_runner.files.read import read_bytes
from devnet_runner.files.temps import Syscalls, clean_stale
from devnet_runner.files.write import File, write_all

__all__ = ["File", "Syscalls", "clean_stale", "read_bytes", "write_all"]
