"""What a run leaves behind: a line in the log, and the file for Prometheus' textfile collector."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tsforecast.errors import OutputError, StorageError
from tsforecast.store.runs import LastRun
from tsforecast.workflows.retrain.record import append_record, write_run_metrics


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_lines_are_appended(tmp_path):
    log = tmp_path / "runs.jsonl"
    append_record(str(log), {"run_id": "a", "error": float("nan"), "model": "Größe\n"})
    append_record(str(log), {"run_id": "b"})
    assert lines(log) == [{"run_id": "a", "error": None, "model": "Größe\n"}, {"run_id": "b"}]


def test_a_rotated_log_is_begun_anew(tmp_path):
    log = tmp_path / "runs.jsonl"
    append_record(str(log), {"run": 1})
    log.rename(tmp_path / "runs.jsonl.1")
    append_record(str(log), {"run": 2})
    assert lines(log) == [{"run": 2}]


@pytest.mark.parametrize(
    "record",
    [
        {"status": "failed", "message": "x" * 10**6},
        {"status": "failed", "message": "ä" * 10**6},
        {"status": "failed", "reasons": ["y" * 500] * 500},
        {"status": "failed", "notes": [{"text": "\x01" * 9999}] * 999},
        {"status": "failed", **{f"text_{number}": "z" * 5000 for number in range(30)}},
    ],
)
def test_a_line_is_short(tmp_path, record):
    log = tmp_path / "runs.jsonl"
    append_record(str(log), record)
    assert log.stat().st_size < 4096
    (line,) = lines(log)
    assert line["status"] == "failed"
    assert line.keys() == record.keys()


def test_a_file_name_that_is_no_text(tmp_path):
    append_record(str(tmp_path / "log"), {"file": "a\udcff.csv"})
    assert lines(tmp_path / "log") == [{"file": "a\\xff.csv"}]


def test_stdout(capsys):
    append_record("-", {"status": "unchanged"})
    assert capsys.readouterr().out == '{"status": "unchanged"}\n'


def test_stdout_that_is_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OutputError, match="stdout is closed"):
        append_record("-", {})


def test_a_log_that_cannot_be_written(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for target in (tmp_path, tmp_path / "none" / "log", tmp_path / "pipe"):
        with pytest.raises(OutputError) as caught:
            append_record(str(target), {})
        assert caught.value.file == str(target)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk():
    with pytest.raises(StorageError, match="No space left"):
        append_record("/dev/full", {})


def test_processes_that_write_at_once_do_not_mix_their_lines(tmp_path):
    log = tmp_path / "log"
    code = (
        "import sys; from tsforecast.workflows.retrain.record import append_record\n"
        "for n in range(200): append_record(sys.argv[1], {'writer': sys.argv[2], 'n': n, 'text': sys.argv[2] * 3000})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, log, str(number)]) for number in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    found = sorted((line["writer"], line["n"], set(line["text"]) - {"."}) for line in lines(log))
    assert found == [(str(writer), n, {str(writer)}) for writer in range(3) for n in range(200)]


FINISHED = datetime(2026, 1, 31, 6, tzinfo=UTC)
RUN = LastRun("r1", FINISHED, "promoted", 0, 3, "f", "m", champion_error=0.91, challenger_error=0.83, seconds=12.5)
MOMENTS = {
    "succeeded": FINISHED,
    "published": FINISHED - timedelta(hours=1),
    "forecast": FINISHED - timedelta(hours=2),
}
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
    write_run_metrics(tmp_path / "shop.prom", "shop", RUN, **MOMENTS)
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
    write_run_metrics(tmp_path / "a.prom", 'a"b\\c\nd', RUN, **MOMENTS)
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
    write_run_metrics(path, "shop", failed(champion_error=None), **MOMENTS)
    found = samples(path)
    assert found[SUCCESS] == FINISHED.timestamp()
    assert found['tsforecast_last_run_exit_code{model="shop"}'] == 66
    assert not any("challenger" in name or "champion" in name for name in found)


def test_without_a_success_there_is_none(tmp_path):
    write_run_metrics(tmp_path / "shop.prom", "shop", failed(), **MOMENTS | {"succeeded": None, "forecast": None})
    assert not any("success" in name or "forecast_timestamp" in name for name in samples(tmp_path / "shop.prom"))


def test_others_can_read_it(tmp_path):
    before = os.umask(0o077)
    try:
        write_run_metrics(tmp_path / "shop.prom", "shop", RUN, **MOMENTS)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shop.prom").stat().st_mode) == 0o644


def test_labels_are_escaped(tmp_path):
    write_run_metrics(tmp_path / "a.prom", 'a"b\\c\nd', RUN, **MOMENTS)
    assert 'tsforecast_model_version{model="a\\"b\\\\c\\nd"} 3\n' in (tmp_path / "a.prom").read_text()


def test_no_such_folder(tmp_path):
    with pytest.raises(OutputError):
        write_run_metrics(tmp_path / "none" / "shop.prom", "shop", RUN, **MOMENTS)
