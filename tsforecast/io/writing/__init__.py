"""Forecasts as files.

A forecast comes in blocks of series, each made when the one before is written, so that memory does not grow with the
number of series. `forecasts` holds `FORMATS`, the table of formats, and how a row of each is put together; `columns`
names and rounds the columns, and turns their numbers into text. A file is there as a whole or not at all. Numbers carry
the 7 digits that a float32 model has. In CSV, which spreadsheets open, an id that looks like a formula is guarded by a
quote.
"""
