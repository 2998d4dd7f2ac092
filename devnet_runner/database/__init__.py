"""The database of a run: a given server, the embedded one, or installed programs; nothing of it is left behind."""

from devnet_runner.database.given import check_given
from devnet_runner.database.opening import open_database
from devnet_runner.database.templates import Template
from devnet_runner.database.values import Database

__all__ = ["Database", "Template", "check_given", "open_database"]
