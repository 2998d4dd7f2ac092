"""Opening a sandbox: the strongest means that a self-test finds to hold, shared by all trials of a run."""

from __future__ import annotations

import queue
import socket
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from devnet_runner.sandbox.bubblewrap import find_bubblewrap
from devnet_runner.sandbox.keepers import BUBBLEWRAP, LANDLOCK, NOTHING, Around, Keeper, Unkept
from devnet_runner.sandbox.layout import Layout
from devnet_runner.sandbox.values import Ended, Ending
from devnet_runner.standard_results import Enforcement, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devnet_runner.sandbox.values import Trial

ESSENTIAL = {"write", "connect", "broken"}
BACKENDS = (BUBBLEWRAP, LANDLOCK, NOTHING)


class Sandbox:
    """Runs trials, as many at once as it has keepers. Any thread may call `run` and `stop`."""

    def __init__(self, enforcement: Enforcement, around: Around, keepers: list[Keeper]) -> None:
        self.enforcement = enforcement
        self.workers = len(keepers)
        self._around = around
        self._keepers = set(keepers)
        self._lock = threading.Lock()
        self._stopped = False
        self._free = queue.SimpleQueue[Keeper | None]()
        for keeper in keepers:
            self._free.put(keeper)

    def run(self, trial: Trial) -> Ended:
        """Run one trial to its end; one whose keeper is lost, or which comes after `stop`, is `LOST`."""
        keeper = self._free.get()
        try:
            keeper = keeper or self._another()
            ended = keeper.run(trial)
        except (Unkept, OSError) as error:
            self._drop(keeper)
            keeper = None
            return Ended(Ending.LOST, output=str(error))
        else:
            if keeper.spent:
                self._drop(keeper)
                keeper = None
            return ended
        finally:
            self._free.put(keeper)

    def stop(self) -> None:
        """End every trial that runs, and let none begin; returns at once."""
        with self._lock:
            self._stopped = True
            for keeper in self._keepers:
                keeper.stop()

    def close(self) -> None:
        """End every keeper; no trial may be running any more."""
        self.stop()
        for keeper in self._keepers:
            keeper.close()

    def _another(self) -> Keeper:
        """A keeper in place of one that was lost. Raises Unkept, and OSError where no process can be started."""
        with self._lock:
            if self._stopped:
                raise Unkept("the run was stopped")
            keeper = Keeper(self._around)
            self._keepers.add(keeper)
        found = keeper.ready()
        if set(found) - set(self.enforcement.leaks):
            self._drop(keeper)
            raise Unkept(f"a new keeper holds less than the first: {', '.join(found)}")
        return keeper

    def _drop(self, keeper: Keeper | None) -> None:
        if keeper is not None:
            with self._lock:
                self._keepers.discard(keeper)
            keeper.close()


@contextmanager
def open_sandbox(
    root: Path, environ: Mapping[str, str], workers: int, backends: tuple[str, ...] = BACKENDS
) -> Iterator[Sandbox]:
    """A sandbox around a project, with a keeper for each worker; when this ends, no process of it is left.

    `backends` are tried in order; the first that holds what it must is taken, so the enforcement may be policy alone.
    """
    layout = Layout.of(root, environ)
    program = find_bubblewrap(environ, layout.root)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        around = Around(NOTHING, program, layout, environ, listener.getsockname()[1])
        sandbox = _strongest(around, workers, backends)
    try:
        yield sandbox
    finally:
        sandbox.close()


def _strongest(around: Around, workers: int, backends: tuple[str, ...]) -> Sandbox:
    reasons: list[str] = []
    for backend in backends:
        missing = _missing(backend, around)
        if missing:
            reasons.append(f"{backend}: {missing}")
            continue
        there = replace(around, backend=backend)
        try:
            keepers, leaks = _started(there, workers)
        except (Unkept, OSError) as error:
            reasons.append(f"{backend}: {error}")
            continue
        return Sandbox(Enforcement(_level(backend, leaks), backend, leaks, tuple(reasons)), there, keepers)
    raise OSError("; ".join(reasons))


def _missing(backend: str, around: Around) -> str:
    """Why a backend cannot even be tried on this machine."""
    if backend == NOTHING:
        return ""
    if sys.platform != "linux":
        return f"there is none on {sys.platform}"
    return "bwrap is not installed" if backend == BUBBLEWRAP and not around.bubblewrap else ""


def _started(around: Around, workers: int) -> tuple[list[Keeper], tuple[str, ...]]:
    """Keepers that are ready, and what they all together leak. Raises Unkept for one that holds too little."""
    keepers: list[Keeper] = []
    try:
        # One by one, so that those before one that cannot start are ended too.
        keepers.extend(Keeper(around) for _ in range(workers))
        leaks = tuple(sorted({leak for keeper in keepers for leak in keeper.ready()}))
        _accept(around.backend, leaks)
    except BaseException:
        for keeper in keepers:
            keeper.close()
        raise
    return keepers, leaks


def _accept(backend: str, leaks: tuple[str, ...]) -> None:
    held = {"broken"} if backend == NOTHING else ESSENTIAL
    if held.intersection(leaks):
        raise Unkept(f"the self-test could do what a test must not, or not what it must: {', '.join(leaks)}")


def _level(backend: str, leaks: tuple[str, ...]) -> Level:
    if backend == NOTHING:
        return Level.POLICY_ONLY
    return Level.PARTLY if leaks else Level.ENFORCED
