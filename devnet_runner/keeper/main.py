"""The keeper: takes orders by a pipe, runs the tests one after the other, and answers how each of them ended."""

from __future__ import annotations

import marshal
import os
import sys
import time

from devnet_runner.keeper.confinement import Confinement
from devnet_runner.keeper.filters import seccomp_filter
from devnet_runner.keeper.folders import emptied
from devnet_runner.keeper.kernel import (
    SET_CHILD_SUBREAPER,
    SET_DEATH_SIGNAL,
    SET_DUMPABLE,
    enter_new_pid_namespace,
    leave_pid_namespace,
    prctl,
)
from devnet_runner.keeper.paths import ruleset
from devnet_runner.keeper.probes import Surroundings, leaks
from devnet_runner.keeper.trial import Trial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, NoReturn, TypedDict

    class Setup(TypedDict):
        """How tests are confined: by `bubblewrap` around this process, by `landlock`, or by `nothing`.

        `closed` are folders that they must not write, `masked` such that they must not see, but for `shown`.
        """

        backend: str
        root: str
        scratch: str
        closed: list[str]
        masked: list[str]
        shown: list[str]
        port: int
        process: int


SIGKILL = 9
LIMIT = 10.0  # seconds for the self-test
SETS = ("CapInh", "CapPrm", "CapEff", "CapAmb")  # what a process may gain is bounded by its lack of new privileges
CAPABILITIES = f"while read name set; do case $name in {':|'.join(SETS)}:) echo $set;; esac; done < /proc/self/status"


def main(orders: int, answers: int) -> None:
    """Set up, answer what the self-test found, and serve until the orders end."""
    os.set_inheritable(orders, False)
    os.set_inheritable(answers, False)
    with os.fdopen(orders, "rb") as source, os.fdopen(answers, "wb", buffering=0) as target:
        setup: Setup = marshal.load(source)  # noqa: S302 - from our own runner
        try:
            own = _own_tree(setup["backend"])
            os.chdir(setup["root"])
            confinement = _confinement(setup)
            confinement.prepare()
            found = _self_test(setup, confinement, own)
        except OSError as error:
            target.write(f"refused {error}\n".encode("utf-8", "replace"))
            return
        target.write(f"ready {' '.join(found)}\n".encode())
        _serve(source, target, setup["scratch"], (confinement, own))


def _own_tree(backend: str) -> int | None:
    """A descriptor of this process's own namespace, where its children can have others; then it is a child itself."""
    if backend != "bubblewrap":
        if sys.platform == "linux":
            prctl(SET_CHILD_SUBREAPER, 1)
            prctl(SET_DUMPABLE, 0)
        return None
    # The way back into a namespace needs rights over it, which only one of our own making gives.
    leave_pid_namespace()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    prctl(SET_DEATH_SIGNAL, SIGKILL)
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    prctl(SET_DUMPABLE, 0)
    return own


def _confinement(setup: Setup) -> Confinement:
    if setup["backend"] == "nothing":
        return Confinement(None, None, kernel=False, inherited=False)
    rules = None
    if setup["backend"] == "landlock":
        rules = ruleset(setup["scratch"], tuple(setup["masked"]), tuple(setup["shown"]))
    program = seccomp_filter(os.uname().machine)
    return Confinement(rules, program, kernel=True, inherited=setup["backend"] == "bubblewrap")


def _self_test(setup: Setup, confinement: Confinement, own: int | None) -> list[str]:
    """What a process in this confinement can do and must not."""
    around = Surroundings(
        closed=tuple(setup["closed"]),
        masked=tuple(setup["masked"]),
        shown=tuple(setup["shown"]),
        scratch=setup["scratch"],
        port=setup["port"],
        process=setup["process"],
    )
    if own is not None:
        enter_new_pid_namespace(own)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _try(confinement, around, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(child, 0)
    if not said.endswith("."):
        raise OSError(said or "the self-test did not come to its end")
    return [*said[:-1].split(), *_kept_capabilities(confinement, own)]


def _kept_capabilities(confinement: Confinement, own: int | None) -> list[str]:
    """`capabilities` where a program that is started the way tests are would have any of them."""
    if not confinement.kernel:
        return []
    trial = Trial({"argv": ["/bin/sh", "-c", CAPABILITIES], "env": {}, "timeout": LIMIT}, confinement, own)
    ending, said = trial.end(), trial.output.value().split()
    none = ending == "ended" and len(said) == len(SETS) and not any(int(one, 16) for one in said)
    return [] if none else ["capabilities"]


def _try(confinement: Confinement, around: Surroundings, answer: int) -> NoReturn:
    try:
        confinement.enter()
        os.write(answer, f"{' '.join(leaks(around))}.".encode())
    except OSError as error:
        os.write(answer, str(error).encode("utf-8", "replace"))
    finally:
        os._exit(0)


def _serve(source: BinaryIO, target: BinaryIO, scratch: str, how: tuple[Confinement, int | None]) -> None:
    while True:
        try:
            order = marshal.load(source)  # noqa: S302 - from our own runner
        except EOFError:
            return
        began = time.monotonic()
        trial = Trial(order, *how)
        ending = trial.end()
        said = trial.fault or trial.output.value()
        seconds = time.monotonic() - began
        clean = emptied(scratch)
        head = f"{ending} {trial.status} {seconds:.6f} {'clean' if clean else 'spoiled'} {len(said)}\n"
        target.write(head.encode() + said)
        if not clean:
            return
