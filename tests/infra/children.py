"""Processes of a test's own, forked from one that has everything loaded: they begin within milliseconds."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from infra_adapters.postgres import Migrations
from infra_adapters.postgres.migrations import Script

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])


def migrate(url, folder):
    """What a migrating process does."""
    Migrations(url, Script("product", Path(folder), "product_revision")).upgrade()


def started(work, *given):
    """A process that does some work; `exitcode` says how it ended."""
    process = CONTEXT.Process(target=work, args=given, daemon=True)
    process.start()
    return process
