"""Data frames and Parquet files, whose columns have types already."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from tsforecast.errors import DataError
from tsforecast.io.column import Column, TextColumn, code_texts
from tsforecast.io.messages import Place
from tsforecast.io.reading.source import check_count, most_expanded, too_large
from tsforecast.io.reading.text.sniff import check_names

if TYPE_CHECKING:
    from pyarrow.parquet import FileMetaData

_DEFAULT_TIME_NAME = "time"
_CELL_BYTES = 8
_TEXT = "BYTE_ARRAY"


def frame_columns(frame: pd.DataFrame, file: str) -> list[Column]:
    """The columns of a data frame; an index that is not a plain row number becomes columns as well.

    Rows are numbered as if the frame stood in a file below its header, so that the first row is line 2.

    Raises:
        DataError: no rows, or two columns of the same name.
    """
    index = frame.index
    plain = index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype)
    if not plain:
        timed = isinstance(index, (pd.DatetimeIndex, pd.PeriodIndex))
        frame = frame.reset_index(names=_DEFAULT_TIME_NAME if timed and index.name is None else None)
    names = [str(name).strip() for name in frame.columns]
    check_names(names, file, None)
    if frame.empty:
        raise DataError("the table has no rows", file=file)
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    lines, columns = range(2, len(frame) + 2), []
    for name in names:
        typed = frame[name].dt.to_timestamp() if isinstance(frame[name].dtype, pd.PeriodDtype) else frame[name]
        columns.append(Column(Place(file, lines, name), partial(_texts, typed), typed=typed))
    return columns


def _texts(typed: pd.Series) -> TextColumn:
    return code_texts(typed.astype(object).where(typed.notna(), "").map(str))


def read_parquet(data: bytes, file: str, max_rows: int | None = None) -> pd.DataFrame:
    """Read a Parquet file, after a look at the memory that it would take.

    Raises:
        DataError: damaged, or more rows or bytes than may be.
    """
    import pyarrow
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(io.BytesIO(data))
        check_count(metadata.num_rows, max_rows, "rows", file)
        _check_size(data, metadata, file)
        frame = pd.read_parquet(io.BytesIO(data))
        for _, column in frame.items():
            if isinstance(column.dtype, pd.StringDtype):
                pyarrow.array(column).validate(full=True)  # texts are decoded when they are asked for
        return frame
    except (DataError, MemoryError):
        raise
    except Exception as error:  # of any kind: the damage may have met what pandas takes for its own metadata
        raise DataError(f"the Parquet file is damaged: {error}", file=file) from error


def _check_size(data: bytes, metadata: FileMetaData, file: str) -> None:
    """Refuse a file whose cells repeat so often that it would fill the memory."""
    most = most_expanded(len(data))
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    size = sum(max(chunk.total_uncompressed_size, _CELL_BYTES * chunk.num_values) for chunk in chunks)
    if size > most:
        raise too_large("Parquet file", most, file)
    # A text that stands in the file once may stand in all rows.
    repeated = [chunk for chunk in chunks if chunk.physical_type == _TEXT and chunk.has_dictionary_page]
    if sum(chunk.num_values * chunk.total_uncompressed_size for chunk in repeated) + size > most:
        texts = sorted({chunk.path_in_schema for chunk in repeated})
        if size + _bytes_of_texts(data, texts) > most:
            raise too_large("Parquet file", most, file)


def _bytes_of_texts(data: bytes, columns: list[str]) -> int:
    """Bytes of the texts of some columns, without writing out those that repeat."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(data), columns=columns, read_dictionary=columns)
    size = 0
    for array in (chunk for column in table.columns for chunk in column.chunks):
        if pa.types.is_dictionary(array.type):
            lengths: Any = pc.binary_length(array.dictionary).take(array.indices)
            size += pc.sum(lengths.cast(pa.int64())).as_py() or 0
    return size
