"""A file of a checkpoint: a run of a training as a sealed document and its tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tsforecast.json_output import plain
from tsforecast.models.training.patience import EpochRate, Patience
from tsforecast.models.training.patience import Path as RatePath
from tsforecast.models.training.resume import EpochRecord, GraphState, Progress, RunKey, TrainedNetwork
from tsforecast.store.bundle.document import MAX_PARAMETERS
from tsforecast.store.bundle.json_fields import Fields, read_fields
from tsforecast.store.bundle.tensors import Tensor
from tsforecast.store.sealed import MAX_FRAME, seal, tensors_of, unseal

_FORMAT_VERSION = 1

# The weights, the best weights, and what an optimiser keeps for each weight: at most two numbers.
MAX_BYTES = 5 * 4 * MAX_PARAMETERS + MAX_FRAME
_MOST_EPOCHS = 10_000
_TOP = ("format_version", "fingerprint", "ordinal", "phase", "key", "kind", "run", "tensors")
_RECORD = tuple(EpochRecord.__dataclass_fields__)
_COURSE = tuple(Patience.__dataclass_fields__)
_LARGE = 1e300


@dataclass(frozen=True)
class StoredRun:
    """A run as it was found: its place in the training from 0, its name, the digest of its RunKey, and its outcome."""

    ordinal: int
    phase: str
    key: str
    result: TrainedNetwork | Progress


def encode_run(fingerprint: str, ordinal: int, key: RunKey, result: TrainedNetwork | Progress) -> bytes:
    """A run as the bytes of a file."""
    run, tensors = _finished(result) if isinstance(result, TrainedNetwork) else _partial(result)
    run["history"] = [list(asdict(record).values()) for record in result.epochs]
    run["best_epoch"] = result.best_epoch
    if result.gradients:
        # Norms are never negative: -1 stands for the NaN of a step that is padded everywhere.
        tensors["gradients"] = np.nan_to_num(np.stack(result.gradients).astype(np.float32), nan=-1.0)
    document = {
        "format_version": _FORMAT_VERSION,
        "fingerprint": fingerprint,
        "ordinal": ordinal,
        "phase": key.phase,
        "key": key_digest(key),
        "kind": "finished" if isinstance(result, TrainedNetwork) else "partial",
        "run": run,
    }
    return seal(document, tensors)


def decode_run(data: bytes, file: str, fingerprint: str) -> StoredRun:
    """Read what `encode_run` wrote; a ModelError says that it is damaged, of another format or another training."""
    document, rest = unseal(data, file, version=_FORMAT_VERSION, fingerprint=fingerprint)
    top = read_fields(document, _TOP, file=file)
    tensors = tensors_of(top, rest)
    kind, run = top.text("kind", ("finished", "partial")), top.mapping("run")
    result = _read_finished(run, tensors, file) if kind == "finished" else _read_partial(run, tensors, file)
    return StoredRun(top.integer("ordinal", 0, _MOST_EPOCHS), top.text("phase"), top.text("key"), result)


def key_digest(key: RunKey) -> str:
    return hashlib.sha256(json.dumps(plain(asdict(key)), sort_keys=True).encode()).hexdigest()


def _finished(trained: TrainedNetwork) -> tuple[dict[str, Any], dict[str, Tensor]]:
    run = {"path": _steps(trained.path), "reason": trained.reason}
    return run, {f"weights/{name}": value for name, value in trained.weights.items()}


def _partial(progress: Progress) -> tuple[dict[str, Any], dict[str, Tensor]]:
    state = progress.state
    tensors = {f"weights/{name}": value for name, value in state.weights.items()}
    tensors |= {f"best/{name}": value for name, value in progress.best.items()}
    tensors |= {f"optimizer/{number:04d}": value for number, value in enumerate(state.optimizer)}
    if state.dropout is not None:
        tensors["dropout"] = state.dropout
    course = asdict(progress.patience) | {"path": _steps(progress.patience.path)}
    return {"course": course | {"current": _steps(progress.patience.current)}}, tensors


def _steps(path: RatePath) -> list[list[float]]:
    return [[step.epoch, step.factor] for step in path]


def _read_finished(run: dict[str, Any], tensors: Mapping[str, Tensor], file: str) -> TrainedNetwork:
    fields = read_fields(run, ("path", "reason", "history", "best_epoch"), file=file, place="run")
    return TrainedNetwork(
        weights=_under("weights/", tensors),
        epochs=_history(fields),
        best_epoch=fields.integer("best_epoch", 1, _MOST_EPOCHS),
        path=_path(fields, "path"),
        reason=fields.text("reason"),
        gradients=_gradients(tensors),
    )


def _read_partial(run: dict[str, Any], tensors: Mapping[str, Tensor], file: str) -> Progress:
    fields = read_fields(run, ("course", "history", "best_epoch"), file=file, place="run")
    optimizer = tuple(_under("optimizer/", tensors).values())
    dropout = np.array(tensors["dropout"]) if "dropout" in tensors else None
    return Progress(
        patience=_course(fields.fields("course", _COURSE)),
        best=_under("best/", tensors),
        best_epoch=fields.integer("best_epoch", 1, _MOST_EPOCHS),
        epochs=_history(fields),
        gradients=_gradients(tensors),
        state=GraphState(_under("weights/", tensors), optimizer, dropout),
    )


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies of the tensors whose names begin so, in the order of their names."""
    return {name.removeprefix(prefix): np.array(tensors[name]) for name in sorted(tensors) if name.startswith(prefix)}


def _gradients(tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    if "gradients" not in tensors:
        return ()
    norms = np.array(tensors["gradients"], np.float32)
    return tuple(np.where(norms == -1.0, np.float32(np.nan), norms))


def _course(fields: Fields) -> Patience:
    return Patience(
        fields.optional("patience", fields.integer, 0, _MOST_EPOCHS),
        plateau=fields.flag("plateau"),
        factor=fields.number("factor", 0, 1),
        best=fields.number("best", -_LARGE, _LARGE),
        path=_path(fields, "path"),
        current=_path(fields, "current"),
        waited=fields.integer("waited", 0, _MOST_EPOCHS),
        falls=fields.integer("falls", 0, _MOST_EPOCHS),
    )


def _path(fields: Fields, key: str) -> RatePath:
    steps = fields.each(key, _is_step, "a list of epochs and factors")
    return tuple(EpochRate(epoch, float(factor)) for epoch, factor in steps)


def _is_step(step: Any) -> bool:
    return isinstance(step, list) and len(step) == 2 and type(step[0]) is int and type(step[1]) in (int, float)


def _history(fields: Fields) -> tuple[EpochRecord, ...]:
    rows = fields.each("history", _is_record, "a row for each epoch", range(1, _MOST_EPOCHS + 1))
    return tuple(EpochRecord(*(_nan(name, value) for name, value in zip(_RECORD, row, strict=True))) for row in rows)


def _is_record(row: Any) -> bool:
    return isinstance(row, list) and len(row) == len(_RECORD) and all(type(v) in (int, float, type(None)) for v in row)


def _nan(name: str, value: float | None) -> Any:
    """JSON has no NaN: nothing stands for it where a number has to be."""
    return float("nan") if value is None and name != "val_loss" else value
