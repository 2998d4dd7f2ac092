"""The value of a check of the machine, and how programs are got."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

GETS = {
    "git": "apt install git · dnf install git · brew install git",
    "rg": "apt install ripgrep · dnf install ripgrep · brew install ripgrep",
    "node": "apt install nodejs · dnf install nodejs · brew install node",
    "npm": "apt install npm · dnf install npm · brew install node",
    "npx": "apt install npm · dnf install npm · brew install node",
    "pnpm": "npm install --global pnpm",
    "yarn": "npm install --global yarn",
    "bwrap": "apt install bubblewrap · dnf install bubblewrap",
    "jq": "apt install jq · dnf install jq · brew install jq",
}


class State(StrEnum):
    """What a check found: all is well, something is worth knowing, or something that is needed is not there."""

    GOOD = "good"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what was found, and how to get what is not there."""

    name: str
    state: State
    what: str
    fix: str = ""
