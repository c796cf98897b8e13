"""Tests of the files of a bundle: what comes back is what went in, and anything else is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.networks import random_weights
from tsforecast.errors import ModelError
from tsforecast.models.network.config import HEADS, STRATEGIES
from tsforecast.models.registry import MODELS
from tsforecast.models.spec import Part
from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.weekly_cycle import weekly_calendar
from tsforecast.series.windows import WindowIndex, model_rows
from tsforecast.store.bundle import codec
from tsforecast.store.bundle.bundle import Bundle, Golden
from tsforecast.store.bundle.codec import decode, encode
from tsforecast.store.bundle.document import decode_document
from tsforecast.store.bundle.formats import FORMAT_VERSION
from tsforecast.store.bundle.manifest import decode_manifest, encode_manifest, make_manifest

VECTORS = {"past": 0, "future": 0, "static": 0, "categories": [2], "category_widths": [3]}


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in type and to the last bit, through dataclasses and arrays."""
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and bool(np.all(left == right))
    if hasattr(left, "__dataclass_fields__"):
        return type(left) is type(right) and same(vars(left), vars(right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return type(left) is type(right) and bool(left == right)


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"past_cols": ("wind",), "lags": (24,), "static_cols": ("size",)},
        {
            "future_cols": ("price", "promo"),
            "category_cols": ("country",),
            "holidays": ("DE-BY",),
            "holidays_col": "country",
            "holidays_around": 1,
            "holidays_version": "0.80",
        },
    ],
)
def test_the_schema_says_which_columns_are_covariates_where_there_are_some(make_bundle, known):
    bundle = make_bundle("naive")
    bundle = replace(bundle, schema=replace(bundle.schema, **known))
    data = encode(bundle)["model.json"]
    stored = json.loads(data)["schema"]
    assert set(stored) == {"time_cols", "id_cols", "target_cols", "time_formats", "time_zone", *known}
    assert decode_document(data).schema == bundle.schema


@pytest.mark.parametrize("model", MODELS)
def test_a_bundle_comes_back_as_it_was(make_bundle: Callable[..., Bundle], model: str) -> None:
    bundle = make_bundle(model, members=2 if MODELS[model].kind == "network" else 1)
    assert same(decode(encode(bundle)), bundle)


def test_shares_of_series_and_forms_of_local_models_come_back_and_are_left_out_where_there_are_none(make_bundle):
    plain = json.loads(encode(make_bundle("ets"))["model.json"])["spec"]
    assert "by_series" not in plain and "forms" not in plain["parts"][0]
    bundle = make_bundle("auto")
    n_series, parts = bundle.recent.n_series, list(bundle.spec.parts)
    parts[3] = Part("ets", 0.2, 12, forms=3)
    rng = np.random.default_rng(0)
    weights = random_weights(tuple(parts), bundle.spec.horizon, rng, n_series)
    weights["shares"] = rng.dirichlet(np.ones(4), n_series).astype(np.float32)
    spec = replace(bundle.spec, parts=tuple(parts), by_series=True)
    forecaster = replace(bundle.forecaster, spec=spec, weights=weights)
    golden = replace(bundle.golden, expected=forecaster.quantiles(bundle.golden.windows))
    bundle = replace(bundle, forecaster=forecaster, golden=golden)
    assert same(decode(encode(bundle)), bundle)
    with pytest.raises(ModelError, match=r"'spec\.by_series' is 1; expected true or false"):
        decode(edited(bundle, "spec.by_series", 1))
    with pytest.raises(ModelError, match=r"'spec.parts\[3\].forms' is 4; expected a whole number from 1 to 3"):
        decode(edited(bundle, "spec.parts.3.forms", 4))
    with pytest.raises(ModelError, match="expected a whole number from 1 to 1"):
        decode(edited(bundle, "spec.parts.0.forms", 3))


def test_which_series_are_rounded_comes_back_and_is_left_out_where_none_is(bundle: Bundle) -> None:
    assert "counts" not in json.loads(encode(bundle)["model.json"])["scaling"]
    assert decode(encode(bundle)).scaling.counts is None
    counted = replace(bundle, scaling=replace(bundle.scaling, counts=np.array([False, True])))
    assert decode(encode(counted)).scaling.counts.tolist() == [False, True]
    with pytest.raises(ModelError, match=r"'scaling\.counts' is 1; expected true or false"):
        decode(edited(counted, "scaling.counts", 1))


