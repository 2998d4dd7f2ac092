"""Bad input gets one clear error with a place and a cure, exit code 2 or 3, nothing written, no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

YAML = "devnet.yaml"
DOCUMENT = "phases/phase-1-counting.md"

WRONG = {
    # what: (file, bytes or replacement, words of the command, exit code, what is said)
    "an unknown phase": (None, None, ["phase-11"], 2, "did you mean phase-1"),
    "an unknown step": (None, None, ["phase-1", "--step", "9"], 2, "name one of its steps"),
    "a missing document": (None, None, ["phases/phase-2.md"], 2, "does not exist"),
    "settings that are no YAML": (YAML, b"a: [", ["phase-1"], 2, "devnet.yaml:"),
    "settings with several faults": (YAML, b"suits: 1\nmode: loud\n", ["phase-1"], 2, "devnet.yaml:2: mode is 'loud'"),
    "settings in UTF-16": (YAML, "project: x".encode("utf-16"), ["phase-1"], 2, "make it UTF-8"),
    "a document in UTF-16": (DOCUMENT, "# Phase 1: X".encode("utf-16"), ["phase-1"], 2, "UTF-16"),
    "a document with a NUL byte": (DOCUMENT, b"# Phase 1: X\n\0", ["phase-1"], 2, "NUL"),
    "a document without steps": (DOCUMENT, b"# Phase 1: X\n", ["phase-1"], 2, "declares no step"),
    "an empty document": (DOCUMENT, b"", ["phase-1"], 2, "declares no step"),
    "an option that does not exist": (None, None, ["phase-1", "--stp", "1"], 2, "No such option"),
    "a mode that does not exist": (None, None, ["phase-1", "--mode", "soft"], 2, "'blocking'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_once_and_clearly(project, what):
    path, data, words, code, said = WRONG[what]
    if path:
        (project.root / path).write_bytes(data)
    before = project.tree()
    answer = project.run(*words)
    assert answer.code == code
    assert said in answer.err
    assert "Traceback" not in answer.err + answer.out
    assert project.tree() == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<!-- @end-include -->\n", "", "no end"),
        ("## Phase Completion", "<!-- @end-include -->\n\n## Phase Completion", "ends no include"),
        ("includes/snippets.md#", "../snippets.md#", "leaves the repository"),
        ("includes/snippets.md#", "/etc/hostname#", "leaves the repository"),
        ("includes/snippets.md#commit-rules", "includes/snippets.md#commit-rule", "#commit-rules"),
        ("hash: ", "hash: 12", "SHA-256"),
    ],
)
def test_a_wrong_include_is_an_error_of_the_document(project, old, new, said):
    project.replace(DOCUMENT, old, new)
    answer = project.run("phase-1")
    assert (answer.code, said in answer.err) == (2, True), answer.err
    assert f"{DOCUMENT}:" in answer.err


def test_errors_are_json_alone_where_json_is_asked_for(project):
    answer = project.run("phase-7", "--format", "json")
    assert (answer.code, answer.json["verdict"], answer.json["exit_code"]) == (2, "error", 2)
    assert answer.err == ""


def test_a_folder_that_is_no_project_is_said(tmp_path, project):
    (tmp_path / "empty").mkdir()
    answer = project.run("phase-1", cwd="../empty")
    assert answer.code == 2
    assert "there is no devnet.yaml" in answer.err


@pytest.mark.parametrize("state", ["no repository", "unborn", "detached"])
def test_any_state_of_git_works_and_is_noted(project, state):
    if state == "detached":
        project.git("checkout", "-q", "--detach")
    else:
        shutil.rmtree(project.root / ".git")
        if state == "unborn":
            project.git("init", "-q")
    answer = project.run("phase-1", "--format", "json")
    assert (answer.code, answer.blocking) == (0, [])
    notes = {finding["id"] for finding in answer.json["findings"]}
    assert {"no repository": "git-none", "unborn": "git-unborn", "detached": "git-detached"}[state] in notes


def test_a_missing_folder_of_the_workspace_blocks(project):
    project.replace(YAML, "plan: phases\n", "plan: phases\nworkspace: {directories: [packages/core]}\n")
    answer = project.run("phase-1", "--format", "json")
    assert (answer.code, answer.blocking) == (1, ["workspace-directory"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that this account may not write")
def test_a_place_that_cannot_be_written_is_an_error_of_the_environment(project):
    (project.root / "DEVNET-CHECKPOINT.txt").symlink_to("/proc/version")
    answer = project.run("phase-1", "--step", "1")
    assert answer.code in {2, 3}
    assert "Traceback" not in answer.err
    assert not (project.root / "DEVNET-PROGRESS.md").exists()


@pytest.mark.parametrize("words", [("status",), ("standards", "run"), ("includes", "check"), ("doctor",)])
def test_a_working_directory_that_is_gone_is_told(project, words):
    gone = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh", *project.command(*words)]
    done = subprocess.run(
        gone, cwd=project.root, env=project.environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, "the working directory does not exist" in done.stderr) == (2, True)
