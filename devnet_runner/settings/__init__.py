"""Settings: `devnet.yaml`, found from the working directory upward, as typed values."""

from devnet_runner.settings.read import find_root, load, read_settings
from devnet_runner.settings.values import Layer, Proof, Settings, StandardsSettings, Suite, Workspace

__all__ = [
    "Layer",
    "Proof",
    "Settings",
    "StandardsSettings",
    "Suite",
    "Workspace",
    "find_root",
    "load",
    "read_settings",
]
