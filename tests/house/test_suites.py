"""Every blocking test of the plan is run by a suite of the plan."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_no_test_of_the_adapters_lies_outside_of_every_suite():
    suites = yaml.safe_load((ROOT / "devnet.yaml").read_text())["suites"]
    folders = [ROOT / path for suite in suites for path in suite["paths"]]
    tests = list((ROOT / "tests" / "infra").rglob("test_*.py"))
    assert len(tests) > 30
    assert [test for test in tests if not any(folder in test.parents for folder in folders)] == []
