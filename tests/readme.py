"""Writes what the commands of the README print below them: python -m tests.readme [PAGE]...

Commands stand in blocks behind `<!-- run -->` or `<!-- fails -->`; a block of text that follows at once is what they
print. `<!-- file NAME -->` is a file that they read, `<!-- head NAME -->` the first lines of one that they wrote. All
run one after the other in one folder, on a terminal of 100 columns, as a reader would type them: about a minute on an
idle machine. The folder is called /srv/forecast in what is shown. The picture at the top of the README is the one that
its commands draw.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "examples").glob("*.md")))
PICTURE = ROOT / "examples" / "demand.png"
FOLDER = "/srv/forecast"
Play = Callable[[str], str]  # what a command line prints

_BLOCK = re.compile(
    r"<!-- (?P<kind>run|fails|file|head)(?: (?P<name>\S+))? -->\n```(?P<language>\w+)\n(?P<body>.*?)```\n"
    r"(?:\n```text\n(?P<shown>.*?)```\n)?",
    flags=re.DOTALL,
)
_ENVIRONMENT = {"COLUMNS": "100", "LINES": "50", "TERM": "xterm", "NO_COLOR": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
_CONTROL = re.compile(r"\x1b\[(?P<count>\d*)(?P<what>[AK])|\x1b\[[0-9;?]*[a-zA-Z]|\r|\n|[^\x1b\r\n]+")


def played(page: str, folder: Path, play: Play) -> str:
    """The page with what its commands print now.

    Args:
        page: text of the page.
        folder: that the commands run in; the files of the page are written into it.
        play: runs a command line there.
    """

    def block(found: re.Match[str]) -> str:
        kind, name, body, shown = found["kind"], found["name"], found["body"], found["shown"]
        if kind == "file":
            (folder / name).write_text(body, encoding="utf-8")
        if kind == "head":
            lines = (folder / name).read_text(encoding="utf-8").splitlines()[: body.count("\n")]
            return _with(found, "body", "".join(f"{line}\n" for line in lines))
        if kind in ("run", "fails"):
            printed = "".join(play(line[2:]) for line in body.splitlines() if line.startswith("$ "))
            if shown is not None:
                return _with(found, "shown", printed)
        return found[0]

    return _BLOCK.sub(block, page)


def _with(found: re.Match[str], group: str, text: str) -> str:
    """What was found, with another text in one of its groups."""
    begin, end = found.span(group)
    return found[0][: begin - found.start()] + text + found[0][end - found.start() :]


def shown_outputs(page: str) -> list[tuple[str, str]]:
    """The command lines of a page that have their output below them, and that output."""
    return [(found["body"], found["shown"]) for found in _BLOCK.finditer(page) if found["shown"] is not None]


def on_a_terminal(line: str, folder: Path) -> str:
    """What a command line leaves on the screen."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["bash", "-c", line],
        cwd=folder,
        env={**os.environ, **_ENVIRONMENT, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        written = b""
        while block := _read(ours):
            written += block
    os.close(ours)
    return _screen(written.decode()).replace(str(folder), FOLDER).replace(str(Path(sys.executable).parent), "/usr/bin")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes any more
        return b""


def _screen(written: str) -> str:
    """The lines that are left, where bars have been drawn over."""
    lines, row, column = [""], 0, 0
    for token in _CONTROL.finditer(written):
        if token["what"] == "A":
            row = max(0, row - int(token["count"] or 1))
        elif token["what"] == "K":
            lines[row] = "" if token["count"] == "2" else lines[row][:column]
        elif token[0] == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif token[0] == "\r":
            column = 0
        elif not token[0].startswith("\x1b"):
            lines[row] = lines[row][:column].ljust(column) + token[0] + lines[row][column + len(token[0]) :]
            column += len(token[0])
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def main() -> None:
    for page in map(Path, sys.argv[1:]) if sys.argv[1:] else PAGES:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "datasets").symlink_to(ROOT / "datasets")
            text = page.read_text(encoding="utf-8")
            play = lambda line, folder=folder: on_a_terminal(line, Path(folder))  # noqa: E731
            page.write_text(played(text, Path(folder), play), encoding="utf-8")
            if (picture := Path(folder) / PICTURE.name).exists():
                PICTURE.write_bytes(picture.read_bytes())


if __name__ == "__main__":
    main()
