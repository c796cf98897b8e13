"""The report of a version: of one that is stored, with its forecast, and of one that was fitted just now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.io.messages import counted
from tsforecast.reports import ledger
from tsforecast.reports.charts import forecast_chart, gradient_chart, season_chart, training_charts
from tsforecast.reports.content import (
    MISSING,
    Block,
    Cell,
    Chart,
    Charts,
    Fact,
    Item,
    Items,
    Report,
    Section,
    Table,
    Text,
    number,
    readable,
    section,
    share,
)
from tsforecast.reports.metric_texts import Scores, cell, definitions_section, scores_section
from tsforecast.reports.newest_window import TITLE, newest_section
from tsforecast.reports.sections import (
    CLOSE,
    calibration_section,
    coverage_warnings,
    main_facts,
    notes_section,
    own_first,
    plain_verdict,
    residuals_section,
    series_section,
    settings_table,
    steps_section,
)
from tsforecast.reports.times import TimeAxis

if TYPE_CHECKING:
    from tsforecast.workflows.fit import FitResult
    from tsforecast.workflows.report import Ahead, VersionFacts

_HISTORY = {
    "phase": "phase",
    "member": "member",
    "epoch": "epoch",
    "loss": "loss",
    "val_loss": "validation loss",
    "learning_rate": "learning rate",
    "gradient_norm": "gradient norm",
    "clipped_share": "clipped",
    "seconds": "seconds",
    "windows_per_second": "windows/s",
}
_ORDER = (
    TITLE,
    "Scores",
    ledger.TITLE,
    "Error by horizon",
    "Error by series",
    "Coverage of the intervals",
    "Residuals",
    "The data",
    "What was found in the data",
    "What was chosen, and why",
    "What covariates brought",
    "What it was trained on",
    "How far back the network learns",
    "Every setting",
    "Provenance",
    "What the numbers mean",
)
_AS_GIVEN = "as given"  # where nothing was chosen
_HORIZONS, _LEAST, _MOST = 4, 24, 400  # of the past that is drawn beside a forecast


def fit_report(result: FitResult) -> Report:
    """What a fit says of the version that it published."""
    facts = result.to_dict()
    scores, model = facts["scores"], next(iter(facts["scores"]), "")
    errors = facts.get("errors")
    sections = [_data(facts), *_sections(facts, scores, facts["history"], errors)]
    if errors:
        sections.append(steps_section(errors))
    sections.append(_worst(facts.get("worst", ())))
    stored = f", stored in {facts['path']}" if facts["path"] else ", not published"
    return Report(
        title=f"{facts['name']}, version {facts['version']}" if facts["version"] else str(facts["name"]),
        subtitle=f"Fitted on {facts['file']}{stored}.",
        verdict=facts["verdict"],
        facts=tuple(main_facts(model, scores, facts["series"] > 1)),
        first=(),
        sections=_in_order(sections),
    )


def _worst(worst: Sequence[Mapping[str, Any]]) -> Section | None:
    """The series with the largest errors."""
    rows = tuple(
        (
            row["series"] or "(no name)",
            *(number(row[key]) for key in ("mase", "mae", "bias")),
            share(row["skill"]),
            share(row["coverage_80"]),
        )
        for row in worst
    )
    heads = ("series", "MASE", "MAE", "bias", "better than the usual guess", "80 % intervals held")
    caption = f"The {len(rows)} worst series; scores.csv beside the model has all"
    return section("Error by series", Table(heads, rows, caption) if rows else None)


def version_report(found: VersionFacts) -> Report:
    """All that is known of a version."""
    details = found.details.details
    metrics, spec = details["metrics"], found.bundle.spec
    errors = metrics.get("errors")
    model = errors["model"] if errors else spec.name
    scores = own_first(model, metrics.get("scores", {}))
    axis = TimeAxis(found.bundle.recent.frequency, found.bundle.schema)
    skill = scores.get(model, {}).get("skill")
    sections = (
        _steps_and_series(found, errors, axis)
        + _sections(metrics, scores, found.bundle.epochs, errors)
        + [
            newest_section(metrics.get("newest"), found.bundle.recent, spec.horizon, model, axis),
            ledger.ledger_section(found.ledger),
            _gradients(found),
            _data(metrics, _season(found, axis)),
            _settings(found),
            _provenance(found),
        ]
    )
    return Report(
        title=f"{found.details.name}, version {found.details.version}",
        subtitle=_subtitle(found),
        verdict=plain_verdict(skill, spec.season_length, metrics.get("verdict", "")),
        facts=(*main_facts(model, scores, found.bundle.recent.n_series > 1), *_dates(found)),
        first=tuple(_first(found, axis, list(_warnings(found, model, scores)))),
        sections=_in_order(sections),
    )


def _in_order(sections: Sequence[Section | None]) -> tuple[Section, ...]:
    """The sections that there are: how good it is before what it is made of."""
    there = [each for each in sections if each is not None]
    return tuple(sorted(there, key=lambda each: _ORDER.index(each.title)))


def _subtitle(found: VersionFacts) -> str:
    spec, frequency = found.bundle.spec, found.bundle.recent.frequency
    series = found.bundle.recent.n_series
    several = f"{series:,} series, " if series > 1 else ""
    return f"{several}{frequency.name}; {counted(spec.horizon, 'step')} ahead by the model {spec.name}."


def _dates(found: VersionFacts) -> Iterator[Fact]:
    until = found.details.details["metrics"].get("profile", {}).get("last")
    if until:
        yield Fact("data until", until, "newest value that it has learned from")
    yield Fact("published", f"{found.details.published:%Y-%m-%d %H:%M} UTC", "when it came into service")


def _first(found: VersionFacts, axis: TimeAxis, warnings: list[str]) -> Iterator[Block]:
    if warnings:
        yield Items(tuple(Item(text, warning=True) for text in warnings))
    if verdict := found.details.details["metrics"].get("verdict"):
        yield Text(verdict)
    if found.ahead is not None:
        charts = _forecasts(found, found.ahead, found.ahead.largest, axis)
        yield Charts(charts) if len(charts) > 1 else charts[0]
        if found.bundle.recent.n_series > len(charts):
            yield Text(f"Drawn are the {len(charts)} largest of {found.bundle.recent.n_series:,} series.")
    yield from _changes(found)


def _warnings(found: VersionFacts, model: str, scores: Scores) -> Iterator[str]:
    if found.problem:
        yield found.problem
    skills = {name: row["skill"] for name, row in scores.items() if row.get("skill") is not None}
    best = max(skills, key=lambda name: skills[name] or 0.0, default=model)
    if model in skills and (skills[best] or 0.0) > (skills[model] or 0.0) + CLOSE:
        yield f"the simple model {best} did better on the rows held out"
    yield from coverage_warnings(model, scores)
    for note in found.details.details["metrics"].get("notes", ()):
        if note["kind"] == "warning":
            yield note["text"]


def _forecasts(found: VersionFacts, ahead: Ahead, series: Sequence[int], axis: TimeAxis) -> tuple[Chart, ...]:
    season, horizon = found.bundle.spec.season_length, ahead.forecast.horizon
    rows = min(max(_HORIZONS * horizon, 2 * season, _LEAST), max(_MOST, 2 * horizon))
    recent = found.bundle.recent
    return tuple(forecast_chart(recent, each, ahead.forecast, ahead.row(each), axis, rows) for each in series)


def _changes(found: VersionFacts) -> Iterator[Block]:
    """What is different from the version before."""
    if found.last_run is not None:
        yield Text(f"Retrained: {found.last_run.message}.")
    if found.previous is None:
        return
    now, before = (_comparable(each.details) for each in (found.details, found.previous))
    rows: list[tuple[Cell, ...]] = []
    for name in dict.fromkeys((*before, *now)):
        old, new = before.get(name), now.get(name)
        if old != new:
            rows.append((name, *(_AS_GIVEN if each is None else cell(each) for each in (old, new))))
    if not rows:
        yield Text(f"Nothing but the weights has changed since version {found.previous.version}.")
        return
    columns = ("what", f"version {found.previous.version}", f"version {found.details.version}")
    yield Table(columns, tuple(rows), f"What has changed since version {found.previous.version}")


def _comparable(details: Mapping[str, Any]) -> dict[str, Any]:
    metrics = details["metrics"]
    model = (metrics.get("errors") or {}).get("model", details["spec"]["name"])
    own = metrics.get("scores", {}).get(model, {})
    several = metrics.get("series", 1) > 1
    key = "mase" if several else "mae"
    skill = own.get("skill")
    facts = {
        "published": details["published"][:16].replace("T", " ") + " UTC",
        "data until": metrics.get("profile", {}).get("last"),
        "rows": metrics.get("rows"),
        "series": metrics.get("series"),
        "model": details["spec"]["name"],
        "skill on its held-out rows": None if skill is None else share(skill).text,
        f"{key.upper()} on its held-out rows": None if own.get(key) is None else readable(own[key]),
        "horizon": details["spec"]["horizon"],
        "lookback": metrics.get("lookback"),
        "parameters": details["provenance"].get("parameters"),
    }
    chosen = {choice["name"]: choice["value"] for choice in metrics.get("choices", ())}
    return facts | {name: value for name, value in chosen.items() if name not in facts}


def _steps_and_series(found: VersionFacts, errors: Mapping[str, Any] | None, axis: TimeAxis) -> list[Section | None]:
    if not errors:
        return []
    recent, ahead = found.bundle.recent, found.ahead
    drawn: tuple[Chart, ...] = ()
    columns: dict[str, Any] = {}
    if ahead is not None:
        drawn = _forecasts(found, ahead, ahead.worst, axis)
        columns = {"last values": ahead.before, "forecast": ahead.means}
    labels = [recent.label(each) for each in range(recent.n_series)]
    return [
        steps_section(errors),
        series_section(labels, columns, errors, drawn),
        residuals_section(errors, axis, found.bundle.spec.season_length),
    ]


def _sections(
    facts: Mapping[str, Any],
    scores: Scores,
    history: Sequence[Mapping[str, Any]],
    errors: Mapping[str, Any] | None = None,
) -> list[Section | None]:
    """What a fit and a stored version say alike."""
    return [
        notes_section(facts.get("notes", ())),
        _choices(facts),
        _covariates(facts),
        scores_section(scores),
        calibration_section(errors, scores),
        _training(facts, history),
        definitions_section(scores),
    ]


def _choices(facts: Mapping[str, Any]) -> Section | None:
    choices = facts.get("choices", ())
    rows = tuple((choice["name"], choice["value"], choice["reason"]) for choice in choices)
    table = Table(("setting", "value", "reason"), rows, "Chosen from the data") if rows else None
    return section("What was chosen, and why", table)


def _covariates(facts: Mapping[str, Any]) -> Section | None:
    """What is read besides the series, and what each of it brought."""
    about = [each for each in facts.get("choices", ()) if each["name"] in ("covariates", "calendar")]
    items = tuple(Item(f"{each['value']}; {each['reason']}", name=each["name"]) for each in about)
    rows: list[tuple[Cell, ...]] = []
    for each in facts.get("brought") or ():
        without = each["error_without"]
        brings = 1 - each["error"] / without if without and np.isfinite(without) else None
        told = number(brings, "" if brings is None else f"{100 * brings:+.1f} %")
        rows.append((each["name"], each["role"], number(without), told))
    columns = ("what is known besides", "what it is", "error without", "brings")
    caption = "Error of a linear model on validation windows, in seasonal differences; below zero it does harm"
    return section(
        "What covariates brought",
        Items(items) if items else None,
        Table(columns, tuple(rows), caption) if rows else None,
    )


def _training(facts: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> Section | None:
    columns = [key for key in _HISTORY if any(key in row for row in history)]
    rows = tuple(tuple(cell(row.get(key)) for key in columns) for row in history)
    charts = training_charts(history)
    texts = [facts.get("training_rows"), f"Intervals: {facts['calibration']}." if facts.get("calibration") else None]
    return section(
        "What it was trained on",
        *(Text(text) for text in texts if text),
        Charts(charts) if charts else None,
        Table(tuple(_HISTORY[key] for key in columns), rows, "Epochs", folded=True) if rows else None,
    )


def _gradients(found: VersionFacts) -> Section | None:
    flow = found.details.details["metrics"].get("gradient_flow")
    chart = gradient_chart(found.bundle.gradients)
    return section("How far back the network learns", Text(f"{flow['text']}.") if flow else None, chart)


def _season(found: VersionFacts, axis: TimeAxis) -> Chart | None:
    recent = found.bundle.recent
    largest = found.ahead.largest[0] if found.ahead else int(np.argmax(recent.lengths))
    return season_chart(recent, largest, found.bundle.spec.season_length, axis)


def _data(facts: Mapping[str, Any], season: Chart | None = None) -> Section | None:
    """The data as they were read, and their season."""
    rows: list[tuple[str, Cell]] = [
        ("data", Path(facts["file"]).name if facts.get("file") else MISSING),
        ("series", cell(facts.get("series"))),
        ("rows", number(facts["rows"], f"{facts['rows']:,}") if "rows" in facts else MISSING),
        ("frequency", facts.get("frequency_name", MISSING)),
        *((name, counted(facts[name], "step")) for name in ("horizon", "lookback") if name in facts),
        *((("season", counted(facts["season_length"], "step")),) if "season_length" in facts else ()),
    ]
    if profile := facts.get("profile"):
        rows += _profile_rows(profile)
    return section("The data", Table(("property", "value"), tuple(rows), "The data in figures"), season)


def _profile_rows(profile: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    shortest, median, longest = profile["lengths"]
    yield "from", profile["first"]
    yield "until", profile["last"]
    if shortest == longest:
        yield "rows of each series", cell(longest)
    else:
        yield "rows of the shortest, the median and the longest series", f"{shortest:,}, {median:,}, {longest:,}"
    missing, gaps = profile["missing"], counted(profile["gaps"], "gap")
    yield "missing values, filled in", number(missing, f"{missing:,} in {gaps}" if missing else "none")
    if gap := profile["longest_gap"]:
        where = f" of {gap['id']}" if gap["id"] else ""
        yield "longest gap", f"{counted(gap['steps'], 'step')} from {gap['first']} to {gap['last']}{where}"
    yield "least and largest value", f"{readable(profile['lowest'])} to {readable(profile['highest'])}"
    yield "zeros", cell(profile["zeros"])
    if (strength := profile["season_strength"]) is not None:
        yield "strength of the season, at most 1", number(strength, f"{strength:.2f}")


def _settings(found: VersionFacts) -> Section | None:
    details = found.details.details
    training = details["provenance"].get("training") or {}
    return section(
        "Every setting",
        Text("Settings without a reason above were given, or are the usual ones."),
        settings_table("The model", details["spec"]),
        settings_table("The training", training),
        settings_table("The table", details["schema"]),
    )


def _provenance(found: VersionFacts) -> Section | None:
    details = found.details.details
    kept = {key: value for key, value in details["provenance"].items() if key != "training"}
    about = {
        "name": found.details.name,
        "version": found.details.version,
        "folder": found.details.path,
        "bytes": details["size"],
        "format": details["format_version"],
        "published": details["published"],
        "scaling": details["scaling"],
    }
    return section("Provenance", settings_table("Where it comes from", about | kept, folded=False))
