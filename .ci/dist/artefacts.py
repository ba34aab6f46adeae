"""What is released: the files in dist/ and the image, what each is for, and the programs in it."""

import dataclasses
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile
import zipfile

import release

SUFFIXES = (".wasm", ".tar.gz", ".zip", ".whl", ".deb", ".rpm")
# Of which build an artefact is, by what its name contains.
TARGETS = {
    "windows": "x86_64-pc-windows-gnu",
    "win_amd64": "x86_64-pc-windows-gnu",
    "x86_64": "x86_64-unknown-linux-gnu",
    "amd64": "x86_64-unknown-linux-gnu",
    "aarch64": "aarch64-unknown-linux-gnu",
    "arm64": "aarch64-unknown-linux-gnu",
}
PROGRAMS = ("intune-sync", "intune-sync.exe")


@dataclasses.dataclass(frozen=True)
class Artefact:
    name: str
    path: pathlib.Path

    @property
    def is_image(self):
        return self.path.is_dir()

    @property
    def is_component(self):
        return self.name.endswith(".wasm")

    @property
    def sha256(self):
        """Of the file; of the image the digest of its index, which covers the rest."""
        if self.is_image:
            return self.index()["digest"].removeprefix("sha256:")
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def targets(self):
        """The builds that it is of. None of a component, which runs everywhere."""
        if self.is_component:
            return []
        if self.is_image:
            machines = [manifest["platform"]["architecture"] for manifest in self.manifests()]
            return [TARGETS[machine] for machine in machines]
        return [next(target for word, target in TARGETS.items() if word in self.name)]

    @property
    def has_module(self):
        """Whether the module for Python is in it, next to the program."""
        return self.name.endswith(".whl")

    def programs(self):
        """The programs and libraries in it that contain the component, as bytes by their names."""
        if self.is_component:
            return {self.name: self.path.read_bytes()}
        if self.name.endswith((".zip", ".whl")):
            with zipfile.ZipFile(self.path) as archive:
                return programs_of((name, lambda name=name: archive.read(name)) for name in archive.namelist())
        if self.is_image:
            found = {}
            for manifest in self.manifests():
                for layer in self.blob(manifest["digest"])["layers"]:
                    found |= {
                        f"{manifest['platform']['architecture']}/{name}": data
                        for name, data in of_tar(self.path_of(layer["digest"]).read_bytes()).items()
                    }
            return found
        return of_tar(self.tar())

    def tar(self):
        unpack = {".deb": ["dpkg-deb", "--fsys-tarfile", self.path], ".rpm": ["rpm2archive", "-"]}
        command = unpack.get(self.path.suffix)
        if command is None:
            return self.path.read_bytes()
        with open(self.path, "rb") as file:
            return subprocess.run(command, stdin=file, stdout=subprocess.PIPE, check=True).stdout

    def debian_packages(self):
        """What of Debian is in it: purl, name, version, SHA-256."""
        found = []
        for target in self.targets if self.is_image else []:
            architecture = {"x86_64": "amd64", "aarch64": "arm64"}[target.split("-")[0]]
            packages = (release.TOOLS / "debian" / architecture / "packages").read_text()
            for name, version, machine, digest in map(str.split, packages.splitlines()):
                purl = f"pkg:deb/debian/{name}@{version.replace('~', '%7E')}?arch={machine}"
                found.append((purl, name, version, digest))
        return found

    # Of the image:

    def index(self):
        return json.loads((self.path / "index.json").read_text())["manifests"][0]

    def manifests(self):
        return self.blob(self.index()["digest"])["manifests"]

    def blob(self, digest):
        return json.loads(self.path_of(digest).read_text())

    def path_of(self, digest):
        return self.path / "blobs/sha256" / digest.removeprefix("sha256:")


def of_tar(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = [member for member in archive if member.isfile()]
        return programs_of((member.name, lambda member=member: archive.extractfile(member).read()) for member in files)


def programs_of(files):
    """Those of files that are programs by their names, and by how they begin: completions have the program's name."""
    found = {}
    for name, read in files:
        path = pathlib.PurePosixPath(name)
        if (path.name in PROGRAMS or path.suffix in (".so", ".pyd")) and (data := read()).startswith((b"\x7fELF", b"MZ")):
            found[name] = data
    return found


def all_of_them():
    files = [path for path in release.DIST.iterdir() if path.name.endswith(SUFFIXES)]
    image = release.DIST / "image"
    if image.is_dir():
        files.append(image)
    return [Artefact(path.name, path) for path in sorted(files)]
