"""The file for Prometheus' textfile collector."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tsforecast.errors import OutputError
from tsforecast.workflows.retrain.monitoring import RunMetrics, write_run_metrics

FINISHED = datetime(2026, 1, 31, 6, tzinfo=UTC)
RUN = RunMetrics(
    model="shop",
    finished=FINISHED,
    exit_code=0,
    succeeded=FINISHED,
    seconds=12.5,
    published=FINISHED - timedelta(hours=1),
    version=3,
    champion_error=0.91,
    challenger_error=0.83,
    forecast=FINISHED - timedelta(hours=2),
)
SUCCESS = 'tsforecast_last_success_timestamp_seconds{model="shop"}'


def samples(path):
    """Values by name and label; every metric has its help and its type."""
    found = {}
    lines = path.read_text().splitlines()
    for about, kind, line in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        name, value = line.rsplit(" ", 1)
        metric = name.partition("{")[0]
        assert about.startswith(f"# HELP {metric} ")
        assert kind == f"# TYPE {metric} gauge"
        found[name] = float(value)
    return found


def test_all_metrics(tmp_path):
    write_run_metrics(tmp_path / "shop.prom", RUN)
    moment = FINISHED.timestamp()
    assert samples(tmp_path / "shop.prom") == {
        SUCCESS: moment,
        'tsforecast_last_run_timestamp_seconds{model="shop"}': moment,
        'tsforecast_last_run_exit_code{model="shop"}': 0,
        'tsforecast_model_age_seconds{model="shop"}': 3600,
        'tsforecast_model_version{model="shop"}': 3,
        'tsforecast_champion_error{model="shop"}': 0.91,
        'tsforecast_challenger_error{model="shop"}': 0.83,
        'tsforecast_forecast_timestamp_seconds{model="shop"}': moment - 7200,
        'tsforecast_duration_seconds{model="shop"}': 12.5,
    }
    assert os.listdir(tmp_path) == ["shop.prom"]


def test_the_parser_of_prometheus_reads_it(tmp_path):
    parser = pytest.importorskip("prometheus_client.parser", reason="prometheus-client is not installed")
    write_run_metrics(tmp_path / "a.prom", replace(RUN, model='a"b\\c\nd'))
    found = {}
    for family in parser.text_string_to_metric_families((tmp_path / "a.prom").read_text()):
        (sample,) = family.samples
        assert (family.type, sample.labels) == ("gauge", {"model": 'a"b\\c\nd'})
        assert family.documentation
        found[sample.name] = sample.value
    assert len(found) == 9
    assert found["tsforecast_last_success_timestamp_seconds"] == FINISHED.timestamp()
    assert found["tsforecast_challenger_error"] == 0.83


def failed(**changes):
    after = FINISHED + timedelta(days=1)
    return replace(RUN, finished=after, exit_code=66, challenger_error=float("nan"), **changes)


def test_a_failure_does_not_move_the_last_success(tmp_path):
    path = tmp_path / "shop.prom"
    write_run_metrics(path, failed(champion_error=None))
    found = samples(path)
    assert found[SUCCESS] == FINISHED.timestamp()
    assert found['tsforecast_last_run_exit_code{model="shop"}'] == 66
    assert not any("challenger" in name or "champion" in name for name in found)


def test_without_a_success_there_is_none(tmp_path):
    write_run_metrics(tmp_path / "shop.prom", failed(succeeded=None, forecast=None))
    assert not any("success" in name or "forecast_timestamp" in name for name in samples(tmp_path / "shop.prom"))


def test_others_can_read_it(tmp_path):
    before = os.umask(0o077)
    try:
        write_run_metrics(tmp_path / "shop.prom", RUN)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shop.prom").stat().st_mode) == 0o644


def test_labels_are_escaped(tmp_path):
    write_run_metrics(tmp_path / "a.prom", replace(RUN, model='a"b\\c\nd'))
    assert 'tsforecast_model_version{model="a\\"b\\\\c\\nd"} 3\n' in (tmp_path / "a.prom").read_text()


def test_no_such_folder(tmp_path):
    with pytest.raises(OutputError):
        write_run_metrics(tmp_path / "none" / "shop.prom", RUN)
