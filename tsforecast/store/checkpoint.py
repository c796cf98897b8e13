"""Saves training progress below STORE/NAME/.checkpoint, so that an interrupted training can be resumed.

There is one file for each finished run of the training, and one for the run in progress. Each is written aside, synced
and renamed, so that a kill at any moment leaves the old file or the new one. A file is data only: a line with the
SHA-256 of all that follows, a line of JSON, and safetensors. It is used if its checksum, its format and the fingerprint
of the training are right; otherwise the training starts anew.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsforecast.errors import ModelError, TsforecastError
from tsforecast.files import sync_folder
from tsforecast.json_output import plain
from tsforecast.models.training.patience import EpochRate, Patience
from tsforecast.models.training.patience import Path as RatePath
from tsforecast.models.training.resume import EpochRecord, GraphState, Progress, Recorder, RunKey, TrainedNetwork
from tsforecast.progress import Message, Report
from tsforecast.store.bundle.document import MAX_PARAMETERS
from tsforecast.store.bundle.json_fields import Fields, parse_json, read_fields
from tsforecast.store.bundle.tensors import MAX_HEADER, Tensor, load_tensors, save_tensors
from tsforecast.store.layout import CHECKPOINT
from tsforecast.store.model import StoredModel
from tsforecast.store.safe_files import FOLDER_MODE, read_file, write_file

_FORMAT_VERSION = 1
_MAX_JSON = 1 << 26

# The weights, the best weights, and what an optimiser keeps for each weight: at most two numbers.
_MAX_BYTES = 5 * 4 * MAX_PARAMETERS + MAX_HEADER + _MAX_JSON
_MOST_EPOCHS = 10_000
_TOP = ("format_version", "fingerprint", "ordinal", "phase", "key", "kind", "run", "tensors")
_RECORD = tuple(EpochRecord.__dataclass_fields__)
_COURSE = tuple(Patience.__dataclass_fields__)
_LARGE = 1e300

# Files are read in the order of their names: finished runs first.
_FINISHED, _PARTIAL, _PART = "finished-{:04d}", "partial", ".part"
_NAMES = re.compile(r"finished-[0-9]{4,}|partial|\.part")

# A checkpoint is written when training went on for so many times what the last one took, and for a second at least.
_WORTH, _LEAST_SECONDS = 40, 1.0


@contextmanager
def recording(model: StoredModel, fingerprint: str, *, resume: bool, report: Report) -> Iterator[Recorder]:
    """Save the progress of the training in the body, whatever ends it.

    Nothing is written before a network trains. Where the disk fails, or another training of the same model saves its
    progress already, the training goes on without a checkpoint.

    Args:
        model: the model that is trained.
        fingerprint: hash of all that decides the outcome of the training; only the same training is resumed.
        resume: whether an earlier checkpoint is read. It is removed otherwise.
        report: receives what was resumed, and what could not be saved.
    """
    checkpoint = _Checkpoint(model.folder / CHECKPOINT, fingerprint, resume, report)
    try:
        yield checkpoint
    finally:
        checkpoint.close()


def drop_checkpoint(model: StoredModel) -> None:
    """Remove a model's checkpoint, unless another training keeps one just now."""
    folder = model.folder / CHECKPOINT
    with suppress(OSError):
        lock = _open_locked(folder)
        if lock is not None:
            try:
                _empty(folder)
                folder.rmdir()
            finally:
                os.close(lock)


def _own_names(folder: Path) -> list[str]:
    return [name for name in sorted(os.listdir(folder)) if _NAMES.fullmatch(name)]


def _empty(folder: Path) -> None:
    """Remove the files of a checkpoint; what else lies there is somebody else's."""
    for name in _own_names(folder):
        (folder / name).unlink()


def _check_private(folder: Path) -> None:
    """Refuse a folder in which somebody else could put a checkpoint."""
    status = os.lstat(folder)
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(errno.EACCES, f"{folder} can be written to by others")


