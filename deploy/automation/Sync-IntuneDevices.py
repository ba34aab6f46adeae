"""Syncs the Intune devices that have not checked in for a day, as a Python 3.10 cloud job of Azure Automation."""

import contextlib
import sys

import intune_sync

# Parameters come by their position, with the names that the PowerShell runbook has for them. An empty one is left out.
NAMES = ["batch-size", "batch-delay-seconds", "max-retries", "initial-backoff-seconds"]
given = [f"--{name}={value}" for name, value in zip(NAMES, sys.argv[1:]) if value]
with contextlib.redirect_stderr(sys.stdout):
    command = ["sync", "--stale-for", "24h", "--deadline", "2h45m", "--no-history", "--output", "json"]
    summary = intune_sync.main(command + given)
# 3: some devices have failed, and the object names them. 5: the deadline; the next job takes the rest.
if summary["ExitCode"] not in (0, 3, 5):
    raise SystemExit(f"ERROR: intune-sync ended with exit code {summary['ExitCode']}")
