"""The comparison of files from Python, and where names differ in their case only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import tsforecast
from tsforecast.errors import OptionError
from tsforecast.workflows import clashes
from tsforecast.workflows.clashes import refuse_clashes
from tsforecast.workflows.retrain.run import retrain
from tsforecast.workflows.retrain.settings import RetrainSettings, RunTargets


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("settings", "targets"),
    [
        (RetrainSettings(predict_to="x/../data.csv"), RunTargets()),
        (RetrainSettings(), RunTargets(log_file="data.csv")),
        (RetrainSettings(), RunTargets(metrics_file="models/data/CURRENT")),
        (RetrainSettings(predict_to="run.csv"), RunTargets(log_file="run.csv")),
    ],
)
def test_a_retraining_from_python(settings: RetrainSettings, targets: RunTargets) -> None:
    Path("x").mkdir()
    Path("data.csv").write_text("kept")
    with pytest.raises(OptionError, match=r"would overwrite|lies in|the same place"):
        retrain("data.csv", settings=settings, targets=targets)
    assert Path("data.csv").read_text() == "kept"
    assert sorted(os.listdir()) == ["data.csv", "x"]


def test_a_fit_from_python_and_an_export() -> None:
    with pytest.raises(OptionError, match=r"DATA 'models/model/\.checkpoint/partial' is a file of the model"):
        tsforecast.fit("models/model/.checkpoint/partial")
    with pytest.raises(OptionError, match=r"--output 'models/shop/shop\.zip' lies in the folder of a model"):
        refuse_clashes((), [("--output", "models/shop/shop.zip")], store="models", name="shop")
    assert os.listdir() == []


@pytest.fixture
def without_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes folders seem to take a name in another case for the same."""

    def look(path: str | Path) -> bool:
        folder, name = os.path.split(path)
        return os.path.isdir(folder) and name.casefold() in (other.casefold() for other in os.listdir(folder))

    monkeypatch.setattr(os.path, "lexists", look)


@pytest.mark.parametrize("names", [(), ("a.txt",), ("a.txt", "1", "A")])
@pytest.mark.usefixtures("without_case")
def test_names_in_another_case_are_the_same_where_the_folder_says_so(names: tuple[str, ...]) -> None:
    for name in names:
        Path(name).touch()
    writes = [("--predict-to", "sub/out.csv"), ("--log-file", "SUB/OUT.csv")]
    with pytest.raises(OptionError, match=r"'sub/out\.csv' and --log-file 'SUB/OUT\.csv' go to the same place"):
        refuse_clashes([], writes)
    with pytest.raises(OptionError, match="lies in the folder of a model"):
        refuse_clashes([], [("--log-file", "models/SHOP/run.log")], store="models", name="shop")
    refuse_clashes([], [("--predict-to", "sub/out.csv"), ("--log-file", "SUB/OUT2.csv")])


@pytest.mark.parametrize("names", [(), ("a",), ("a", "A"), ("1", "é")])
def test_names_in_another_case_are_others_where_the_folder_says_so(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        Path(name).touch()
    before = os.listdir()
    assert not clashes._ignores_case(tmp_path)
    refuse_clashes([], [("--predict-to", "out.csv"), ("--log-file", "OUT.csv")])
    assert os.listdir() == before


def test_a_link_that_leads_nowhere_or_in_circles() -> None:
    Path("circle.csv").symlink_to("circle.csv")
    Path("nowhere.csv").symlink_to("gone/data.csv")
    with pytest.raises(OptionError, match=r"'gone/data\.csv' and --log-file 'nowhere\.csv' go to the same place"):
        refuse_clashes([], [("--output", "gone/data.csv"), ("--log-file", "nowhere.csv")])
    with pytest.raises(OptionError, match="would overwrite"):
        refuse_clashes([("DATA", "circle.csv")], [("--output", "./circle.csv")])
    refuse_clashes([("DATA", "circle.csv")], [("--output", "nowhere.csv")])


def test_a_link_out_of_the_folder_of_a_model_lies_in_it() -> None:
    Path("models/shop").mkdir(parents=True)
    Path("models/shop/out.csv").symlink_to(os.path.abspath("out.csv"))
    with pytest.raises(OptionError, match="lies in the folder of a model"):
        refuse_clashes([], [("--output", "models/shop/out.csv")], store="models", name="shop")


def test_the_folder_of_a_model_may_be_a_link() -> None:
    Path("disk/shop").mkdir(parents=True)
    Path("models").mkdir()
    Path("models/shop").symlink_to(os.path.abspath("disk/shop"))
    with pytest.raises(OptionError, match=r"disk/shop' \(--store 'models'\)"):
        refuse_clashes([], [("--output", "disk/shop/out.csv")], store="models", name="shop")
    refuse_clashes([], [("--output", "disk/out.csv")], store="models", name="shop")
