"""The command line: arguments in, one call, an exit code out."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from typing import NoReturn

import click

from devnet_runner import __version__
from devnet_runner.cli.adopt import doctor, init
from devnet_runner.cli.includes import includes
from devnet_runner.cli.standards import standards
from devnet_runner.cli.verification import plan, run, status

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
GLOBAL_OPTIONS = {"-h", "--help", "--version"}
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Commands(click.Group):
    """A group whose commands may be left out: what is no command is a phase to verify."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` before what is no command."""
        if args and args[0] not in self.commands and args[0] not in GLOBAL_OPTIONS:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=Commands, context_settings=SETTINGS, epilog="Exit codes: 0 proved, 1 blocked, 2 wrong input, "
             "3 stopped by the environment, 130 interrupted.")  # fmt: skip
@click.version_option(__version__, prog_name="devnet-run", message="%(prog)s %(version)s")
def devnet_run() -> None:
    """Prove that a phase of a plan is done.

    `devnet-run phase-3` verifies phase 3: its document and includes, its blocking suites against the real thing,
    its coverage and its deliverables; it writes the checkpoint and progress files only when all of it is proved.
    """


for _command in (run, plan, includes, standards, status, init, doctor):
    devnet_run.add_command(_command)


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit; SIGTERM and SIGHUP end a run as Ctrl-C does, unless the caller ignores them."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupted)
    code = 3 if _unheard() else _exit_code(argv)
    # The end of the process is no time to look for garbage.
    gc.freeze()
    sys.exit(code)


def _interrupted(*_: object) -> NoReturn:
    """Interrupt the run, once: whoever asks again while everything is being stopped wants just that."""
    for number in ENDING:
        if signal.getsignal(number) is _interrupted:
            # Not SIG_IGN: Python complains of a signal that it has taken already when that is set.
            signal.signal(number, lambda *_: None)
    raise KeyboardInterrupt


def _unheard() -> bool:
    """Whether standard output is closed, so that nobody could read a verdict; a closed stream takes everything."""
    closed = sys.stdout is None
    if closed or sys.stderr is None:
        sink = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
        sys.stdout, sys.stderr = sys.stdout or sink, sys.stderr or sink
    if closed:
        click.echo("output cannot be written: standard output is closed; check where it is sent", err=True)
    return closed


def _exit_code(argv: list[str] | None) -> int:
    try:
        return int(devnet_run.main(args=argv, prog_name="devnet-run", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        _settle()
        click.echo("interrupted: everything that was started is stopped, nothing was written", err=True)
        return 130
    except BrokenPipeError:
        # The reader went away: flushing again at exit must not fail, and a verdict nobody read must not pass.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    except OSError as error:
        click.echo(f"output cannot be written: {error.strerror}; check where it is sent", err=True)
        return 3
    except Exception as error:
        if os.environ.get("DEVNET_TRACEBACK"):
            raise
        what = f"internal-error: {type(error).__name__}: {error}"
        click.echo(f"{what}; report it with this command, DEVNET_TRACEBACK=1 shows where", err=True)
        return 3


def _settle() -> None:
    """Let nothing hold up the end of an interrupted run, whose parts have all been stopped."""
    # The interpreter waits for every thread: a call of git that was cut off leaves the timer of its limit behind.
    threading = importlib.import_module("threading")
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