def test_the_usual_week_of_a_part_comes_back_and_is_left_out_where_there_is_none(make_bundle):
    bundle = make_bundle("auto")
    plain = json.loads(encode(bundle)["model.json"])["spec"]
    assert "calendar" not in plain and "week" not in plain["parts"][0]
    rng = np.random.default_rng(0)
    parts = tuple(replace(part, week=168 if number < 3 else 0) for number, part in enumerate(bundle.spec.parts))
    week = {f"part{i}/week": rng.normal(size=(bundle.recent.n_series, 168)).astype(np.float32) for i in range(3)}
    spec = replace(bundle.spec, parts=parts, calendar=weekly_calendar("Europe/Paris"))
    forecaster = replace(bundle.forecaster, spec=spec, weights=bundle.forecaster.weights | week)
    rows = model_rows(bundle.recent, bundle.scaling, calendar=spec.calendar)
    index = WindowIndex(rows.offsets[1:], np.arange(bundle.recent.n_series))
    windows = rows.windows(index, lookback=spec.lookback, horizon=spec.horizon)
    bundle = replace(bundle, forecaster=forecaster, golden=Golden(windows, forecaster.quantiles(windows)))
    assert same(decode(encode(bundle)), bundle)
    with pytest.raises(ModelError, match=r"'spec.parts\[3\].week' is 168; expected a whole number from 0 to 0"):
        decode(edited(bundle, "spec.parts.3.week", 168))
    with pytest.raises(ModelError, match="share-of-week, which the usual week of a part is found by"):
        decode(edited(bundle, "spec.calendar.names", ["time-of-day"]))


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("strategy", [strategy for strategy in STRATEGIES if strategy != "direct"])
def test_every_strategy_and_head_comes_back(make_bundle: Callable[..., Bundle], strategy: str, head: str) -> None:
    bundle = make_bundle("lstm", strategy=strategy, head=head, series_vectors=0, linear_skip=False)
    assert same(decode(encode(bundle)), bundle)


@pytest.mark.parametrize("strategy", [strategy for strategy in STRATEGIES if strategy != "direct"])
@pytest.mark.parametrize(
    ("key", "value", "said"), [("inputs", VECTORS, "vectors of the series"), ("linear_skip", True, "a linear skip")]
)
def test_what_only_direct_has_is_refused_elsewhere(
    make_bundle: Callable[..., Bundle], strategy: str, key: str, value: Any, said: str
) -> None:
    bundle = make_bundle(strategy=strategy, series_vectors=0, linear_skip=False)
    with pytest.raises(ModelError, match=rf"'spec\.parts\[0\]\.network': a {strategy} network cannot have {said}"):
        decode(edited(bundle, f"spec.parts.0.network.{key}", value))


def test_an_autoregressive_network_that_reads_both_ways_is_refused(make_bundle: Callable[..., Bundle]) -> None:
    bundle = make_bundle("bigru", strategy="recursive", series_vectors=0, linear_skip=False)
    with pytest.raises(ModelError, match=r"'spec\.parts\[0\]\.network': .* cannot read the window both ways"):
        decode(edited(bundle, "spec.parts.0.network.strategy", "autoregressive"))


def test_weights_of_another_strategy_or_head_are_refused(bundle: Bundle) -> None:
    with pytest.raises(ModelError, match="shape"):
        decode(edited(bundle, "spec.parts.0.network.head", "student-t"))


def test_encoding_is_deterministic(bundle: Bundle) -> None:
    assert encode(bundle) == encode(bundle)


@pytest.mark.parametrize(
    "frequency",
    [
        Frequency("fixed", 30 * 60 * 1_000_000),
        Frequency("fixed", 7 * DAY, phase=3 * DAY),
        Frequency("month", 3, phase=1, day=31, time_of_day=6 * HOUR),
        Frequency("business", 1, time_of_day=DAY - 1),
    ],
)
def test_every_kind_of_frequency_comes_back(bundle: Bundle, frequency: Frequency) -> None:
    panel = replace(bundle.recent, frequency=frequency, starts=np.array([-7, 500]))
    assert decode(encode(replace(bundle, recent=panel))).recent.frequency == frequency


