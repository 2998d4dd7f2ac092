"""Coverage files: recounted from their lines, and refused where they cannot be believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devnet_runner.measures import BadCoverage, FileMeasure, Ratio, read_coverage

ROOT = Path("/project")
LCOV = "TN:\nSF:src/a.ts\nDA:1,5\nDA:2,0\nBRDA:1,0,0,3\nBRDA:1,0,1,-\nLF:99\nLH:99\nBRF:9\nBRH:9\nend_of_record\n"
COBERTURA = """<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://127.0.0.1:9/coverage-04.dtd">
<coverage line-rate="1.0"><sources><source>/project/src</source></sources><packages><package><classes>
<class filename="a.py" line-rate="1"><methods><method><lines><line number="1" hits="1"/></lines></method></methods>
<lines><line number="1" hits="1"/><line number="2" hits="0"/>
<line number="3" hits="2" branch="true" condition-coverage="50% (1/2)"/></lines></class>
</classes></package></packages></coverage>"""
FILE: dict[str, Any] = {
    "executed_lines": [1, 2], "missing_lines": [3], "excluded_lines": [9, 10],
    "executed_branches": [[1, 2]], "missing_branches": [[1, -1]],
}  # fmt: skip


def lcov(text: str, directory: str = ".") -> tuple[FileMeasure, ...]:
    return read_coverage(text.encode(), "lcov.info", ROOT, directory)


def cobertura(text: str) -> tuple[FileMeasure, ...]:
    return read_coverage(text.encode(), "coverage.xml", ROOT)


def coverage_json(value: object) -> tuple[FileMeasure, ...]:
    return read_coverage(json.dumps(value).encode(), "coverage.json", ROOT)


def test_lcov_is_recounted_from_its_records() -> None:
    (measure,) = lcov(LCOV)
    assert (measure.path, measure.line_ratio(), measure.branch_ratio()) == ("src/a.ts", Ratio(1, 2), Ratio(1, 2))
    assert measure.missing() == [1, 2]


def test_lcov_of_a_file_that_is_named_twice_is_one_measure() -> None:
    (measure,) = lcov(LCOV + LCOV.replace("DA:2,0", "DA:2,1\nDA:9,0"))
    assert measure.line_ratio() == Ratio(2, 3)


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n", "\r\n"), ("DA:1,5", "DA:1,5,checksum=="), ("BRDA:1,0,0,3", "BRDA:1,0,a ? (b, c) : d,3"),
     ("BRDA:1,0,0,3", "BRDA:1,e0,0,3"), ("TN:\n", "# a comment\nFN:1,f\nFNDA:2,f\nVER:x\n"),
     ("DA:1,5", f"DA:1,{1 << 60}")],
)  # fmt: skip
def test_dialects_of_lcov_are_read(old: str, new: str) -> None:
    (measure,) = lcov(LCOV.replace(old, new))
    assert (measure.line_ratio(), measure.branch_ratio()) == (Ratio(1, 2), Ratio(1, 2))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("DA:1,5", "DA:1,-5", "line 3: '1,-5' holds impossible numbers"),
        ("DA:1,5", "DA:0,5", "line 3"),
        ("DA:1,5", "DA:-1,5", "line 3"),
        ("DA:1,5", "DA:x,5", "line 3"),
        ("DA:1,5", "DA:1,5e3", "line 3"),
        ("DA:1,5", "DA:1,NaN", "line 3"),
        ("DA:1,5", "DA:1, 5", "line 3"),
        ("DA:1,5", "DA:²,5", "line 3"),
        ("DA:1,5", "DA:99999999999,1", "line 3"),
        ("DA:1,5", f"DA:1,{'9' * 9999}", "line 3"),
        ("DA:1,5", "DA:1", "line 3"),
        ("BRDA:1,0,0,3", "BRDA:1,3", "line 5"),
        ("BRDA:1,0,0,3", "BRDA:1,0,0,-3", "line 5"),
        ("BRDA:1,0,0,3", "BRDA:0,0,0,3", "line 5"),
        ("SF:src/a.ts\n", "", "line 2: DA belongs to no file"),
        ("end_of_record\n", "", "it ends before end_of_record of 'src/a.ts'"),
        ("DA:1,5", "SF:again", "line 3: a file begins before end_of_record of 'src/a.ts'"),
        ("DA:1,5\nDA:2,0\n", "", "it holds no line that was measured"),
        (LCOV, "no coverage at all\n", "it holds no line that was measured"),
        (LCOV, " \n", "it is empty"),
    ],
)
def test_lcov_that_cannot_be_believed_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(BadCoverage, match=said):
        lcov(LCOV.replace(old, new))


@pytest.mark.parametrize(
    ("source", "directory", "path"),
    [
        ("src/a.ts", ".", "src/a.ts"),
        ("./src/../src/a.ts", ".", "src/a.ts"),
        ("src\\a.ts", ".", "src/a.ts"),
        ("src/a.ts", "packages/web", "packages/web/src/a.ts"),
        ("../core/a.ts", "packages/web", "packages/core/a.ts"),
        ("/project/src/a.ts", "packages/web", "src/a.ts"),
        ("/project/../project/src/a.ts", ".", "src/a.ts"),
        ("../a.ts", ".", "../a.ts"),
        ("/project/../a.ts", ".", "/a.ts"),
        ("/elsewhere/a.ts", ".", "/elsewhere/a.ts"),
        ("/projects/a.ts", ".", "/projects/a.ts"),
    ],
)
def test_paths_are_below_the_root_or_outside(source: str, directory: str, path: str) -> None:
    (measure,) = lcov(LCOV.replace("src/a.ts", source), directory)
    assert (measure.path, measure.outside) == (path, path.startswith(("/", "..")))


def test_a_root_behind_a_link_is_the_same_root(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to("real")
    for root in (link, tmp_path / "real"):
        text = LCOV.replace("src", f"{root}/src").encode()
        assert [one.path for one in read_coverage(text, "lcov.info", link)] == ["src/a.ts"]


def test_a_path_that_is_no_utf8_is_kept() -> None:
    (measure,) = read_coverage(LCOV.encode().replace(b"a.ts", b"\xff.ts"), "lcov.info", ROOT)
    assert measure.path == "src/\udcff.ts"


def test_cobertura_is_recounted_from_its_lines() -> None:
    (measure,) = cobertura(COBERTURA)
    assert (measure.path, measure.line_ratio(), measure.branch_ratio()) == ("src/a.py", Ratio(2, 3), Ratio(1, 2))


def test_cobertura_is_known_by_its_content_too() -> None:
    assert read_coverage(b"\n" + COBERTURA.partition("?>")[2].encode(), "coverage.out", ROOT) == cobertura(COBERTURA)


def test_an_absolute_path_needs_no_source() -> None:
    (measure,) = cobertura(COBERTURA.replace('filename="a.py"', 'filename="/project/lib/a.py"'))
    assert measure.path == "lib/a.py"


def test_of_several_sources_the_one_that_has_the_file_counts(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.py").touch()
    several = f"<source></source><source>{tmp_path}/src</source><source>{tmp_path}/lib</source>"
    text = COBERTURA.replace("<source>/project/src</source>", several)
    assert [one.path for one in read_coverage(text.encode(), "c.xml", tmp_path)] == ["lib/a.py"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<package>", "", "it is no XML"),
        ('hits="1"', 'hits="-1"', "line 3: 'a.py' has a line with impossible numbers: number '1', hits '-1'"),
        ('hits="1"', 'hits="1.5"', "impossible numbers"),
        ('hits="1"', "", "impossible numbers"),
        ('number="1"', 'number="0"', "impossible numbers"),
        ('number="1"', "", "impossible numbers"),
        ('number="1"', f'number="{"9" * 5000}"', "impossible numbers"),
        ("(1/2)", "(3/2)", "line 5: 'a.py' has a line with impossible branches"),
        ("(1/2)", "(1/999999999)", "impossible branches"),
        ("<coverage ", '<!DOCTYPE a [<!ENTITY b "x">]><coverage ', "it is no XML"),
        ('SYSTEM "http://127.0.0.1:9/coverage-04.dtd">', '[<!ENTITY b "x">]>', "declares the entity 'b'"),
        ("class", "klass", "it holds no line that was measured"),
        ("coverage", "report", "its root is <report>"),
    ],
)  # fmt: skip
def test_cobertura_that_cannot_be_believed_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(BadCoverage, match=said):
        cobertura(COBERTURA.replace(old, new))


def test_rates_without_lines_are_no_data() -> None:
    with pytest.raises(BadCoverage, match="no line"):
        cobertura('<coverage line-rate="1.0" lines-covered="99" lines-valid="99"><class filename="a"/></coverage>')


def test_coverage_py_is_read_with_branches_and_exclusions() -> None:
    (measure,) = coverage_json({"files": {"a.py": FILE}})
    assert (measure.line_ratio(), measure.branch_ratio(), measure.excluded) == (Ratio(2, 3), Ratio(1, 2), 2)
    assert measure.missing() == [1, 3]


def test_a_line_that_is_said_to_be_both_is_missing() -> None:
    (measure,) = coverage_json({"files": {"a.py": FILE | {"missing_lines": [1, 2, 3]}}})
    assert measure.line_ratio() == Ratio(0, 3)


@pytest.mark.parametrize(
    "file",
    [{}, [], None, FILE | {"executed_lines": [-1]}, FILE | {"executed_lines": [True]}, FILE | {"missing_lines": ["1"]},
     FILE | {"missing_lines": [1.5]}, FILE | {"executed_lines": 7}, FILE | {"missing_branches": [[1]]},
     FILE | {"missing_branches": [["x", 1]]}, FILE | {"excluded_lines": [10**9]}],
)  # fmt: skip
def test_a_file_with_impossible_content_is_refused(file: object) -> None:
    with pytest.raises(BadCoverage):
        coverage_json({"files": {"a.py": file}})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": [1]}', '{"files": {}}', "{", "[" * 100_000, "\xff", "NaN"])
def test_json_that_is_no_coverage_is_refused(text: str) -> None:
    with pytest.raises(BadCoverage):
        read_coverage(text.encode("latin-1"), "coverage.json", ROOT)
