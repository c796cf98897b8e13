"""`python -m tsforecast`."""

from __future__ import annotations

from tsforecast.cli import main

if __name__ == "__main__":
    main(prog_name="tsforecast")
