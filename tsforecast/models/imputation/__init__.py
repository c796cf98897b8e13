"""Filling gaps from both sides.

    names       the table of the methods; `methods` has their functions
    gaps        runs of missing values, and classes of their length
    linear      a line between the values on both sides
    seasonal    the same step of the neighbouring seasons, joined to both sides
    kalman      a smoother in state space, around the season
    regression  the best linear prediction from the values on both sides, also of other columns
    network     a bidirectional network, trained by masking, that corrects it
    artificial  gaps that are cut where values are known

A method is a function of a matrix of rows and columns, NaN where a value is missing, that gives the matrix with every
gap filled. The rows follow each other at equal steps. Observed values stay as they are, bit for bit; a column without
any value stays empty.
"""