def test_tensors_that_lie_transposed_in_memory_are_stored_in_order(bundle: Bundle) -> None:
    weights = {name: np.asfortranarray(value) for name, value in bundle.forecaster.weights.items()}
    forecaster = replace(bundle.forecaster, weights=weights)
    assert same(decode(encode(replace(bundle, forecaster=forecaster))).forecaster.weights, bundle.forecaster.weights)


def test_a_metric_without_a_number_becomes_null(bundle: Bundle) -> None:
    metrics = {"mase": float("nan"), "owa": np.float32(0.5), "levels": (80, 95)}
    assert decode(encode(replace(bundle, metrics=metrics))).metrics == {"mase": None, "owa": 0.5, "levels": [80, 95]}


def test_a_diverged_epoch_has_no_loss(bundle: Bundle) -> None:
    epochs = [bundle.epochs[0] | {"loss": float("nan"), "phase": 'a, "b"'}]
    assert decode(encode(replace(bundle, epochs=epochs))).epochs == [epochs[0] | {"loss": None}]


def test_history_and_gradients_may_be_empty(bundle: Bundle) -> None:
    decoded = decode(encode(replace(bundle, epochs=[], gradients=[])))
    assert (decoded.epochs, decoded.gradients) == ([], [])


SCORES = {"values": 12, "mae": 1.5, "rmse": 2.0, "bias": -0.5, "mase": None, "skill": -2.0, "coverage_80": 0.75}


def test_the_scores_of_series_come_back_and_are_left_out_where_there_are_none(bundle: Bundle) -> None:
    rows = [{"series": 'a, "b" / c', **SCORES}, {"series": "", **SCORES}]
    files = encode(replace(bundle, by_series=rows))
    assert decode(files).by_series == rows
    assert "scores.csv" not in encode(bundle) and decode(encode(bundle)).by_series == []
    refused(files | {"scores.csv": files["scores.csv"].replace(b",mase,", b",made,")}, "scores.csv", "its columns are")
    refused(files | {"scores.csv": files["scores.csv"].replace(b"1.5", b"inf")}, "scores.csv", "does not fit")


def test_of_more_scores_than_a_reader_takes_the_worst_are_stored(bundle: Bundle, monkeypatch) -> None:
    monkeypatch.setattr(codec, "_MOST_SERIES_BYTES", 2000)
    rows = [{"series": f"series {number}", **SCORES} for number in range(1000)]
    stored = decode(encode(replace(bundle, by_series=rows))).by_series
    assert 10 < len(stored) < 100 and stored == rows[: len(stored)]


