"""The hostile corpus: each entry spoils the folder of a sound version, and whoever loads that must refuse it."""

from __future__ import annotations

import json
import os
import pickle
import stat

import numpy as np

from tests.sweeps.spoil import (
    GOLDEN,
    MARKER,
    RECENT,
    WEIGHTS,
    Payload,
    Spoil,
    another_version,
    bytes_edited,
    chmod,
    claimed,
    dropped,
    edited,
    hard_linked,
    header_edited,
    hundred_thousand,
    in_bytes,
    in_manifest,
    instead,
    keras_config,
    keras_file,
    linked,
    listening,
    many,
    owned,
    renamed,
    replaced,
    sparse,
    swap,
    tensors_edited,
    twice,
)
from tsforecast.store.bundle import manifest

CORPUS: dict[str, Spoil] = {}
# Never opened, whatever their names promise.
DROPPED = ("model.keras", "weights.h5", "scaler.pkl", "scaler.joblib")


def add(name: str, spoil: Spoil, *, root: bool = False) -> None:
    """Put something into the corpus, unless it takes root to make it and we are not."""
    if not root or os.geteuid() == 0:
        CORPUS[name] = spoil


for _name, _data in {
    "model.keras": keras_file(),
    "weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(1000),
    "model.hdf5": b"\x89HDF\r\n\x1a\n" + bytes(1000),
    "scaler.pkl": pickle.dumps(Payload()),
    "scaler.joblib": pickle.dumps(Payload()),
    "saved_model.pb": bytes(100),
    "config.json": json.dumps(keras_config("os")).encode(),
    "sitecustomize.py": f"import os; os.system('touch ${MARKER}')".encode(),
    "conda.yaml": f"!!python/object/apply:os.system ['touch ${MARKER}']".encode(),
}.items():
    add(f"{_name} dropped in", dropped(_name, _data))
for _name in ("context.safetensors", "history.csv"):
    add(f"{_name} of the format before, dropped in", dropped(_name, b""))
    add(f"{_name} of the format before, that the manifest names", dropped(_name, b"", listed=True))
add("scaler.pkl that the manifest names", dropped("scaler.pkl", pickle.dumps(Payload()), listed=True))

for _kind in ("lambda", "os", "popen", "unsafe", "get-file", "tfsm", "torch", "lookup"):
    add(f"Keras config: {_kind}", replaced("model.json", json.dumps(keras_config(_kind)).encode()))
add("pickle as model.json", replaced("model.json", pickle.dumps(Payload())))
add("pickle as weights", replaced(WEIGHTS, pickle.dumps(Payload())))
add("zip as weights", replaced(WEIGHTS, keras_file()))

add("weights cut off", bytes_edited(WEIGHTS, lambda data: data[:-1]))
add("weights with a byte more", bytes_edited(WEIGHTS, lambda data: data + b"\0"))
add("weights empty", replaced(WEIGHTS, b""))
add("header of 2^62 bytes", bytes_edited(WEIGHTS, lambda data: (2**62).to_bytes(8, "little") + data[8:]))
add("tensors that overlap", header_edited(lambda header, name: header[name].update(data_offsets=[4, 8])))
add(
    "tensors with a hole",
    bytes_edited(WEIGHTS, lambda data: data.replace(b'"data_offsets":[0,', b'"data_offsets":[4,')),
)
add("shape that overflows", header_edited(lambda header, name: header[name].update(shape=[2**32, 2**32])))
add("negative shape", header_edited(lambda header, name: header[name].update(shape=[-1, -1])))
add("negative offsets", header_edited(lambda header, name: header[name].update(data_offsets=[-8, -4])))
add("unknown type", header_edited(lambda header, name: header[name].update(dtype="OBJECT")))
add("other type", header_edited(lambda header, name: header[name].update(dtype="F64")))
add("tensor named twice", bytes_edited(WEIGHTS, twice))
add("8,000 tensors", header_edited(many))
add("100,000 tensors", replaced(WEIGHTS, hundred_thousand()))
add("tensor renamed", header_edited(renamed))
add("metadata", header_edited(lambda header, name: header.update(__metadata__={"a": "b"})))
add("NaN", tensors_edited(lambda tensors: tensors["part0/head/bias"].fill(np.nan)))
add("infinity", tensors_edited(lambda tensors: tensors["part0/head/bias"].fill(np.inf)))
add("tensors swapped", tensors_edited(swap))
add("scale of zero", tensors_edited(lambda tensors: tensors["scale"].fill(0), RECENT))
add("offsets beyond the rows", tensors_edited(lambda tensors: tensors["offsets"].fill(2**40), RECENT))
add("ids of an object", tensors_edited(lambda tensors: tensors["ids"].fill(ord("{")), RECENT))
add("series that is not there", tensors_edited(lambda tensors: tensors["series"].fill(99), GOLDEN))
add("bit flip", bytes_edited(WEIGHTS, lambda data: data[:-1] + bytes([data[-1] ^ 1]), fitting=False))

