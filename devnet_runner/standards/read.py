"""Reading verification blocks: the pseudo-XML that standards documents hold, line by line.

It is no XML: `<`, `>` and `&` stand raw in values. What is inside a fence, a comment or a quotation is no test.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from devnet_runner.document import Document, read_document
from devnet_runner.findings import Finding, Place
from devnet_runner.standards.fields import Fields
from devnet_runner.standards.tags import BLOCK, DEFINITIONS, TEST, attributes, belongs, ends, indent, opens
from devnet_runner.standards.values import StandardTest

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TESTS = 10_000

Numbered = tuple[int, str]


def read_standard(content: str, path: str) -> tuple[tuple[StandardTest, ...], tuple[Finding, ...]]:
    """The tests that a document declares, and every finding about how they are written."""
    document = read_document(content, path)
    return read_blocks(document)


def read_blocks(document: Document) -> tuple[tuple[StandardTest, ...], tuple[Finding, ...]]:
    """The same of a document whose structure is known."""
    tests: list[StandardTest] = []
    findings: list[Finding] = []
    names: dict[str, int] = {}
    for opening, lines, closed in _blocks(document, findings):
        place = Place(document.path, opening[0])
        block = attributes(opening[1]).get("context-check", "")
        if not closed:
            what = f"the block {block or 'here'} is never closed"
            findings.append(
                Finding("standard-block-unclosed", place, what, "add </verification-block> below its tests")
            )
        if not block:
            what, fix = "the block has no name", 'write <verification-block context-check="some-name">'
            findings.append(Finding("standard-block-unnamed", place, what, fix))
        elif names.setdefault(block, place.line) != place.line:
            what = f"the document has two blocks of the name {block}, the first in line {names[block]}"
            findings.append(Finding("standard-block-twice", place, what, "rename one: a test could be of either"))
        found = list(_tests(document.path, block, lines, findings))
        if not found:
            what, fix = f"the block {block} declares no test", 'add <test name="…"> with a TEST: line, or take it out'
            findings.append(Finding("standard-block-empty", place, what, fix))
        tests += found
    if len(tests) > MAX_TESTS:
        place, what = tests[MAX_TESTS].where, f"the document declares more than {MAX_TESTS} tests"
        findings.append(
            Finding("standard-too-much", place, what, "split the document: the tests from here on do not run")
        )
    return tuple(tests[:MAX_TESTS]), tuple(sorted(findings, key=lambda finding: finding.where))


def _blocks(document: Document, findings: list[Finding]) -> Iterator[tuple[Numbered, list[Numbered], bool]]:
    """The opening line of each block, its numbered lines, and whether it is closed; tells of parts outside of any."""
    opening: Numbered | None = None
    lines: list[Numbered] = []
    headings = {heading.line for heading in document.headings}
    for number, line in _live(document):
        text = line.strip()
        begins = opens(text, BLOCK) and (opening is not None or indent(line) < 4)
        closes = opening is not None and ends(text, BLOCK)
        if opening is not None and (closes or begins or number in headings):
            yield opening, lines, closes
            opening = None
        if begins:
            opening, lines = (number, text), []
        elif opening is not None:
            lines.append((number, line))
        elif not closes and text.startswith("<") and indent(line) < 4 and (name := belongs(text)):
            what = f"<{name}> is in no <verification-block>: nothing of it runs"
            fix = 'open the block above it: <verification-block context-check="some-name">'
            findings.append(Finding("standard-part-outside", Place(document.path, number), what, fix))
    if opening is not None:
        yield opening, lines, False


def _live(document: Document) -> Iterator[Numbered]:
    """The numbered lines that are neither in a fence nor in a comment."""
    fences = [(fence.start, fence.end) for fence in document.fences]
    dead = sorted(fences + [(comment.start, comment.end) for comment in document.comments])
    number = 1
    for start, end in [*dead, (len(document.lines) + 1, 0)]:
        for live in range(number, start):
            line = document.lines[live - 1]
            if not line.lstrip().startswith("<!--"):
                yield live, line
        number = max(number, end + 1)


def _tests(path: str, block: str, lines: list[Numbered], findings: list[Finding]) -> Iterator[StandardTest]:
    opening: Numbered | None = None
    body: list[Numbered] = []
    for number, line in lines:
        text = line.strip()
        closes = ends(text, TEST)
        if opening is not None and (closes or opens(text, TEST) or ends(text, DEFINITIONS)):
            yield _test(path, block, opening, body, findings, closed=closes)
            opening = None
        if opens(text, TEST):
            opening, body = (number, text), []
        elif opening is not None:
            body.append((number, line))
        elif text and not closes and not opens(text, DEFINITIONS) and not ends(text, DEFINITIONS):
            what = f"the line {text[:60]!r} is in no test"
            findings.append(
                Finding("standard-line-unknown", Place(path, number), what, "move it into a test, or out of the block")
            )
    if opening is not None:
        yield _test(path, block, opening, body, findings, closed=False)


def _test(
    path: str, block: str, opening: Numbered, body: list[Numbered], findings: list[Finding], *, closed: bool
) -> StandardTest:
    line, tag = opening
    fields = Fields.read(path, line, body)
    name = attributes(tag).get("name", "")
    if not name:
        fields.fault(line, "standard-test-unnamed", "the test has no name", 'write <test name="some_name">')
    malformed = not tag.endswith(">") or tag.endswith("</test>")
    if malformed:
        fields.fault(line, "standard-test-malformed", "the tag of the test does not end with its line",
                     "write <test name=…>, each field, and </test> on lines of their own")  # fmt: skip
    elif not closed:
        fields.fault(line, "standard-test-unclosed", f"the test {name} is never closed", "add </test> below its fields")
    required = fields.truth("REQUIRED", default=True)
    test = StandardTest(
        file=path,
        block=block,
        name=name,
        line=line,
        command=fields.command(),
        required=required,
        blocking=fields.truth("BLOCKING", default=required),
        depends_on=fields.names("DEPENDS_ON"),
        variables=fields.names("VARIABLES"),
        error=fields.text("ERROR"),
        fix_command=fields.text("FIX_COMMAND"),
        description=fields.text("DESCRIPTION"),
        bypass_requires=fields.text("BYPASS_REQUIRES"),
        fields=tuple(fields.values),
    )
    if not test.command and not malformed:
        at = fields.values.get("TEST", ("", line))[1]
        fields.fault(at, "standard-test-empty", f"the test {name} has no command", "write one after TEST:")
    findings += [*fields.findings, *fields.faults]
    return replace(test, faults=tuple(fields.faults))
