"""Asking a pass what it rests on: the same command in a world where whatever it looks at, and misses, were there."""

from __future__ import annotations

import re

FUNCTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
BUILTINS = {
    "test", "[", "cd", "echo", "printf", "true", "false", "exit", "return", "read", "pwd", "set", "unset", "export",
    "eval", "exec", "trap", "shift", "local", "command", "type", "umask", "wait", "times", "ulimit", "kill", "hash",
    "alias", "bg", "fg", "jobs", "getopts", "break", "continue", "readonly", "source", "builtin", "declare",
    "typeset", "let", "shopt", "mapfile", "readarray", "pushd", "popd", "time", "until", "in", "select", "function",
    "coproc", "if", "then", "else", "fi", "for", "do", "done", "while", "case", "esac",
}  # fmt: skip
SEARCHES = {"grep", "egrep", "fgrep", "rg"}
LOOKERS = {"diff": 2, "cmp": 2} | dict.fromkeys(
    ("find", "cat", "head", "tail", "wc", "sort", "uniq", "sed", "awk", "cut"), 1
)
"""The exit status from which on a command has not looked, but erred."""
ASKERS = {"ls", "stat", "readlink", "realpath"}
"""Commands by which one asks whether something is there: `! ls build` is honest where it is not. They only err where
something else reads what they print."""

PROLOGUE = """\
__devnet_found() {
  : > "${TMPDIR:-/tmp}/.devnet-missing"
  printf 'devnet-run %s\\n' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
  return 0
}
__devnet_judged() {
  if [ "$1" -ge "$2" ]; then __devnet_found; return 0; fi
  if [ "$1" -ne 0 ] && [ -e "${TMPDIR:-/tmp}/.devnet-missing" ] && [ -p /dev/stdin ]; then __devnet_found; return 0; fi
  return "$1"
}
__devnet_started() {
  case $1 in 126|127) __devnet_found; return 0 ;; esac
  __devnet_judged "$1" 256
}
__devnet_searched() {
  __devnet_status=$1
  shift
  __devnet_pattern=
  if [ "$__devnet_status" -eq 2 ]; then
    for __devnet_word do
      case $__devnet_word in
        -*) ;;
        *) if [ -n "$__devnet_pattern" ] && [ -e "$__devnet_word" ]; then return 1; fi; __devnet_pattern=given ;;
      esac
    done
  fi
  __devnet_judged "$__devnet_status" 2
}
__devnet_asked() {
  if [ "$1" -ne 0 ] && [ -p /dev/stdout ]; then __devnet_found; return 0; fi
  __devnet_started "$1"
}
exec >/dev/null 2>&1
"""
"""What erred is taken to have found something; so is what reads, by a pipe, from something that erred.

A search of which at least one place was there has really looked.
"""


def supposing(command: str, names: tuple[str, ...]) -> str:
    """A program of the same command, in which each of the named programs that errs finds something instead."""
    functions = [_function(name) for name in names if FUNCTION.fullmatch(name) and name not in BUILTINS]
    return PROLOGUE + "".join(functions) + command


def _function(name: str) -> str:
    if name in SEARCHES:
        judged = '__devnet_searched "$?" "$@"'
    elif name in ASKERS:
        judged = '__devnet_asked "$?"'
    else:
        judged = f'__devnet_judged "$?" {LOOKERS[name]}' if name in LOOKERS else '__devnet_started "$?"'
    return f'{name}() {{ command {name} "$@"; {judged}; }}\n'
