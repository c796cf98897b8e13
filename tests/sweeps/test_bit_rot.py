"""Bit rot: no byte of a version can change without being found, by `predict` as well as by `models verify` (P13)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.store.bundle.test_codec import same
from tests.store.conftest import build
from tsforecast.errors import ModelError
from tsforecast.store.publish import publish
from tsforecast.store.upkeep import check_versions
from tsforecast.store.versions import open_version

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("pattern", [0x01, 0x80])
def test_every_flipped_byte_is_found(tmp_path: Path, pattern: int) -> None:
    bundle = build("naive")
    folder = publish(bundle, store=tmp_path, name="sales").path
    flips = 0
    for path in sorted(folder.iterdir()):
        handle = os.open(path, os.O_RDWR)
        for position in range(path.stat().st_size):
            byte = os.pread(handle, 1, position)
            os.pwrite(handle, bytes([byte[0] ^ pattern]), position)
            with pytest.raises(ModelError) as caught:
                open_version(tmp_path, "sales")
            assert caught.value.file == str(path)
            (checked,) = check_versions(tmp_path)
            assert isinstance(checked.error, ModelError) and checked.error.file == str(path)
            os.pwrite(handle, byte, position)
            flips += 1
        os.close(handle)
    assert flips > 3000
    assert same(open_version(tmp_path, "sales").bundle.forecaster.weights, bundle.forecaster.weights)
