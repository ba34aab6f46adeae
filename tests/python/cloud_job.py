"""One cloud job: `python cloud_job.py RUNBOOK PARAMETER…` runs the runbook under the limits, as Automation would."""

import runpy
import subprocess
import sys

import limits

# As what a test measures: what the interpreter takes counts too.
sys.argv = sys.argv[1:]
limits.impose()
try:
    subprocess.run(["/bin/true"])
except PermissionError:
    pass
else:
    sys.exit("another process could be started")
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print(f"peak: {limits.peak()} MB", file=sys.stderr)
