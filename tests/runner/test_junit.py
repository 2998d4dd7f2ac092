"""JUnit XML: recounted from its cases, and safe to read from anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet_runner.junit import NAME_LIMIT, REASON_LIMIT, read_junit
from devnet_runner.xml_guard import HostileXml

if TYPE_CHECKING:
    from devnet_runner.results import TestResult

WHOLE = """<?xml version="1.0"?>
<testsuites tests="99" failures="0"><testsuite name="s" tests="-3">
<testcase classname="web.pay" name="pays" time="0.25" file="pay.test.ts" line="7">
  <properties><property name="deliverable" value="Payments"/><property name="other" value="x"/></properties></testcase>
<testcase name="fails" time="1,234.5"><failure message="no money">long text</failure></testcase>
<testcase name="breaks"><error>boom</error><failure/></testcase>
<testcase name="waits"><skipped/></testcase>
</testsuite></testsuites>"""


def test_cases_are_read_in_order_with_their_outcomes() -> None:
    assert [(one.name, str(one.outcome)) for one in read_junit(WHOLE.encode())] == [
        ("web.pay::pays", "passed"), ("fails", "failed"), ("breaks", "errored"), ("waits", "skipped"),
    ]  # fmt: skip


def test_a_case_keeps_its_place_duration_reason_and_what_it_proves() -> None:
    first, second, third, _ = read_junit(WHOLE.encode())
    assert (first.duration, str(first.where), first.proves) == (0.25, "pay.test.ts:7", ("Payments",))
    assert (second.duration, second.reason) == (1234.5, "no money")
    assert (third.duration, third.reason) == (0.0, "boom")


def case(inside: str = "", attributes: str = "name='a'") -> TestResult:
    """The one result of a file with one case."""
    (result,) = read_junit(f"<testsuite name='s'><testcase {attributes}>{inside}</testcase></testsuite>".encode())
    return result


@pytest.mark.parametrize("time", ["NaN", "-1", "inf", "1e999", "soon", "-0.5"])
def test_an_impossible_duration_counts_as_none_and_is_told(time: str) -> None:
    result = case(attributes=f"name='a' time='{time}'")
    assert (result.duration, result.reason) == (0.0, f"its time '{time}' is no duration and counts as 0")


@pytest.mark.parametrize("line", ["-1", "x", "9" * 5000, "²", ""])
def test_an_impossible_line_is_left_out(line: str) -> None:
    assert str(case(attributes=f"name='a' file='f' line='{line}'").where) == "f"


@pytest.mark.parametrize(
    ("inside", "outcome"),
    [
        ("<system-out>failed</system-out>", "passed"),
        ("<failure/>", "failed"),
        ("<failure/><skipped/>", "failed"),
        ("<skipped/><failure/>", "failed"),
        ("<failure/><error/>", "errored"),
        ("<x><failure/></x>", "failed"),
        ("<flakyFailure/>", "passed"),
    ],
)
def test_the_worst_ending_counts(inside: str, outcome: str) -> None:
    assert case(inside).outcome == outcome


@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        ("status='run' result='completed'", "passed"),
        ("status='notrun' result='suppressed'", "skipped"),
        ("status='Failed'", "failed"),
        ("status='run' result='skipped'", "skipped"),
    ],
)
def test_a_case_may_say_by_attribute_that_it_did_not_pass(attributes: str, outcome: str) -> None:
    assert case(attributes=f"name='a' {attributes}").outcome == outcome


def outcomes(text: str) -> list[str]:
    return [f"{one.name} {one.outcome}" for one in read_junit(text.encode())]


def test_a_case_inside_of_another_hides_neither() -> None:
    text = "<testcase name='a'><failure/><testcase name='b'/></testcase>"
    assert outcomes(text) == ["b passed", "a failed"]


def test_an_error_of_a_whole_suite_is_a_result() -> None:
    text = "<testsuites><testsuite name='s'><error message='no import'/><testcase name='a'/></testsuite></testsuites>"
    assert outcomes(text) == ["s errored", "a passed"]


def test_cases_of_the_same_name_are_all_kept() -> None:
    text = "<testsuite><testcase name='a'/><testcase name='a'><failure/></testcase></testsuite>"
    assert outcomes(text) == ["a passed", "a failed"]


@pytest.mark.parametrize("text", ["<testsuites/>", "<testsuite tests='5'></testsuite>"])
def test_a_file_without_cases_has_no_results(text: str) -> None:
    assert outcomes(text) == []


def test_a_deliverable_may_be_the_text_of_its_property() -> None:
    inside = (
        "<properties><property name='deliverable'> Payments </property><property name='x'>y</property></properties>"
    )
    assert case(inside).proves == ("Payments",)


def test_long_names_and_reasons_are_cut() -> None:
    result = case(f"<failure>{'y' * 9999}</failure>", f"name='{'x' * 9999}'")
    assert (len(result.name), len(result.reason)) == (NAME_LIMIT, REASON_LIMIT)


def test_a_case_without_a_name_can_still_be_spoken_of() -> None:
    assert case(attributes="").name == "a case without a name"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (WHOLE[:200].encode(), "it is no XML"),
        (b"<html><testcase name='a'/></html>", "its root is <html>"),
        (b"<testsuite>" * 1_000_000, "nests deeper than 200"),
        (b"<!DOCTYPE a [<!ENTITY a 'ha'>]><testsuite><testcase name='&a;'/></testsuite>", "declares the entity 'a'"),
    ],
)
def test_what_cannot_be_believed_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(HostileXml, match=said):
        read_junit(data)


def test_another_encoding_is_read() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><testsuite><testcase name="Grüße"/></testsuite>'
    assert [one.name for one in read_junit(text.encode("utf-16"))] == ["Grüße"]
