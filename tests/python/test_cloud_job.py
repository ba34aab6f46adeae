"""The runbook in `deploy/automation` under the limits of a cloud job of Azure Automation, in a process like one."""

import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import unittest

from simulator import Simulator

HERE = pathlib.Path(__file__).parent
RUNBOOK = HERE.parent.parent / "deploy" / "automation" / "Sync-IntuneDevices.py"
DEVICES = 5000
# Of the 400 MB that a job has.
MOST = 400


def job(tenant, *parameters, address_space=None):
    """Runs the runbook with its parameters; returns exit code, output and the log of the process."""

    def limit():
        if address_space:
            resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))

    variables = tenant.identity | {
        "INTUNE_SYNC_GRAPH_URL": tenant.root,
        # The documented quota would take eight minutes.
        "INTUNE_SYNC_MAX_RATE": "100000",
    }
    if "PYTHONPATH" in os.environ:
        variables["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return subprocess.run(
        [sys.executable, HERE / "cloud_job.py", RUNBOOK, *parameters],
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=limit,
    )


class CloudJob(unittest.TestCase):
    def test_the_runbook_syncs_the_fleet_within_the_limits(self):
        for address_space in [None, 2 << 30]:
            with self.subTest(address_space=address_space), Simulator(DEVICES, fleet={"never_synced": 1.0}) as tenant:
                self.check(tenant, job(tenant, str(DEVICES), "0", "", "1", address_space=address_space))

    def check(self, tenant, ended):
        self.assertEqual(ended.returncode, 0, ended.stdout[-2000:] + ended.stderr)
        *log, last = ended.stdout.splitlines()
        summary = json.loads(last)
        self.assertEqual((summary["TotalDevices"], summary["SuccessCount"]), (DEVICES, DEVICES))
        self.assertTrue(any("[INFO]" in line for line in log), log)
        seen = tenant.statistics()
        self.assertEqual((seen["devices_synced_once"], seen["forbidden_writes"]), (DEVICES, 0))
        peak = int(re.search(r"peak: (\d+) MB", ended.stderr)[1])
        print(f"Python {sys.version.split()[0]}: {DEVICES} devices, peak {peak} MB", file=sys.stderr)
        self.assertLess(peak, MOST)

    def test_a_job_that_fails_says_so(self):
        with Simulator(10) as tenant:
            wrong = job(tenant, "0")
            self.assertNotEqual(wrong.returncode, 0)
            self.assertIn("batch-size", wrong.stderr)
            tenant.identity["IDENTITY_HEADER"] = "another"
            denied = job(tenant)
            self.assertNotEqual(denied.returncode, 0)
            self.assertIn("exit code 4", denied.stderr)


if __name__ == "__main__":
    unittest.main()