def edited(bundle: Bundle, path: str, value: Any) -> dict[str, bytes]:
    """The files with one value of model.json replaced; a path that does not exist yet is added."""
    files = encode(bundle)
    document = json.loads(files["model.json"])
    *parents, last = path.split(".")
    place = document
    for key in parents:
        place = place[int(key) if isinstance(place, list) else key]
    place[last] = value
    return files | {"model.json": json.dumps(document).encode()}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("surprise", 1, "unknown key 'surprise'"),
        ("spec.surprise", 1, "'spec' has the unknown key"),
        ("spec.parts.0.surprise", 1, "'spec.parts[0]' has the unknown key"),
        ("spec.parts.0.network.surprise", 1, "'spec.parts[0].network' has the unknown key"),
        ("format_version", 99, "format_version"),
        ("format_version", True, "format_version"),
        ("kind", "linear", "'kind' is \"linear\""),
        ("spec", [], "'spec' is not an object"),
        ("spec.name", "pickle", "'spec.name'"),
        ("spec.horizon", 5.0, "'spec.horizon' is 5.0; expected a whole number from 1 to 10000"),
        ("spec.horizon", 10**400, "'spec.horizon'"),
        ("spec.horizon", 6, "expected the horizon 6"),
        ("spec.season_length", "4", "'spec.season_length'"),
        ("spec.parts", {}, "'spec.parts' is {}; expected a list of 1 to 500 objects"),
        ("spec.parts", [], "'spec.parts' is []; expected a list of 1 to 500 objects"),
        ("spec.parts", [{}] * 501, "expected a list of 1 to 500 objects"),
        ("spec.parts", ["gru"], "'spec.parts[0]' is not an object"),
        ("spec.parts.0.name", "lstm", "'spec.parts[0].name' is \"lstm\"; expected one of gru"),
        ("spec.parts.0.name", "linear", "expected one of gru"),
        ("spec.parts.0.share", 0.5, "expected shares that sum to 1"),
        ("spec.parts.0.share", 1.5, "'spec.parts[0].share' is 1.5; expected a number from 0 to 1"),
        ("spec.parts.0.share", -1, "expected a number from 0 to 1"),
        ("spec.parts.0.share", True, "expected a number from 0 to 1"),
        ("spec.parts.0.lookback", 0, "'spec.parts[0].lookback'"),
        ("spec.parts.0.lookback", 13, "expected what the network has"),
        ("spec.parts.0.network", None, "expected an object for the model 'gru'"),
        ("spec.parts.0.network.cell", "lstm", "'gru' for the model 'gru'"),
        ("spec.parts.0.network.bidirectional", True, "false for the model 'gru'"),
        ("spec.parts.0.network.bidirectional", 0, "true or false"),
        ("spec.parts.0.network.units", 10**9, "expected a whole number from 1 to 4096"),
        ("spec.parts.0.network.layers", 9, "'spec.parts[0].network.layers'"),
        ("spec.parts.0.network.lookback", 13, "expected what the network has"),
        ("spec.parts.0.network.horizon", 6, "expected the horizon 5"),
        ("spec.parts.0.network.dropout", 1.0, "'spec.parts[0].network.dropout'"),
        ("spec.parts.0.network.normalisation", "eval", "expected one of last"),
        ("spec.parts.0.network.inputs", 2, "'spec.parts[0].network.inputs' is not an object"),
        ("spec.parts.0.network.inputs.more", 1, "'spec.parts[0].network.inputs' has the unknown key"),
        ("spec.parts.0.network.inputs.past", 1, "expected a whole number from 0 to 0"),
        ("spec.parts.0.network.inputs.future", -1, "expected a whole number from 0 to 0"),
        ("spec.parts.0.network.inputs.static", False, "expected a whole number from 0 to 0"),
        ("spec.parts.0.network.inputs.categories", [1], "is [1]; expected [] or [2]"),
        ("spec.parts.0.network.inputs.categories", [2, 2], "expected [] or [2]"),
        ("spec.parts.0.network.inputs.categories", 2, "a list of whole numbers from 0"),
        ("spec.parts.0.network.inputs.categories", [], "expected a width for each category"),
        ("spec.parts.0.network.inputs.category_widths", [True], "a list of whole numbers from 0 to 4096"),
        ("spec.parts.0.network.inputs.category_widths", [10**9], "a list of whole numbers from 0 to 4096"),
        ("spec.parts.0.network.inputs.category_widths", [3, 3], "expected a width for each category"),
        ("spec.parts.0.network.inputs.category_widths", [6], "6 units leave no room for vectors of the series"),
        ("schema.time_cols", "zeit", "'schema.time_cols' is \"zeit\"; expected a list of texts"),
        ("schema.time_cols", [], "'schema.time_cols' is []; expected at least one column"),
        ("schema.time_formats", ["%Y", "%m"], "expected a format for each of 1 time columns"),
        ("schema.time_formats", [], "expected a format for each of 1 time columns"),
        ("context", {}, "unknown key 'context'"),
        ("spec.parts.0.network.quantiles", [0.5, 0.1], "ascending"),
        ("spec.parts.0.network.quantiles", [0.1, 0.9], "with 0.5"),
        ("spec.parts.0.network.quantiles", [0.5, 1.0], "between 0 and 1"),
        ("spec.parts.0.network.quantiles", [0.5, 10**400], "a list of numbers"),
        ("spec.parts.0.network.quantiles", [i / 102 for i in range(1, 102)], "at most 99"),
        ("spec.parts.0.network.strategy", "teacher", "expected one of direct, recursive, seq2seq, autoregressive"),
        ("spec.parts.0.network.head", "normal", "expected one of quantile, student-t"),
        ("schema.id_cols", ["a", 1], "a list of texts"),
        ("schema.target_cols", [], "at least one column"),
        ("schema.time_zone", 1, "'schema.time_zone'"),
        ("schema.time_format", "%Y", "'schema' has the unknown key 'time_format'"),
        ("frequency.kind", "daily", "'frequency.kind'"),
        ("frequency.step", 0, "'frequency.step'"),
        ("frequency.phase", 3600 * 1_000_000, "'frequency.phase'"),
        ("frequency.day", 34, "'frequency.day'"),
        ("scaling.log", "log2", "'scaling.log'"),
        ("scaling.method", "magic", "'scaling.method'"),
        ("calibration.windows", -1, "'calibration.windows'"),
        ("calibration.unit", {"window": 1}, "'calibration.unit' has no key 'phase'"),
        ("calibration.unit.window", 1.5, "'calibration.unit.window' is 1.5; expected a number from 0 to 1"),
        ("calibration.unit.phase", 0.8, "'calibration.unit.phase' is 0.8; expected a number from 0 to 0.75"),
        ("recent.n_series", 3, "expected"),
        ("golden.samples", 65, "'golden.samples'"),
        ("provenance", [], "'provenance'"),
    ],
)
def test_model_json_is_read_strictly(bundle: Bundle, path: str, value: Any, said: str) -> None:
    with pytest.raises(ModelError, match=r"^(model\.json|recent\.safetensors): ") as caught:
        decode(edited(bundle, path, value))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("spec.parts.0.name", "auto", "'spec.parts[0].name' is \"auto\"; expected one of rnn, lstm, gru"),
        ("spec.parts.2.name", "gru", "'spec.parts[2].network' is null; expected an object for the model 'gru'"),
        ("spec.parts.3.share", 0.3, "expected shares that sum to 1"),
        ("spec.parts.1.network.quantiles", [0.1, 0.5, 0.9], "expected the same quantiles in all networks"),
        ("spec.parts.1.network.cell", "rnn", "'spec.parts[1].network.cell'"),
        ("kind", "network", "'kind' is \"network\"; expected one of combination"),
    ],
)
def test_the_parts_of_a_combination_are_read_strictly(
    make_bundle: Callable[..., Bundle], path: str, value: Any, said: str
) -> None:
    with pytest.raises(ModelError, match=r"^model\.json: ") as caught:
        decode(edited(make_bundle("auto"), path, value))
    assert said in str(caught.value)


