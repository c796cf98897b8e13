"""`impute`: the missing values of a table, filled from both sides, with intervals.

    settings   what can be asked for
    reading    a table with all its rows, and where they stand
    run        read the table, choose methods, fill
    groups     the series of a table as matrices, whose columns help each other
    choose     which method fills gaps of which length, by artificial gaps
    intervals  how far filled values may be off, by other artificial gaps
    results    the filled values, and what is told of them
    tables     the filled table in the layout of the user, and the filled values alone

The methods are those of `models.imputation`.
"""
