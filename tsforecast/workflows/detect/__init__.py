"""`detect`: the anomalies of a table, without labels and within a budget of false alarms.

    settings   what can be asked for
    run        read the table, score every series, find the level of the budget, join rows to segments
    forecasts  how wrong the forecasts of a model were, with --model
    tables     the segments, and all scores, as data frames

The scores are those of `models.anomaly`. Every series has its own window and its own level.
"""
