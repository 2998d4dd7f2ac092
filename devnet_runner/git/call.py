"""One call of git, hardened: no hook, filter, monitor, pager, prompt or user's configuration takes part.

A repository's own configuration can name programs that `git add` or `git status` would run; reading somebody's
repository must not. Filters have free names, so the configured ones are listed first and then blanked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

try:
    from git import Git
    from git.exc import CommandError
except ImportError:
    # GitPython refuses to be imported where git is not installed.
    MISSING = True
else:
    # Older ones do not read configuration from variables, so that nothing would be blanked.
    MISSING = Git().version_info < (2, 31)

SECONDS = 120
INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY",
             "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG", "GIT_EXTERNAL_DIFF",
             "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_TRACE")  # fmt: skip
"""What a hook or alias around us would pass on, and which would point git elsewhere."""

ENVIRON = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_EDITOR": "false",
}
CONFIG = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.pager", "cat"),
    # A user's own ignore list would hide sources that the tests import.
    ("core.excludesFile", os.devnull),
    ("core.attributesFile", os.devnull),
    ("core.sparseCheckout", "false"),
    ("core.autocrlf", "false"),
    ("core.safecrlf", "false"),
    ("gc.auto", "0"),
    ("protocol.allow", "never"),
    ("advice.addEmbeddedRepo", "false"),
    # Ownership guards against running what a stranger configured; nothing of that runs here.
    ("safe.directory", "*"),
)
FILTER = ("clean", "smudge", "process")


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls git in one folder, with blanked filters and extra variables."""

    folder: Path
    filters: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> bytes | None:
        """Standard output, or None where git is missing, refuses or does not end in time."""
        if MISSING or any("\0" in argument for argument in arguments):
            return None
        unset = [part for name in INHERITED if name not in self.extra for part in ("-u", name)]
        environ = ENVIRON | _config(self.filters) | dict(self.extra)
        try:
            output: bytes = Git(self.folder).execute(
                ["env", *unset, "git", *arguments], env=environ, stdout_as_string=False,
                strip_newline_in_stdout=False, kill_after_timeout=SECONDS,
            )  # fmt: skip
        except (CommandError, OSError):
            return None
        return output

    def line(self, *arguments: str) -> str:
        """The one line that git answers, or an empty text."""
        return text((self(*arguments) or b"").removesuffix(b"\n"))

    def path(self, *arguments: str) -> Path | None:
        """The one path that git answers, byte for byte, below the folder unless absolute."""
        found = (self(*arguments) or b"").removesuffix(b"\n")
        return self.folder / os.fsdecode(found) if found else None

    def commit(self) -> str:
        """The current commit, or an empty text in an unborn branch."""
        return self.line("rev-parse", "-q", "--verify", "HEAD^{commit}")

    def names(self, *arguments: str) -> tuple[bytes, ...]:
        """The NUL-ended names that git answers."""
        return tuple(name for name in (self(*arguments) or b"").split(b"\0") if name)


def caller(folder: Path) -> Caller:
    """A caller for this folder that knows, and blanks, the filters configured there."""
    keys = Caller(folder).names("config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    return Caller(
        folder, tuple(sorted({os.fsdecode(key[7:].rpartition(b".")[0]) for key in keys if key.count(b".") > 1}))
    )


def top_of(folder: Path) -> Path | None:
    """The top of the work tree that holds a folder, unless its configuration moves it to where the folder is not."""
    top = Caller(folder).path("rev-parse", "--show-toplevel") if folder.is_dir() else None
    return top.resolve() if top and folder.resolve().is_relative_to(top.resolve()) else None


def text(name: bytes) -> str:
    """Bytes as they can be shown and kept in JSON: what is not UTF-8 is escaped."""
    return name.decode("utf-8", "backslashreplace")


def _config(filters: tuple[str, ...]) -> dict[str, str]:
    # Variables rather than `-c`, because a filter's name may hold an equals sign.
    blank = [(f"filter.{name}.{kind}", "") for name in filters for kind in FILTER]
    pairs = [*CONFIG, *blank, *((f"filter.{name}.required", "false") for name in filters)]
    numbered = {f"GIT_CONFIG_KEY_{n}": key for n, (key, _) in enumerate(pairs)}
    values = {f"GIT_CONFIG_VALUE_{n}": value for n, (_, value) in enumerate(pairs)}
    return {"GIT_CONFIG_COUNT": str(len(pairs))} | numbered | values
