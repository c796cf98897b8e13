"""Tensors as bytes: safetensors, read only when names, types and shapes are exactly those expected.

The library writes them. It reads them into copies, which the rows of 100,000 series are too large for: here they are
read where they lie, in the bytes of the file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import ModelError
from tsforecast.store.bundle.json_fields import parse_json, read_fields

Tensor = NDArray[Any]
Shapes = dict[str, tuple[str, tuple[int, ...]]]  # type and shape of each tensor, by its name
MAX_HEADER = 1 << 20
_TYPES = {"float32": "F32", "float64": "F64", "int64": "I64", "uint8": "U8"}


def save_tensors(tensors: Mapping[str, Tensor]) -> bytes:
    """Tensors of the types float32, float64, int64 and uint8 as one safetensors file."""
    from safetensors.numpy import save

    # The library reads the memory as it lies, so that a transposed view would be stored wrongly.
    return save({name: np.ascontiguousarray(value) for name, value in tensors.items()})


def load_tensors(data: bytes, file: str, expected: Mapping[str, tuple[str, tuple[int, ...]]]) -> dict[str, Tensor]:
    """Read a safetensors file.

    Args:
        data: its bytes.
        file: its name, for messages.
        expected: NumPy's name of the type, and the shape, of every tensor.

    Returns:
        Views of `data`, which cannot be written to.
    """
    header = _header(data, file)
    _same_names(set(header), set(expected), file)
    for name, (dtype, shape) in expected.items():
        entry = read_fields(header[name], ("dtype", "shape", "data_offsets"), file=file, place=name)
        if entry.values["shape"] != list(shape):
            entry.refuse("shape", str(list(shape)))
        entry.text("dtype", (_TYPES[dtype],))
    body = memoryview(data)[8 + _header_size(data) :]
    if len(body) != tensor_bytes(expected):
        raise ModelError(f"its size of {len(data)} bytes does not fit its tensors", file=file)
    return {name: _tensor(body, begin, name, expected[name], file) for name, begin in _begins(header, expected, file)}


def tensor_bytes(expected: Mapping[str, tuple[str, tuple[int, ...]]]) -> int:
    """Bytes that tensors of these types and shapes take, without the header."""
    return sum(_bytes(dtype, shape) for dtype, shape in expected.values())


def _bytes(dtype: str, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * np.dtype(dtype).itemsize


def _begins(
    header: dict[str, Any], expected: Mapping[str, tuple[str, tuple[int, ...]]], file: str
) -> Iterator[tuple[str, int]]:
    """Where each tensor begins: they must lie one after the other, the first at 0."""
    places = {name: header[name]["data_offsets"] for name in expected}
    if not all(isinstance(place, list) and all(type(edge) is int for edge in place) for place in places.values()):
        raise ModelError("'data_offsets' holds something else than whole numbers", file=file)
    begin = 0
    for name, place in sorted(places.items(), key=lambda entry: entry[1]):
        end = begin + _bytes(*expected[name])
        if place != [begin, end]:
            raise ModelError(f"'{name}.data_offsets' is {str(place)[:60]}; expected {[begin, end]}", file=file)
        yield name, begin
        begin = end


def _tensor(body: memoryview, begin: int, name: str, expected: tuple[str, tuple[int, ...]], file: str) -> Tensor:
    dtype, shape = expected
    little_endian = np.dtype(dtype).newbyteorder("<")
    tensor = np.frombuffer(body, little_endian, int(np.prod(shape, dtype=np.int64)), begin).reshape(shape)
    # Both are NaN where a number is; a mask of all numbers would take memory.
    extremes = tensor.min(initial=0), tensor.max(initial=0)
    if not np.all(np.isfinite(extremes)):
        raise ModelError(f"'{name}' holds a number that is not finite", file=file)
    return tensor


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
