"""What the README shows of drift is what a reader gets who repeats it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def shown(command: str) -> tuple[list[str], str]:
    """The commands of the screen that ends in `command`, and what is shown below them."""
    screens = README.read_text(encoding="utf-8").split("```text\n")[1:]
    (screen,) = (text.split("```")[0] for text in screens if f"$ {command}\n" in text)
    before, after = screen.split(f"$ {command}\n")
    return [*(line.removeprefix("$ ") for line in before.splitlines()), command], after


def test_the_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 100


def test_drift_is_explained_as_the_readme_shows(tmp_path):
    for name in ("phases", "includes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "devnet.yaml", tmp_path)
    commands, expected = shown("devnet-run includes check")
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    said = ""
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        said += done.stdout
    assert (said, done.returncode) == (expected, 1)
