"""Settings: `devnet.yaml`, found from the working directory upward, as typed values."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from devnet_runner.settings.find import find_root, mentions, usual_plan

__all__ = [
    "Layer",
    "Proof",
    "Settings",
    "StandardsSettings",
    "Suite",
    "Workspace",
    "find_root",
    "load",
    "mentions",
    "read_settings",
    "usual_plan",
]

if TYPE_CHECKING:
    from devnet_runner.settings.read import load, read_settings
    from devnet_runner.settings.values import Layer, Proof, Settings, StandardsSettings, Suite, Workspace
else:

    def __getattr__(name: str) -> object:
        # Who only looks for settings does not wait for the reader of YAML (PEP 562).
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        place = "read" if name in {"load", "read_settings"} else "values"
        return getattr(importlib.import_module(f"{__name__}.{place}"), name)
