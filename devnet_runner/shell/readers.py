"""The programs that only read, and the words with which each of them does no more than that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.shell.grammar import literal, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tree_sitter import Node

READERS = {
    "ls", "cat", "grep", "egrep", "fgrep", "head", "tail", "wc", "cut", "tr", "basename", "dirname", "pwd", "true",
    "false", ":", "echo", "stat", "diff", "cmp", "readlink", "realpath", "exit", "return", "cd", "sleep", "seq", "tac",
    "rev", "nl", "which", "type",
}  # fmt: skip
PLAIN = {"grep", "egrep", "fgrep", "ls", "cat", "head", "wc", "basename", "dirname", "test"}
"""Readers that stay harmless whatever arguments `xargs` adds."""
SED = re.compile(r"(?:\d+|\$|/[^/\n]*/)?(?:,(?:\d+|\$|/[^/\n]*/))?[pdq]?|s/[^/\n]*/[^/\n]*/[gp]*")
AWK = re.compile(r"\bprintf?\b.*>|[|@\n]|\b(?:system|getline|ARGV)\b|/inet", re.DOTALL)
"""What may write, run or connect: a `print` that any `>` follows, whatever strings and braces stand between them."""
FIND = re.compile(
    r"-(?:[HLPao]|and|or|not|i?(?:name|path|wholename|regex|lname)|regextype|x?type|maxdepth|mindepth|depth|prune"
    r"|print0?|printf|ls|empty|size|perm|[acm]?newer|newer[aBcm][aBcmt]|[acm](?:time|min)|user|group|uid|gid|links|quit"
    r"|readable|writable|executable|samefile|inum|fstype|mount|xdev|daystart|nouser|nogroup|true|false|\d+[ckMGbw]?"
    r"|[ugoa]*[+=]?[rwxst]+)"
)
SORT = re.compile(r"-[bcCdfghiMmnRrsuVz]+|-t.?|-k(?:\d[\d.,bdfghiMnRrV]*)?|--(?:unique|reverse|check|numeric-sort)")
UNIQ = re.compile(r"-[cdDiuz]+|--(?:count|repeated|unique|ignore-case)")
RG = re.compile(r"--pre|--hostname-bin|--search-zip|-[a-zA-Z]*z")
TESTED = re.compile(r"-[a-uw-zA-QS-Z]|-[a-z]{2}|!?==?")
"""Operators of `test` but `-v` and `-R`, for which a shell may run what stands in a subscript."""
OPERATORS = {"test_operator", "=", "==", "!=", "!"}
"""What the grammar takes for an operator between brackets, and the shell too: to it `>` is a redirection there."""
NAME = r"\w[\w./~^@{}-]*"
GIT = {
    "log": re.compile(
        rf"-\d+|-n|--oneline|--all|--(?:format|pretty)=(?:[^%]|%[^G])*|--(?:grep|author|since|until)=.*|{NAME}"
    ),
    "branch": re.compile(r"--show-current|-r|-a|--list|--remotes|--all"),
    "rev-parse": re.compile(rf"--[\w-]+|{NAME}"),
    "rev-list": re.compile(rf"--count|--all|--max-count=\d+|{NAME}"),
    "tag": re.compile(r"-l|--list"),
}
GIT_WHOLE = re.compile(
    r"remote(?: -v| get-url [\w.-]+)?|symbolic-ref(?: --short| -q)* (?:HEAD|refs/remotes/[\w-]+/HEAD)"
)
"""Subcommands that read with these words, and write or connect with one word more."""
UNCERTAIN = set("\\*?[~$`{")


def reads_only(name: str, words: Sequence[Node]) -> bool:
    """Whether a program does no more than read, given these words; False for a program that is not known."""
    if name in CHECKS:
        return CHECKS[name](words)
    known = [literal(word) for word in words]
    if name in OF_KNOWN:
        return None not in known and OF_KNOWN[name]([word for word in known if word is not None])
    return name in READERS


def harmless_test(words: Sequence[Node]) -> bool:
    """Whether `test` gets no operator from what it expands, and none for which a shell evaluates its operand."""
    known = [text(word) if _constant(word) else literal(word) for word in words]
    if "-v" in known or "-R" in known:
        return False
    if len(known) == 1:
        return known[0] is not None or words[0].type == "string"
    return all(word is not None or _operand(known, words, at) for at, word in enumerate(known))


def _operand(known: Sequence[str | None], words: Sequence[Node], at: int) -> bool:
    """Whether what is expanded at a place stays one word, and stands beside a written operator."""
    beside = [known[at - 1] if at else None, known[at + 1] if at + 1 < len(known) else None]
    return words[at].type == "string" and any(one is not None and TESTED.fullmatch(one) for one in beside)


def _constant(word: Node) -> bool:
    """Whether a word is an operator, or quotes no more than text, escapes among it."""
    if word.type in OPERATORS:
        return True
    return word.type == "string" and all(child.type == "string_content" for child in word.named_children)


def _no_option(word: Node) -> bool:
    """Whether a word that is not wholly known stays one word or one pattern, and is certainly no option."""
    known = literal(word)
    if known is not None or _constant(word):
        return not (known or text(word)[1:]).startswith("-")
    parts = word.children if word.type == "concatenation" else [word]
    if any(part.type not in {"word", "number", "string", "raw_string"} for part in parts):
        return False
    start = text(parts[0]).lstrip("'\"")[:1]
    return bool(start) and start != "-" and start not in UNCERTAIN


def _find(words: Sequence[Node]) -> bool:
    return all(FIND.fullmatch(literal(word) or "") or _no_option(word) for word in words)


def _rg(words: Sequence[Node]) -> bool:
    known = [literal(word) for word in words]
    return all(_no_option(word) or (one and not RG.match(one)) for word, one in zip(words, known, strict=True))


def _printf(words: Sequence[Node]) -> bool:
    """Whether the format is written out, is no option, and stores nothing (`%n`)."""
    if not words or not (literal(words[0]) is not None or _constant(words[0])):
        return False
    given = text(words[0]).strip("'\"")
    return not given.startswith("-") and not re.search(r"%[^%a-zA-Z]*n", given)


def _sed(words: list[str]) -> bool:
    operands = [word for word in words if not word.startswith("-")]
    options = {word for word in words if word.startswith("-")}
    return options <= {"-n", "-E", "-r"} and bool(operands) and SED.fullmatch(operands[0]) is not None


def _awk(words: list[str]) -> bool:
    return not any(AWK.search(word) or (word.startswith("-") and not word.startswith("-F")) for word in words)


def _xargs(words: list[str]) -> bool:
    while words and re.fullmatch(r"-0|-r|-n\d+|-I\{\}|--null|--no-run-if-empty", words[0]):
        words = words[1:]
    return bool(words) and words[0] in PLAIN


def _git(words: list[str]) -> bool:
    if GIT_WHOLE.fullmatch(" ".join(words)):
        return True
    return bool(words) and words[0] in GIT and all(GIT[words[0]].fullmatch(word) for word in words[1:])


def _sort(words: list[str]) -> bool:
    return all(SORT.fullmatch(word) for word in words if word.startswith("-"))


CHECKS: dict[str, Callable[[Sequence[Node]], bool]] = {
    "find": _find, "rg": _rg, "printf": _printf, "test": harmless_test, "[": harmless_test,
    "command": lambda words: bool(words) and literal(words[0]) == "-v",
}  # fmt: skip
OF_KNOWN: dict[str, Callable[[list[str]], bool]] = {
    "sed": _sed, "awk": _awk, "xargs": _xargs, "git": _git, "sort": _sort,
    "uniq": lambda words: all(UNIQ.fullmatch(word) for word in words),
}  # fmt: skip
