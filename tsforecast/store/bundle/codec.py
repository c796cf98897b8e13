"""A bundle as files of bytes, and back.

Decoding trusts nothing: model.json is read first, the shapes of all tensors follow from it, and whatever is not exactly
as expected raises a ModelError that names the file and the reason.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tsforecast.errors import ModelError
from tsforecast.json_output import json_bytes, plain
from tsforecast.models.forecaster import Forecaster
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling
from tsforecast.series.windows import plain_windows
from tsforecast.store.bundle.bundle import Bundle, Golden
from tsforecast.store.bundle.calibration import calibration_shapes, calibration_tensors, read_calibration
from tsforecast.store.bundle.covariates import (
    golden_shapes,
    golden_tensors,
    read_column_scaling,
    read_covariates,
    recent_shapes,
    recent_tensors,
    with_covariates,
)
from tsforecast.store.bundle.document import MAX_PARAMETERS, ModelDocument, decode_document, encode_document
from tsforecast.store.bundle.formats import (
    EPOCHS,
    FORMAT_VERSION,
    GOLDEN,
    GRADIENTS,
    METRICS,
    MODEL,
    RECENT,
    SERIES,
    WEIGHTS,
    stored_file,
    stored_tensor,
)
from tsforecast.store.bundle.json_fields import parse_json
from tsforecast.store.bundle.tensors import MAX_HEADER, Shapes, Tensor, load_tensors, save_tensors, tensor_bytes

# Bytes above which a file is not read at all, by the present names of the files.
MAX_BYTES: dict[str, int] = {
    MODEL: 1 << 20,
    WEIGHTS: 4 * MAX_PARAMETERS + MAX_HEADER,
    RECENT: 1 << 33,
    GOLDEN: 1 << 28,
    METRICS: 1 << 20,
    EPOCHS: 1 << 24,
    GRADIENTS: 1 << 24,
    SERIES: 1 << 24,
}
OPTIONAL = (SERIES,)  # of the present format, there where it says something


def _number(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_EPOCH: dict[str, Callable[[str], Any]] = {"member": int, "phase": str, "epoch": int}
# Numbers may be missing: there is no validation loss in the last fit, none at all after a diverged epoch, and no
# gradient at a step that is padded in every window.
_MEASURED = ("loss", "val_loss", "learning_rate", "clipped_share", "gradient_norm", "seconds", "windows_per_second")
SERIES_METRICS = ("mae", "rmse", "bias", "mase", "skill", "coverage_80")
_COLUMNS: dict[str, dict[str, Callable[[str], Any]]] = {
    EPOCHS: {**_EPOCH, **dict.fromkeys(_MEASURED, _number)},
    GRADIENTS: {**_EPOCH, "steps_back": int, "gradient_norm": _number},
    SERIES: {"series": str, "values": int, **dict.fromkeys(SERIES_METRICS, _number)},
}
_MOST_SERIES_BYTES = MAX_BYTES[SERIES] - (1 << 16)


def encode(bundle: Bundle) -> dict[str, bytes]:
    """The files of a bundle by name, without the manifest.

    NaN in the metrics, the provenance, the epochs and the gradients is stored as nothing (null, an empty cell).
    """
    ids = json.dumps(bundle.recent.ids, ensure_ascii=False, separators=(",", ":")).encode()
    panel, golden = bundle.recent, bundle.golden
    recent: dict[str, Tensor] = {
        "values": np.asarray(panel.values, np.float64),
        "observed": np.asarray(panel.observed, np.uint8),
        "offsets": np.asarray(panel.offsets, np.int64),
        "starts": np.asarray(panel.starts, np.int64),
        "center": np.asarray(bundle.scaling.center, np.float64),
        "scale": np.asarray(bundle.scaling.scale, np.float64),
        "nonnegative": np.asarray(bundle.scaling.nonnegative, np.uint8),
        **_counts_tensor(bundle.scaling),
        **calibration_tensors(bundle.forecaster.calibration),
        "ids": np.frombuffer(ids, dtype=np.uint8),
        **recent_tensors(panel.covariates, bundle.scaling),
    }
    replayed: dict[str, Tensor] = {
        "values": np.asarray(golden.windows.values, np.float32),
        "mask": np.asarray(golden.windows.mask, np.uint8),
        "series": np.asarray(golden.windows.categories[:, 0], np.int64),
        "expected": np.asarray(golden.expected, np.float32),
        **golden_tensors(golden.windows),
    }
    return {
        MODEL: encode_document(bundle, len(ids)),
        WEIGHTS: save_tensors(bundle.forecaster.weights),
        RECENT: save_tensors(recent),
        GOLDEN: save_tensors(replayed),
        METRICS: json_bytes(bundle.metrics),
        EPOCHS: _encode_rows(bundle.epochs, EPOCHS),
        GRADIENTS: _encode_rows(bundle.gradients, GRADIENTS),
        **({SERIES: _encode_series(bundle.by_series)} if bundle.by_series else {}),
    }


def decode(files: Mapping[str, bytes]) -> Bundle:
    """The bundle of the files that `encode` made, or that an older release made in its format."""
    _check_size(files, MODEL, MAX_BYTES[MODEL])
    model = decode_document(files[MODEL])
    limits = size_limits(model.format_version, files)
    for name, most in limits.items():
        _check_size(files, name, most)
    for name in files:
        if name not in limits:
            raise ModelError("does not belong to a model", file=name)
    with errors_name(lambda file: stored_file(file, model.format_version)):
        stored = {name: stored_file(name, model.format_version) for name in MAX_BYTES}
        return _decode(model, {name: files[old] for name, old in stored.items() if old in limits})


def _decode(model: ModelDocument, files: Mapping[str, bytes]) -> Bundle:
    """The bundle of files under their present names."""
    weights = _tensors(model, files, WEIGHTS, _weight_shapes(model))
    tensors = _tensors(model, files, RECENT, _recent_shapes(model))
    recent = _panel(model, tensors)
    _check_labels(model, recent)
    return Bundle(
        forecaster=Forecaster(model.spec, weights, read_calibration(model.calibration, tensors)),
        schema=model.schema,
        recent=recent,
        scaling=_scaling(model, tensors),
        golden=_golden(model, _tensors(model, files, GOLDEN, _golden_shapes(model)), recent),
        metrics=decode_metrics(files[METRICS]),
        epochs=_decode_rows(files[EPOCHS], EPOCHS),
        gradients=_decode_rows(files[GRADIENTS], GRADIENTS),
        by_series=_decode_rows(files[SERIES], SERIES) if SERIES in files else [],
        provenance=model.provenance,
    )


def size_limits(version: int, present: Container[str] = MAX_BYTES) -> dict[str, int]:
    """The files of a version of format `version`, as they are called there, and how many bytes of each are read.

    Args:
        version: format.
        present: names of files; one that is optional and not among them is left out.
    """
    kept = [name for name in MAX_BYTES if name not in OPTIONAL or (version == FORMAT_VERSION and name in present)]
    return {stored_file(name, version): MAX_BYTES[name] for name in kept}


def _check_size(files: Mapping[str, bytes], name: str, most: int) -> None:
    if name not in files:
        raise ModelError("is missing", file=name)
    if len(files[name]) > most:
        raise ModelError(f"has {len(files[name]):,} bytes; at most {most:,} are read", file=name)


def check_tensor_sizes(model: ModelDocument, sizes: Mapping[str, int]) -> None:
    """Refuse files of tensors that are larger than model.json says, by their sizes in bytes, before they are read."""
    for file, shapes in {
        WEIGHTS: _weight_shapes(model),
        RECENT: _recent_shapes(model),
        GOLDEN: _golden_shapes(model),
    }.items():
        name = stored_file(file, model.format_version)
        if sizes[name] > 8 + MAX_HEADER + tensor_bytes(shapes):
            raise ModelError(f"its size of {sizes[name]} bytes does not fit its tensors", file=name)


@contextmanager
def errors_name(name: Callable[[str], str]) -> Iterator[None]:
    """Let errors name a file as `name` makes it of its present name."""
    try:
        yield
    except ModelError as error:
        raise ModelError(error.message, hint=error.hint, file=name(error.file), row=error.row) from error


def _tensors(model: ModelDocument, files: Mapping[str, bytes], file: str, shapes: Shapes) -> dict[str, Tensor]:
    """The tensors of a file under their present names."""
    stored = {name: stored_tensor(name, file, model.format_version) for name in shapes}
    tensors = load_tensors(files[file], file, {stored[name]: shape for name, shape in shapes.items()})
    return {name: tensors[stored[name]] for name in shapes}


def decode_metrics(data: bytes) -> dict[str, Any]:
    """Read metrics.json: an object of any shape."""
    value = parse_json(data, METRICS)
    if not isinstance(value, dict):
        raise ModelError("it is not an object", file=METRICS)
    return value


def _weight_shapes(model: ModelDocument) -> Shapes:
    return {name: ("float32", shape) for name, shape in model.weight_shapes.items()}


def _recent_shapes(model: ModelDocument) -> Shapes:
    return {
        "values": ("float64", (model.rows,)),
        "observed": ("uint8", (model.rows,)),
        "offsets": ("int64", (model.n_series + 1,)),
        "starts": ("int64", (model.n_series,)),
        "center": ("float64", (model.n_series,)),
        "scale": ("float64", (model.n_series,)),
        "nonnegative": ("uint8", (model.n_series,)),
        **({"counts": ("uint8", (model.n_series,))} if model.counts else {}),
        **calibration_shapes(model.calibration, model.spec.horizon, model.n_series),
        "ids": ("uint8", (model.id_bytes,)),
        **recent_shapes(model.covariates, model.rows, model.n_series),
    }


def _panel(model: ModelDocument, tensors: dict[str, Tensor]) -> Panel:
    offsets, starts = tensors["offsets"], tensors["starts"]
    if offsets[0] != 0 or offsets[-1] != model.rows or np.any(np.diff(offsets) < 0):
        raise ModelError(f"'offsets' does not ascend from 0 to {model.rows}", file=RECENT)
    edges = np.array(["0001-01-01", "9999-12-31"], dtype="datetime64[us]")
    first, last = model.frequency.ordinals(edges)[0]
    if np.any(starts < first) or np.any(starts > last - np.diff(offsets)):
        raise ModelError("'starts' lies outside the years 1 to 9999", file=RECENT)
    return Panel(
        ids=_ids(model, tensors["ids"].tobytes()),
        values=tensors["values"],
        observed=_booleans(tensors["observed"], "observed", RECENT),
        offsets=offsets,
        starts=starts,
        frequency=model.frequency,
        covariates=read_covariates(model.covariates, tensors, offsets),
    )


def _check_labels(model: ModelDocument, recent: Panel) -> None:
    """Refuse networks that have learned other categories than there are labels for."""
    labels = recent.covariates.labels
    for part in model.spec.parts:
        counts = part.reads.categories[1:]
        if counts and counts != tuple(len(each) for each in labels):
            raise ModelError("'labels' does not have the categories that the networks have learned", file=RECENT)


def _ids(model: ModelDocument, data: bytes) -> tuple[tuple[str, ...], ...]:
    value = parse_json(data, RECENT)
    width = len(model.schema.key_columns)
    fits = isinstance(value, list) and len(value) == model.n_series
    if not fits or not all(isinstance(key, list) and len(key) == width for key in value):
        raise ModelError(f"'ids' does not name {model.n_series} series by {width} columns", file=RECENT)
    ids = tuple(tuple(key) for key in value)
    if not all(isinstance(part, str) for key in ids for part in key) or len(set(ids)) < len(ids):
        raise ModelError("'ids' holds something else than texts, or a series twice", file=RECENT)
    return ids


def _scaling(model: ModelDocument, tensors: dict[str, Tensor]) -> Scaling:
    if np.any(tensors["scale"] <= 0):
        raise ModelError("'scale' holds a number that is not above zero", file=RECENT)
    nonnegative = _booleans(tensors["nonnegative"], "nonnegative", RECENT)
    counts = _booleans(tensors["counts"], "counts", RECENT) if model.counts else None
    columns = read_column_scaling(model.covariates, tensors)
    center, scale = tensors["center"], tensors["scale"]
    return Scaling(model.scaler, model.log, center, scale, nonnegative, counts=counts, **columns)


def _counts_tensor(scaling: Scaling) -> dict[str, Tensor]:
    """Which series are rounded, where some are."""
    return {} if scaling.counts is None else {"counts": np.asarray(scaling.counts, np.uint8)}


def _golden_shapes(model: ModelDocument) -> Shapes:
    spec, samples = model.spec, model.golden_samples
    return {
        "values": ("float32", (samples, spec.lookback)),
        "mask": ("uint8", (samples, spec.lookback)),
        "series": ("int64", (samples,)),
        "expected": ("float32", (samples, spec.horizon, len(spec.quantiles))),
        **golden_shapes(model.covariates, spec.calendar.width, samples, spec.lookback, spec.horizon),
    }


def _golden(model: ModelDocument, tensors: dict[str, Tensor], recent: Panel) -> Golden:
    if np.any(tensors["series"] < -1) or np.any(tensors["series"] >= model.n_series):
        raise ModelError("'series' names a series that the model does not have", file=GOLDEN)
    mask = _booleans(tensors["mask"], "mask", GOLDEN)
    series = tensors["series"]
    windows = plain_windows(tensors["values"], mask, series[:, None], series, model.spec.horizon)
    return Golden(with_covariates(windows, tensors, recent.covariates.labels), tensors["expected"])


def _booleans(tensor: Tensor, name: str, file: str) -> Tensor:
    if tensor.max(initial=0) > 1:
        raise ModelError(f"'{name}' holds something else than 0 and 1", file=file)
    return tensor.view(bool)


def _encode_rows(rows: Sequence[dict[str, Any]], file: str) -> bytes:
    """Rows as CSV with the columns of `file`; None and NaN are empty cells."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, _COLUMNS[file], lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain(row) for row in rows)
    return stream.getvalue().encode()


def _encode_series(rows: Sequence[dict[str, Any]]) -> bytes:
    """Rows of series, as many of the worst as a reader takes."""
    data = _encode_rows(rows, SERIES)
    while len(data) > _MOST_SERIES_BYTES:
        rows = rows[: len(rows) // 2]
        data = _encode_rows(rows, SERIES)
    return data


def _decode_rows(data: bytes, file: str) -> list[dict[str, Any]]:
    columns = _COLUMNS[file]
    rows = []
    line = 1
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        if next(reader, None) != list(columns):
            raise ModelError(f"its columns are not {', '.join(columns)}", file=file)
        for cells in reader:
            line = reader.line_num
            rows.append({key: read(cell) for (key, read), cell in zip(columns.items(), cells, strict=True)})
    except (ValueError, csv.Error) as error:
        raise ModelError("holds a row that does not fit its columns", file=file, row=line) from error
    return rows
