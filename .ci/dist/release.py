"""What this release is: its version, its commit, where things are. For the scripts next to it."""

import os
import pathlib
import re
import subprocess
import sys

if sys.version_info < (3, 11):
    sys.exit("dist: python3 is older than 3.11\nhint: take the one of Debian 12, or of pyenv")

import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Another folder is for tests.
DIST = pathlib.Path(os.environ.get("INTUNE_SYNC_DIST") or ROOT / "dist")
# What apt and pip have brought.
TOOLS = ROOT / "target/dist-tools"

_package = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
VERSION = _package["version"]
LICENCE = _package["license"]
NAME = "intune-sync"
SUMMARY = "Make every Intune device of a tenant check in now"


def _git(*arguments):
    return subprocess.run(["git", "-C", ROOT, *arguments], check=True, capture_output=True, text=True).stdout.strip()


COMMIT = _git("rev-parse", "HEAD")
# Whether what git knows of differs from the commit: such artefacts are for trying out, and say so.
CHANGED = bool(_git("status", "--porcelain", "--untracked-files=no"))
# The time of everything that has one: https://reproducible-builds.org/specs/source-date-epoch/
TIME = int(os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct"))


def say(text):
    print(f"dist: {text}", file=sys.stderr)


def fail(text, hint):
    say(text)
    print(f"hint: {hint}", file=sys.stderr)
    sys.exit(1)


def timestamp():
    """The time as JSON documents have it."""
    from datetime import datetime, timezone

    return datetime.fromtimestamp(TIME, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def annotations(title, description):
    """What an image or an artefact in a registry says of itself, sorted."""
    return {
        f"org.opencontainers.image.{key}": value
        for key, value in (
            ("created", timestamp()),
            ("description", description),
            ("licenses", LICENCE),
            ("revision", COMMIT + ("-changed" if CHANGED else "")),
            ("title", title),
            ("version", VERSION),
        )
    }


def program(target):
    """The program as it was built for a target, or None."""
    for name in ("intune-sync", "intune-sync.exe"):
        path = ROOT / "target" / target / "release" / name
        if path.exists():
            return path
    return None


def of_elf(path, option, pattern):
    """What `readelf` says of a program."""
    command = ["readelf", "--wide", option, path]
    text = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout
    return re.findall(pattern, text)
