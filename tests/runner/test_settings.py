"""Settings: typed values, and every fault at once with its line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from devnet_runner.errors import InputError
from devnet_runner.settings import Proof, Suite, find_root, load, read_settings

WHOLE = """
project: shop
plan: plan/phases
includes:
  paths: {docs/snippets: includes}
workspace: {repository: [shop, shop-next], directories: [packages/core]}
standards: [docs/standards]
layers:
  infrastructure: {paths: ["src/infra/**"], minimum: 97.5, phase: phase-3, step: 2}
suites:
  - id: web
    phase: 3
    step: 2
    runner: command
    command: [npx, vitest, run]
    directory: packages/web
    junit: packages/web/junit.xml
    coverage: packages/web/coverage/lcov.info
    timeout: 90
    environment: [STRIPE_KEY]
    blocking: false
    proves: [{deliverable: Payments, tests: "pay*"}]
records: evidence
mode: advisory
"""


def faults(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_settings(text)
    return [str(finding) for finding in caught.value.findings]


def test_every_key_becomes_a_typed_value():
    settings = read_settings(WHOLE)
    assert (settings.project, settings.plan, settings.records, settings.mode) == (
        "shop",
        "plan/phases",
        "evidence",
        "advisory",
    )
    assert settings.include_paths == (("docs/snippets", "includes"),)
    assert settings.workspace.repository == ("shop", "shop-next")
    layer = settings.layers[0]
    assert (layer.name, layer.minimum, layer.phase, layer.step, layer.line) == (
        "infrastructure",
        Decimal("97.5"),
        "3",
        "2",
        9,
    )


def test_a_suite_becomes_a_typed_value():
    assert read_settings(WHOLE).suites[0] == Suite(
        id="web", runner="command", phase="3", step="2", command=("npx", "vitest", "run"), directory="packages/web",
        junit="packages/web/junit.xml", coverage=("packages/web/coverage/lcov.info",), timeout=90, blocking=False,
        environment=("STRIPE_KEY",), proves=(Proof("Payments", "pay*"),), line=11,
    )  # fmt: skip


def test_all_faults_are_told_in_one_run_with_their_lines():
    found = faults("suits: 1\nmode: loud\nlayers: [1]\nsuites:\n - id: 3\n   tiemout: 2\n   timeout: -1\n")
    assert [one.split(" ")[0] for one in found] == [f"devnet.yaml:{line}:" for line in (1, 2, 3, 5, 6, 7)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("suits: []", "did you mean 'suites'?"),
        ("project: [a]", "project is a list, not a text"),
        ("project:", "project is empty, not a text"),
        ("layers:\n  core: {paths: [a], minimum: 101}", "write a number from 0 to 100"),
        ("layers:\n  core: {paths: [a], minimum: high}", "write a number from 0 to 100"),
        ("layers:\n  core: {minimum: 9}", "layers.core names no paths"),
        ("suites:\n - {id: a, paths: [x]}\n - {id: a, paths: [y]}", "two suites have the id 'a'"),
        ("suites:\n - {id: a, runner: command}", "names no command or no junit file"),
        ("suites:\n - {id: a, paths: [../x]}", "outside the repository"),
        ("suites:\n - {id: a, paths: [x], timeout: 1.5}", "a whole number of seconds"),
        ("suites:\n - {id: a, paths: [x], blocking: maybe}", "is a text, not true or false"),
        ("suites:\n - {paths: [x]}", "a suite has no id"),
        ("suites:\n - {id: a, paths: [x], concurrency: [fibers]}", "write some of thread, greenlet"),
        ("records: /tmp/x", "records '/tmp/x' leaves the repository"),
        ("plan: ../plans", "leaves the repository"),
        ("mode: blocking\nmode: advisory", "has the key 'mode' twice"),
        ("a: [", "a fault of YAML"),
        ("- a\n- b", "devnet.yaml is a list, not a mapping"),
        ("a: &x 1\nb: *x", "an alias"),
        ("[" * 5000, "nesting deeper than 20"),
        ("project: !!python/object/apply:os.system ['true']", "project is a list, not a text"),
    ],
)
def test_a_fault_says_what_is_wrong_and_what_to_do(text, said):
    assert any(said in one for one in faults(text))


def test_an_empty_file_gives_the_defaults():
    assert read_settings("", project="shop").records == ".devnet/records"


def test_numbers_keep_how_they_are_written():
    assert read_settings("project: 1.10\nlayers: {a: {paths: [a], step: 012}}").project == "1.10"


def test_settings_are_found_upward(tmp_path):
    (tmp_path / "devnet.yaml").write_text("project: shop\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_root(tmp_path / "a" / "b") == tmp_path


def test_a_repository_with_a_manifest_only_works_with_defaults(tmp_path):
    (tmp_path / "devnet-plan").mkdir()
    (tmp_path / "devnet-plan" / "manifest.json").write_text("{}")
    assert find_root(tmp_path) == tmp_path
    assert load(tmp_path).plan == "devnet-plan/phases"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"project: \xff\n", b"a: b\n" * 300_000])
def test_settings_that_cannot_be_read_are_one_clear_error(tmp_path, data):
    (tmp_path / "devnet.yaml").write_bytes(data)
    with pytest.raises(InputError, match="the settings"):
        load(tmp_path)
