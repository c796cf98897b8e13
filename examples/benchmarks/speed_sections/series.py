"""Tables that sections make for themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def write_hourly(path: Path, rows: int, columns: int) -> Path:
    """Write noisy hourly series with a daily and a weekly season as a CSV file: `date`, then `y0`, `y1`, ..."""
    steps = np.arange(rows)[:, None] + 5 * np.arange(columns)
    noise = np.random.default_rng(0).normal(0, 0.3, (rows, columns))
    values = 10 + 3 * np.sin(2 * np.pi * steps / 24) + np.cos(2 * np.pi * steps / 168) + noise
    frame = pd.DataFrame(values.round(4), columns=[f"y{number}" for number in range(columns)])
    frame.insert(0, "date", pd.date_range("2024-01-01", periods=rows, freq="h"))
    frame.to_csv(path, index=False)
    return path
