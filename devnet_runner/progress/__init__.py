"""The progress file: which steps of which phase are ticked."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from devnet_runner.progress.sections import PhaseProgress, Progress, StepProgress, read

__all__ = ["PhaseProgress", "Progress", "StepProgress", "created", "read", "ticked"]

if TYPE_CHECKING:
    from devnet_runner.progress.tick import created, ticked
else:

    def __getattr__(name: str) -> object:
        # Who only reads does not wait for what ticks (PEP 562).
        if name not in {"created", "ticked"}:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.tick"), name)
