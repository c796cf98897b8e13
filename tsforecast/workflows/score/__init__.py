"""How good the forecasts were that were really made: noted as they are made, and scored when it is known what happened.

    noting     puts the forecast of `predict` into the ledger of its model
    settings   which forecasts and actuals count, and the limits
    joined     forecasts beside what happened, one row each
    tables     the metrics of these rows: by step, age of the model, version, period and series, and the drift
    run        the story: actuals are read, joined, kept and scored
    summary    what is said of a ledger where its model is shown

A forecast counts once for each series, time and step of the horizon: of several the newest, by the number of its run.
With a moment given it counts once for each series and time: the newest that was known then. Forecasts of times that the
model had learned from, as where it was asked to continue old data, never count.
"""
