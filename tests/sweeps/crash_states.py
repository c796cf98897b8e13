"""What may be on a disk after the power has failed, worked out from the calls of a program.

The model promises no more than POSIX does. What was written to a file is there for certain once the file was synced;
before, each write may be there or not, the last one half. A name that was made, moved or removed is certain once its
folder was synced; before, each change may have happened or not, in any combination, a rename as a whole.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_FD = re.compile(r"^(\d+)<")
# A tree as paths, relative to its root, with the bytes of files and None for folders.
Tree = dict[str, bytes | None]


@dataclass(frozen=True)
class Names:
    """Entries of folders that change together: (folder, name, what it names from now on or None)."""

    entries: tuple[tuple[int, str, int | None], ...]

    @property
    def needs(self) -> int:
        """The folder that must be synced."""
        return self.entries[-1][0]


@dataclass(frozen=True)
class Bytes:
    """A write, or the new end of a file where there are no bytes."""

    node: int
    offset: int
    data: bytes | None

    @property
    def needs(self) -> int:
        """The file that must be synced."""
        return self.node


@dataclass(frozen=True)
class Sync:
    """A file or folder is on the disk."""

    node: int


Step = Names | Bytes | Sync


@dataclass
class Disk:
    """Files and folders by number; 0 is the root."""

    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {0: {}})
    files: dict[int, bytearray] = field(default_factory=dict)

    def apply(self, step: Names | Bytes) -> None:
        if isinstance(step, Names):
            for folder, name, node in step.entries:
                if node is None:
                    self.folders[folder].pop(name, None)
                else:
                    self.folders[folder][name] = node
            return
        content = self.files[step.node]
        if step.data is None:
            content[:] = content[: step.offset].ljust(step.offset, b"\0")
        else:
            content.extend(bytes(max(0, step.offset - len(content))))
            content[step.offset : step.offset + len(step.data)] = step.data

    def copy(self) -> Disk:
        folders = {number: dict(names) for number, names in self.folders.items()}
        return Disk(folders, {number: bytearray(data) for number, data in self.files.items()})

    def tree(self, folder: int = 0, above: str = "") -> Tree:
        found: Tree = {}
        for name, node in self.folders[folder].items():
            path = f"{above}{name}"
            if node in self.files:
                found[path] = bytes(self.files[node])
            else:
                found |= {path: None} | self.tree(node, f"{path}/")
        return found


class Recording:
    """The steps in a log of strace (`-xx -y`, all data) of a program that worked below a folder."""

    def __init__(self, root: Path, before: Tree) -> None:
        self.root = root
        self.start = Disk()
        for path, data in sorted(before.items()):
            folder, _, name = path.rpartition("/")
            self.start.folders[self._find(self.start, folder)][name] = self._new(self.start, data)
        self.steps: list[Step] = []
        self._now = self.start.copy()
        self._open: dict[int, tuple[int, int]] = {}  # descriptor: file or folder, position

    def read(self, log: Path) -> Recording:
        for line in log.read_text().splitlines():
            match = re.match(r"(\w+)\((.*)\) += (-?\d+)", line)
            if match and not match[3].startswith("-"):
                self._take(match[1], match[2], int(match[3]))
        return self

    def _take(self, call: str, text: str, result: int) -> None:
        strings = [bytes.fromhex(found.replace("\\x", "")) for found, _ in _TEXT.findall(text)]
        assert not any(cut for _, cut in _TEXT.findall(text)), "strace has cut off what was written"
        if call in ("openat", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir"):
            place = self._place(text, strings[0].decode())
            if place is not None:
                self._change(call, place, text, result)
        elif call in ("rename", "renameat", "renameat2"):
            source, target = (self._place(text, name.decode()) for name in strings)
            if source and target:
                node = self._now.folders[source[0]][source[1]]
                self._do(Names(((*source, None), (*target, node))))
        elif (descriptor := _FD.match(text)) and int(descriptor[1]) in self._open:
            self._take_open(call, int(descriptor[1]), text, strings, result)
        else:
            assert call in ("flock", "fchmod", "chmod", "write", "fsync"), f"{call} is not in the model"

    def _change(self, call: str, place: tuple[int, str], text: str, result: int) -> None:
        folder, name = place
        node = self._now.folders[folder].get(name) if name else folder
        if call.startswith("mkdir"):
            self._do(Names(((folder, name, self._new(self._now, None)),)))
        elif call != "openat":
            self._do(Names(((folder, name, None),)))
        else:
            if node is None:
                assert "O_CREAT" in text, text
                node = self._new(self._now, b"")
                self._do(Names(((folder, name, node),)))
            if "O_TRUNC" in text:
                self._do(Bytes(node, 0, None))
            end = len(self._now.files[node]) if "O_APPEND" in text else 0
            self._open[result] = (node, end)

    def _take_open(self, call: str, descriptor: int, text: str, strings: list[bytes], result: int) -> None:
        node, position = self._open[descriptor]
        numbers = re.findall(r", (\d+)", text)
        if call == "write":
            self._do(Bytes(node, position, strings[-1][:result]))
            self._open[descriptor] = (node, position + result)
        elif call == "pwrite64":
            self._do(Bytes(node, int(numbers[-1]), strings[-1][:result]))
        elif call == "ftruncate":
            self._do(Bytes(node, int(numbers[-1]), None))
        elif call in ("fsync", "fdatasync"):
            self.steps.append(Sync(node))
        else:
            assert call in ("flock", "fchmod"), f"{call} is not in the model"

    def _do(self, step: Names | Bytes) -> None:
        self._now.apply(step)
        self.steps.append(step)

    def _new(self, disk: Disk, data: bytes | None) -> int:
        number = max((*self.start.folders, *self.start.files, *disk.folders, *disk.files)) + 1
        for known in (disk, self.start):
            if data is None:
                known.folders[number] = {}
            else:
                known.files[number] = bytearray(data)
        return number

    def _place(self, text: str, path: str) -> tuple[int, str] | None:
        """Folder and name of a path; None outside the root."""
        opened = _FD.match(text)
        if opened and not path.startswith("/"):
            return (self._open[int(opened[1])][0], path) if int(opened[1]) in self._open else None
        if not Path(path).is_relative_to(self.root):
            return None
        relative = Path(path).relative_to(self.root)
        return self._find(self._now, str(relative.parent).removeprefix(".")), relative.name

    def _find(self, disk: Disk, path: str) -> int:
        folder = 0
        for name in filter(None, path.split("/")):
            folder = disk.folders[folder][name]
        return folder


def states(recording: Recording, rng: random.Random, subsets: int = 20) -> Iterator[tuple[int, str, Tree]]:
    """All that may be found after a power cut: how many steps were done, what was lost, and the tree."""
    for done in range(len(recording.steps) + 1):
        steps = recording.steps[:done]
        loose = [number for number in range(done) if not _is_certain(steps, number)]
        yield done, "all that was not synced", _after(recording.start, steps, set(loose))
        if not loose:
            continue
        yield done, "nothing", _after(recording.start, steps, set())
        for _ in range(subsets):
            lost = {number for number in loose if rng.random() < 0.5}
            yield done, f"steps {sorted(lost)}", _after(recording.start, steps, lost)
        writes = [number for number in loose if isinstance(steps[number], Bytes)]
        if writes:
            yield done, f"half of step {writes[-1]}", _after(recording.start, steps, set(), torn=writes[-1])


def _is_certain(steps: Sequence[Step], number: int) -> bool:
    step = steps[number]
    return isinstance(step, Sync) or Sync(step.needs) in steps[number + 1 :]


def _after(start: Disk, steps: Sequence[Step], lost: set[int], torn: int = -1) -> Tree:
    disk = start.copy()
    for number, step in enumerate(steps):
        if isinstance(step, Sync) or number in lost:
            continue
        if number == torn and isinstance(step, Bytes):
            step = Bytes(step.node, step.offset, step.data and step.data[: len(step.data) // 2])
        disk.apply(step)
    return disk.tree()


def read_tree(root: Path) -> Tree:
    """What lies below a folder."""
    return {
        str(path.relative_to(root)): None if path.is_dir() else path.read_bytes() for path in sorted(root.rglob("*"))
    }


def write_tree(tree: Tree, root: Path) -> None:
    """Make a folder hold a tree and nothing else."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for path, data in sorted(tree.items()):
        if data is None:
            (root / path).mkdir(exist_ok=True)
        else:
            (root / path).write_bytes(data)
