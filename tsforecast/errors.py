"""The errors of this package, each with the exit status that it ends the program with.

    TsforecastError                70  a bug of ours, when nothing more precise is raised
    |-- OptionError                 2  an option value, or two options that contradict each other
    |-- GateError                   4  data or a model outside the limits that were set for them
    |-- DataError                  65  the input was read, but cannot be used as it is
    |   `-- MissingColumnError     65  it has no column of a name that was asked for
    |-- ModelError                 65  a stored model is damaged or of an unknown format
    |-- InputMissingError          66  a file, folder, model version or package that does not exist
    |-- MemoryShortageError        71  the data or the model are too large for the memory
    |-- OutputError                73  a file or folder cannot be created
    |-- StorageError               74  reading or writing failed half way: disk full, I/O error
    |-- BusyError                  75  locked, or the input is still changing: try again
    |-- TrustError                 77  a stored model that somebody else could have changed
    `-- ConfigError                78  the configuration: a file, or a variable

The numbers are those of sysexits(3). `Terminated` is no error: a signal ends the program with 128 and its number.
"""

from __future__ import annotations

import errno
import re
import resource
import signal
from collections.abc import Iterable
from typing import Any, NamedTuple

from tsforecast.safe_text import bounded, shown

MOST_PLACES = 20  # cells with the same error that are listed one by one
_MUTE = re.compile("without (?:exception set|setting an exception)")
_SHORTAGE = re.compile(
    "cannot allocate memory|failed to map segment|bad_alloc|can't start new thread|failed to launch worker thread",
    re.IGNORECASE,
)


