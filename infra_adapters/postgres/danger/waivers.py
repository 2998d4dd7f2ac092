"""Waivers: why a dangerous statement may run this once, written in the revision itself."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra_adapters.postgres.danger.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_adapters.postgres.danger.reading import Danger

REASON = 10
"""How many characters a reason has at least."""


def faults(dangers: Sequence[Danger], waivers: object) -> tuple[str, ...]:
    """Every danger without a waiver, and every waiver that holds nothing; empty where the revision may run.

    `waivers` is the mapping from a kind to its reason that a revision calls WAIVERS.
    """
    if not isinstance(waivers, Mapping):
        return ("WAIVERS is no mapping from a kind to its reason",)
    bare = (str(danger) for danger in dangers if danger.kind not in waivers)
    return (*bare, *_hollow({danger.kind for danger in dangers}, waivers))


def _hollow(there: set[str], waivers: Mapping[object, object]) -> Iterator[str]:
    for kind, reason in waivers.items():
        if kind not in KINDS:
            near = difflib.get_close_matches(str(kind), KINDS, n=1)
            yield f"waiver {kind}: there is no such kind{f'; {near[0]}?' if near else ''}"
        elif kind not in there:
            yield f"waiver {kind}: nothing in the revision needs it; remove it"
        elif not isinstance(reason, str) or len(reason.strip()) < REASON:
            yield f"waiver {kind}: say in at least {REASON} characters why it may run"
