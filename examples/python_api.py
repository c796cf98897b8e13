"""tsforecast from Python: fit a DataFrame, look at the scores, forecast another DataFrame."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import tsforecast

DATASETS = Path(__file__).resolve().parent.parent / "datasets"


def main(store: str = "python-models", preset: str = "balanced") -> pd.DataFrame:
    """Fit on all but the last two years of a monthly series, then forecast from the newer rows."""
    table = pd.read_csv(DATASETS / "elec-equip-monthly.csv")
    older = table.iloc[:-24]

    model = tsforecast.fit(older, horizon=12, name="equipment", store=store, preset=preset)
    sys.stdout.write(f"{model.verdict}\n{model.scores[['mae', 'skill']].round(2)}\n")

    # Later, or in another program: the version in service, on all rows.
    model = tsforecast.load("equipment", store=store)
    forecast = model.predict(table, levels=(80,))
    sys.stdout.write(f"{forecast.to_string(index=False)}\n")
    return forecast


if __name__ == "__main__":
    main(*sys.argv[1:])
