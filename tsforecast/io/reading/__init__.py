"""From a file to a panel. `panel.read_panel` is the door; it calls, in this order: source, text, table, columns,
timed_rows, grid.

`numbers` says what counts as a number, in every stage. `frames` reads what has types already: Parquet and data frames.
"""
