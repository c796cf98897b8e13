"""The log of runs: one line each."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tsforecast.errors import OutputError, StorageError
from tsforecast.workflows.retrain.monitoring import append_record


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
        "import sys; from tsforecast.workflows.retrain.monitoring import append_record\n"
        "for n in range(200): append_record(sys.argv[1], {'writer': sys.argv[2], 'n': n, 'text': sys.argv[2] * 3000})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, log, str(number)]) for number in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    found = sorted((line["writer"], line["n"], set(line["text"]) - {"."}) for line in lines(log))
    assert found == [(str(writer), n, {str(writer)}) for writer in range(3) for n in range(200)]
