"""What settings say of standards: a list of folders, or a mapping, each fault with its line."""

from __future__ import annotations

import pytest

from devnet_runner.errors import InputError
from devnet_runner.settings import StandardsSettings, read_settings

WHOLE = """
standards:
  folders: [docs/standards, more]
  dispatcher: docs/standards/standards.md
  waivers: docs/waivers
  sandbox: policy only
  timeout: 5
  variables: {PORT_WEB: 3000, PROJECT_TYPE: legacy}
  phases:
    phase-3: routed
    4: all
    phase-5: [docs/standards/a.md, docs/standards/b.md]
"""


def test_a_mapping_becomes_typed_values():
    assert read_settings(WHOLE).standards == StandardsSettings(
        folders=("docs/standards", "more"), dispatcher="docs/standards/standards.md", waivers="docs/waivers",
        sandbox="policy only", timeout=5, variables={"PORT_WEB": "3000", "PROJECT_TYPE": "legacy"},
        phases={"3": ("routed",), "4": ("all",), "5": ("docs/standards/a.md", "docs/standards/b.md")},
    )  # fmt: skip


@pytest.mark.parametrize("text", ["standards: [a, b]", "standards: {folders: [a, b]}"])
def test_a_list_is_a_list_of_folders(text):
    assert read_settings(text).standards == StandardsSettings(folders=("a", "b"))


def test_one_folder_may_stand_alone():
    assert read_settings("standards: docs").standards.folders == ("docs",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{folder: [a]}", "did you mean 'folders'?"),
        ("{sandbox: full}", "write one of: enforced, partly, policy only"),
        ("{sandbox: ''}", "standards.sandbox is ''"),
        ("{timeout: 0}", "write a whole number of seconds"),
        ("{variables: {port: 1}}", "a name of capitals"),
        ("{variables: {'A=B': 1}}", "a name of capitals"),
        ("{variables: {A: [1]}}", "standards.variables.A is a list, not a text"),
        ("{variables: [A]}", "standards.variables is a list, not a mapping"),
        ("{phases: {3: []}}", "standards.phases.3 names nothing"),
        ("{phases: [3]}", "standards.phases is a list, not a mapping"),
        ("{waivers: ../waivers}", "leaves the repository"),
        ("{dispatcher: /etc/standards.md}", "leaves the repository"),
        ("{dispatcher: [a]}", "standards.dispatcher is a list, not a text"),
        ("5", "standards is a number, not a list"),
    ],
)
def test_a_fault_says_what_is_wrong_and_what_to_do(text, said):
    with pytest.raises(InputError) as caught:
        read_settings(f"project: a\nstandards: {text}\n")
    (finding,) = caught.value.findings
    assert said in str(finding)
    assert finding.where.line == 2
