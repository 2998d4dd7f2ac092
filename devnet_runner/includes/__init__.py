"""Includes: text quoted by hash, found, verified, and explained when it has drifted."""

from devnet_runner.includes.check import Checker, Include, check_document
from devnet_runner.includes.jail import Jail
from devnet_runner.includes.markers import Block, scan
from devnet_runner.includes.walk import check_files, documents

__all__ = ["Block", "Checker", "Include", "Jail", "check_document", "check_files", "documents", "scan"]
