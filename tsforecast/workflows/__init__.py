"""What each command does, as plain functions: values go in, a dataclass comes out, and nothing is printed.

    describe    profiles a table          fit        trains, scores and publishes a model
    predict     forecasts with a model    retrain/   trains on newer data and publishes what is not worse
    status      tells how models fare     schedule   when a retraining runs, for cron and systemd
    report      all that is known of a version, with its forecast, as values for a report
    clashes     refuses an output that is an input      ages       how old models and data are
    provenance  facts that a published version keeps, and fingerprints of a training
    backtest/   scores forecasts and compares models at cutoffs of the past
    score/      notes forecasts as they are made, and scores them when it is known what happened
    detect/     finds anomalies within a budget of false alarms
    impute/     fills gaps from both sides
    joined_rows stored rows and newer ones        known_ahead  columns that reach beyond the last value
    continued   the rows that a forecast continues         what_if      another scenario of these
    leaks       columns that hardly are known ahead            holidays  holidays that are other than at the fit
    expected    what a model expects of the next steps         fit_words a fit in sentences
    named       series that are named                      predict_notes  what is said of a forecast

Long work reports its progress as events (`tsforecast.progress`). An error that a user can cause is a class of
`tsforecast.errors`, with the exit status that the command line ends with.
"""
