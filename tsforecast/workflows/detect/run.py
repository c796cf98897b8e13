"""Read a table, score every series, and say which rows are anomalies."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast import notebook
from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.errors import OptionError
from tsforecast.io.messages import Note, counted, info, tell, warning
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import STEP, readable_stamps
from tsforecast.io.writing.columns import check_columns
from tsforecast.models.anomaly.methods import LEAST_ROWS, score_rows
from tsforecast.models.anomaly.names import AUTO, RESIDUALS
from tsforecast.models.anomaly.segments import Stretch, stretches_above
from tsforecast.models.anomaly.tail import FEW_PEAKS, Tail, fit_tail
from tsforecast.models.anomaly.windows import LEAST_WINDOW, find_window, smoothed_where_known
from tsforecast.progress import Message, Report
from tsforecast.series.frequency import season_length
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.strays import find_strays, without_strays
from tsforecast.workflows.detect.settings import USUAL_ROWS, USUAL_SECONDS, DetectSettings

if TYPE_CHECKING:
    import pandas as pd

VALUE, SCORE, P_VALUE, ALARM = COLUMNS = ("value", "score", "p_value", "alarm")
START, END, PEAK, ROWS = ("start", "end", "peak", "rows")
_MANY_ROWS = 20_000  # that take long enough to say so
_STRAY = 10.0  # of the score above all others, that a value which is hardly a measurement has
_LONGEST = 1e9  # rows in which an anomaly is said to come once by chance
_SHARE = 4  # of the rows of a series that a window takes at most is one in so many
_SECOND = np.timedelta64(1, "s")
Check = Callable[[ReadResult], None]


@dataclass(frozen=True)
class Anomaly:
    """A stretch of unusual rows.

    Args:
        id: label of the series; empty for a single one.
        start: time of the first row, `end` of the last, `peak` of the one with the highest score.
        rows: from the first to the last.
        value: at the peak.
        score: the highest: the negative logarithm of the share of rows with as high a one, over the methods.
        p_value: the chance that a window of clean data has as high a score.
        chance_rows: rows of clean data in which one as high is expected.
    """

    id: str
    start: str
    end: str
    peak: str
    rows: int
    value: float
    score: float
    p_value: float
    chance_rows: float


@dataclass(frozen=True)
class Scored:
    """The score of every row.

    Args:
        panel: the rows.
        schema: how times are written.
        scores: NaN where a row has none, because it was filled in or its series is too short, shape (rows,).
        p_values: likewise.
        alarms: which rows are part of an anomaly, shape (rows,).
        levels: score of each series above which a row is an anomaly, NaN for none, shape (n_series,).
        found: the anomalies, as the number of their series and their rows.
    """

    panel: Panel
    schema: Schema
    scores: Float64
    p_values: Float64
    alarms: Bool
    levels: Float64
    found: tuple[tuple[int, Stretch], ...]


@dataclass(frozen=True)
class DetectResult:
    """What was found.

    Args:
        budget_rows: rows of a series in which one false alarm is accepted.
        expected: anomalies that chance alone would make of so many rows, if all were clean.
        windows: rows that were looked at together: of the fewest and of the most in a series.
        anomalies: the least likely first.
        skipped: labels of the series that are too short for scores.
        unjudged: labels of those too short to judge how often a score comes by chance.
        notes: what was found and repaired in the data.
    """

    file: str
    series: int
    rows: int
    frequency_name: str
    method: str
    budget_rows: float
    expected: float
    windows: tuple[int, int]
    anomalies: tuple[Anomaly, ...]
    skipped: tuple[str, ...]
    unjudged: tuple[str, ...]
    notes: tuple[Note, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @property
    def verdict(self) -> str:
        """How many anomalies there are, and how many chance makes."""
        return (
            f"{counted(len(self.anomalies), 'anomaly', 'anomalies')} in {counted(self.rows, 'row')}, where clean data "
            f"have {self.expected:.2g} by chance (one in {self.budget_rows:,.0f} rows)"
        )

    def _repr_html_(self) -> str:
        """What notebooks show."""
        rows = {f"{each.id} {each.start}".strip(): asdict(each) for each in self.anomalies}
        title = f"Anomalies: {self.series:,} series, {self.rows:,} rows"
        return notebook.page(title, notebook.scores(rows, (SCORE, P_VALUE, VALUE, ROWS)), note=self.verdict)


def detect(
    source: str | Path | pd.DataFrame,
    *,
    settings: DetectSettings,
    reading: ReadOptions,
    check: Check = lambda data: None,
    report: Report = lambda event: None,
) -> tuple[DetectResult, Scored]:
    """Find the anomalies of the series of a table.

    Args:
        source: as for `read_panel`.
        settings: how, and how many false ones are accepted.
        reading: about the table.
        check: is called with the table before the work, and refuses what cannot be made of it.
        report: receives messages.

    Raises:
        TsforecastError: bad options (2), bad data (65), missing input (66).
    """
    began = time.monotonic()
    data = read_panel(source, reading, report=report)
    tell(data.notes, report)
    check_columns(data.schema, (), besides=(*COLUMNS, START, END, PEAK, ROWS))
    check(data)
    result, scored = detect_in(data, settings, report)
    return replace(result, seconds=time.monotonic() - began), scored


def detect_in(
    data: ReadResult, settings: DetectSettings, report: Report = lambda event: None
) -> tuple[DetectResult, Scored]:
    """Find the anomalies of a table that was read; the arguments are those of `detect`.

    Raises:
        OptionError: a budget or a method that does not fit the table.
    """
    panel, steps = data.panel, _budget_rows(data, settings)
    if len(panel.values) >= _MANY_ROWS:
        report(Message("info", f"scores {len(panel.values):,} rows"))
    errors = None if settings.model is None else _forecast_errors(data, settings, report)
    windows, tails, scores = _scores(panel, settings, steps, errors)
    scored = _scored(data, scores, windows, tails, steps, settings)
    return _result(data, settings, scored, windows, tails, steps), scored


def _budget_rows(data: ReadResult, settings: DetectSettings) -> float:
    """Rows of a series in which one false alarm is accepted."""
    frequency, counts = data.panel.frequency, data.schema.time_formats == (STEP,)
    first, last = frequency.stamps(np.array([0, 1000]))
    step = float((last - first) / _SECOND) / 1000
    if settings.budget is None:
        return float(USUAL_ROWS) if counts else max(float(USUAL_ROWS), USUAL_SECONDS / step)
    amount, timed = settings.budget
    if timed and counts:
        raise OptionError(
            f"false_alarm_every is {settings.false_alarm_every}, and the rows have no times",
            hint="give a number of rows",
        )
    return amount / step if timed else amount


def _forecast_errors(data: ReadResult, settings: DetectSettings, report: Report) -> Float64:
    from tsforecast.models.options import FitOptions
    from tsforecast.workflows.detect.forecasts import forecast_errors

    if settings.method not in (AUTO, RESIDUALS):
        raise OptionError(f"method {settings.method} reads no forecasts", hint="leave --model out, or take auto")
    return forecast_errors(data, FitOptions(model=settings.model or "", preset=settings.preset), report)


def _scores(
    panel: Panel, settings: DetectSettings, steps: float, errors: Float64 | None
) -> tuple[Int64, dict[int, Tail], Float64]:
    """Of each series the window, 0 for one that is too short; of the others the tail, and the scores of all rows."""
    season, stray, seen = season_length(panel.frequency), find_strays(panel), without_strays(panel)
    windows, scores, tails = np.zeros(panel.n_series, np.int64), np.full(len(panel.values), np.nan), {}
    for number in range(panel.n_series):
        rows, values = slice(panel.offsets[number], panel.offsets[number + 1]), seen.series(number)
        if panel.observed[rows].sum() < LEAST_ROWS:
            continue
        window = min(settings.window or find_window(values, season), max(LEAST_WINDOW, len(values) // _SHARE))
        if steps < 2 * window:
            raise OptionError(
                f"a false alarm every {steps:,.3g} rows is more often than one in two windows of {window} rows",
                hint=f"allow one in {2 * window} rows or more, or look at fewer rows together with --window",
            )
        forecasts = None if errors is None else smoothed_where_known(errors[rows], window)
        own = score_rows(values, window, settings.method, forecasts)
        known = own[np.isfinite(own)]
        if len(known) < LEAST_ROWS:
            continue
        tails[number], windows[number] = fit_tail(known, window), window
        own = np.where(stray[rows], known.max() + _STRAY, own)
        scores[rows] = np.where(panel.observed[rows], own, np.nan)
    return windows, tails, scores


def _scored(
    data: ReadResult, scores: Float64, windows: Int64, tails: dict[int, Tail], steps: float, settings: DetectSettings
) -> Scored:
    """Chances, and the stretches above the level of the budget."""
    panel, found = data.panel, []
    p_values, alarms = np.full(len(scores), np.nan), np.zeros(len(scores), bool)
    levels = np.full(panel.n_series, np.nan)
    for number, tail in tails.items():
        begin, end = panel.offsets[number], panel.offsets[number + 1]
        own = scores[begin:end]
        known = np.isfinite(own)
        p_values[begin:end][known] = tail.p_values(own[known])
        levels[number] = tail.alarm_level(steps)
        for each in stretches_above(own, levels[number], int(windows[number])):
            if settings.newest is None or each.end > end - begin - settings.newest:
                found.append((number, each))
                alarms[begin + each.first : begin + each.end] = True
    return Scored(panel, data.schema, scores, p_values, alarms & np.isfinite(scores), levels, tuple(found))


def _result(
    data: ReadResult, settings: DetectSettings, scored: Scored, windows: Int64, tails: dict[int, Tail], steps: float
) -> DetectResult:
    panel = data.panel
    anomalies = [_anomaly(scored, number, each, tails[number]) for number, each in scored.found]
    judged = np.array([*tails], dtype=np.int64)
    rows = panel.lengths[judged] if settings.newest is None else np.minimum(panel.lengths[judged], settings.newest)
    skipped = tuple(panel.label(number) for number in range(panel.n_series) if number not in tails)
    unjudged = tuple(panel.label(number) for number, tail in tails.items() if not tail.judged)
    used = windows[judged]
    return DetectResult(
        file=data.file,
        series=panel.n_series,
        rows=len(panel.values) if settings.newest is None else int(rows.sum()),
        frequency_name=panel.frequency.name,
        method=settings.method,
        budget_rows=steps,
        expected=float(rows.sum()) / steps,
        windows=(int(used.min()), int(used.max())) if used.size else (0, 0),
        anomalies=tuple(sorted(anomalies, key=lambda each: (each.p_value, -each.score))),
        skipped=skipped,
        unjudged=unjudged,
        notes=(*data.notes, *_notes(skipped, unjudged, panel.n_series)),
        seconds=0.0,
    )


def _notes(skipped: tuple[str, ...], unjudged: tuple[str, ...], total: int) -> list[Note]:
    notes = []
    if skipped:
        notes.append(warning(f"{_which(len(skipped), total)} fewer than {LEAST_ROWS} values, and no scores"))
    if unjudged:
        notes.append(
            info(
                f"{_which(len(unjudged), total)} fewer than {FEW_PEAKS} peaks: too short to judge how often a score "
                "comes by chance, so that alarms may be more or fewer there than the budget allows"
            )
        )
    return notes


def _which(count: int, total: int) -> str:
    if total == 1:
        return "the series has"
    return f"{count:,} of {total:,} series {'has' if count == 1 else 'have'}"


def _anomaly(scored: Scored, number: int, each: Stretch, tail: Tail) -> Anomaly:
    panel, begin = scored.panel, int(scored.panel.offsets[number])
    places = panel.starts[number] + np.array([each.first, each.end - 1, each.peak])
    start, end, peak = readable_stamps(panel.frequency.stamps(places), scored.schema, panel.frequency)
    score = float(scored.scores[begin + each.peak])
    rate = float(tail.rates(np.array([score]))[0])
    return Anomaly(
        id=panel.label(number),
        start=start,
        end=end,
        peak=peak,
        rows=each.end - each.first,
        value=float(panel.values[begin + each.peak]),
        score=score,
        p_value=float(scored.p_values[begin + each.peak]),
        chance_rows=min(1 / max(rate, 1 / _LONGEST), _LONGEST),
    )
