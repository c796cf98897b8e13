"""Tests of CURRENT: no damage makes it name another version."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tsforecast.errors import InputMissingError, ModelError, TsforecastError
from tsforecast.store import current, journal
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.current import encode_current, is_beginning, read_current
from tsforecast.store.store import Store


@pytest.fixture(scope="module")
def twelve(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`sales` with versions 1 to 12, so that many a flipped bit names a version that there is; 2 is in service."""
    store = tmp_path_factory.mktemp("twelve")
    for _ in range(12):
        Store(store).model("sales").publish(make_bundle("naive"))
    Store(store).find("sales").rollback(2)
    return store


@pytest.fixture
def store(twelve: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(twelve, tmp_path / "store"))


def flips(data: bytes) -> list[bytes]:
    """The data with each of its bits flipped."""
    places = range(8 * len(data))
    return [data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :] for bit in places]


def named(store: Path, data: bytes) -> int | None:
    """The version in service if CURRENT is as given; None for an error."""
    (store / "sales" / "CURRENT").write_bytes(data)
    try:
        return Store(store).find("sales").in_service()
    except (InputMissingError, ModelError):
        return None


def test_no_flipped_bit_leads_to_another_version(store: Path) -> None:
    data = (store / "sales" / "CURRENT").read_bytes()
    assert data == encode_current(2)
    assert {named(store, flipped) for flipped in flips(data)} == {None}
    assert {named(store, data[:size]) for size in range(len(data))} == {None, 2}
    assert named(store, data) == 2


def test_no_flipped_bit_of_an_older_release_leads_to_another_version(store: Path) -> None:
    assert named(store, b"000002\n") == 2
    assert {named(store, flipped) for flipped in flips(b"000002\n")} == {None}


def test_a_flipped_bit_is_an_error_wherever_a_version_is_asked_for(store: Path, bundle: Bundle) -> None:
    data = bytearray(encode_current(2))
    data[5] ^= 1
    (store / "sales" / "CURRENT").write_bytes(data)
    model = Store(store).find("sales")
    uses: list[Callable[[], object]] = [
        model.open,
        model.describe,
        model.published,
        model.version_folder,
        lambda: model.prune(1),
        lambda: model.export(store / "sales.zip"),
    ]
    for use in uses:
        with pytest.raises(ModelError, match="CURRENT: is damaged: its checksum does not fit") as caught:
            use()
        assert "tsforecast models rollback sales --to 2" in caught.value.hint
    with pytest.raises(ModelError, match="or take the newest sound version by --fallback"):
        model.open()
    assert model.info().problem == "CURRENT: is damaged: its checksum does not fit"
    assert next(model.verify()).version is None
    assert model.rollback(2).previous is None
    assert model.open().version == 2


def test_the_journal_speaks_for_a_number_without_a_checksum(store: Path) -> None:
    (store / "sales" / "CURRENT").write_bytes(b"000003\n")
    with pytest.raises(ModelError, match="names version 3, but the journal says that version 2 was put into service"):
        Store(store).find("sales").open()
    (store / "sales" / "journal.jsonl").unlink()
    assert Store(store).find("sales").open().version == 3


def without_mentions(store: Path, version: int) -> None:
    """Take the entries out of the journal that mention a version."""
    path = store / "sales" / "journal.jsonl"
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    kept = [entry for entry in entries if version not in (entry["version"], entry["from"])]
    assert 0 < len(kept) < len(entries)
    path.write_text("".join(f"{json.dumps(entry)}\n" for entry in kept))


@pytest.mark.parametrize("cut_off", ["", '{"time": "2026-01-31T06:00:00.000+00:00", "event": "published", "vers'])
def test_a_journal_that_lacks_the_last_publication_is_no_contradiction(store: Path, cut_off: str) -> None:
    without_mentions(store, 12)
    with (store / "sales" / "journal.jsonl").open("a") as stream:
        stream.write(cut_off)
    assert named(store, b"000012\n") == 12
    assert named(store, b"000011\n") == 11  # the last of which the journal tells
    assert {named(store, f"{number:06d}\n".encode()) for number in (*range(1, 11), 13)} == {None}


def test_only_the_newest_version_can_be_what_the_journal_lacks(store: Path) -> None:
    without_mentions(store, 5)
    assert named(store, b"000005\n") is None


def test_a_version_that_the_journal_mentions_was_not_missed(store: Path) -> None:
    path = store / "sales" / "journal.jsonl"
    assert named(store, b"000012\n") is None
    lines = [line for line in path.read_text().splitlines() if json.loads(line)["version"] != 12]
    path.write_text("".join(f"{line}\n" for line in lines))
    assert '"from": 12' in lines[-1]  # of the rollback
    assert named(store, b"000012\n") is None


def test_of_a_journal_that_is_too_long_nothing_is_known(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_mentions(store, 12)
    monkeypatch.setattr(journal, "_WHOLE", 500)
    assert named(store, b"000012\n") is None


@pytest.mark.parametrize(
    "line", [b"", b'{"event": "published", "version": "3"}\n', b'{"event": "pruned", "version": 3}\n']
)
def test_a_journal_that_does_not_say_it_is_no_witness(store: Path, line: bytes) -> None:
    (store / "sales" / "journal.jsonl").write_bytes(line)
    assert named(store, b"000003\n") == 3


def test_a_current_that_is_replaced_while_it_is_compared_is_read_again(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader may take the number of before, and the journal of after, a publication."""
    path = store / "sales" / "CURRENT"
    path.write_bytes(b"000001\n")

    def published(folder: Path) -> int:
        path.write_bytes(encode_current(2))
        return 2

    monkeypatch.setattr(current, "last_put_into_service", published)
    assert read_current(store / "sales", trusted=False) == 2


def test_after_a_change_an_old_number_has_its_checksum(store: Path, bundle: Bundle) -> None:
    (store / "sales" / "CURRENT").write_bytes(b"000002\n")
    assert Store(store).model("sales").publish(bundle).version == 13
    assert (store / "sales" / "CURRENT").read_bytes() == encode_current(13)


@pytest.mark.parametrize("text", ["", "1", "000002\n\n", "-00002\n", "00000\u0662\n"])
def test_what_is_no_number_is_said(store: Path, text: str) -> None:
    (store / "sales" / "CURRENT").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"does not hold the number of a version; put .* --to 2"):
        read_current(store / "sales", trusted=False)


def test_every_beginning_of_a_current_is_known(tmp_path: Path) -> None:
    data = encode_current(17)
    for size in range(len(data) + 1):
        (tmp_path / "part").write_bytes(data[:size])
        assert is_beginning(tmp_path / "part")
        (tmp_path / "part").write_bytes(bytes(size))
        assert is_beginning(tmp_path / "part")
    for other in (b"mine", data + b"\n", b"000017\nmine"):
        (tmp_path / "part").write_bytes(other)
        assert not is_beginning(tmp_path / "part")


def test_without_a_journal_the_hint_names_no_version(store: Path) -> None:
    (store / "sales" / "journal.jsonl").unlink()
    (store / "sales" / "CURRENT").write_bytes(b"?")
    with pytest.raises(TsforecastError, match="rollback sales --to N"):
        read_current(store / "sales", trusted=False)
