"""`backtest` and `compare`: how wrong the forecasts would have been, had they been made at cutoffs of the past.

    settings   what can be asked for
    run        read the table, fit and forecast at every cutoff, score
    forecasts  all forecasts with what happened, as values and as a table in long form
    tables     the metrics of all models: over all windows, by step, by window and by series
    compare    several models on the same windows, with a test of who is better
    kept_fits  the fits that are done, kept until all are, so that a killed run goes on

The forecasts themselves are made by `fitting.backtest`, from what was known at each cutoff and from nothing else.
"""
