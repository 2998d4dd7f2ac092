"""Finding the packages of a workspace: the usual folders, and those that its own files name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.survey.values import Tree

GROUPS = ("packages", "apps", "libs")
MOST = 60


def package_folders(tree: Tree) -> tuple[str, ...]:
    """The folders of packages, at most 60 of a group."""
    groups = dict.fromkeys((*GROUPS, *(pattern.removesuffix("/*") for pattern in _patterns(tree))))
    return tuple(f"{group}/{name}" for group in groups for name in folders(tree, group))


def folders(tree: Tree, path: str) -> list[str]:
    """The names of the folders in a folder, without hidden ones and installed packages."""
    names = (name.rstrip("/") for name in tree.names(path) if name.endswith("/"))
    return [name for name in names if not name.startswith(".") and name != "node_modules"][:MOST]


def _patterns(tree: Tree) -> Iterator[str]:
    """The patterns `folder/*` of a workspace; others name too much, or what is found all the same."""
    given = tree.json("package.json").get("workspaces")
    given = given.get("packages") if isinstance(given, dict) else given
    listed = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
    lines = (tree.read("pnpm-workspace.yaml") or "").splitlines()
    listed += [line.strip().removeprefix("-").strip(" '\"") for line in lines if line.strip().startswith("-")]
    for pattern in (one.removeprefix("./") for one in listed[:MOST]):
        group = pattern.removesuffix("/*")
        if group != pattern and group.replace("/", "").replace("-", "").replace("_", "").isalnum():
            yield pattern
