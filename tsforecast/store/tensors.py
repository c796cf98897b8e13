"""Tensors as bytes: safetensors, read only when names, types and shapes are exactly those expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from tsforecast.errors import ModelError
from tsforecast.store.fields import parse_json, read_fields

Tensor = NDArray[Any]
MAX_HEADER = 1 << 20
_TYPES = {"float32": "F32", "float64": "F64", "int64": "I64", "uint8": "U8"}


def save_tensors(tensors: Mapping[str, Tensor]) -> bytes:
    """Tensors of the types float32, float64, int64 and uint8 as one safetensors file."""
    # The library reads the memory as it lies, so that a transposed view would be stored wrongly.
    return save({name: np.ascontiguousarray(value) for name, value in tensors.items()})


def load_tensors(data: bytes, file: str, expected: Mapping[str, tuple[str, tuple[int, ...]]]) -> dict[str, Tensor]:
    """Read a safetensors file.

    Args:
        data: its bytes.
        file: its name, for messages.
        expected: NumPy's name of the type, and the shape, of every tensor.

    Raises:
        ModelError: a tensor too few or too many, another type or shape, another size of the file, or a number that
            is not finite.
    """
    header = _header(data, file)
    _same_names(set(header), set(expected), file)
    size = 0
    for name, (dtype, shape) in expected.items():
        entry = read_fields(header[name], ("dtype", "shape", "data_offsets"), file=file, place=name)
        if entry.values["shape"] != list(shape):
            entry.refuse("shape", str(list(shape)))
        entry.text("dtype", (_TYPES[dtype],))
        size += int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if len(data) != 8 + _header_size(data) + size:
        raise ModelError(f"its size of {len(data)} bytes does not fit its tensors", file=file)
    try:
        tensors: dict[str, Tensor] = load(data)
    except SafetensorError as error:
        raise ModelError(f"is not valid: {error}", file=file) from error
    for name, tensor in tensors.items():
        if not np.all(np.isfinite(tensor)):
            raise ModelError(f"'{name}' holds a number that is not finite", file=file)
    return tensors


def _header_size(data: bytes) -> int:
    return int.from_bytes(data[:8], "little")


def _header(data: bytes, file: str) -> dict[str, Any]:
    """The names, types and shapes that a file claims: the library alone would take a name twice."""
    size = _header_size(data)
    if not 2 <= size <= min(MAX_HEADER, len(data) - 8):
        raise ModelError("its header is cut off or too long", file=file)
    header = parse_json(data[8 : 8 + size], file)
    if not isinstance(header, dict):
        raise ModelError("its header is not an object", file=file)
    return header


def _same_names(found: set[str], expected: set[str], file: str) -> None:
    if missing := sorted(expected - found):
        raise ModelError(f"has no tensor '{missing[0]}'", file=file)
    if unknown := sorted(found - expected):
        raise ModelError(f"has the unknown tensor '{unknown[0][:60]}'", file=file)
