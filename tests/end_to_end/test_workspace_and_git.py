"""Where a project lies and what git is doing there: a run finds it, leaves it alone and says what it means."""

from __future__ import annotations

import subprocess

import pytest

WHOLE = ("phase-1", "--format", "json")


def states(project) -> dict[str, str]:
    """What git says that a run must not change."""
    return {
        "status": project.git("status", "--porcelain", "--untracked-files=all"),
        "staged": project.git("ls-files", "--stage"),
        "refs": project.git("for-each-ref"),
        "stash": project.git("stash", "list"),
    }


def test_a_merge_that_is_not_finished_is_noted_and_left_alone(project):
    project.git("switch", "-q", "-c", "other")
    project.write({"other.txt": "other\n"})
    project.git("add", "other.txt")
    project.git("commit", "-q", "-m", "other")
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "--no-ff", "--no-commit", "other")
    before = states(project)
    answer = project.run(*WHOLE, "--no-write")
    assert (answer.code, answer.blocking) == (0, [])
    assert "merge" in " ".join(one["what"] for one in answer.json["findings"])
    assert states(project) == before
    assert (project.root / ".git" / "MERGE_HEAD").exists()


def test_conflicts_in_the_tree_end_in_no_traceback_and_are_not_settled(project):
    for branch, said in (("other", "theirs"), ("main", "ours")):
        project.git("switch", "-q", *(["-c"] if branch == "other" else []), branch)
        project.write({"notes.txt": said})
        project.git("add", "notes.txt")
        project.git("commit", "-q", "-m", said)
    with pytest.raises(subprocess.CalledProcessError):
        project.git("merge", "-q", "other")
    before = states(project)
    answer = project.run(*WHOLE, "--no-write")
    assert (answer.code, answer.err) == (0, "")
    assert "UU" in before["status"] or "AA" in before["status"]
    assert states(project) == before


def test_staged_and_unstaged_work_stays_as_it_is(project):
    project.write({"staged.txt": "one\n", "untracked.txt": "two\n"})
    project.git("add", "staged.txt")
    project.write({"staged.txt": "three\n"})
    before = states(project)
    answer = project.run(*WHOLE, "--no-write")
    assert (answer.code, answer.json["git"]["dirty"]) == (0, True)
    assert states(project) == before


def test_a_run_from_a_folder_below_speaks_of_the_whole_project(project):
    answer = project.run("phase-1", "--step", "1", "--format", "json", cwd="counting")
    assert (answer.code, answer.json["phase"]["path"]) == (0, "phases/phase-1-counting.md")
    assert (project.root / "DEVNET-CHECKPOINT.txt").exists()
    assert not (project.root / "counting" / "DEVNET-CHECKPOINT.txt").exists()


def test_a_project_may_be_a_folder_of_a_larger_repository(project, tmp_path, tmp_path_factory):
    (project.root / ".git").rename(tmp_path / ".git")
    temporary = str(tmp_path_factory.mktemp("temporary"))
    answer = project.run("phase-1", "--step", "1", "--format", "json", TMPDIR=temporary)
    assert (answer.code, answer.blocking) == (0, [])
    assert answer.json["git"]["commit"]


def test_a_linked_work_tree_is_a_repository_too(project, tmp_path):
    project.git("worktree", "add", "-q", str(tmp_path / "linked"))
    answer = project.run("phase-1", "--step", "1", "--format", "json", cwd="../linked")
    assert (answer.code, answer.json["git"]["branch"]) == (0, "linked")
    assert (tmp_path / "linked" / "DEVNET-CHECKPOINT.txt").exists()
    assert not (project.root / "DEVNET-CHECKPOINT.txt").exists()


def test_another_repository_in_the_environment_is_not_asked(project, tmp_path):
    elsewhere = {"GIT_DIR": str(tmp_path / "nowhere"), "GIT_WORK_TREE": "/", "GIT_INDEX_FILE": str(tmp_path / "index")}
    answer = project.run(*WHOLE, "--no-write", **elsewhere)
    assert (answer.code, answer.json["git"]["branch"]) == (0, "main")
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    ("required", "origin", "code"),
    [
        ("elsewhere", "", 1),
        ("elsewhere", "https://token@example.org/group/elsewhere.git", 0),
    ],
)
def test_the_plan_may_name_its_repository(project, required, origin, code):
    if origin:
        project.git("remote", "add", "origin", origin)
    project.replace("devnet.yaml", "plan: phases\n", f"plan: phases\nworkspace: {{repository: {required}}}\n")
    answer = project.run("phase-1", "--step", "1", "--no-write", "--format", "json")
    assert (answer.code, answer.blocking) == (code, ["workspace-repository"] if code else [])
    assert "token" not in answer.out


def test_what_the_repository_configures_is_never_run(project, tmp_path):
    hooks = dict.fromkeys(("pre-commit", "post-index-change", "fsmonitor"), f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    project.write({f".git/hooks/{name}": text for name, text in hooks.items()})
    for name in hooks:
        (project.root / ".git" / "hooks" / name).chmod(0o755)
    project.git("config", "core.fsmonitor", str(project.root / ".git/hooks/fsmonitor"))
    assert project.run("phase-1", "--step", "1").code == 0
    assert not (tmp_path / "ran").exists()
