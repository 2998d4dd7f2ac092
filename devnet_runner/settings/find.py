"""Finding the settings: the folder that holds them, from the working directory upward."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = "devnet.yaml"
MANIFEST = "devnet-plan/manifest.json"
PLAN = "devnet-plan/phases"
PLANS = (PLAN, "phases", "docs/phases", "plan/phases", "docs/plan", "plan")
"""Where phase documents usually are."""
MAX_BYTES = 1_000_000


def find_root(start: Path) -> Path | None:
    """The nearest folder, from `start` upward, that holds settings, a plan manifest or the usual folder of a plan."""
    for folder in (start, *start.parents):
        if (folder / NAME).is_file() or (folder / MANIFEST).is_file() or (folder / PLAN).is_dir():
            return folder
    return None


def usual_plan(root: Path) -> str:
    """The first of the usual folders that holds phase documents; empty where none does."""
    return next((plan for plan in PLANS if any((root / plan).glob("phase-*.md"))), "")


def mentions(root: Path, word: bytes) -> bool:
    """Whether the settings may speak of a word; what cannot be told counts as yes."""
    try:
        with (root / NAME).open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    # A quoted key may be written with escapes, and another encoding has other bytes.
    return word in data or b"\\" in data or b"\0" in data or len(data) > MAX_BYTES
