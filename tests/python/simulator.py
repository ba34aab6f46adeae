"""A simulated tenant, served by the program in a process of its own."""

import json
import os
import shlex
import subprocess
import tempfile
import urllib.request

# Where neither quota holds a run up: what is tested here is not its pace.
UNLIMITED = {"quota": {"kind": "off"}, "requests": {"kind": "off"}}
AT_FULL_SPEED = ["--pace", "quota", "--max-rate", "100000"]


class Simulator:
    """Serves devices until it is left. `TESTED_PROGRAM` names the program."""

    def __init__(self, devices, **config):
        self.devices = devices
        self.config = UNLIMITED | config

    def __enter__(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(self.config, file)
        self.file = file.name
        arguments = ["simulate", "--quiet", "--devices", str(self.devices), "--config", self.file]
        self.process = subprocess.Popen(
            [os.environ["TESTED_PROGRAM"], *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        # The command that would sync it: variables, then `intune-sync sync --graph-url ROOT --yes`.
        words = shlex.split(self.process.stdout.readline())
        self.identity = dict(word.split("=", 1) for word in words if "=" in word)
        self.root = words[words.index("--graph-url") + 1]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        os.unlink(self.file)

    def statistics(self):
        """What the tenant has seen, in its own words."""
        with urllib.request.urlopen(f"{self.root}/_simulator/statistics") as response:
            return json.load(response)
