"""An output is never an input: the files that a command writes are compared with all that it reads and writes.

Two paths are one file if both lead to it: through links, `..`, a second name of the file, or /dev/fd/1. If nothing is
there yet, they are one file if both are the same place.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tsforecast.errors import OptionError
from tsforecast.store.layout import holds_model, is_part_of_model, model_name

# An option or argument, and the file that it names; `-` is stdin or stdout, and None is no file.
Named = tuple[str, str | Path | None]
_STREAM, _STDIN, _STDOUT = "-", "stdin", "stdout"
_RESULTS = ("predict_to", "log_file", "metrics_file")


@dataclass(frozen=True)
class _Place:
    """Where a file is or will be.

    Args:
        option: the option that names it.
        text: the path as it was given.
        path: the path from the root, through all links; the name of a stream.
        status: status of what is there; None where nothing is.
        stream: `stdin` or `stdout`, whatever the shell has put behind it; None for a file.
    """

    option: str
    text: str
    path: Path
    status: os.stat_result | None
    stream: str | None = None

    def __str__(self) -> str:
        return f"{self.option} ({self.stream})" if self.stream else f"{self.option} '{self.text}'"


def refuse_clashes(
    reads: Iterable[Named],
    writes: Iterable[Named],
    *,
    store: str | Path | None = None,
    name: str | None = None,
    trains: bool = False,
) -> None:
    """Refuse an output that is an input or another output, or that lies in a model's folder.

    Args:
        reads: files that the command reads.
        writes: files that it writes, except those of the model.
        store: folder of all models; None where the command has none.
        name: name of the model; None where it is not known yet.
        trains: whether the command changes this model, so that no file of the model can be an input.

    Raises:
        OptionError: names both options and both paths.
    """
    inputs, outputs = list(_inputs(reads)), list(_outputs(writes))
    _refuse_shared(inputs, outputs)
    model = None if name is None or store is None else _resolved(Path(store) / name)
    of_store = "" if store is None else f" (--store '{store}')"
    for output in outputs:
        folder = _model_around(output, model) or _model_linked_to(output, store)
        if folder is not None:
            message = f"{output} lies in the folder of a model, '{folder}'{of_store}"
            raise OptionError(message, hint="write to a file outside of it")
    for place in inputs:
        if trains and model is not None and _is_part_of(place.path, model):
            message = f"{place} is a file of the model that is trained, '{model}'{of_store}"
            raise OptionError(message, hint="copy it to another folder, or choose another --store or --name")


def _refuse_shared(inputs: Sequence[_Place], outputs: Sequence[_Place]) -> None:
    """Refuse an output that is an input or another output."""
    for number, output in enumerate(outputs):
        for other in inputs:
            if _same(output, other):
                raise OptionError(f"{output} would overwrite {other}", hint="write to another file")
        for other in outputs[:number]:
            if _same(output, other) or output.stream == other.stream == _STDOUT:
                raise OptionError(f"{other} and {output} go to the same place", hint="give each a file of its own")


def retrain_outputs(values: Mapping[str, Any]) -> list[Named]:
    """The files that a retraining writes, from the values of its options."""
    return [(f"--{field.replace('_', '-')}", values.get(field)) for field in _RESULTS]


def refuse_training_clashes(
    source: str | Path,
    writes: Iterable[Named],
    *,
    store: str | Path,
    name: str | None,
    configs: Iterable[Named] = (),
) -> None:
    """`refuse_clashes` for a command that trains on `source`; without a name the model has that of the file."""
    stem = "stdin" if source == _STREAM else Path(source).name.split(".")[0]
    reads = (("DATA", source), *configs)
    refuse_clashes(reads, writes, store=store, name=name or model_name(stem), trains=True)


def _inputs(files: Iterable[Named]) -> Iterator[_Place]:
    for option, path in files:
        if str(path) != _STREAM:
            yield from _file(option, path)
            continue
        place = _stream(option, _STDIN, sys.stdin)
        # A pipe is no file.
        if place.status is not None and stat.S_ISREG(place.status.st_mode):
            yield place


def _outputs(files: Iterable[Named]) -> Iterator[_Place]:
    for option, path in files:
        if str(path) != _STREAM:
            yield from _file(option, path)
        else:
            yield _stream(option, _STDOUT, sys.stdout)


def _file(option: str, path: str | Path | None) -> Iterator[_Place]:
    if path is None:
        return
    status = None
    with suppress(OSError):
        status = os.stat(path)
    yield _Place(option, str(path), _resolved(path), status)


def _resolved(path: str | Path, through_links: bool = True) -> Path:
    """A path from the root. In a folder that is gone no relative path leads anywhere: the command finds that out."""
    try:
        return Path(os.path.realpath(path) if through_links else os.path.abspath(path))
    except FileNotFoundError:
        return Path("/(gone)") / path


def _stream(option: str, name: str, stream: TextIO | None) -> _Place:
    status = None
    # A stream that was closed is None; one in memory has no number.
    with suppress(OSError, ValueError, AttributeError):
        status = os.fstat(stream.fileno())  # type: ignore[union-attr]
    return _Place(option, _STREAM, Path(name), status, name)


def _same(one: _Place, other: _Place) -> bool:
    if one.status is not None and other.status is not None:
        # Any number of results can go to a terminal or to /dev/null.
        return os.path.samestat(one.status, other.status) and not stat.S_ISCHR(one.status.st_mode)
    return not (one.stream or other.stream) and _same_path(one.path, other.path)


def _same_path(one: Path, other: Path) -> bool:
    """Whether two resolved paths are the same place, also where nothing is there yet."""
    with suppress(OSError):
        return os.path.samefile(one, other)
    if one == other or str(one).casefold() != str(other).casefold():
        return one == other
    above, beside = _first_that_exists(one), _first_that_exists(other)
    return os.path.samefile(above, beside) and _ignores_case(above)


def _first_that_exists(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if os.path.exists(folder))


def _ignores_case(folder: Path) -> bool:
    """Whether a folder takes a name in another case for the same, as seen from a name that is there."""
    for place in (folder, *folder.parents):
        names: set[str] = set()
        with suppress(OSError):
            names = set(os.listdir(place))
        for name in names:
            other = name.swapcase()
            if name.isascii() and other not in names:
                return os.path.lexists(place / other)
    return False


def _model_around(output: _Place, model: Path | None) -> Path | None:
    """The folder of a model that an output lies in, or whose place it takes; None if there is none."""
    if output.stream:
        return None
    # As it was given too: a link in the folder of a model may lead out of it.
    for path in (output.path, _resolved(output.text, through_links=False)):
        for folder in (path, *path.parents):
            if (model is not None and _same_path(folder, model)) or holds_model(folder):
                return folder
        if model is not None and _takes_place_of(path, model):
            return model
    return None


def _model_linked_to(output: _Place, store: str | Path | None) -> Path | None:
    """The folder of a model in the store one of whose files has the output as a second name; None if there is none."""
    if store is None or output.status is None or output.status.st_nlink < 2:
        return None
    with suppress(OSError):
        for folder in Path(store).iterdir():
            if not holds_model(folder):
                continue
            for inner, _, names in os.walk(folder):
                if any(os.path.samestat(os.lstat(os.path.join(inner, name)), output.status) for name in names):
                    return folder
    return None


def _is_part_of(path: Path, model: Path) -> bool:
    """Whether an input is a file of a model, or lies where the model's folder is to be."""
    places = (path, *path.parents)
    inside = any(is_part_of_model(place.name) and _same_path(place.parent, model) for place in places)
    return inside or _takes_place_of(path, model)


def _takes_place_of(path: Path, model: Path) -> bool:
    """Whether a file is where the folder of a model, or one above it, has to be."""
    return not os.path.isdir(path) and any(_same_path(path, folder) for folder in (model, *model.parents))