def _open_locked(folder: Path) -> int | None:
    """The folder, locked; the lock dies with the process, whatever ends it. None if somebody else has it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), os.stat(folder)):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


class _Checkpoint:
    """The files of one training, and where the training is."""

    def __init__(self, folder: Path, fingerprint: str, resume: bool, report: Report) -> None:
        self.folder, self.fingerprint, self.resume, self.report = folder, fingerprint, resume, report
        self.stored: dict[int, _Stored] = {}
        self.lock: int | None = None
        self.ordinal = -1
        self.key: RunKey | None = None
        self.held: Progress | None = None
        self.saved_at, self.cost = 0.0, 0.0

    def begin(self, key: RunKey) -> TrainedNetwork | Progress | None:
        if self.key is None:
            self._open()
        self.ordinal += 1
        self.key, self.held = key, None
        self.saved_at, self.cost = time.monotonic(), 0.0
        found = self.stored.pop(self.ordinal, None)
        if found is None:
            return None
        if found.key == _digest(key):
            return found.result
        self._refuse("it is of another training")
        return None

    def after_epoch(self, make: Callable[[], Progress]) -> None:
        if self.lock is None:
            return
        self.held = make()
        if time.monotonic() - self.saved_at >= max(_LEAST_SECONDS, _WORTH * self.cost):
            self.flush()

    def finished(self, trained: TrainedNetwork) -> None:
        self.held = None
        self._save(_FINISHED.format(self.ordinal), trained)

    def flush(self) -> None:
        """Save what has not been saved of the run in progress."""
        if self.held is not None:
            held, self.held = self.held, None
            began = time.monotonic()
            self._save(_PARTIAL, held)
            self.saved_at = time.monotonic()
            self.cost = self.saved_at - began

    def close(self) -> None:
        """Save what there is, and free the lock; a folder that holds nothing does not stay."""
        self.flush()
        if self.lock is not None:
            with suppress(OSError):
                self.folder.rmdir()
            os.close(self.lock)
            self.lock = None

    def _open(self) -> None:
        """Lock the folder for this process, and read or remove what is there."""
        try:
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            _check_private(self.folder)
            self.lock = _open_locked(self.folder)
            if self.lock is None:
                self._warn("no checkpoint is kept: another training of this model keeps its own")
            elif not self.resume:
                _empty(self.folder)
            else:
                self._read()
        except OSError as error:
            self._warn(f"no checkpoint is kept: {error.strerror}")

    def _read(self) -> None:
        """Read what an earlier process left, as far as it is sound and of this training."""
        (self.folder / _PART).unlink(missing_ok=True)
        names = _own_names(self.folder)
        if not names:
            self.report(Message("info", "nothing to resume: training starts anew"))
            return
        try:
            for name in names:
                self._take(name)
        except TsforecastError as error:
            self._refuse(str(error))
        self._say_resumed()

    def _take(self, name: str) -> None:
        file = self.folder / name
        stored = _decode_run(read_file(file, _MAX_BYTES), str(file), self.fingerprint)
        # A run that has finished since its last partial state needs that no more.
        if stored.ordinal == len(self.stored):
            self.stored[stored.ordinal] = stored

    def _say_resumed(self) -> None:
        if not self.stored:
            return
        last = self.stored[max(self.stored)]
        finished = sum(isinstance(one.result, TrainedNetwork) for one in self.stored.values())
        words = []
        if isinstance(last.result, Progress):
            words.append(f"{last.phase} at epoch {len(last.result.epochs) + 1}")
        if finished:
            words.append(f"{finished} network{'' if finished == 1 else 's'} already trained")
        self.report(Message("info", f"resumed: {', '.join(words)}"))

    def _refuse(self, reason: str) -> None:
        self.stored.clear()
        _empty(self.folder)
        self._warn(f"the checkpoint is dropped and training starts anew: {reason}")

    def _warn(self, text: str) -> None:
        self.report(Message("warning", text))

    def _save(self, name: str, result: TrainedNetwork | Progress) -> None:
        if self.lock is None or self.key is None:
            return
        part = self.folder / _PART
        try:
            data = _encode_run(self.fingerprint, self.ordinal, self.key, result)
            part.unlink(missing_ok=True)
            write_file(part, data)
            os.replace(part, self.folder / name)
            sync_folder(self.folder)
        except OSError as error:
            os.close(self.lock)
            self.lock = None
            self._warn(f"the checkpoint cannot be written, training goes on without: {error.strerror}")


@dataclass(frozen=True)
class _Stored:
    """A run as it was found: its place in the training from 0, its name, the digest of its RunKey, and its outcome."""

    ordinal: int
    phase: str
    key: str
    result: TrainedNetwork | Progress


def _encode_run(fingerprint: str, ordinal: int, key: RunKey, result: TrainedNetwork | Progress) -> bytes:
    """A run as the bytes of a file."""
    run, tensors = _finished(result) if isinstance(result, TrainedNetwork) else _partial(result)
    run["history"] = [list(asdict(record).values()) for record in result.epochs]
    run["best_epoch"] = result.best_epoch
    if result.gradients:
        # Norms are never negative: -1 stands for the NaN of a step that is padded everywhere.
        tensors["gradients"] = np.nan_to_num(np.stack(result.gradients).astype(np.float32), nan=-1.0)
    tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    document = {
        "format_version": _FORMAT_VERSION,
        "fingerprint": fingerprint,
        "ordinal": ordinal,
        "phase": key.phase,
        "key": _digest(key),
        "kind": "finished" if isinstance(result, TrainedNetwork) else "partial",
        "run": run,
        "tensors": {name: [str(value.dtype), *value.shape] for name, value in tensors.items()},
    }
    body = json.dumps(plain(document), allow_nan=False).encode() + b"\n" + save_tensors(tensors)
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _decode_run(data: bytes, file: str, fingerprint: str) -> _Stored:
    """Read what `_encode_run` wrote; a ModelError says that it is damaged, of another format or another training."""
    head, _, body = data.partition(b"\n")
    if head != hashlib.sha256(body).hexdigest().encode():
        raise ModelError("its checksum is wrong", file=file)
    line, _, rest = body.partition(b"\n")
    if len(line) > _MAX_JSON:
        raise ModelError("its description is too long", file=file)
    document = parse_json(line, file)
    if not isinstance(document, dict) or document.get("format_version") != _FORMAT_VERSION:
        raise ModelError("is of another format", file=file)
    if document.get("fingerprint") != fingerprint:
        raise ModelError("the data, an option or a version is another one", file=file)
    top = read_fields(document, _TOP, file=file)
    tensors = load_tensors(rest, file, _expected(top))
    kind, run = top.text("kind", ("finished", "partial")), top.mapping("run")
    result = _read_finished(run, tensors, file) if kind == "finished" else _read_partial(run, tensors, file)
    return _Stored(top.integer("ordinal", 0, _MOST_EPOCHS), top.text("phase"), top.text("key"), result)


def _digest(key: RunKey) -> str:
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


def _expected(top: Fields) -> dict[str, tuple[str, tuple[int, ...]]]:
    expected = {}
    for name, entry in top.mapping("tensors").items():
        if not isinstance(entry, list) or entry[:1] not in (["float32"], ["int64"]):
            top.refuse("tensors", "a type and a shape for each")
        if not all(type(size) is int and 0 <= size <= _MAX_BYTES for size in entry[1:]):
            top.refuse("tensors", "a type and a shape for each")
        expected[name] = (entry[0], tuple(entry[1:]))
    return expected


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
    steps = fields.values[key]
    if not isinstance(steps, list) or not all(_is_step(step) for step in steps):
        fields.refuse(key, "a list of epochs and factors")
    return tuple(EpochRate(epoch, float(factor)) for epoch, factor in steps)


def _is_step(step: Any) -> bool:
    return isinstance(step, list) and len(step) == 2 and type(step[0]) is int and type(step[1]) in (int, float)


def _history(fields: Fields) -> tuple[EpochRecord, ...]:
    rows = fields.values["history"]
    if not isinstance(rows, list) or not 0 < len(rows) <= _MOST_EPOCHS or not all(_is_record(row) for row in rows):
        fields.refuse("history", "a row for each epoch")
    return tuple(EpochRecord(*(_nan(name, value) for name, value in zip(_RECORD, row, strict=True))) for row in rows)


def _is_record(row: Any) -> bool:
    return isinstance(row, list) and len(row) == len(_RECORD) and all(type(v) in (int, float, type(None)) for v in row)


def _nan(name: str, value: float | None) -> Any:
    """JSON has no NaN: nothing stands for it where a number has to be."""
    return float("nan") if value is None and name != "val_loss" else value