@pytest.mark.parametrize("model", ["linear", "naive"])
def test_a_simple_model_has_no_network(make_bundle: Callable[..., Bundle], model: str) -> None:
    with pytest.raises(ModelError, match=rf"'spec\.parts\[0\]\.network' .* expected null for the model '{model}'"):
        decode(edited(make_bundle(model), "spec.parts.0.network", {}))


def test_shares_that_sum_to_1_but_for_rounding_are_read(make_bundle: Callable[..., Bundle]) -> None:
    bundle = make_bundle("gru", members=7)
    assert reduce(add, (part.share for part in bundle.spec.parts)) != 1  # sum() rounds once from Python 3.12 on
    assert decode(encode(bundle)).spec == bundle.spec


def test_a_format_that_was_never_released_tells_the_way_out(bundle: Bundle) -> None:
    with pytest.raises(ModelError, match=f"its format_version is 1, not {FORMAT_VERSION}; fit the model again"):
        decode(edited(bundle, "format_version", 1))


@pytest.mark.parametrize(("release", "said"), [("9.1.0", "9.1.0"), (None, r"\(a newer release\)"), (7, r"\(a newer")])
def test_a_newer_format_names_the_release_that_wrote_it(bundle: Bundle, release: object, said: str) -> None:
    provenance = bundle.provenance | {"tsforecast": release}
    newer = edited(replace(bundle, provenance=provenance), "format_version", FORMAT_VERSION + 1)
    with pytest.raises(ModelError, match=f"format_version is {FORMAT_VERSION + 1}, as tsforecast {said}") as caught:
        decode(newer)
    assert caught.value.hint.startswith("upgrade to tsforecast")


def test_a_manifest_of_a_newer_format_names_the_release_that_wrote_it(bundle: Bundle) -> None:
    record = make_manifest(encode(bundle), name="sales", version=1)
    data = encode_manifest(replace(record, format_version=FORMAT_VERSION + 1, tool_version="9.1.0"))
    with pytest.raises(ModelError, match=r"as tsforecast 9\.1\.0 writes it; .*; upgrade to tsforecast 9\.1\.0"):
        decode_manifest(data)


