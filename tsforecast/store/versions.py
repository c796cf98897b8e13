"""Which version is meant, and opening it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from tsforecast.errors import InputMissingError, ModelError, StorageError, TrustError
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.layout import (
    current_version,
    in_service,
    model_names,
    version_folder,
    version_numbers,
    versions_folder,
)
from tsforecast.store.load import errors_name, load_bundle, read_manifest
from tsforecast.store.safe_files import check_folders

# How often a reader that newer publications have overtaken looks at CURRENT again.
_RETRIES = 3
Result = TypeVar("Result")


def find_version(
    store: str | Path, name: str | None = None, version: int | None = None, *, trusted: bool = False
) -> tuple[str, int, Path]:
    """Which version is meant, and its folder.

    Args:
        store: folder of the store.
        name: of the model; None for the one that was published last.
        version: its number; None for the one in service.
        trusted: whether others may own the folders and write to them.

    Raises:
        InputMissingError: the store, the model or the version does not exist, with what there is.
        ModelError: what says which version is in service is damaged.
        TrustError: somebody else could have changed it.
    """
    model = find_model(store, name, trusted=trusted)
    number = current_version(model, trusted=trusted) if version is None else version
    return model.name, number, existing_version(model, number, current=version is None)


def find_model(store: str | Path, name: str | None = None, *, trusted: bool = False) -> Path:
    """The folder of a model.

    Args:
        store: folder of the store.
        name: of the model; None for the one that was published last.
        trusted: whether others may own the folders and write to them.

    Raises:
        InputMissingError: the store or the model does not exist, with what there is.
        ModelError: what says which version is in service is damaged.
        TrustError: somebody else could have changed it.
    """
    folder = Path(store)
    names = model_names(folder)
    if not names:
        raise InputMissingError(f"no model in {store}", hint="fit one first: tsforecast fit DATA")
    if name is None:
        name = _last_published(folder, names, trusted)
    if name not in names:
        close = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        listed = ", ".join(close or names[:10])
        hint = f"did you mean {listed}?" if close else f"there is {listed}"
        raise InputMissingError(f"no model '{name}' in {store}", hint=hint)
    if not trusted:
        check_folders(versions_folder(folder / name), folder)
    return folder / name


def existing_version(model: Path, version: int, *, current: bool) -> Path:
    """The folder of a version of a model.

    Args:
        model: folder of the model.
        version: its number.
        current: whether CURRENT names it.

    Raises:
        InputMissingError: there is none of that number, with those that there are.
        ModelError: there is none, though CURRENT names it.
    """
    numbers = version_numbers(model)
    if version in numbers:
        return version_folder(model, version)
    hint = f"versions: {', '.join(str(number) for number in numbers[-10:]) or 'none'}"
    message = f"model '{model.name}' has no version {version}"
    if current:
        raise ModelError(f"{message}, though CURRENT names it", hint=hint, file=str(model))
    raise InputMissingError(message, hint=hint, file=str(model))


def read_current(model: Path, read: Callable[[int], Result], *, trusted: bool) -> Result:
    """What `read` makes of the version in service, once more if that was pruned meanwhile.

    Readers take no lock: between CURRENT and the files that it names, newer versions may have been published.

    Raises:
        TsforecastError: what reading raised, of a version that is still in service.
    """
    number = current_version(model, trusted=trusted)
    for _ in range(_RETRIES):
        try:
            return read(number)
        except (InputMissingError, ModelError):
            now = current_version(model, trusted=trusted)
            if now == number:
                raise
            number = now
    return read(number)


def _last_published(store: Path, names: list[str], trusted: bool) -> str:
    served = [name for name in names if in_service(store / name)]
    if len(served) < 2:
        return (served or names)[0]
    return max(served, key=lambda name: _published(store / name, trusted))


def _published(model: Path, trusted: bool) -> datetime:
    def read(number: int) -> datetime:
        folder = version_folder(model, number)
        with errors_name(folder):
            return read_manifest(folder, trusted=trusted).published

    return read_current(model, read, trusted=trusted)


Damage = InputMissingError | ModelError | StorageError


@dataclass(frozen=True)
class LoadedVersion:
    """A version that was loaded and checked.

    Args:
        name: of the model.
        version: its number.
        folder: that holds its files.
        bundle: what is in them.
        notes: what the user should know of how it was found.
    """

    name: str
    version: int
    folder: Path
    bundle: Bundle
    notes: tuple[str, ...] = ()


def open_version(
    store: str | Path,
    name: str | None = None,
    version: int | None = None,
    *,
    fallback: bool = False,
    trusted: bool = False,
) -> LoadedVersion:
    """Load the version that is meant.

    Args:
        store: folder of the store.
        name: of the model; None for the one that was published last.
        version: its number; None for the one in service.
        fallback: whether the newest older version that is sound may stand in for a damaged one.
        trusted: whether others may own the store and write to it.

    Raises:
        InputMissingError: the store, the model or the version does not exist, with what there is.
        ModelError: the version is damaged, with the ways out; or no older one is sound either.
        TrustError: somebody else could have changed it.
        StorageError: reading failed.
    """
    model = find_model(store, name, trusted=trusted)

    def read(number: int) -> LoadedVersion:
        folder = existing_version(model, number, current=version is None)
        return LoadedVersion(model.name, number, folder, load_bundle(folder, trusted=trusted))

    try:
        return read(version) if version is not None else read_current(model, read, trusted=trusted)
    except (InputMissingError, ModelError, StorageError) as error:
        # What was never there, or may not be read, is not damaged; but a CURRENT that is gone is.
        if isinstance(error, InputMissingError) and (version is not None or in_service(model)):
            raise
        meant = version if version is not None else _current(model, trusted)
        if not fallback:
            raise _with_ways_out(error, model, meant) from error
        damage = str(error)
    number, bundle, _ = newest_sound(model, meant, trusted=trusted)
    note = f"version {number} of {model.name} stands in for {_what(meant)}, which is damaged: {damage}"
    return LoadedVersion(model.name, number, version_folder(model, number), bundle, (note,))


def newest_sound(model: Path, below: int | None, *, trusted: bool) -> tuple[int, Bundle, tuple[str, ...]]:
    """The newest version that loads.

    Args:
        model: folder of the model.
        below: number that it must be below; None for any.
        trusted: whether others may own the files and write to them.

    Returns:
        Its number, what is in it, and what is wrong with the newer ones.

    Raises:
        InputMissingError: there is none below.
        ModelError: none loads, with what is wrong with each.
    """
    place = "" if below is None else f" below version {below}"
    passed_over: list[str] = []
    for number in reversed(version_numbers(model)):
        if below is not None and number >= below:
            continue
        try:
            return number, load_bundle(version_folder(model, number), trusted=trusted), tuple(passed_over)
        except (InputMissingError, ModelError, StorageError, TrustError) as error:
            passed_over.append(f"version {number}: {error}")
    if not passed_over:
        raise InputMissingError(f"model '{model.name}' has no version{place}", file=str(model))
    raise ModelError(f"no version{place} loads: {'; '.join(passed_over)}", hint="fit the model again", file=str(model))


def _current(model: Path, trusted: bool) -> int | None:
    try:
        return current_version(model, trusted=trusted)
    except (InputMissingError, ModelError, StorageError):
        return None


def _what(meant: int | None) -> str:
    return "the one that CURRENT should name" if meant is None else f"version {meant}"


def _with_ways_out(error: Damage, model: Path, meant: int | None) -> Damage:
    if not any(meant is None or number < meant for number in version_numbers(model)):
        return error
    ways = f"take the version before it by --fallback, or for good: tsforecast models rollback {model.name}"
    hint = f"{error.hint}, or {ways}" if error.hint else ways
    return type(error)(error.message, hint=hint, file=error.file, row=error.row)
