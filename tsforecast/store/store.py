"""A folder of models: what the commands and workflows ask, and where they publish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tsforecast.errors import InputMissingError, did_you_mean
from tsforecast.store.layout import check_name, has_served, model_names, versions_folder
from tsforecast.store.model import StoredModel
from tsforecast.store.results import VersionCheck, VersionInfo
from tsforecast.store.safe_files import check_folders


class Store:
    """The models below one folder, which may not exist yet.

    Args:
        folder: folder of all models.
        trusted: whether others may own the store and write to it.
    """

    def __init__(self, folder: str | Path, trusted: bool = False) -> None:
        self.folder, self.trusted = Path(folder), trusted
        self._given = str(folder)

    def names(self) -> list[str]:
        """Names of the models, sorted; none where there is no store.

        Raises:
            InputMissingError: the store cannot be read.
            StorageError: reading failed.
        """
        return model_names(self.folder)

    def model(self, name: str) -> StoredModel:
        """The model of that name, whether it exists or not.

        Raises:
            OptionError: a model cannot have that name.
        """
        check_name(name)
        return StoredModel(self.folder / name, self.trusted)

    def find(self, name: str | None = None) -> StoredModel:
        """An existing model.

        Args:
            name: name of the model; None takes the one that was published last.

        Raises:
            InputMissingError: the store or the model does not exist, with what there is.
            ModelError: without a name, a model is damaged, so that it cannot be told when it was published.
            TrustError: somebody else could have changed the model.
        """
        names = self.names()
        if name is None and names:
            name = self._last_published(names)
        self.check_known(name, names)
        model = StoredModel(self.folder / str(name), self.trusted)
        if not self.trusted:
            check_folders(versions_folder(model.folder), self.folder)
        return model

    def check_known(self, name: str | None, names: Sequence[str]) -> None:
        """Refuse a name that is not among the names of the store, or any name where there are none.

        Raises:
            InputMissingError: with the names that there are.
        """
        if not names:
            raise InputMissingError(f"no model in {self._given}", hint="fit one first: tsforecast fit DATA")
        if name is not None and name not in names:
            hint = did_you_mean(name.lower(), names, otherwise=f"there is {', '.join(names[:10])}")
            raise InputMissingError(f"no model '{name}' in {self._given}", hint=hint)

    def overview(self) -> list[VersionInfo]:
        """One row for each model, in the order of their names. A damaged model is listed with its problem.

        Raises:
            InputMissingError: the store cannot be read.
        """
        return [StoredModel(self.folder / name, self.trusted).info() for name in self.names()]

    def verify(self, name: str | None = None, version: int | None = None) -> Iterator[VersionCheck]:
        """Read every byte of the versions of one model or of all, and replay the forecast that each of them gives.

        Args:
            name: name of the model; None takes all.
            version: number of the version; None takes all.

        Raises:
            InputMissingError: there is no such store, model or version.
        """
        if name is not None:
            self.check_known(name, self.names())
        for each in self.names() if name is None else [name]:
            yield from StoredModel(self.folder / each, self.trusted).verify(version)

    def _last_published(self, names: Sequence[str]) -> str:
        served = [name for name in names if has_served(self.folder / name)]
        if len(served) < 2:
            return (served or names)[0]
        return max(served, key=lambda name: StoredModel(self.folder / name, self.trusted).published())
