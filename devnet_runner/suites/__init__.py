"""Suites: how each kind of suite is run, and the one visible table of the kinds."""

from devnet_runner.suites.site import Site, Tell
from devnet_runner.suites.table import RUNNERS, run_suite

__all__ = ["RUNNERS", "Site", "Tell", "run_suite"]