def test_a_key_of_model_json_must_not_be_missing(bundle: Bundle) -> None:
    files = encode(bundle)
    document = json.loads(files["model.json"])
    del document["spec"]["parts"][0]["share"]
    with pytest.raises(ModelError, match=r"'spec\.parts\[0\]' has no key 'share'"):
        decode(files | {"model.json": json.dumps(document).encode()})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"format_version": 1, "format_version": 1}', "stands there twice"),
        (b'{"format_version": NaN}', "not a finite number"),
        (b'{"format_version": 1e999}', "not a finite number"),
        (b'{"a":' * 30 + b"1" + b"}" * 30, "nests deeper"),
        (b"[" * 100_000, "is not valid"),
        (b"\xff\xfe", "is not valid"),
        (b"", "is not valid"),
        (b"[]", "format_version"),
        (b" " * (1 << 20) + b"1", "at most 1,048,576 are read"),
    ],
)
def test_what_is_no_model_json_is_refused(bundle: Bundle, data: bytes, said: str) -> None:
    with pytest.raises(ModelError, match=r"^model\.json: ") as caught:
        decode(encode(bundle) | {"model.json": data})
    assert said in str(caught.value)


def test_too_many_parameters_are_refused_before_the_weights_are_read(bundle: Bundle) -> None:
    files = edited(bundle, "spec.parts.0.network.units", 4096)
    with pytest.raises(ModelError, match=r"asks for [0-9,]+ parameters"):
        decode(files | {"weights.safetensors": b""})


def test_the_parameters_of_all_parts_count(make_bundle: Callable[..., Bundle]) -> None:
    bundle = make_bundle("gru")
    part = json.loads(encode(bundle)["model.json"])["spec"]["parts"][0]
    part["network"]["units"] = 128
    parts = [part | {"share": 1 / 400}] * 400
    with pytest.raises(ModelError, match=r"asks for [0-9,]+ parameters"):
        decode(edited(bundle, "spec.parts", parts) | {"weights.safetensors": b""})


@pytest.mark.parametrize("name", ["weights.safetensors", "metrics.json"])
def test_a_missing_file_is_refused(bundle: Bundle, name: str) -> None:
    files = encode(bundle)
    del files[name]
    with pytest.raises(ModelError, match=f"^{name}: is missing"):
        decode(files)


def test_an_unknown_file_is_refused(bundle: Bundle) -> None:
    with pytest.raises(ModelError, match=r"^model\.keras: does not belong"):
        decode(encode(bundle) | {"model.keras": b""})


def changed(bundle: Bundle, file: str, change: Callable[[dict[str, Any]], Any]) -> dict[str, bytes]:
    """The files with the tensors of one of them changed."""
    files = encode(bundle)
    tensors = {name: np.array(value) for name, value in load(files[file]).items()}
    change(tensors)
    return files | {file: save(tensors)}


def refused(files: dict[str, bytes], file: str, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        decode(files)
    assert caught.value.file == file
    assert said in str(caught.value)


HEAD = "part0/head/bias"


def put(name: str, index: Any, value: float) -> Callable[[dict[str, Any]], None]:
    def change(tensors: dict[str, Any]) -> None:
        tensors[name][index] = value

    return change


def recast(name: str, make: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    def change(tensors: dict[str, Any]) -> None:
        tensors[name] = make(tensors[name])

    return change


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("weights", put(HEAD, 0, np.nan), f"'{HEAD}' holds a number that is not finite"),
        ("weights", put(HEAD, 0, np.inf), "not finite"),
        ("weights", lambda tensors: tensors.pop(HEAD), f"has no tensor '{HEAD}'"),
        ("weights", lambda tensors: tensors.update(extra=np.zeros(1)), "unknown tensor 'extra'"),
        ("weights", recast(HEAD, lambda value: value[:-1]), "shape"),
        ("weights", recast(HEAD, lambda value: value[:, None]), "shape"),
        ("weights", recast(HEAD, lambda value: value.astype(np.float64)), "dtype"),
        ("recent", put("values", 0, np.nan), "'values' holds a number that is not finite"),
        ("recent", put("scale", 0, 0.0), "'scale'"),
        ("recent", put("observed", 0, 2), "'observed'"),
        ("recent", put("offsets", 1, 99), "'offsets'"),
        ("recent", put("starts", 0, 10**12), "'starts'"),
        ("recent", put("starts", 0, -(2**63)), "'starts'"),
        ("recent", put("scores", (0, 0), 1e9), "'scores' does not ascend"),
        ("recent", put("usual_spreads", 0, 0.0), "'usual_spreads' holds a number that is not above zero"),
        ("recent", put("ids", 0, ord("{")), "is not valid"),
        ("golden", put("series", 0, 2), "'series'"),
        ("golden", put("mask", (0, 0), 3), "'mask'"),
        ("golden", recast("expected", lambda value: value[:, :-1]), "shape"),
    ],
)
def test_tensors_are_read_strictly(
    bundle: Bundle, file: str, change: Callable[[dict[str, Any]], Any], said: str
) -> None:
    name = f"{file}.safetensors"
    refused(changed(bundle, name, change), name, said)


