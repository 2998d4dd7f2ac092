"""`devnet-run includes refresh`: put quoted text anew where its source has moved; all files or none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devnet_runner import git
from devnet_runner.commands.includes_where import Where, split_source
from devnet_runner.commands.refusal import refuse
from devnet_runner.errors import BLOCKED, PASSED, WRONG_INPUT, DevnetError
from devnet_runner.files import File, clean_stale, write_all
from devnet_runner.findings import finding_json
from devnet_runner.includes.diff import Side, unified
from devnet_runner.includes.refresh import Refreshed, Wanted, refresh
from devnet_runner.locks import repository_lock
from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.screen import Screen
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = "devnet-refresh/1"
KEPT_RULES = ".devnet/kept/.gitignore"
STYLES = {"+": "good", "-": "bad", "@": "dim"}


def command(
    *, start: Path, environ: Mapping[str, str], paths: tuple[str, ...], source: str, form: str, **flags: bool
) -> int:
    """Refresh includes; 0 where all verify then, 1 where something is left or would change, 2 where it is wrong."""
    screen, check = Screen.of(environ), flags["check"]
    try:
        where = Where.of(start)
        path, anchor = split_source(source) if source else ("", "")
        found = _found(where, start, paths, Wanted(path, anchor, flags["force"]))
        if not check:
            _write(where, found)
    except DevnetError as error:
        return refuse(screen, error, form, "")
    code = _exit_code(found, check=check)
    if form == "json":
        screen.text(json.dumps(_json(found, code, check=check), indent=1, ensure_ascii=False) + "\n")
    else:
        screen.lines(list(_lines(found, check=check)))
    return code


def _found(where: Where, start: Path, paths: tuple[str, ...], wanted: Wanted) -> Refreshed:
    return refresh(where.documents(start, paths), where.read, where.jail, wanted)


def _write(where: Where, found: Refreshed) -> None:
    """Put every changed document in place, the kept bodies first. Raises EnvironmentStopped; then nothing changed."""
    if not found.changes:
        return
    with repository_lock(where.root, git.common_dir(where.root)):
        clean_stale({(where.root / path).resolve().parent for path in found.changes})
        kept = {one.aside: one.kept for one in found.blocks if one.kept}
        # What is kept is for its author: neither git nor a later check takes it for a document of the project.
        kept |= {KEPT_RULES: b"*\n"} if kept else {}
        files = [File(where.root / path, data, _there(where.root / path)) for path, data in kept.items()]
        files += [File(where.root / path, new, old) for path, (old, new) in found.changes.items()]
        write_all(tuple(files), where.root)


def _there(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _exit_code(found: Refreshed, *, check: bool) -> int:
    if any(finding.id != "include-kept" for finding in found.findings):
        return WRONG_INPUT
    return BLOCKED if found.findings or (check and found.changes) else PASSED


def _diff(path: str, old: bytes, new: bytes) -> tuple[str, ...]:
    sides = (Side(path, 1, data.decode("utf-8", "replace").split("\n")) for data in (old, new))
    return unified(*sides)


def _json(found: Refreshed, code: int, *, check: bool) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "exit_code": code,
        "written": not check and bool(found.changes),
        "documents": [{"path": path, "diff": list(_diff(path, *change))} for path, change in found.changes.items()],
        "blocks": [
            {"path": one.path, "line": one.line, "source": one.source, "anchor": one.anchor, "was": one.state}
            | ({"kept": one.aside} if one.kept else {})
            for one in found.blocks
        ],
        "findings": [finding_json(finding) for finding in found.findings],
    }


def _lines(found: Refreshed, *, check: bool) -> Iterator[Line]:
    for path, change in found.changes.items():
        yield from (line(Piece(text, STYLES.get(text[:1], ""))) for text in _diff(path, *change))
    for one in found.blocks:
        if one.kept:
            yield row("kept", visible(f"{one.path}:{one.line}: the edited text is in {one.aside}"), "warn")
    for finding in found.findings:
        yield line(Piece(str(finding.where), "strong"), f": {visible(finding.what)}; {visible(finding.fix)}")
    word = "would be refreshed" if check else "refreshed"
    said = f"{len(found.blocks)} blocks {word} in {len(found.changes)} documents"
    yield row("includes", said, "bad" if found.findings or (check and found.changes) else "good")
