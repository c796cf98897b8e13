"""Bit rot: no byte of a version can change without being found, by `predict` as well as by `models verify` (P13).

Of each byte one bit is turned, the lowest and the highest in turn, and each tenth time `models verify` is asked; with
`--all` both are turned, and it is always asked.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sampling import usual
from tests.store.bundle.test_codec import same
from tests.store.conftest import build
from tsforecast.errors import ModelError
from tsforecast.store.store import Store

pytestmark = pytest.mark.sweep


EVERY, VERIFIED = usual(2, full=1), usual(10, full=1)


@pytest.mark.parametrize(("number", "pattern"), [(0, 0x01), (1, 0x80)])
def test_every_flipped_byte_is_found(tmp_path: Path, number: int, pattern: int) -> None:
    bundle = build("naive")
    folder = Store(tmp_path).model("sales").publish(bundle).path
    flips = 0
    for path in (*sorted(folder.iterdir()), tmp_path / "sales" / "CURRENT"):
        handle = os.open(path, os.O_RDWR)
        for position in range(number % EVERY, path.stat().st_size, EVERY):
            byte = os.pread(handle, 1, position)
            os.pwrite(handle, bytes([byte[0] ^ pattern]), position)
            with pytest.raises(ModelError) as caught:
                Store(tmp_path).find("sales").open()
            assert caught.value.file == str(path)
            if flips % VERIFIED == 0:
                checked, *sound = Store(tmp_path).verify()
                assert [each.error for each in sound] == ([None] if path.name == "CURRENT" else [])
                assert isinstance(checked.error, ModelError) and checked.error.file == str(path)
            os.pwrite(handle, byte, position)
            flips += 1
        os.close(handle)
    assert flips > 3000 // EVERY
    assert same(Store(tmp_path).find("sales").open().bundle.forecaster.weights, bundle.forecaster.weights)