@pytest.mark.parametrize("ids", [b'[["a","b"]]', b'[["a"],["b"]]', b'[["a","b"],["a","b"]]', b'[["a","b"],[1,2]]'])
def test_ids_must_name_every_series_once(bundle: Bundle, ids: bytes) -> None:
    files = changed(bundle, "recent.safetensors", recast("ids", lambda _: np.frombuffer(ids, np.uint8)))
    document = json.loads(files["model.json"])
    document["recent"]["id_bytes"] = len(ids)
    refused(files | {"model.json": json.dumps(document).encode()}, "recent.safetensors", "'ids'")


def crafted(header: bytes, body: bytes = b"") -> bytes:
    return len(header).to_bytes(8, "little") + header + body


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "header"),
        (b"\xff" * 8, "header"),
        (crafted(b" " * (1 << 20) + b"{}"), "header"),
        (crafted(b"[]"), "header"),
        (crafted(b'{"a":1,"a":1}'), "twice"),
        (crafted(b'{"__metadata__":{}}'), "unknown tensor '__metadata__'"),
        (crafted(b"{}", b"\x00"), "size"),
    ],
)
def test_a_crafted_file_of_tensors_is_refused(make_bundle: Callable[..., Bundle], data: bytes, said: str) -> None:
    refused(encode(make_bundle("naive")) | {"weights.safetensors": data}, "weights.safetensors", said)


@pytest.mark.parametrize(
    "entry",
    [
        b'{"dtype":"F32","shape":[5],"data_offsets":[4,24]}',
        b'{"dtype":"F32","shape":[5],"data_offsets":[0,19]}',
        b'{"dtype":"F32","shape":[5],"data_offsets":[0,20],"more":1}',
        b'{"dtype":"F32","shape":[5],"data_offsets":[0.0,20]}',
        b'{"dtype":"F32","shape":[5],"data_offsets":[0]}',
        b'{"dtype":"F32","shape":[5],"data_offsets":[20,40]}',
        b'{"dtype":"F32","shape":[5],"data_offsets":{}}',
        b'{"dtype":"F32","shape":[5]}',
        b"[]",
    ],
)
def test_offsets_that_do_not_fit_are_refused(make_bundle: Callable[..., Bundle], entry: bytes) -> None:
    kernel = b'"part0/linear/kernel":{"dtype":"F32","shape":[12,5],"data_offsets":[20,260]}'
    data = crafted(b'{"part0/linear/bias":' + entry + b"," + kernel + b"}", bytes(260))
    refused(encode(make_bundle("linear")) | {"weights.safetensors": data}, "weights.safetensors", "")


@pytest.mark.parametrize("data", [b"[]", b'{"a":NaN}', b'{"a":1,"a":2}', b"{"])
def test_metrics_must_be_an_object(bundle: Bundle, data: bytes) -> None:
    refused(encode(bundle) | {"metrics.json": data}, "metrics.json", "")


@pytest.mark.parametrize("old, new", [(b"phase", b"stage"), (b",0.1,", b",nan,"), (b"0,tr", b"x,tr"), (b",2.5", b"")])
def test_history_must_have_its_columns(bundle: Bundle, old: bytes, new: bytes) -> None:
    files = encode(bundle)
    assert old in files["epochs.csv"]
    refused(files | {"epochs.csv": files["epochs.csv"].replace(old, new)}, "epochs.csv", "")


@pytest.mark.parametrize(
    "old, new", [(b"steps_back", b"step"), (b",0.125", b",inf"), (b",0,0.125", b",0.5,0.125"), (b",0.125", b"")]
)
def test_gradients_must_have_their_columns(bundle: Bundle, old: bytes, new: bytes) -> None:
    files = encode(bundle)
    assert old in files["gradients.csv"]
    refused(files | {"gradients.csv": files["gradients.csv"].replace(old, new)}, "gradients.csv", "")