class Terminated(BaseException):
    """A signal asks the program to end. Like KeyboardInterrupt, it is not caught by accident."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum
        self.hint = ""

    def __str__(self) -> str:
        return "interrupted" if self.signum == signal.SIGINT else f"ended by {signal.Signals(self.signum).name}"

    @property
    def exit_code(self) -> int:
        """The exit status that a shell reports of a program that this signal ended."""
        return 128 + self.signum

    def to_dict(self) -> dict[str, Any]:
        """The record that `--json` prints."""
        nothing = dict.fromkeys(("file", "row", "column"))
        return {"code": self.exit_code, "message": str(self), **nothing, "hint": self.hint or None}


class BadCell(NamedTuple):
    """One of several cells with the same error: its line in the file (the header is line 1), column and text."""

    row: int
    column: str
    value: str


class TsforecastError(Exception):
    """An error that says where it was found and how to fix it.

    Args:
        message: what was found and what was expected, as one sentence without a full stop.
        hint: how to fix it; may be empty.
        file: the file it was found in; may be empty.
        row: line number in that file; the header is line 1.
        column: name of the column.
        places: at most `MOST_PLACES` cells with this error where there are several; `row` and `column` are the first.
        total: how many cells have it.
        where: what the row is called in a file that has no lines, such as `cell B7` or `record 7`.
    """

    exit_code = 70

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        file: str = "",
        row: int | None = None,
        column: str = "",
        places: tuple[BadCell, ...] = (),
        total: int = 0,
        where: str = "",
    ) -> None:
        # A cell can have megabytes; together these stay below some 2,000 characters.
        self.message = bounded(message, 1000)
        super().__init__(self.message)
        self.hint = bounded(hint, 400)
        self.file = bounded(file, 400)
        self.row = row
        self.column = shown(column)
        self.places = tuple(place._replace(column=shown(place.column), value=shown(place.value)) for place in places)
        self.total = total
        self.where = where

    def __str__(self) -> str:
        place = self.file
        if where := self.where or ("" if self.row is None else f"line {self.row}"):
            place = f"{place}, {where}" if place else where
        if self.column:
            place = f"{place}, column '{self.column}'" if place else f"column '{self.column}'"
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}; {self.hint}" if self.hint else text

    def to_dict(self) -> dict[str, Any]:
        """The record that `--json` prints; with `places` and `total` where there are several places."""
        record = {
            "code": self.exit_code,
            "file": self.file or None,
            "row": self.row,
            "column": self.column or None,
            "message": self.message,
            "hint": self.hint or None,
        }
        several = {"places": [place._asdict() for place in self.places], "total": self.total}
        named = {"where": self.where} if self.where else {}
        return {**record, **named, **several} if self.places else {**record, **named}


class OptionError(TsforecastError):
    """An option has a value that cannot be used, or two options contradict each other."""

    exit_code = 2


class GateError(TsforecastError):
    """Data or a model are sound, but outside the limits that were set for them."""

    exit_code = 4


class DataError(TsforecastError):
    """The input data cannot be used as it is."""

    exit_code = 65


class MissingColumnError(DataError):
    """The table has no column named `missing`, which was asked for."""

    def __init__(self, message: str, *, missing: str = "", **place: Any) -> None:
        super().__init__(message, **place)
        self.missing = missing


class ModelError(TsforecastError):
    """A stored model is damaged, or its format is unknown to this version."""

    exit_code = 65


class InputMissingError(TsforecastError):
    """A file, a folder or a model version does not exist or cannot be opened."""

    exit_code = 66


class MemoryShortageError(TsforecastError):
    """The data or the model need more memory than there is."""

    exit_code = 71


class OutputError(TsforecastError):
    """A file or folder cannot be created."""

    exit_code = 73


class StorageError(TsforecastError):
    """Reading or writing failed half way."""

    exit_code = 74


class BusyError(TsforecastError):
    """Somebody else holds the lock, or the input changed while it was read."""

    exit_code = 75


class TrustError(TsforecastError):
    """A stored model could have been changed by somebody else."""

    exit_code = 77


class ConfigError(TsforecastError):
    """The configuration, a file or a variable, cannot be used."""

    exit_code = 78


_INSTALLED_AS = {"sklearn": "scikit-learn", "markupsafe": "jinja2", "python_calamine": "python-calamine"}


def to_install(package: str) -> str:
    """How to install a package that is not there.

    Always by its own name: an extra of ours would be looked up under our name, which belongs to somebody else on the
    public index.
    """
    return f"install it with pip install {package}"


def missing_package(error: BaseException) -> InputMissingError | None:
    """What an import that failed is for the user: a package to install; None for any other error."""
    module = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if module in ("", "tsforecast"):
        return None
    package = _INSTALLED_AS.get(module, shown(module))
    return InputMissingError(f"this needs the package {package}, which is not installed", hint=to_install(package))


def did_you_mean(name: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """A hint that names the closest of some words, in small letters or capitals.

    Args:
        name: what was given.
        known: the words that there are.
        otherwise: the hint where none is close; None lists them all.
    """
    from difflib import get_close_matches

    words = list(known)
    small = {word.lower(): word for word in reversed(words)}
    if close := get_close_matches(name.lower(), small, n=1):
        return f"did you mean '{small[close[0]]}'?"
    return f"choose one of {', '.join(words)}" if otherwise is None else otherwise


def is_memory_shortage(error: BaseException) -> bool:
    """Whether memory ran out, as Python, NumPy, Arrow, TensorFlow, the loader of libraries or the system say it."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    # Classes of TensorFlow and Arrow, which must not be imported for this.
    names = {kind.__name__ for kind in type(error).__mro__}
    named = "ResourceExhaustedError" in names
    may_say = isinstance(error, ImportError | RuntimeError) or "ArrowException" in names
    said = may_say and bool(_SHORTAGE.search(str(error)))
    # Where memory is limited, compiled code that fails without a word has not got any.
    mute = isinstance(error, SystemError) and bool(_MUTE.search(str(error)))
    return named or said or (mute and _is_limited())


def _is_limited() -> bool:
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def exit_code_of(error: BaseException) -> int:
    """The exit status that an exception ends the program with."""
    if is_memory_shortage(error):
        return MemoryShortageError.exit_code
    if isinstance(error, KeyboardInterrupt):
        return 130  # 128 + SIGINT
    if isinstance(error, OSError):
        return StorageError.exit_code
    return int(getattr(error, "exit_code", TsforecastError.exit_code))
