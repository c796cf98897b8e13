"""Pictures of forecasts, backtests and comparisons, which fit a slide: one style, few colours, labels at the lines.

A `Picture` (picture.py) holds what is drawn of a forecast as plain values. forecast.py draws it with matplotlib,
interactive.py with plotly, terminal.py with the letters of a terminal; select.py says which series of many.
backtest.py and compare.py draw the results of these commands, backtest_page.py both with plotly, anomalies.py what
`detect` finds and filled.py what `impute` fills, both by way of stacked.py. style.py is what all pictures of
matplotlib share, page.py what all of plotly do; dark.py turns one round for a dark background.
"""
