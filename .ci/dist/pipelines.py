"""Tries what deploy/pipelines and deploy/kubernetes run: the program reads each command, the steps of the pipelines
install an archive with the right checksum and no other, and end as the exit codes say; the CronJob is one that
Kubernetes knows.

    pipelines.py PROGRAM
"""

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml
from kubernetes import client

GITHUB = Path("deploy/pipelines/github-actions.yml")
AZURE = Path("deploy/pipelines/azure-pipelines.yml")
KUBERNETES = Path("deploy/kubernetes/cronjob.yaml")
found = 0


def check(what, holds, detail=""):
    global found
    if not holds:
        found += 1
        print(f"pipelines: {what}: {detail}")


def reads(program, where, words):
    """Whether the program takes this command line: with this flag at its end it reads it and does nothing."""
    ended = subprocess.run([program, *words, "--help"], capture_output=True, text=True)
    check(f"{where}: the program takes `{' '.join(words)}`", ended.returncode == 0, ended.stderr)


def run(script, folder, variables, is_github):
    path = f"{folder}/bin:/usr/bin:/bin"
    environment = {"PATH": path, "LC_ALL": "C", **variables}
    # As a runner of GitHub's does; Azure Pipelines does without `-e`, which its scripts must not rely on.
    shell = ["bash", "-e"] if is_github else ["bash"]
    return subprocess.run([*shell, "-c", script], cwd=folder, env=environment, capture_output=True, text=True)


def archive(folder):
    """An archive like the release's, with a program that ends as EXIT says."""
    inner = folder / "intune-sync-0.1.0-x86_64-unknown-linux-gnu"
    inner.mkdir()
    (inner / "intune-sync").write_text("#!/bin/sh\necho TotalDevices : 1\nexit $EXIT\n")
    (inner / "intune-sync").chmod(0o755)
    path = folder / "archive.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(inner, inner.name)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def steps_end(where, install, sync):
    """The steps of a pipeline, one after the other, with each exit code."""
    for code, ends in [(0, 0), (3, 0), (5, 0), (4, 4), (1, 1)]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            path, digest = archive(folder)
            variables = {
                "ARCHIVE_URL": path.as_uri(), "ARCHIVE_SHA256": digest, "EXIT": str(code), "RUNNER_TEMP": name,
                "AGENT_TEMPDIRECTORY": name, "GITHUB_PATH": f"{name}/path", "GITHUB_STEP_SUMMARY": f"{name}/page",
            }
            wrong = run(install, folder, {**variables, "ARCHIVE_SHA256": "0" * 64}, where == GITHUB)
            check(f"{where}: another archive is refused", wrong.returncode != 0, wrong.stdout)
            subprocess.run(["rm", "-rf", folder / "intune-sync"], check=True)
            installed = run(install, folder, variables, where == GITHUB)
            check(f"{where}: it is installed", installed.returncode == 0, installed.stderr)
            if (folder / "path").exists():
                os.symlink((folder / "path").read_text().strip(), folder / "bin")
            ended = run(sync, folder, variables, where == GITHUB)
            check(f"{where}: {code} ends with {ends}", ended.returncode == ends, f"{ended.returncode}: {ended.stderr}")
            if where == GITHUB and ended.returncode != 127:
                check(f"{where}: the summary is kept", "TotalDevices" in (folder / "page").read_text())
            warns = "warning" in ended.stdout or "SucceededWithIssues" in ended.stdout
            check(f"{where}: {code} is a warning", warns == (code in (3, 5)), ended.stdout)


def is_model(where, value, kind):
    """Whether a value is one of Kubernetes' model of this name."""
    if kind.startswith("list["):
        for number, one in enumerate(value):
            is_model(f"{where}[{number}]", one, kind[5:-1])
    elif hasattr(client, kind):
        model = getattr(client, kind)
        names = {key: name for name, key in model.attribute_map.items()}
        for key, one in value.items():
            check(f"{where}: there is `{key}`", key in names, sorted(names))
            if key in names:
                is_model(f"{where}.{key}", one, model.openapi_types[names[key]])
        try:
            model(**{names[key]: one for key, one in value.items() if key in names})
        except ValueError as error:
            check(where, False, error)
    else:
        kinds = {"str": str, "int": int, "bool": bool}
        is_dict = kind.startswith("dict(")
        check(f"{where}: `{value}` is a {kind}", isinstance(value, dict if is_dict else kinds.get(kind, object)))


def main():
    program = sys.argv[1]
    steps = yaml.safe_load(GITHUB.read_text())["jobs"]["sync"]["steps"]
    steps_end(GITHUB, *(step["run"] for step in steps))
    script, task = yaml.safe_load(AZURE.read_text())["jobs"][0]["steps"][1:]
    steps_end(AZURE, script["script"], task["inputs"]["inlineScript"])
    documents = list(yaml.safe_load_all(KUBERNETES.read_text()))
    for document in documents:
        is_model(document["kind"], document, f"V1{document['kind']}")
    container = documents[1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    reads(program, KUBERNETES, container["args"])
    for path in [GITHUB, AZURE, *Path("deploy/azure").glob("*"), *Path("deploy").glob("*/README.md"), *Path("deploy/systemd").glob("*.service")]:
        for line in re.findall(r"(?:^|[/ `=\"])intune-sync\"? ([a-z][^`\n]*)", path.read_text().replace("\\\n", " "), re.M):
            words = re.split(r"\s[>|#]", line)[0].split()
            known = ("sync", "plan", "doctor", "grant", "config", "runs", "notify")
            if words and words[0] in known:
                reads(program, path, [re.sub('^(OBJECT_ID|CLIENT_ID|"[$]OBJECT_ID")$', "00112233-4455-6677-8899-aabbccddeeff", word) for word in words])
    if found:
        sys.exit(f"pipelines: {found} to mend")
    print("pipelines: they run, and the program takes their commands")


main()
