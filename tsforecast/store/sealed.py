"""Files of progress: a line with the SHA-256 of all that follows, a line of JSON, and safetensors; data only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from tsforecast.errors import ModelError
from tsforecast.json_output import plain
from tsforecast.store.bundle.json_fields import Fields, parse_json
from tsforecast.store.bundle.tensors import MAX_HEADER, Tensor, load_tensors, save_tensors

_MAX_JSON = 1 << 26
_TYPES = ("float32", "float64", "int64")

# What a file has besides the numbers of its tensors, at most.
MAX_FRAME = MAX_HEADER + _MAX_JSON
_MAX_SIZE = 1 << 50


def seal(document: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bytes:
    """A document and its tensors as the bytes of a file."""
    tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    types = {name: [str(value.dtype), *value.shape] for name, value in tensors.items()}
    line = json.dumps(plain({**document, "tensors": types}), allow_nan=False).encode()
    body = line + b"\n" + save_tensors(tensors)
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def unseal(data: bytes, file: str, *, version: int, fingerprint: str) -> tuple[dict[str, Any], bytes]:
    """The document of a file, and the bytes of its tensors, which `tensors_of` reads.

    Args:
        data: what `seal` made.
        file: its name, for messages.
        version: number of the format, which must stand in the document.
        fingerprint: hash of all that decides the numbers, which must stand there too.

    Raises:
        ModelError: it is damaged, of another format or of another work.
    """
    head, _, body = data.partition(b"\n")
    if head != hashlib.sha256(body).hexdigest().encode():
        raise ModelError("its checksum is wrong", file=file)
    line, _, rest = body.partition(b"\n")
    if len(line) > _MAX_JSON:
        raise ModelError("its description is too long", file=file)
    document = parse_json(line, file)
    if not isinstance(document, dict) or document.get("format_version") != version:
        raise ModelError("is of another format", file=file)
    if document.get("fingerprint") != fingerprint:
        raise ModelError("the data, an option or a version is another one", file=file)
    return document, rest


def tensors_of(top: Fields, rest: bytes) -> dict[str, Tensor]:
    """The tensors that a document tells of, as views that cannot be written to."""
    expected = {}
    for name, entry in top.mapping("tensors").items():
        typed = isinstance(entry, list) and bool(entry) and entry[0] in _TYPES
        if not typed or not all(type(size) is int and 0 <= size <= _MAX_SIZE for size in entry[1:]):
            top.refuse("tensors", "a type and a shape for each")
        expected[name] = (entry[0], tuple(entry[1:]))
    return load_tensors(rest, top.file, expected)
