"""What `intune_sync.main` returns, raises, prints and leaves behind."""

import contextlib
import http.server
import io
import json
import os
import pathlib
import re
import signal
import tempfile
import threading
import unittest

import intune_sync
from simulator import AT_FULL_SPEED, Simulator

# In seconds: a test that waits longer has failed, since it would wait for ever.
PATIENCE = 60
RUNBOOK = ["TotalDevices", "SuccessCount", "ErrorCount", "DurationMinutes", "BatchesProcessed"]


class Acting(io.StringIO):
    """A stream that does something once, when it is written what contains a text."""

    def __init__(self, **actions):
        super().__init__()
        self.actions = actions

    def write(self, text):
        written = super().write(text)
        for word in [word for word in self.actions if word in text]:
            self.actions.pop(word)()
        return written


class Hung:
    """A Graph of one device that never responds to a sync, and does something when one comes."""

    def __init__(self, action):
        over = self.over = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                device = {"id": "00000000-0000-4000-8000-000000000001", "managementAgent": "mdm"}
                body = json.dumps({"value": [device]}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                action()
                over.wait(PATIENCE)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tenant = Simulator(200)
        cls.tenant.__enter__()
        cls.addClassCleanup(cls.tenant.__exit__)

    def setUp(self):
        self.stdout, self.stderr = io.StringIO(), io.StringIO()
        variables = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(variables)))
        # What is set here for other tests is not a setting of a run.
        for name in [name for name in os.environ if name.startswith("INTUNE_SYNC_")]:
            del os.environ[name]
        os.environ.update(self.tenant.identity)
        # A job in the background of a shell inherits that Ctrl-C is ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def main(self, *argv, stderr=None):
        with contextlib.redirect_stdout(self.stdout), contextlib.redirect_stderr(stderr or self.stderr):
            return intune_sync.main(list(argv))

    def sync(self, *flags, root=None, **streams):
        return self.main("sync", "--no-history", "--graph-url", root or self.tenant.root, *AT_FULL_SPEED, *flags, **streams)

    def endless(self, *flags, **streams):
        """A run that pauses for an hour after its first batch."""
        pause = ["--pace", "fixed", "--batch-size", "10", "--batch-delay-seconds", "1h"]
        return self.main("sync", "--no-history", "--graph-url", self.tenant.root, *pause, *flags, **streams)

    def test_a_sync_returns_the_object_of_the_run(self):
        before = self.tenant.statistics()["syncs_accepted"]
        summary = self.sync()
        self.assertEqual(list(summary)[:5], RUNBOOK)
        self.assertEqual((summary["TotalDevices"], summary["SuccessCount"], summary["ExitCode"]), (200, 200, 0))
        self.assertEqual(summary["Outcome"], "completed")
        self.assertEqual(self.tenant.statistics()["syncs_accepted"] - before, 200)
        # The summary for people, and the log.
        self.assertRegex(self.stdout.getvalue(), r"TotalDevices\s+: 200")
        self.assertIn("[INFO]", self.stderr.getvalue())

    def test_what_is_printed_as_json_is_what_is_returned(self):
        summary = self.sync("--output", "json", "--limit", "3")
        self.assertEqual(json.loads(self.stdout.getvalue()) | {"ExitCode": 0}, summary)

    def test_all_failures_are_in_the_object_whatever_is_printed(self):
        with Simulator(100, fleet={"unsupported": 0.5}) as tenant:
            os.environ.update(tenant.identity)
            summary = self.sync(root=tenant.root)
        failed = summary["ErrorCount"]
        self.assertGreater(failed, 20)
        self.assertEqual((summary["ExitCode"], len(summary["Failures"])), (3, failed))
        self.assertIn(f"and {failed - 20} more", self.stdout.getvalue())

    def test_a_plan_returns_its_devices(self):
        summary = self.main("plan", "--list", "--limit", "5", "--graph-url", self.tenant.root)
        self.assertEqual((summary["ToSync"], len(summary["Devices"]), summary["ExitCode"]), (5, 5, 0))

    def test_doctor_returns_its_verdict(self):
        summary = self.main("doctor", "--graph-url", self.tenant.root)
        self.assertEqual((summary["Verdict"], summary["ExitCode"]), ("ready", 0))

    def test_help_and_version_are_printed(self):
        self.assertEqual(self.main("--version"), {"ExitCode": 0})
        self.assertIn(intune_sync.__version__, self.stdout.getvalue())
        self.main("sync", "--help")
        self.assertIn("Usage: intune-sync sync", self.stdout.getvalue())

    def test_paths_are_arguments_too(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            self.sync("--log-file", log, "--limit", "1")
            self.assertIn("[INFO]", log.read_text())

    def test_wrong_usage_is_raised_with_a_hint(self):
        with self.assertRaises(intune_sync.UsageError) as caught:
            self.sync("--batch-size", "0")
        self.assertIsInstance(caught.exception, ValueError)
        self.assertIn("`0`", caught.exception.message)
        self.assertEqual(str(caught.exception), f"{caught.exception.message}\nhint: {caught.exception.hint}")
        self.assertEqual(self.stderr.getvalue(), "")
        with self.assertRaises(TypeError):
            intune_sync.main("sync")

    def test_a_run_that_cannot_begin_says_why(self):
        for name in self.tenant.identity:
            del os.environ[name]
        os.environ["IDENTITY_ENDPOINT"] = "http://127.0.0.1:9/"
        summary = self.sync()
        self.assertEqual(summary["ExitCode"], 4)
        self.assertEqual(summary["Outcome"], "not-authorized")
        self.assertIn(summary["Error"]["Message"], self.stderr.getvalue())

    def test_what_needs_a_process_is_refused(self):
        for argv in [
            ["sync", "--component", "engine.wasm", "--graph-url", self.tenant.root],
            ["sync", "--auth", "azure-cli"],
            ["audit", "engine.wasm"],
            ["compile", "engine.wasm", "--engine", "native"],
        ]:
            with self.subTest(argv), self.assertRaises(intune_sync.UsageError) as caught:
                self.main(*argv)
            self.assertIn("needs a separate process, and a module starts none", str(caught.exception))

    def test_ctrl_c_stops_the_run_and_raises(self):
        handler = signal.getsignal(signal.SIGINT)
        self.assertIs(handler, signal.default_int_handler)
        press = lambda: os.kill(os.getpid(), signal.SIGINT)
        with self.assertRaises(KeyboardInterrupt) as caught:
            self.endless(stderr=Acting(**{"Processing batch 1": press}))
        summary = caught.exception.summary
        self.assertEqual((summary["Outcome"], summary["ExitCode"]), ("stopped", 130))
        self.assertEqual(summary["SuccessCount"] + summary["PendingCount"], 200)
        self.assertIs(signal.getsignal(signal.SIGINT), handler)
        self.assertEqual(self.sync("--limit", "1")["ExitCode"], 0)

    def test_the_second_ctrl_c_ends_the_run_at_once(self):
        seen = threading.Event()

        def handle(*_):
            seen.set()
            raise KeyboardInterrupt

        def press_twice():
            os.kill(os.getpid(), signal.SIGINT)
            if seen.wait(PATIENCE):
                os.kill(os.getpid(), signal.SIGINT)

        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, handle))
        # Nothing is written meanwhile, so that only looking for signals finds them.
        with Hung(press_twice) as root, self.assertRaises(KeyboardInterrupt):
            self.sync("--quiet", root=root)
        self.assertIn("ended at once", self.stderr.getvalue())

    def test_sigterm_stops_the_run_and_its_handler_is_as_before(self):
        self.assertEqual(signal.getsignal(signal.SIGTERM), signal.SIG_DFL)
        end = lambda: os.kill(os.getpid(), signal.SIGTERM)
        summary = self.endless(stderr=Acting(**{"Processing batch 1": end}))
        self.assertEqual((summary["Outcome"], summary["ExitCode"]), ("stopped", 130))
        self.assertEqual(signal.getsignal(signal.SIGTERM), signal.SIG_DFL)

    def test_a_handler_of_the_callers_stays_in_force(self):
        came = []
        former = signal.signal(signal.SIGTERM, lambda *_: came.append(1))
        self.addCleanup(signal.signal, signal.SIGTERM, former)
        end = lambda: os.kill(os.getpid(), signal.SIGTERM)
        summary = self.sync(stderr=Acting(**{"INFO": end}))
        self.assertEqual((summary["ExitCode"], len(came)), (0, 1))

    def test_one_run_at_a_time(self):
        refused = []

        def second():
            try:
                intune_sync.main(["--version"])
            except RuntimeError as error:
                refused.append(str(error))

        summary = self.sync(stderr=Acting(INFO=second))
        self.assertEqual(summary["ExitCode"], 0)
        self.assertIn("another run goes on in this process", refused[0])

    def test_a_run_in_a_thread_leaves_the_others_running(self):
        summaries, beats = [], threading.Event()

        def beat():
            beats.set()

        # The run writes its first line only after another thread has run.
        def wait():
            threading.Thread(target=beat).start()
            beats.wait()

        thread = threading.Thread(target=lambda: summaries.append(self.sync(stderr=Acting(INFO=wait))))
        thread.start()
        thread.join()
        self.assertEqual(summaries[0]["SuccessCount"], 200)

    def test_streams_that_fail_are_reported_or_left(self):
        class Broken(io.StringIO):
            error = BrokenPipeError()

            def write(self, _):
                raise self.error

        self.stdout = Broken()
        self.assertNotEqual(self.sync("--output", "jsonl")["Outcome"], "completed")
        Broken.error = ValueError("I/O operation on closed file")
        summary = self.sync("--output", "jsonl")
        self.assertEqual(summary["ExitCode"], 1)
        self.assertIn("I/O operation on closed file", summary["Error"]["Message"])
        self.stdout = None
        self.assertEqual(self.sync(stderr=Broken())["ExitCode"], 0)

    def test_what_a_stream_cannot_encode_is_escaped(self):
        narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        with tempfile.TemporaryDirectory() as folder:
            config = os.path.join(folder, "job-\u00e4.toml")
            pathlib.Path(config).write_text("")
            self.sync("--verbose", "--config", config, "--limit", "1", stderr=narrow)
        self.assertIn(rb"job-\xe4.toml", narrow.buffer.getvalue())

    def test_the_stubs_name_what_there_is(self):
        stubs = pathlib.Path(os.environ["TESTED_STUBS"]).read_text()
        named = set(re.findall(r"^(?:def|class) (\w+)|^(__version__)", stubs, re.M))
        public = {name for name in dir(intune_sync) if not name.startswith("_")} - {"intune_sync"}
        self.assertEqual({a or b for a, b in named}, public | {"__version__"})


if __name__ == "__main__":
    unittest.main()
