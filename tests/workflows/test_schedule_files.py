"""What systemd is given, as far as `systemd-analyze verify` does not see it."""

from __future__ import annotations

import os

import pytest

from tsforecast.workflows.schedule import Job, make_timetable, systemd_units

DAILY = make_timetable("day", None, None)


def service(folder: str) -> list[str]:
    job = Job((f"{folder}/tsforecast",), f"{folder}/shop.toml", f"{folder}/sales.csv", (f"{folder}/models",))
    return systemd_units(job, DAILY)["tsforecast-shop.service"].splitlines()


def test_a_tmp_of_its_own_unless_the_data_lie_there():
    assert "PrivateTmp=yes" in service("/srv/forecast")
    assert not any("PrivateTmp" in line for line in service("/tmp/forecast"))


@pytest.mark.parametrize("uid", [0, 65534])
def test_the_user_is_the_one_who_asks_but_not_root(monkeypatch, uid):
    monkeypatch.setattr(os, "getuid", lambda: uid)
    users = [line for line in service("/srv/forecast") if line.startswith("User=")]
    assert users == ([] if uid == 0 else ["User=nobody"])


def test_what_systemd_would_replace_is_escaped():
    lines = service("/srv/100% $HOME")
    assert 'ReadWritePaths="/srv/100%% $HOME/models"' in lines
    assert any(line.startswith('ExecStart="/srv/100%% $$HOME/tsforecast" retrain --config') for line in lines)
