"""The program: `python -m tsforecast`, and what the script `tsforecast` calls."""

from __future__ import annotations

import io
import signal
import sys


def main() -> None:
    """Run the command line."""
    # Nothing is under way while the modules of the command line load: Ctrl-C ends the program without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a table may hold letters that the locale does not have
    from tsforecast.cli import main as command_line

    sys.exit(command_line(prog_name="tsforecast"))


if __name__ == "__main__":
    main()
