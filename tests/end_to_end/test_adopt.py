"""A repository that is new to the tool: `init`, `doctor`, and the commands where there are no settings at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from devnet_runner.settings import read_settings

SHARED = Path(__file__).resolve().parents[2].parent / "shared/devnet"
PYPROJECT = "[tool.pytest.ini_options]\ntestpaths = ['checks']\n[tool.coverage.report]\nfail_under = 91\n"
VITEST = json.dumps({"name": "shop", "devDependencies": {"vitest": "3"}, "scripts": {"test": "vitest"}})


def standard(command: str) -> dict[str, str]:
    """A standards document with one test."""
    block = '<verification-block context-check="a">'
    return {"docs/standards/a.md": f'{block}\n<test name="t">\nTEST: {command}\n</test>\n</verification-block>\n'}


@pytest.fixture
def bare(project):
    """The project without its settings."""
    (project.root / "devnet.yaml").unlink()
    return project


@pytest.fixture
def real(bare):
    """A copy of the real plan tree, a repository of its own."""
    if not SHARED.is_dir():
        pytest.skip("the shared plan repository is not beside this one")
    shutil.rmtree(bare.root)
    shutil.copytree(SHARED, bare.root)
    bare.git("init", "-q", "-b", "main")
    return bare


def test_init_writes_settings_that_work_at_once(bare):
    answer = bare.run("init")
    text = (bare.root / "devnet.yaml").read_text()
    assert (answer.code, "plan: phases" in text, "# seen in pyproject.toml" in text) == (0, True, True)
    settings = read_settings(text)
    assert [(suite.runner, suite.paths) for suite in settings.suites] == [("pytest", ("tests",))]
    assert bare.run("plan", "phase-1").code == 0
    assert bare.run("status").code == 0
    assert bare.run("includes", "check").code == 0


def test_what_init_wrote_runs_the_real_suite(bare):
    bare.run("init")
    answer = bare.run("phase-1", "--no-write", "--format", "json")
    assert answer.json["checks"]["tests"] == 3
    assert answer.json["suites"][0]["outcome"] == "passed"
    assert answer.code == 0


def test_tests_without_marks_are_really_run_and_all_of_them_count(bare):
    for name in ("adding", "naming"):
        bare.replace(f"tests/{name}/test_{name}.py", "mark.blocking", "mark.slow")
    bare.replace(
        "pyproject.toml", "[tool.pytest.ini_options]\n", "[tool.pytest.ini_options]\naddopts = '-m \"not slow\"'\n"
    )
    assert bare.run("init").code == 0
    answer = bare.run("phase-1", "--no-write", "--format", "json")
    assert (answer.json["checks"]["tests"], answer.json["suites"][0]["outcome"]) == (3, "passed")


@pytest.mark.parametrize("wrong", ["assert 1 == 2", "import pytest; pytest.skip('later')"])
def test_where_all_tests_count_one_that_does_not_pass_blocks(bare, wrong):
    bare.write({"tests/adding/test_adding.py": f"def test_a():\n    {wrong}\n", "tests/naming/test_naming.py": ""})
    bare.run("init")
    answer = bare.run("phase-1", "--no-write", "--format", "json")
    assert (answer.code, answer.json["suites"][0]["outcome"] == "passed") == (1, False)


def test_init_shows_and_writes_nothing_where_it_is_asked_to(bare):
    before = bare.tree()
    answer = bare.run("init", "--dry-run")
    assert (answer.code, bare.tree() == before) == (0, True)
    assert read_settings(answer.out).project == "counting"


def test_init_never_touches_settings_that_are_there(project):
    before = project.tree()
    answer = project.run("init")
    assert (answer.code, project.tree() == before) == (2, True)
    assert "--dry-run" in answer.err


TREES = [
    ({}, ["neither pytest nor vitest", "which code is measured", "where the phase documents are"], [], {}),
    ({"package.json": VITEST, "pnpm-lock.yaml": ""}, [], ["vitest"], {}),
    (
        {"packages/core/vitest.config.ts": "", "packages/core/src/domain/a.ts": "", "apps/web/src/ui/b.ts": ""},
        [],
        ["packages-core"],
        {"domain": ("packages/core/src/domain/**",), "presentation": ("apps/web/src/ui/**",)},
    ),
    (
        {"pyproject.toml": PYPROJECT, "src/shop/__init__.py": ""},
        [],
        ["pytest"],
        {"shop": ("src/shop/**",)},
    ),
    (
        {"tests/unit/test_a.py": "", "shop/__init__.py": "", "package.json": VITEST},
        [],
        ["pytest", "vitest"],
        {"shop": ("shop/**",)},
    ),
    ({"package.json": "[" * 5000, "pyproject.toml": "= no"}, ["neither pytest nor vitest"], [], {}),
    ({"package.json": "{}" + " " * 6_000_000}, ["neither pytest nor vitest"], [], {}),
    ({"package.json": json.dumps({"name": "a: b # c '"})}, [], [], {}),
    ({"packages": "a file", "devnet-plan/phases/phase-a-x.md": "# Phase A: X\n"}, [], [], {}),
]  # fmt: skip


@pytest.mark.parametrize(("files", "undecided", "suites", "layers"), TREES)
def test_init_sees_what_a_repository_shows_and_says_what_it_could_not_decide(project, files, undecided, suites, layers):
    shutil.rmtree(project.root)
    project.root.mkdir()
    project.write(files)
    answer = project.run("init", "--dry-run")
    settings = read_settings(answer.out)
    assert answer.code == 0
    assert all(one in answer.out for one in undecided)
    assert [suite.id for suite in settings.suites] == suites
    assert {layer.name: layer.paths for layer in settings.layers} == layers


def test_init_does_not_look_out_of_the_repository(bare, tmp_path):
    (tmp_path / "outside.json").write_text(VITEST)
    (bare.root / "package.json").symlink_to(tmp_path / "outside.json")
    assert "vitest" not in bare.run("init", "--dry-run").out.replace("neither pytest nor vitest", "")


def test_init_does_not_list_a_folder_that_is_linked_from_outside(bare, tmp_path):
    shutil.move(bare.root / "tests", tmp_path / "elsewhere")
    (bare.root / "tests").symlink_to(tmp_path / "elsewhere")
    (bare.root / "pyproject.toml").unlink()
    assert read_settings(bare.run("init", "--dry-run").out).suites == ()


NAMES = [b"x\nmode: advisory #", b"\xff\xfe", b"\x1b[31m"]


@pytest.mark.parametrize("name", NAMES)
def test_a_folders_name_cannot_write_settings(bare, name):
    folder = bare.root / "packages" / os.fsdecode(name)
    (folder / "src").mkdir(parents=True)
    (folder / "vitest.config.ts").write_text("")
    found = read_settings(bare.run("init", "--dry-run").out)
    assert (found.mode, [suite.id for suite in found.suites]) == ("blocking", ["pytest"])


@pytest.mark.parametrize(("name", "following"), [("phase-a-x.md", "plan phase-a"), ("phase-7-x.md", "plan phase-7")])
def test_the_next_command_names_a_phase_that_is_there(bare, name, following):
    shutil.rmtree(bare.root / "phases")
    bare.write({f"phases/{name}": f"# Phase {name[6].upper()}: X\n\n### Step 1: Y\n\n**Deliverables**\n- Z\n"})
    assert f"devnet-run {following}" in bare.run("init").out
    assert bare.run(*following.split()).code == 0


def test_a_manifest_that_cannot_be_used_does_not_stop_init(bare):
    bare.write({"devnet-plan/manifest.json": "{"})
    answer = bare.run("init")
    assert (answer.code, "devnet-run doctor" in answer.out) == (0, True)


@pytest.mark.parametrize("cwd", [".", "counting"])
def test_a_repository_that_shows_a_plan_needs_no_settings_and_no_manifest(bare, cwd):
    bare.write(standard("test -d counting"))
    assert bare.run("plan", "phase-1", cwd=cwd).code == 0
    assert bare.run("status", cwd=cwd).code == 0
    assert bare.run("standards", "run", cwd=cwd).code == 0


def test_a_repository_that_shows_neither_plan_nor_standards_is_refused_with_the_way_in(bare):
    shutil.rmtree(bare.root / "phases")
    answer = bare.run("status")
    assert (answer.code, "devnet-run init" in answer.err) == (2, True)


def test_the_real_tree_works_without_settings(real):
    before = real.tree()
    assert real.run("plan", "phase-3").code == 0
    assert real.run("status").code == 0
    assert real.run("includes", "check").code == 0
    assert real.run("standards", "list").code == 0
    assert real.run("standards", "run").code == 1
    assert real.tree() == before


@pytest.mark.parametrize("manifest", [True, False])
def test_a_plan_tree_works_without_settings(bare, manifest):
    (bare.root / "devnet-plan").mkdir()
    (bare.root / "phases").rename(bare.root / "devnet-plan/phases")
    if manifest:
        entry = {"id": "1", "name": "Counting", "path": "devnet-plan/phases/phase-1-counting.md"}
        bare.write({"devnet-plan/manifest.json": json.dumps({"phases": [entry]})})
    bare.write(standard("test -d counting"))
    assert bare.run("plan", "phase-1", cwd="counting").code == 0
    assert bare.run("status").code == 0
    assert bare.run("includes", "check").code == 0
    assert bare.run("standards", "run").code == 0


def test_standards_of_a_repository_without_any_plan_are_run(bare):
    shutil.rmtree(bare.root / "phases")
    bare.write(standard("test -d counting"))
    assert bare.run("standards", "run", cwd="counting").code == 0


def test_init_on_the_real_tree_is_taken_by_every_command(real):
    assert real.run("init").code == 0
    assert real.run("plan", "phase-3").code == 0
    assert real.run("standards", "check").code == 0


def checks(answer):
    return {check["name"]: check for check in answer.json["checks"]}


def test_doctor_finds_nothing_missing_for_a_project_that_runs(project):
    before = project.tree()
    answer = project.run("doctor", "--format", "json")
    assert (answer.code, project.tree() == before) == (0, True)
    assert checks(answer)["suite adding"]["state"] == "good"
    assert "nothing that is needed is missing" in project.run("doctor").out


def test_doctor_says_what_is_missing_and_how_to_get_it(project):
    project.replace("devnet.yaml", "paths: [tests/adding]", "runner: command, command: [nosuchtool], junit: x.xml")
    project.write(standard("nosuchprogram x"))
    answer = project.run("doctor", "--format", "json")
    missing = {name for name, check in checks(answer).items() if check["state"] == "missing"}
    assert (answer.code, missing) == (3, {"suite adding", "nosuchprogram"})
    assert all(check["fix"] for check in answer.json["checks"] if check["state"] == "missing")


def test_doctor_tells_of_wrong_settings_and_looks_at_the_rest(project):
    project.write({"devnet.yaml": "plans: x\n"})
    answer = project.run("doctor", "--format", "json")
    assert (answer.code, checks(answer)["settings"]["state"]) == (3, "missing")
    assert "sandbox" in checks(answer)


def test_doctor_says_how_to_begin_where_there_are_no_settings(bare):
    assert checks(bare.run("doctor", "--format", "json"))["settings"]["fix"] == "devnet-run init"
