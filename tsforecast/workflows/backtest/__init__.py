"""`backtest`: how wrong the forecasts would have been, had they been made at cutoffs of the past.

    settings   what can be asked for
    run        read the table, fit and forecast at every cutoff, score, write the forecasts

The forecasts themselves are made by `fitting.backtest`, from what was known at each cutoff and from nothing else.
"""
