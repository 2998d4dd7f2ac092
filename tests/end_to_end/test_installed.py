"""What is installed: a wheel with everything in it, and the module as a command."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = (
    "devnet_runner/py.typed",
    "devnet_runner/reports/report.schema.json",
    "devnet_runner/suites/inside/devnet_results.py",
    "devnet_runner/suites/inside/devnet_coverage.py",
    "devnet_runner/process/supervisor.py",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this tree, built without the network."""
    pytest.importorskip("hatchling", reason="the build tool is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*argv, "--wheel-dir", str(folder), str(ROOT)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def tracked(*names: str) -> set[str]:
    """The files of this tree that a package consists of."""
    return {
        str(path.relative_to(ROOT))
        for name in names
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_wheel_holds_everything_that_the_tree_has(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert set(NEEDED) <= held
    assert tracked("devnet_runner", "infra_adapters") <= held
    assert any("/migrations/versions/" in name for name in held)
    assert not [name for name in held if name.startswith(("tests/", "tools/", "benchmarks/"))]


def test_the_command_of_an_unpacked_wheel_proves_a_step(wheel, project, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    answer = project.run("phase-1", "--step", "1", "--format", "json", PYTHONPATH=str(tmp_path / "site"))
    assert (answer.code, answer.blocking) == (0, [])


def test_the_installed_command_and_the_module_are_the_same(project):
    script = Path(sys.executable).with_name("devnet-run")
    if not script.exists():
        pytest.skip("the package is not installed beside this Python")
    for words in (["--version"], ["--help"], ["status"]):
        done = subprocess.run(
            [script, *words], cwd=project.root, env=project.environment(), capture_output=True, timeout=60, check=False
        )
        answer = project.run(*words)
        assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (answer.code, answer.out, answer.err)
        assert answer.code == 0
