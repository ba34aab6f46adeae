"""An OCI image layout: a folder of blobs named by their digests, and the index over them.

The same input gives the same bytes: times are the commit's, and entries are sorted. Keys have the order of the
specification's own types in Go, so that tools that write a manifest anew, such as skopeo, keep its digest.
The formats: https://github.com/opencontainers/image-spec/blob/main/image-layout.md and its neighbours.
"""

import gzip
import hashlib
import io
import json
import pathlib
import shutil
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
# What an artefact without a configuration has as one:
# https://github.com/opencontainers/image-spec/blob/main/manifest.md
EMPTY = "application/vnd.oci.empty.v1+json"


class Layout:
    def __init__(self, folder):
        """An empty layout, instead of what is in the folder."""
        self.folder = pathlib.Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "blobs/sha256").mkdir(parents=True)
        self._write("oci-layout", {"imageLayoutVersion": "1.0.0"})
        self.entries = []

    def blob(self, media_type, data, **more):
        """Adds a blob, and returns its descriptor."""
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / "blobs/sha256" / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data), **more}

    def json(self, media_type, value, **more):
        return self.blob(media_type, encode(value), **more)

    def manifest(self, config, layers, **more):
        return self.json(
            MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers, **more}
        )

    def index(self, manifests, **more):
        return self.json(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests, **more})

    def referrer(self, subject, media_type, data, annotations):
        """Adds a document about a subject, and returns its descriptor as a list of referrers has it."""
        manifest = self.json(MANIFEST, {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": media_type,
            "config": self.blob(EMPTY, b"{}"),
            "layers": [self.blob(media_type, data)],
            "subject": {key: subject[key] for key in ("mediaType", "digest", "size")},
            "annotations": annotations,
        })
        return {**manifest, "annotations": annotations, "artifactType": media_type}

    def name(self, descriptor, name):
        """Lists a manifest or an index under a name, as `skopeo copy oci:FOLDER:NAME` takes it."""
        descriptor = {key: descriptor[key] for key in ("mediaType", "digest", "size")}
        self.entries.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": name}})

    def finish(self):
        self._write("index.json", {"schemaVersion": 2, "mediaType": INDEX, "manifests": self.entries})

    def _write(self, name, value):
        (self.folder / name).write_bytes(encode(value))


def encode(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Tree:
    """The files of a layer. They belong to root; folders are made as they are needed."""

    def __init__(self, time):
        self.time = time
        self.members = {}

    def folder(self, path, mode=0o755):
        self._parents(path)
        self._add(path, tarfile.DIRTYPE, mode)

    def file(self, path, data, mode=0o644):
        self._parents(path)
        self._add(path, tarfile.REGTYPE, mode, data)

    def _parents(self, path):
        for parent in pathlib.PurePosixPath(path).parents:
            if str(parent) != "." and str(parent) not in self.members:
                self._add(str(parent), tarfile.DIRTYPE, 0o755)

    def _add(self, path, kind, mode, data=b""):
        member = tarfile.TarInfo(path)
        member.type, member.mode, member.mtime, member.size = kind, mode, self.time, len(data)
        member.uname = member.gname = "root"
        self.members[path] = (member, data)

    def tar(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for path in sorted(self.members):
                member, data = self.members[path]
                archive.addfile(member, io.BytesIO(data))
        return out.getvalue()


def layer(layout, tree):
    """Adds a layer, and returns its descriptor and the digest of what it unpacks to."""
    tar = tree.tar()
    compressed = gzip.compress(tar, compresslevel=9, mtime=0)
    descriptor = layout.blob("application/vnd.oci.image.layer.v1.tar+gzip", compressed)
    return descriptor, "sha256:" + hashlib.sha256(tar).hexdigest()
