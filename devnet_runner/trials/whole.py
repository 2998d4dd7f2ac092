"""A whole run of tests: the sandbox around it, opened while the commands are read."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from devnet_runner.results import Outcome
from devnet_runner.sandbox import open_sandbox
from devnet_runner.sandbox.opening import BACKENDS
from devnet_runner.shell import read_command
from devnet_runner.standard_results import StandardsRun
from devnet_runner.trials.judge import Judgement
from devnet_runner.trials.schedule import Terms, result_of, run_tests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from devnet_runner.standard_results import Enforcement, StandardResult
    from devnet_runner.standards.values import StandardTest


def run_all(
    tests: tuple[StandardTest, ...],
    root: Path,
    environ: Mapping[str, str],
    terms: Terms,
    tell: Callable[[StandardResult], None] = lambda _result: None,
    backends: tuple[str, ...] = BACKENDS,
) -> StandardsRun:
    """Try every test of a project, as many at once as there are processors.

    None is tried where the kernel holds less than the terms demand. Raises OSError where no process can be started.
    """
    began = time.monotonic()
    # A keeper takes longer to start than a few tests to run.
    workers = max(1, min(os.cpu_count() or 1, len(tests) // 4))
    # Starting the sandbox is mostly waiting; what is read meanwhile is remembered.
    threading.Thread(target=lambda: [read_command(test.command) for test in tests], daemon=True).start()
    with open_sandbox(root, environ, workers, backends) as sandbox:
        enforcement = sandbox.enforcement
        if enforcement.satisfies(terms.demanded):
            results = run_tests(tests, sandbox, terms, tell)
        else:
            results = tuple(_denied(test, enforcement, terms) for test in tests)
    return StandardsRun(enforcement, results, time.monotonic() - began)


def _denied(test: StandardTest, enforcement: Enforcement, terms: Terms) -> StandardResult:
    reason = f"the sandbox is {enforcement.level}, and the settings demand {terms.demanded}"
    return result_of(test, Judgement(Outcome.DENIED, reason))
