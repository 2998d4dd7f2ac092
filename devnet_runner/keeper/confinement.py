"""What a process gives up before it becomes a test: rights, limits, files; in force for all that descends from it."""

from __future__ import annotations

import os
import resource

from devnet_runner.keeper.kernel import (
    drop_capabilities,
    drop_inherited_capabilities,
    load_filter,
    no_new_privileges,
    restrict_self,
)

MEGABYTE = 1 << 20
LARGEST_FILE, OPEN_FILES = 64 * MEGABYTE, 1024
LIMITS = ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, LARGEST_FILE), (resource.RLIMIT_NOFILE, OPEN_FILES))


class Confinement:
    """The rights that tests keep. `rules` is a Landlock ruleset, `program` a seccomp filter; None: without.

    With `inherited` the keeper itself has given up what a test must not have, except for one capability that every
    program it starts loses by being started; so that nothing is left to do for each test.
    """

    def __init__(self, rules: int | None, program: bytes | None, *, kernel: bool, inherited: bool) -> None:
        self.rules, self.program, self.kernel, self.inherited = rules, program, kernel, inherited

    def prepare(self) -> None:
        """Give up, once, what the keeper can do without. Raises OSError where a right would stay."""
        for limit, most in LIMITS:
            _, hard = resource.getrlimit(limit)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(limit, (allowed, allowed))
        os.umask(0o077)
        if self.inherited:
            drop_inherited_capabilities()
            self._filter()

    def enter(self) -> None:
        """Give up everything else, in the process that becomes a test. Raises OSError where a right would stay."""
        if not self.kernel:
            return
        drop_capabilities()
        if self.inherited:
            return
        no_new_privileges()
        if self.rules is not None:
            restrict_self(self.rules)
        self._filter()

    def _filter(self) -> None:
        no_new_privileges()
        if self.program is not None:
            load_filter(self.program)
