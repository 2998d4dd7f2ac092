"""What a process gives up before it becomes a test: rights, limits, files; in force for all that descends from it."""

from __future__ import annotations

import os
import resource

from devnet_runner.keeper.kernel import drop_capabilities, load_filter, no_new_privileges, restrict_self

MEGABYTE = 1 << 20
LARGEST_FILE, OPEN_FILES = 64 * MEGABYTE, 1024
HARD = ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, LARGEST_FILE), (resource.RLIMIT_NOFILE, OPEN_FILES))


class Confinement:
    """The rights that tests keep. `rules` is a Landlock ruleset, `program` a seccomp filter; None: without."""

    def __init__(self, rules: int | None, program: bytes | None, *, kernel: bool) -> None:
        self.rules, self.program, self.kernel = rules, program, kernel

    def enter(self, seconds: float) -> None:
        """Give up everything else; `seconds` bounds the processor's time. Raises OSError where a right would stay."""
        for limit, most in (*HARD, (resource.RLIMIT_CPU, int(seconds) + 1)):
            _, hard = resource.getrlimit(limit)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(limit, (allowed, allowed))
        os.umask(0o077)
        if not self.kernel:
            return
        drop_capabilities()
        no_new_privileges()
        if self.rules is not None:
            restrict_self(self.rules)
        if self.program is not None:
            load_filter(self.program)
