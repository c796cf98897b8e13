"""One model of a store: finding and reading its versions, and changing which of them stay and serve."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from tsforecast.errors import InputMissingError, ModelError, OptionError, StorageError, TrustError, TsforecastError
from tsforecast.files import whole_file
from tsforecast.series.frequency import Frequency
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.bundle.codec import encode
from tsforecast.store.changes import (
    add_version,
    changing,
    in_service_or_none,
    make_model_folder,
    remove_versions,
    serve,
    superfluous,
)
from tsforecast.store.current import encode_current, read_current
from tsforecast.store.journal import PUBLISHED, ROLLED_BACK, note_in_journal, read_journal
from tsforecast.store.layout import CURRENT, LEDGER, has_served, version_folder, version_numbers
from tsforecast.store.load import check_bundle, load_bundle, read_description, read_published, read_version
from tsforecast.store.results import (
    Exported,
    LoadedVersion,
    Pruned,
    Published,
    RolledBack,
    VersionCheck,
    VersionDetails,
    VersionInfo,
)
from tsforecast.store.safe_files import FILE_MODE, check_folders

# How often a reader that newer publications have overtaken looks at CURRENT again.
_RETRIES = 3
Result = TypeVar("Result")
Damage = InputMissingError | ModelError | StorageError
_PROBLEMS = (InputMissingError, ModelError, StorageError, TrustError)


@dataclass(frozen=True)
class StoredModel:
    """A model of a store, which may not exist yet.

    What reads raises InputMissingError where a version does not exist or a file cannot be opened, ModelError where
    something is damaged, TrustError where somebody else could have changed it, and StorageError where the disk failed.
    What changes the model also raises OutputError where it cannot write, and BusyError where another process has been
    changing the model for a minute.

    Args:
        folder: STORE/NAME.
        trusted: whether others may own the store and write to it.
    """

    folder: Path
    trusted: bool = False

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.folder.name

    def numbers(self) -> tuple[int, ...]:
        """Numbers of all versions, ascending."""
        return version_numbers(self.folder)

    def has_served(self) -> bool:
        """Whether a version has ever been in service."""
        return has_served(self.folder)

    def in_service(self) -> int:
        """The number of the version in service."""
        return read_current(self.folder, trusted=self.trusted)

    def in_service_or_none(self) -> int | None:
        """The number of the version in service, whoever owns the store; None where there is none or it is unknown."""
        return in_service_or_none(self.folder)

    def version_folder(self, version: int | None = None) -> Path:
        """The folder of an existing version; None takes the one in service."""
        return self._existing(self.in_service(), current=True) if version is None else self._existing(version)

    def open(self, version: int | None = None, *, fallback: bool = False) -> LoadedVersion:
        """Load and check a version.

        Args:
            version: number of the version; None takes the one in service.
            fallback: whether the newest older version that is sound may stand in for a damaged one.

        Raises:
            ModelError: the version is damaged, with the ways out; or no older one is sound either.
        """

        def load(number: int) -> LoadedVersion:
            folder = self._existing(number, current=version is None)
            return LoadedVersion(self.name, number, folder, load_bundle(folder, trusted=self.trusted))

        try:
            return load(version) if version is not None else self._read_in_service(load)
        except (InputMissingError, ModelError, StorageError) as error:
            # What was never there, or may not be read, is not damaged; but a CURRENT that is gone is.
            if isinstance(error, InputMissingError) and (version is not None or self.has_served()):
                raise
            meant = version if version is not None else self._in_service_if_readable()
            if not fallback:
                raise self._with_ways_out(error, meant) from error
            damage = str(error)
        number, bundle, _ = self._newest_sound(meant)
        what = "the one that CURRENT should name" if meant is None else f"version {meant}"
        note = f"version {number} of {self.name} stands in for {what}, which is damaged: {damage}"
        return LoadedVersion(self.name, number, version_folder(self.folder, number), bundle, (note,))

    def describe(self, version: int | None = None) -> VersionDetails:
        """What a version says of itself, without loading it; None takes the one in service."""
        folder = self.version_folder(version)
        details = read_description(folder, trusted=self.trusted)
        return VersionDetails(self.name, int(folder.name), str(folder), details, read_journal(self.folder))

    def info(self) -> VersionInfo:
        """What is known of the version in service; a damaged one is there with its problem."""
        versions, current = self.numbers(), None

        def read(number: int) -> dict[str, Any]:
            nonlocal current
            current, folder = number, version_folder(self.folder, number)
            self._check_folders(folder)
            return read_description(folder, trusted=self.trusted)

        try:
            details = self._read_in_service(read)
        except _PROBLEMS as error:
            return VersionInfo(self.name, current, versions, problem=f"{Path(error.file).name}: {error.message}")
        model = details["spec"]["name"]
        return VersionInfo(
            name=self.name,
            current=current,
            versions=versions,
            published=datetime.fromisoformat(details["published"]),
            model=model,
            horizon=details["spec"]["horizon"],
            frequency=Frequency(**details["frequency"]).alias,
            skill=_skill(details["metrics"], model),
        )

    def published(self) -> datetime:
        """When the version in service was published."""

        def read(number: int) -> datetime:
            return read_published(version_folder(self.folder, number), trusted=self.trusted)

        return self._read_in_service(read)

    def verify(self, version: int | None = None) -> Iterator[VersionCheck]:
        """Load versions one after the other: every byte, and the forecast that each of them gives.

        A version that is pruned meanwhile is passed over. CURRENT and the ledger are in the list only where they are
        damaged.

        Args:
            version: number of the version; None takes all.
        """
        current, problem = None, None
        if self.has_served():  # a first publication that was killed leaves a version that nothing names
            try:
                current = self.in_service()
                self._existing(current, current=True)
            except _PROBLEMS as error:
                current, problem = None, error
        if version is not None:
            self._existing(version)
        elif problem is not None:
            yield VersionCheck(self.name, None, False, problem)
        for number in self.numbers() if version is None else (version,):
            found = self._error_of(version_folder(self.folder, number))
            if found is None or version is not None or number in self.numbers():
                yield VersionCheck(self.name, number, number == current, found)
        if version is None and (wrong := self._error_of_ledger()) is not None:
            yield VersionCheck(self.name, None, False, wrong, LEDGER)

    def export(self, output: str | Path, version: int | None = None) -> Exported:
        """Check a version and write it into a zip file. Unpacked in the folder of a store, it is in service there.

        Args:
            output: the zip file, which appears as a whole or not at all.
            version: number of the version; None takes the one in service.
        """
        folder = self.version_folder(version)
        files = read_version(folder, trusted=self.trusted)
        check_bundle(folder, files)
        members = {f"{self.name}/{folder.parent.name}/{folder.name}/{file}": files[file] for file in sorted(files)}
        members[f"{self.name}/{CURRENT}"] = encode_current(int(folder.name))
        return Exported(self.name, int(folder.name), str(output), _write_zip(output, members))

    def publish(self, bundle: Bundle, *, keep: int | None = None) -> Published:
        """Write a bundle as the next version, check it and put it into service.

        Args:
            bundle: what to store.
            keep: number of newest versions that remain, with the one in service and the one before it. None keeps all.

        Raises:
            OptionError: nothing would remain.
            ModelError: what was written does not load, or does not give the same forecast.
        """
        _check_keep(keep)
        files = encode(bundle)
        make_model_folder(self.folder)
        with changing(self.folder):
            previous = self.in_service_or_none()
            version = max((*self.numbers(), previous or 0)) + 1  # a number is never given twice
            target = add_version(self.folder, version, files)
            problems = [note_in_journal(self.folder, PUBLISHED, version, previous)]
            if keep is not None:
                problems.append(self._prune_after(version, keep))
        return Published(self.name, version, target, "; ".join(filter(None, problems)) or None)

    def rollback(self, to: int | None = None) -> RolledBack:
        """Check an older version and put it back into service.

        Args:
            to: number of the version, which may be newer as well. None takes the newest that loads below the one in
                service, or the newest of all where it cannot be told which one that is.
        """
        with changing(self.folder):
            previous = self.in_service_or_none()
            if to is None:
                version, _, passed_over = self._newest_sound(previous)
            else:
                load_bundle(self._existing(to), trusted=self.trusted)
                version, passed_over = to, ()
            problem = None
            if version != previous:
                serve(self.folder, version)
                problem = note_in_journal(self.folder, ROLLED_BACK, version, previous)
        return RolledBack(self.name, version, version_folder(self.folder, version), problem, previous, passed_over)

    def prune(self, keep: int, *, dry_run: bool = False) -> Pruned:
        """Remove all versions but the newest `keep`, the one in service and the one before it.

        Args:
            keep: number of newest versions that remain.
            dry_run: whether to say only which they are.

        Raises:
            OptionError: nothing would remain.
        """
        _check_keep(keep)
        if dry_run:
            return self._pruned(keep, self.in_service())
        with changing(self.folder):
            current = self.in_service()
            pruned = self._pruned(keep, current)
            remove_versions(self.folder, pruned.removed, current=current)
        return pruned

    def _existing(self, version: int, *, current: bool = False) -> Path:
        """The folder of a version; one that CURRENT names without reason is damage."""
        numbers = self.numbers()
        if version in numbers:
            return version_folder(self.folder, version)
        hint = f"versions: {', '.join(str(number) for number in numbers[-10:]) or 'none'}"
        message = f"model '{self.name}' has no version {version}"
        if current:
            raise ModelError(f"{message}, though CURRENT names it", hint=hint, file=str(self.folder))
        raise InputMissingError(message, hint=hint, file=str(self.folder))

    def _read_in_service(self, read: Callable[[int], Result]) -> Result:
        """What `read` makes of the version in service.

        Readers take no lock: between CURRENT and the files that it names, newer versions may have been published and
        this one pruned. What cannot be read is therefore an error only if CURRENT still names it.
        """
        number = self.in_service()
        for _ in range(_RETRIES):
            try:
                return read(number)
            except (InputMissingError, ModelError):
                now = self.in_service()
                if now == number:
                    raise
                number = now
        return read(number)

    def _in_service_if_readable(self) -> int | None:
        try:
            return self.in_service()
        except (InputMissingError, ModelError, StorageError):
            return None

    def _newest_sound(self, below: int | None) -> tuple[int, Bundle, tuple[str, ...]]:
        """The newest version that loads, below a number if one is given, and what is wrong with the newer ones."""
        place = "" if below is None else f" below version {below}"
        passed_over: list[str] = []
        for number in reversed(self.numbers()):
            if below is not None and number >= below:
                continue
            try:
                bundle = load_bundle(version_folder(self.folder, number), trusted=self.trusted)
                return number, bundle, tuple(passed_over)
            except _PROBLEMS as error:
                passed_over.append(f"version {number}: {error}")
        file = str(self.folder)
        if not passed_over:
            raise InputMissingError(f"model '{self.name}' has no version{place}", file=file)
        raise ModelError(f"no version{place} loads: {'; '.join(passed_over)}", hint="fit the model again", file=file)

    def _with_ways_out(self, error: Damage, meant: int | None) -> Damage:
        if not any(meant is None or number < meant for number in self.numbers()):
            return error
        other = "newest sound version" if meant is None else "version before it"
        ways = f"take the {other} by --fallback"
        if "models rollback" not in error.hint:
            ways = f"{ways}, or for good: tsforecast models rollback {self.name}"
        hint = f"{error.hint}, or {ways}" if error.hint else ways
        return type(error)(error.message, hint=hint, file=error.file, row=error.row)

    def _check_folders(self, folder: Path) -> None:
        if not self.trusted:
            check_folders(folder, self.folder.parent)

    def _error_of(self, folder: Path) -> TsforecastError | None:
        try:
            self._check_folders(folder)
            load_bundle(folder, trusted=self.trusted)
        except _PROBLEMS as error:
            return error
        return None

    def _error_of_ledger(self) -> TsforecastError | None:
        if not os.path.lexists(self.folder / LEDGER):
            return None
        from tsforecast.store.ledger.runs import check_ledger  # SQLite is seldom needed

        try:
            check_ledger(self.folder, trusted=self.trusted)
        except InputMissingError:  # the first run that was to be noted was killed
            return None
        except _PROBLEMS as error:
            return error
        return None

    def _prune_after(self, version: int, keep: int) -> str | None:
        """Remove old versions; why it failed, if it did, for the new version is in service all the same."""
        try:
            remove_versions(self.folder, superfluous(self.numbers(), version, keep), current=version)
        except OSError as error:
            return f"old versions could not be removed: {error.strerror or error}"
        except TsforecastError as error:
            return f"old versions could not be removed: {error}"
        return None

    def _pruned(self, keep: int, current: int) -> Pruned:
        numbers = self.numbers()
        removed = superfluous(numbers, current, keep)
        files = (entry for number in removed for entry in os.scandir(version_folder(self.folder, number)))
        freed = sum(file.stat(follow_symlinks=False).st_size for file in files)
        return Pruned(self.name, tuple(number for number in numbers if number not in removed), removed, freed)


def _check_keep(keep: int | None) -> None:
    if keep is not None and keep < 1:
        raise OptionError(f"{keep} versions cannot be kept", hint="keep at least 1")


def _write_zip(output: str | Path, members: dict[str, bytes]) -> int:
    """Write a zip file, and return its size in bytes. The same members give the same bytes."""
    from zipfile import ZipFile, ZipInfo

    with whole_file(output) as stream:
        with ZipFile(stream, "w") as archive:
            for path, data in members.items():
                member = ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))  # the oldest moment that a zip file can name
                member.create_system = 3  # Unix, whose modes the attributes hold
                member.external_attr = FILE_MODE << 16
                archive.writestr(member, data)
        return stream.tell()


def _skill(metrics: dict[str, object], model: str) -> float | None:
    scores = metrics.get("scores")
    own = scores.get(model) if isinstance(scores, dict) else None
    skill = own.get("skill") if isinstance(own, dict) else None
    return float(skill) if isinstance(skill, int | float) else None
