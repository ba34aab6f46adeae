"""What the tests of dist/ share: a line for each check, tools that may be missing, a simulated tenant."""

import contextlib
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

import release

PROGRAM = release.ROOT / "target/release/intune-sync"
_PYTHON = release.TOOLS / "check"
_about = pathlib.Path(sys.argv[0]).name.removeprefix("check-")


def check(good, text, seen=""):
    """Reports a check; the first that fails ends the test, with what was seen."""
    print(f"{'ok  ' if good else 'FAIL'} {_about}, {text}", flush=True)
    if not good:
        sys.exit(str(seen))


def skip(text):
    print(f"skip {_about}, {text}", flush=True)


def install(*tools):
    """Has these tools, each from Debian's package of the name after it."""
    missing = [package for tool, package in tools if not shutil.which(tool)]
    if missing and shutil.which("apt-get"):
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", "--quiet=2", *arguments], stdout=sys.stderr)
    for tool, package in tools:
        if not shutil.which(tool):
            release.fail(f"there is no `{tool}`", f"on Debian: `apt-get install {package}`")


def python():
    """The folder of a virtual environment with what check-requirements.txt lists."""
    wanted, there = release.ROOT / ".ci/dist/check-requirements.txt", _PYTHON / "requirements.txt"
    if not there.exists() or there.read_text() != wanted.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", _PYTHON], check=True)
        pip = [_PYTHON / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--only-binary", ":all:", "--require-hashes", "--requirement", wanted], check=True)
        shutil.copy(wanted, there)
    return _PYTHON


def use_python():
    """Makes what check-requirements.txt lists importable here."""
    [packages] = python().glob("lib/python3.*/site-packages")
    sys.path.append(str(packages))
    return packages


@contextlib.contextmanager
def simulate(devices):
    """A simulated tenant: the variables and the address that a run needs."""
    command = [PROGRAM, "simulate", "--devices", str(devices)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        words = shlex.split(process.stdout.readline())
        variables = dict(word.split("=", 1) for word in words if re.match("[A-Z_]+=", word))
        yield variables, words[words.index("--graph-url") + 1]
    finally:
        end(process)


@contextlib.contextmanager
def serving(command, port, **more):
    """A server while it serves on a port."""
    process = subprocess.Popen(command, **more)
    try:
        while not is_open(port):
            if process.poll() is not None:
                release.fail(f"`{command[0]}` has ended before it served", "see above")
            time.sleep(0.1)
        yield process
    finally:
        end(process)


def end(process):
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def is_open(port):
    with contextlib.closing(socket.socket()) as there:
        return there.connect_ex(("127.0.0.1", port)) == 0


def free_port():
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def made_again(step, scratch, *copied):
    """Whether a step makes the same layout of the same files, in another folder; its index then, and before."""
    for path in copied:
        shutil.copy(path, scratch)
    environment = {**os.environ, "INTUNE_SYNC_DIST": str(scratch)}
    subprocess.run([release.ROOT / ".ci/dist" / step], check=True, env=environment, stdout=subprocess.DEVNULL)
    return [(folder / step / "index.json").read_text() for folder in (release.DIST, scratch)]
