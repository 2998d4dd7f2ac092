"""Reading verification blocks: the pseudo-XML that standards documents hold, line by line.

It is no XML: `<`, `>` and `&` stand raw in values. What is inside a fence, a comment or a quotation is no test.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from devnet_runner.document import Document, read_document
from devnet_runner.findings import Finding, Place
from devnet_runner.standards.fields import Fields
from devnet_runner.standards.values import StandardTest

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK, TEST, DEFINITIONS = "verification-block", "test", "verification_definitions"
ATTRIBUTE = re.compile(r"""([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
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
    for opening, lines, closed in _blocks(document):
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
        found = list(_tests(document.path, block, lines, findings))
        if not found:
            what, fix = f"the block {block} declares no test", 'add <test name="…"> with a TEST: line, or take it out'
            findings.append(Finding("standard-block-empty", place, what, fix))
        tests += found
    return tuple(tests[:MAX_TESTS]), tuple(sorted(findings, key=lambda finding: finding.where))


def _blocks(document: Document) -> Iterator[tuple[Numbered, list[Numbered], bool]]:
    """The opening line of each block, its numbered lines, and whether it is closed."""
    opening: Numbered | None = None
    lines: list[Numbered] = []
    headings = {heading.line for heading in document.headings}
    for number, line in _live(document):
        text = line.strip()
        begins = _opens(text, BLOCK) and (opening is not None or _indent(line) < 4)
        if opening is not None and (text.startswith(f"</{BLOCK}") or begins or number in headings):
            yield opening, lines, text.startswith(f"</{BLOCK}")
            opening = None
        if begins:
            opening, lines = (number, text), []
        elif opening is not None:
            lines.append((number, line))
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
        ends = text.startswith(f"</{TEST}")
        if opening is not None and (ends or _opens(text, TEST) or text.startswith(f"</{DEFINITIONS}")):
            yield _test(path, block, opening, body, findings, closed=ends)
            opening = None
        if _opens(text, TEST):
            opening, body = (number, text), []
        elif opening is not None:
            body.append((number, line))
        elif text and not ends and not text.startswith((f"<{DEFINITIONS}", f"</{DEFINITIONS}")):
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
        command=fields.text("TEST").strip(),
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


def attributes(tag: str) -> dict[str, str]:
    """The attributes of a tag, in any order and with any quotes; of one written twice, the first."""
    found: dict[str, str] = {}
    for match in ATTRIBUTE.finditer(tag):
        found.setdefault(match[1], match[2] or match[3] or match[4] or "")
    return found


def _opens(text: str, name: str) -> bool:
    """Whether a line opens an element."""
    return text.startswith(f"<{name}") and text[len(name) + 1 : len(name) + 2] in {"", ">", " ", "\t"}


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip(" "))
