"""Train as `tsforecast fit` does on a given split; print seconds and the error on the validation windows.

python ours_validation.py '{"began": ..., "data": ..., "train": ..., ...}'
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from tsforecast.fitting.fit_panel import make_plan
from tsforecast.fitting.learn import train_again, train_model
from tsforecast.fitting.prepared import prepare
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.panel import Panel
from tsforecast.series.split import Split, all_training, split_rows


def main() -> None:
    """All that `fit` does between reading and publishing but for scoring test windows, of which there are none."""
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from common import show
    from long_horizon import score

    request = json.loads(sys.argv[1])
    rows, threads = request["train"] + request["validation"], request["threads"]
    options = FitOptions(model=request["model"], preset=request["preset"], horizon=request["horizon"], threads=threads)
    panel = read_panel(request["data"]).panel
    if panel.lengths.min() < rows:
        sys.exit(f"{request['data']} has {panel.lengths.min()} rows, the split needs {rows}")
    panel = panel.between(np.zeros_like(panel.lengths), np.full_like(panel.lengths, rows))

    def split(panel: Panel) -> Split:
        return split_rows(panel.lengths, validation=request["validation"], calibration=0, test=0)

    plan, parts = make_plan(panel, options, split)
    prepared = prepare(panel, parts, plan)
    learned = train_model(options.model, prepared, plan, TrainingSession(show))
    trained, plan = learned.periods[0].trained, learned.plan
    seconds = time.monotonic() - request["began"]
    train_again(prepare(panel, all_training(panel.lengths), plan), plan, trained, TrainingSession(show))
    with_final = time.monotonic() - request["began"]
    errors = score(trained, prepared, plan, request["train"], part="validation")
    print(
        json.dumps(
            {"seconds": seconds, "seconds_with_final_training": with_final}
            | {key: errors[key] for key in ("mse", "mae", "windows")}
        )
    )


if __name__ == "__main__":
    main()
