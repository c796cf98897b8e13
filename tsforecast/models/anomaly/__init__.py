"""Anomalies of one series, without labels: scorers, their combination, and alarms within a budget of false ones.

    windows      the window that suits a series, and the step from scores of windows to scores of rows
    subpca       what the leading patterns of all windows do not explain
    discord      the distance of a window to the most similar one before it
    polynomial   the distance to a line through the neighbours
    residuals    errors of linear forecasts, one step and many steps ahead
    names        the table of the methods; `methods` has their scorers, and `auto`, which combines them by ranks
    tail         how often a score as high comes by chance, and the score that keeps a budget
    segments     rows above it as segments

A scorer is a function of the values and a window that gives each row a score: the higher, the less usual. All are
closed-form: no training, no seed. `discord` and `residuals` look back only: no score changes with rows that come more
than a window later.
"""
