"""The program: `python -m tsforecast`, and what the script `tsforecast` calls."""

from __future__ import annotations

import io
import os
import signal
import sys
from contextlib import suppress

from tsforecast import ELSEWHERE


def main() -> None:
    """Run the command line."""
    if sys.platform == "win32":
        sys.exit(f"Error: {ELSEWHERE}")
    # Nothing is under way while the modules of the command line load: Ctrl-C ends the program without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a table may hold letters that the locale does not have
    # One thread for NumPy's OpenBLAS, unless the user has chosen a number. Products of small matrices gain next to
    # nothing from a second one, and on a busy machine the threads wait for each other many times as long as they work.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy reads it when it is loaded
    from tsforecast.cli import main as command_line
    from tsforecast.errors import MemoryShortageError

    try:
        sys.exit(command_line(prog_name="tsforecast"))
    except SystemExit as end:
        if end.code == MemoryShortageError.exit_code:
            _leave_at_once(MemoryShortageError.exit_code)
        raise


def _leave_at_once(status: int) -> None:
    """End without the farewells of libraries: one whose start was broken off for lack of memory crashes in them."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
