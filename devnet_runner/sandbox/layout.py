"""Which folders of the machine a test sees: all of it to read, without what is private; its own folder to write."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PRIVATE = ("/tmp", "/var/tmp", "/run", "/home", "/root", "/Users")  # noqa: S108 - hidden from tests, not written
SCRATCH = "/tmp/devnet-scratch"  # noqa: S108 - a folder of its own inside the sandbox
PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Layout:
    """Real paths: the project's `root`, what is `masked`, and what is `shown` yet below that."""

    root: str
    masked: tuple[str, ...]
    shown: tuple[str, ...]

    @classmethod
    def of(cls, root: Path, environ: Mapping[str, str]) -> Layout:
        """The layout for a project: a home is hidden, except for the programs that lie on `PATH` in it."""
        real = os.path.realpath(root)
        homes = {os.path.realpath(path) for path in (environ.get("HOME", ""), os.path.expanduser("~")) if path}  # noqa: PTH111
        private = {os.path.realpath(path) for path in PRIVATE} | homes
        masked = _outermost(path for path in private - {"/"} if os.path.isdir(path))  # noqa: PTH112
        needed = (real, *_git_folders(Path(real)), sys.prefix, sys.base_prefix, str(PACKAGE), *_programs(environ))
        # What holds a private folder is not shown for the sake of a program in it; for the project's own sake it is.
        open_ones = {
            path for one in needed if not any(_inside(home, (path := os.path.realpath(one),)) for home in private)
        }
        return cls(real, masked, _outermost(path for path in open_ones | {real} if _inside(path, masked)))

    def environment(self, scratch: str, environ: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a test, the same on every machine but for its `PATH`."""
        folders = [path for path in environ.get("PATH", os.defpath).split(":") if path.startswith("/")]
        return {
            "PATH": ":".join(folders) or os.defpath,
            "HOME": scratch,
            "TMPDIR": scratch,
            "PWD": self.root,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            # Inside, the owner of the project may look like somebody else.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }


def _programs(environ: Mapping[str, str]) -> Iterable[str]:
    """The folders on `PATH`, and for a version manager's `…/bin` the tree that it belongs to."""
    for path in environ.get("PATH", "").split(":"):
        if path.startswith("/"):
            folder = Path(path)
            whole = folder.name == "bin" and folder.parent.name != ".local"
            yield from (path, str(folder.parent)) if whole else (path,)


def _git_folders(root: Path) -> Iterable[str]:
    """Where git keeps the data of a work tree whose `.git` is a file."""
    link = root / ".git"
    try:
        if not link.is_file():
            return
        target = link.read_text(encoding="utf-8", errors="surrogateescape").partition("gitdir:")[2].strip()
        folder = (root / target).resolve()
        common = folder / "commondir"
        yield str(folder)
        if common.is_file():
            yield str((folder / common.read_text(encoding="utf-8").strip()).resolve())
    except OSError:
        return


def _inside(path: str, folders: tuple[str, ...]) -> bool:
    return any(f"{path}/".startswith(f"{folder}/") for folder in folders)


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths without those that lie below another one."""
    found: list[str] = []
    for path in sorted(set(paths)):
        if not _inside(path, tuple(found)):
            found.append(path)
    return tuple(found)
