"""`devnet-run plan PHASE`: what a document declares, and every fault of it in one go."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.commands.home import home_of
from devnet_runner.commands.refusal import refuse
from devnet_runner.errors import DevnetError
from devnet_runner.files import File, write_all
from devnet_runner.findings import finding_json
from devnet_runner.includes import DRIFT, Checker, Jail
from devnet_runner.phase import read_phase
from devnet_runner.plan_tree import find_document
from devnet_runner.reports.lines import row
from devnet_runner.reports.plan import plan_json, plan_lines
from devnet_runner.screen import Screen
from devnet_runner.settings import Settings, find_root, load
from devnet_runner.text import damage_finding, read_text, repair

if TYPE_CHECKING:
    from collections.abc import Mapping


def command(*, start: Path, environ: Mapping[str, str], phase: str, form: str, **flags: bool) -> int:
    """Show a plan; 0 where it has no blocking fault, 1 where only quoted text has drifted, else 2."""
    screen = Screen.of(environ)
    try:
        root, settings = place(phase, start)
        path = find_document(phase, root, settings.plan, start)
        if flags.get("repair"):
            return _repair(screen, root, path)
        return _show(screen, root, _jail(root, settings, start), path, form)
    except DevnetError as error:
        return refuse(screen, error, form, "")


def place(target: str, start: Path) -> tuple[Path, Settings]:
    """The root and settings for a document: a file may be looked at where there is no project."""
    root = home_of(start)
    # Where the path itself leads out of the project it is meant; a link that does is not followed.
    # What pathlib asks of a name that is too long raises; os.path only says no.
    file = Path(os.path.abspath(start / target))  # noqa: PTH100
    if os.path.isfile(file) and (root is None or not file.is_relative_to(root)):  # noqa: PTH113
        root = find_root(file.parent) or (start if file.is_relative_to(start) else file.parent)
    return (root, load(root)) if root is not None else (start, Settings())


def _jail(root: Path, settings: Settings, start: Path) -> Jail:
    """Where included sources are read: a document out of any project quotes those of the project one stands in."""
    home = find_root(start) if find_root(root) is None else None
    return Jail(root, settings.include_paths) if home is None else Jail(home, load(home).include_paths)


def _show(screen: Screen, root: Path, jail: Jail, path: str, form: str) -> int:
    text = read_text(root / path, path)
    parsed = read_phase(text)
    includes, drifted = Checker(jail).check(text.data, path)
    findings = tuple(dict.fromkeys((*damage_finding(text), *parsed.findings, *drifted)))
    findings = tuple(sorted(findings, key=lambda finding: (not finding.blocking, finding.where)))
    if form == "json":
        value = plan_json(parsed, includes, [finding_json(finding) for finding in findings])
        screen.text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    else:
        screen.lines(plan_lines(parsed, includes, findings))
    kinds = {finding.id for finding in findings if finding.blocking}
    return 2 if kinds - DRIFT else int(bool(kinds))


def _repair(screen: Screen, root: Path, path: str) -> int:
    text = read_text(root / path, path)
    write_all((File(root / path, repair(text), text.data),), root)
    screen.lines([row("repaired", f"{path}: UTF-8 that was read as {text.damaged.replace('_', ' ')}")])
    return 0
