"""JUnit XML: recounted, and safe to read from anybody."""

from __future__ import annotations

import pytest

from devnet_runner.junit import read_junit
from devnet_runner.terminal import visible
from devnet_runner.xml_guard import HostileXml

WHOLE = """<?xml version="1.0"?>
<testsuites tests="99" failures="0"><testsuite name="s" tests="-3">
<testcase classname="web.pay" name="pays" time="0.25" file="pay.test.ts" line="7">
  <properties><property name="deliverable" value="Payments"/><property name="other" value="x"/></properties></testcase>
<testcase name="fails" time="NaN"><failure message="no money">long text</failure></testcase>
<testcase name="breaks" time="-1"><error>boom</error><failure/></testcase>
<testcase name="waits"><skipped/></testcase>
</testsuite></testsuites>"""


def test_cases_are_read_in_order_with_their_outcomes():
    found = read_junit(WHOLE.encode())
    assert [(one.name, str(one.outcome)) for one in found] == [
        ("web.pay::pays", "passed"), ("fails", "failed"), ("breaks", "errored"), ("waits", "skipped"),
    ]  # fmt: skip


def test_a_case_keeps_its_place_duration_reason_and_what_it_proves():
    first, second, third, _ = read_junit(WHOLE.encode())
    assert (first.duration, str(first.where), first.proves) == (0.25, "pay.test.ts:7", ("Payments",))
    assert (second.duration, second.reason) == (0.0, "no money")
    assert (third.duration, third.reason) == (0.0, "boom")


@pytest.mark.parametrize("text", ["<testsuites/>", "<testsuite tests='5'></testsuite>", "<x><testsuite/></x>"])
def test_a_file_without_cases_has_no_results(text):
    assert read_junit(text.encode()) == ()


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
EXTERNAL = (
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><testsuite><testcase name="a">&x;</testcase></testsuite>'
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"not xml", "it is no XML"),
        (WHOLE[:200].encode(), "it is no XML"),
        (LAUGHS.encode(), "declares the entity 'a'"),
        (LAUGHS.encode("utf-16"), "declares the entity 'a'"),
        (EXTERNAL.encode(), "declares the entity 'x'"),
        (b"<a>" * 100_000, "nests deeper than 200"),
    ],
)
def test_hostile_files_are_refused_with_the_reason(data, said):
    with pytest.raises(HostileXml, match=said):
        read_junit(data)


def test_a_doctype_alone_is_tolerated():
    text = '<!DOCTYPE report PUBLIC "-//X//DTD//EN" "report.dtd"><testsuite><testcase name="a"/></testsuite>'
    assert len(read_junit(text.encode())) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"), ("Grüße ✅", "Grüße ✅"), ("a\x1b[31mb", "a\\x1b[31mb"), ("a\nb", "a\\nb"), ("\u202eabc", "\\u202eabc"),
        ("\x9b31m", "\\x9b31m"), ("a\u200bb", "a\\u200bb"), ("\ud800", "\\ud800"), ("a\tb", "a\tb"),
    ],
)  # fmt: skip
def test_steering_characters_become_visible(text, shown):
    assert visible(text) == shown
