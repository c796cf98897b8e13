"""Saves training progress below STORE/NAME/.checkpoint, so that an interrupted training can be resumed.

There is one file for each finished run of the training, and one for the run in progress. A file is used if its
checksum, its format and the fingerprint of the training are right; otherwise the training starts anew.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tsforecast.errors import TsforecastError
from tsforecast.io.messages import counted
from tsforecast.models.training.resume import Progress, Recorder, RunKey, TrainedNetwork
from tsforecast.progress import Message, Report
from tsforecast.store.checkpoint_file import MAX_BYTES, StoredRun, decode_run, encode_run, key_digest
from tsforecast.store.layout import CHECKPOINT
from tsforecast.store.model import StoredModel
from tsforecast.store.progress_folder import ProgressFolder
from tsforecast.store.safe_files import read_file

# Files are read in the order of their names: finished runs first.
_FINISHED, _PARTIAL = "finished-{:04d}", "partial"
_NAMES = re.compile(r"finished-[0-9]{4,}|partial")

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
    with suppress(OSError):
        folder = ProgressFolder.open(model.folder / CHECKPOINT, _NAMES, make=False)
        if folder is not None:
            try:
                folder.empty()
            finally:
                folder.close()


class _Checkpoint:
    """The files of one training, and where the training is."""

    def __init__(self, folder: Path, fingerprint: str, resume: bool, report: Report) -> None:
        self.path, self.fingerprint, self.resume, self.report = folder, fingerprint, resume, report
        self.stored: dict[int, StoredRun] = {}
        self.folder: ProgressFolder | None = None
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
        if found.key == key_digest(key):
            return found.result
        self._refuse("it is of another training")
        return None

    def after_epoch(self, make: Callable[[], Progress]) -> None:
        if self.folder is None:
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
        self._let_go()

    def _open(self) -> None:
        """Lock the folder for this process, and read or remove what is there."""
        try:
            self.folder = ProgressFolder.open(self.path, _NAMES)
            if self.folder is None:
                self._warn("no checkpoint is kept: another training of this model keeps its own")
            elif not self.resume:
                self.folder.empty()
            else:
                self._read(self.folder)
        except OSError as error:
            self._warn(f"no checkpoint is kept: {error.strerror}")

    def _read(self, folder: ProgressFolder) -> None:
        """Read what an earlier process left, as far as it is sound and of this training."""
        folder.drop_part()
        names = folder.names()
        if not names:
            self.report(Message("info", "nothing to resume: training starts anew"))
            return
        try:
            for name in names:
                self._take(folder.path / name)
        except TsforecastError as error:
            self._refuse(str(error))
        self._say_resumed()

    def _take(self, file: Path) -> None:
        stored = decode_run(read_file(file, MAX_BYTES), str(file), self.fingerprint)
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
            words.append(f"{counted(finished, 'network')} already trained")
        self.report(Message("info", f"resumed: {', '.join(words)}"))

    def _refuse(self, reason: str) -> None:
        self.stored.clear()
        if self.folder is not None:
            self.folder.empty()
        self._warn(f"the checkpoint is dropped and training starts anew: {reason}")

    def _warn(self, text: str) -> None:
        self.report(Message("warning", text))

    def _save(self, name: str, result: TrainedNetwork | Progress) -> None:
        if self.folder is None or self.key is None:
            return
        try:
            self.folder.write(name, encode_run(self.fingerprint, self.ordinal, self.key, result))
        except OSError as error:
            self._let_go()
            self._warn(f"the checkpoint cannot be written, training goes on without: {error.strerror}")

    def _let_go(self) -> None:
        if self.folder is not None:
            self.folder.close()
            self.folder = None
