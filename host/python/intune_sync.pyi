"""Makes every Intune device of a tenant check in now, from a sandbox that can do nothing else.

    summary = intune_sync.main(["sync", "--stale-for", "24h"])

is `intune-sync sync --stale-for 24h` in this process: the same host, egress gate and engine.
"""

from collections.abc import Sequence
from os import PathLike
from typing import Any

__version__: str

def main(argv: Sequence[str | PathLike[str]]) -> dict[str, Any]:
    """Run a command of `intune-sync` in this process, and return its JSON object.

    `argv` is what comes after `intune-sync` on a command line. There is no shell, and nobody is asked anything.

    The dict is what `--output json` prints, whatever is printed, and `"ExitCode"` is in it besides: `sync`, `plan`,
    `demo`, `rehearse`, `doctor`, `grant` and `runs confirm` have an object; of other commands the exit code is all.
    Where a run could not begin, `"Error"` has `"Message"` and `"Hint"`. An exit code other than 0 is not an exception.

    Output goes to `sys.stdout` and `sys.stderr` as they are at the call, from the thread that calls. Other threads of
    Python go on meanwhile.

    Signals, in the main thread: `KeyboardInterrupt`, or what else a handler raises, stops the run as Ctrl-C stops the
    program. What is in flight is finished, and the history and reports are written; then it is raised, with the dict as
    its attribute `summary`. A second one ends the run at once. Where a signal would just end the process (SIGTERM,
    SIGHUP), it stops the run, and the dict is returned with exit code 130. Afterwards all handlers are as before. In
    another thread no signal comes: use `--deadline`.

    No process is started, so `--component`, `--auth azure-cli` and `audit FILE` are refused as wrong usage.

    Raises:
        UsageError: Where the program would end with exit code 2 without a run. Nothing was sent.
        RuntimeError: Another call in this process has not ended; or there is a bug, which ends the run, not the
            process.
    """

class UsageError(ValueError):
    """What was given cannot be done. Nothing was sent."""

    message: str
    """What is wrong."""
    hint: str
    """What to do about it."""
