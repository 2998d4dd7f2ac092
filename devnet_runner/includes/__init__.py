"""Includes: text quoted by hash, found, verified, and explained when it has drifted."""

from devnet_runner.includes.again import Again
from devnet_runner.includes.cache import EMPTY, Cache, read_cache
from devnet_runner.includes.check import Checker, Include, check_document
from devnet_runner.includes.drift import DRIFT, VERIFIED
from devnet_runner.includes.jail import Jail
from devnet_runner.includes.markers import Block, scan
from devnet_runner.includes.tree import top_of
from devnet_runner.includes.walk import Checked, check_files, documents

__all__ = [
    "DRIFT",
    "EMPTY",
    "VERIFIED",
    "Again",
    "Block",
    "Cache",
    "Checked",
    "Checker",
    "Include",
    "Jail",
    "check_document",
    "check_files",
    "documents",
    "read_cache",
    "scan",
    "top_of",
]
