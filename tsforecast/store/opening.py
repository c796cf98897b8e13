"""Opening the version that is meant, or, where that is allowed, the newest older one that is sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError, StorageError, TrustError
from tsforecast.store.bundle import Bundle
from tsforecast.store.layout import current_version, in_service, version_folder, version_numbers
from tsforecast.store.load import existing_version, find_model, in_service_now, load_bundle

Damage = InputMissingError | ModelError | StorageError


@dataclass(frozen=True)
class Opened:
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
) -> Opened:
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

    def read(number: int) -> Opened:
        folder = existing_version(model, number, current=version is None)
        return Opened(model.name, number, folder, load_bundle(folder, trusted=trusted))

    try:
        return read(version) if version is not None else in_service_now(model, read, trusted=trusted)
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
    return Opened(model.name, number, version_folder(model, number), bundle, (note,))


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