add("manifest missing", lambda folder: (folder / manifest.FILE).unlink())
add("manifest empty", lambda folder: (folder / manifest.FILE).write_bytes(b""))
add("manifest of another version", another_version)
add("manifest with a wrong checksum", in_bytes(manifest.FILE, b'"sha256": "', b'"sha256": "0'))
add("manifest with an absolute path", in_manifest("/etc/passwd"))
add("manifest with a path upwards", in_manifest("../../../../escaped"))
add("manifest with a key twice", in_bytes(manifest.FILE, b'"version": 1', b'"version": 1, "version": 1'))
add("manifest of 1 GB", sparse(manifest.FILE, 1 << 30))
add("file missing", lambda folder: (folder / "golden.safetensors").unlink())
add("file under another name", lambda folder: os.rename(folder / "epochs.csv", folder / "epochs.txt"))

add("link", instead("metrics.json", linked))
add("pipe", instead("metrics.json", os.mkfifo))
add("folder in place of a file", instead("metrics.json", os.mkdir))
add("socket", instead("metrics.json", listening))
add("hard link", hard_linked)
add(
    "/dev/zero", instead("metrics.json", lambda path: os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))), root=True
)
add("file that all may write", chmod("metrics.json", 0o666))
add("manifest that all may write", chmod(manifest.FILE, 0o646))
add("folder that all may write", chmod(".", 0o777))
add("folder above that all may write", chmod("..", 0o777))
add("file of a stranger", owned(WEIGHTS), root=True)
add("folder of a stranger", owned("."), root=True)

add("key twice", bytes_edited("model.json", lambda data: data.replace(b'"kind":', b'"kind": "gru", "kind":', 1)))
add("1e999", edited("spec.horizon", float("1e308")))
add("1e999 in metrics", replaced("metrics.json", b'{"a": 1e999}'))
add("a number of 100,000 digits", replaced("metrics.json", b'{"a": ' + b"9" * 100_000 + b"}"))
add("NaN in metrics", replaced("metrics.json", b'{"a": NaN}'))
add("model.json of 1 GB", sparse("model.json", 1 << 30))
add("model.json of 1 GB that the manifest names", claimed("model.json", 1 << 30))
add("weights of 100 MB", claimed(WEIGHTS, 100 << 20))
add("recent rows of 4 GB", claimed(RECENT, 1 << 32))
add("recent rows of 8 TB", claimed(RECENT, 1 << 43))
add("deep nesting", replaced("model.json", b"[" * 100_000))
add("deep nesting of objects", replaced("metrics.json", b'{"a":' * 5_000 + b"1" + b"}" * 5_000))
add("1 MB of lists", replaced("metrics.json", b'{"a": [' + b"[]," * 340_000))
add("1e9 units", edited("spec.parts.0.network.units", 10**9))
add("4096 units", edited("spec.parts.0.network.units", 4096))
add("1e12 rows", edited("recent.rows", 10**12))
add("1e12 series", edited("recent.n_series", 10**12))
add("format 99", edited("format_version", 99))
add("format 2, which the manifest does not say", edited("format_version", 2))
add("recent rows under their name in format 2", edited("context", {}))
add("epochs of another shape", replaced("epochs.csv", b"a,b\n1,2\n"))
add("epochs of one long line", replaced("epochs.csv", b'"' + b"x" * 1_000_000))
add("version of a stranger's model", edited("spec.name", "__import__('os').system('true')"))
