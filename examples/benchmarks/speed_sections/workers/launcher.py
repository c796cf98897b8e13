"""Run a command; print its seconds, its peak resident memory and its exit status as JSON (Linux).

A process inherits the peak of the one that started it, so that a big parent would hide a small child: this one is
small, and its file is run by itself with `python -S`.
"""

import json
import os
import subprocess
import sys
import time

began = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
seconds = time.monotonic() - began
exit_code = os.waitstatus_to_exitcode(status)
sys.stdout.write(json.dumps({"seconds": seconds, "peak_rss_mib": usage.ru_maxrss / 1024, "exit_code": exit_code}))
