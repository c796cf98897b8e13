"""Ways to spoil the folder of a sound version; `hostile.py` is the list of what is made with them.

What would run, were it loaded by somebody careless, makes a file named by the variable `SPOILT_MODEL_MARKER`.
"""

from __future__ import annotations

import io
import json
import os
import socket
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from tests.store.test_load import resign
from tsforecast.store.bundle import manifest

MARKER = "SPOILT_MODEL_MARKER"
STRANGER = 54321
Spoil = Callable[[Path], None]
WEIGHTS, RECENT, GOLDEN = "weights.safetensors", "recent.safetensors", "golden.safetensors"


class Payload:
    """Makes the marker when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch ${MARKER}",)


def keras_config(kind: str) -> dict[str, Any]:
    """What Keras would read as a layer that does harm."""
    module, name, config = {
        "lambda": (
            "keras.layers",
            "Lambda",
            {"function": {"class_name": "__lambda__", "config": {"code": "4wAAAA=="}}},
        ),
        "os": ("os", "system", {"command": f"touch ${MARKER}"}),
        "popen": ("subprocess", "Popen", {"args": ["touch", f"${MARKER}"]}),
        "unsafe": ("keras.config", "enable_unsafe_deserialization", {}),
        "get-file": ("keras.utils", "get_file", {"fname": "x", "origin": "file:///etc/passwd"}),
        "tfsm": ("keras.layers", "TFSMLayer", {"filepath": "/tmp/elsewhere"}),
        "torch": ("keras.layers", "TorchModuleWrapper", {"module": "gASV"}),
        "lookup": ("keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"}),
    }[kind]
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def keras_file() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(keras_config("lambda")))
        archive.writestr("metadata.json", "{}")
        archive.writestr("../../escaped", "x")
        archive.writestr("model.weights.h5", bytes(10_000_000))
    return stream.getvalue()


def dropped(name: str, data: bytes, *, listed: bool = False) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(data)
        if listed:
            resign(folder)

    return spoil


def replaced(name: str, data: bytes) -> Spoil:
    """Another file in the place of one, with a manifest that fits."""

    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(data)
        resign(folder)

    return spoil


def edited(path: str, value: Any) -> Spoil:
    """A value of model.json replaced, with a manifest that fits."""

    def spoil(folder: Path) -> None:
        document = json.loads((folder / "model.json").read_bytes())
        *parents, last = path.split(".")
        place = document
        for key in parents:
            place = place[int(key) if isinstance(place, list) else key]
        place[last] = value
        (folder / "model.json").write_text(json.dumps(document))
        resign(folder)

    return spoil


def header_edited(change: Callable[[dict[str, Any], str], None], name: str = WEIGHTS) -> Spoil:
    """The header of a file of tensors changed; `change` is given the header and the name of a tensor."""

    def spoil(folder: Path) -> None:
        data = (folder / name).read_bytes()
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        change(header, sorted(header)[0])
        text = json.dumps(header).encode()
        (folder / name).write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])
        resign(folder)

    return spoil


def tensors_edited(change: Callable[[dict[str, Any]], None], name: str = WEIGHTS) -> Spoil:
    def spoil(folder: Path) -> None:
        tensors = {key: np.array(value) for key, value in load((folder / name).read_bytes()).items()}
        change(tensors)
        (folder / name).write_bytes(save({key: np.ascontiguousarray(value) for key, value in tensors.items()}))
        resign(folder)

    return spoil


def bytes_edited(name: str, change: Callable[[bytes], bytes], *, fitting: bool = True) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))
        if fitting:
            resign(folder)

    return spoil


def sparse(name: str, size: int) -> Spoil:
    def spoil(folder: Path) -> None:
        with open(folder / name, "r+b") as stream:
            stream.truncate(size)

    return spoil


def claimed(name: str, size: int) -> Spoil:
    """A file of zeros, which takes no room on the disk, with a manifest that gives it its size."""

    def spoil(folder: Path) -> None:
        sparse(name, size)(folder)
        record = manifest.decode_manifest((folder / manifest.FILE).read_bytes())
        files = {**record.files, name: replace(record.files[name], size=size)}
        (folder / manifest.FILE).write_bytes(manifest.encode_manifest(replace(record, files=files)))

    return spoil


def in_manifest(name: str) -> Spoil:
    """A manifest that names a file elsewhere in the place of metrics.json."""

    def spoil(folder: Path) -> None:
        record = manifest.decode_manifest((folder / manifest.FILE).read_bytes())
        files = {key if key != "metrics.json" else name: value for key, value in record.files.items()}
        (folder / manifest.FILE).write_bytes(manifest.encode_manifest(replace(record, files=files)))

    return spoil


def another_version(folder: Path) -> None:
    record = manifest.decode_manifest((folder / manifest.FILE).read_bytes())
    (folder / manifest.FILE).write_bytes(manifest.encode_manifest(replace(record, version=7)))


def in_bytes(name: str, old: bytes, new: bytes) -> Spoil:
    """Something replaced in a file, once, behind the back of the manifest."""
    return bytes_edited(name, lambda data: data.replace(old, new, 1), fitting=False)


def instead(name: str, make: Callable[[Path], object]) -> Spoil:
    """Something that is no file in the place of one."""

    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return spoil


def linked(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def hard_linked(folder: Path) -> None:
    os.link(folder / "metrics.json", folder.parents[3] / f"second-{folder.parents[1].name}")


def listening(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def chmod(name: str, mode: int) -> Spoil:
    return lambda folder: (folder / name).chmod(mode)


def owned(name: str) -> Spoil:
    return lambda folder: os.chown(folder / name, STRANGER, -1)


def swap(tensors: dict[str, Any]) -> None:
    """Two tensors of equal shape, each under the name of the other."""
    names = sorted(tensors)
    pairs = [(one, two) for one in names for two in names if one < two and tensors[one].shape == tensors[two].shape]
    one, two = pairs[0]
    tensors[one], tensors[two] = tensors[two], tensors[one]


def renamed(header: dict[str, Any], name: str) -> None:
    header[f"{name}x"] = header.pop(name)


def twice(data: bytes) -> bytes:
    """A header in which the first tensor is named twice."""
    size = int.from_bytes(data[:8], "little")
    text = data[8 : 8 + size].rstrip()
    name, entry = next(iter(json.loads(text).items()))
    text = text[:-1] + f",{json.dumps(name)}:{json.dumps(entry)}}}".encode()
    return len(text).to_bytes(8, "little") + text + data[8 + size :]


def many(header: dict[str, Any], name: str) -> None:
    header.update({f"t{number}": header[name] for number in range(8_000)})


def hundred_thousand() -> bytes:
    text = json.dumps(
        {f"t{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(100_000)}
    ).encode()
    return len(text).to_bytes(8, "little") + text
