"""Arrow files, streams and Feather files."""

from __future__ import annotations

import io
import struct
from typing import Any

import pandas as pd

from tsforecast.errors import DataError, is_memory_shortage
from tsforecast.io.reading.source import check_count, most_expanded, too_large

_FILE = b"ARROW1\0\0"
_BATCHES = (2, 3)  # kinds of messages with a body: dictionaries and record batches
_BUFFERS, _COMPRESSION = 2, 3


def read_arrow(data: bytes, file: str, max_rows: int | None = None) -> pd.DataFrame:
    """Read an Arrow file or stream, or a Feather file, after a look at the memory that it would take.

    Raises:
        DataError: damaged, or more rows or bytes than may be.
    """
    import pyarrow as pa
    from pyarrow import feather, ipc

    try:
        if data.startswith(b"FEA1"):
            table = feather.read_table(io.BytesIO(data))
        else:
            _check_size(data, file)
            opened: Any = ipc.open_file if data.startswith(b"ARROW1") else ipc.open_stream
            table = opened(pa.BufferReader(data)).read_all()
        table.validate(full=True)
        check_count(table.num_rows, max_rows, "rows", file)
        return plain_frame(table)
    except DataError:
        raise
    except Exception as error:  # of any kind, as with Parquet
        if is_memory_shortage(error):
            raise
        raise DataError(f"the Arrow file is damaged: {error}", file=file) from error


def plain_frame(table: Any) -> pd.DataFrame:
    """An Arrow table as a data frame: decimals as numbers, days as stamps."""
    import pyarrow as pa

    for position, field in enumerate(table.schema):
        column, kind = table.column(position), field.type
        if pa.types.is_decimal(kind):
            table = table.set_column(position, field.name, column.cast(pa.float64()))
        elif pa.types.is_date(kind):
            table = table.set_column(position, field.name, column.cast(pa.timestamp("us")))
    return table.to_pandas()


def _check_size(data: bytes, file: str) -> None:
    """Refuse compressed buffers that would fill the memory."""
    import pyarrow as pa
    from pyarrow import ipc

    most, size = most_expanded(len(data)), 0
    start = len(_FILE) if data.startswith(_FILE) else 0
    for message in ipc.MessageReader.open_stream(pa.BufferReader(pa.py_buffer(data)[start:])):
        size += _unpacked(message.metadata.to_pybytes(), message.body)
        if size > most:
            raise too_large("Arrow file", most, file)


def _unpacked(metadata: bytes, body: Any) -> int:
    """Bytes that the buffers of one message become; each begins with its size where they are compressed."""

    def at(code: str, position: int) -> int:
        return int(struct.unpack_from(code, metadata, position)[0])

    def field(table: int, number: int) -> int:
        """Where a field of a FlatBuffers table stands; 0 where it is left out."""
        directory = table - at("<i", table)
        entry = 4 + 2 * number
        offset = at("<H", directory + entry) if entry < at("<H", directory) else 0
        return offset and table + offset

    def follow(position: int) -> int:
        return position + at("<I", position)

    message = follow(0)
    kind = field(message, 1)
    kind = kind and metadata[kind]
    if kind not in _BATCHES or body is None:
        return 0
    batch = follow(field(message, 2))
    batch = follow(field(batch, 1)) if kind == _BATCHES[0] else batch
    if not field(batch, _COMPRESSION) or not field(batch, _BUFFERS):
        return int(body.size)
    buffers, size = follow(field(batch, _BUFFERS)), 0
    for number in range(at("<I", buffers)):
        offset, length = struct.unpack_from("<qq", metadata, buffers + 4 + 16 * number)
        stated = struct.unpack("<q", body[offset : offset + 8].to_pybytes())[0] if length >= 8 else 0
        size += max(stated, length)
    return size
