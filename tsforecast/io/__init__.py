"""Tables in and forecasts out: the only part of the package that touches data files.

`reading.panel.read_panel` takes a file of text, JSON, Parquet, Arrow or a workbook, a query on a file or a database,
standard input or a data frame and returns a `Panel`: regular
series of one frequency without gaps, with the `Schema` by which forecasts are written back in the user's own words.
It finds out what nobody says, refuses what has two meanings, and repairs what has one, with a note on each repair.

What is found, where no option gives it:
    encoding        by the byte order mark, else UTF-8
    dialect         the delimiter and decimal mark under which the most cells of a sample are numbers or dates
    time            the first column with a date in every row whose times do not repeat within a series; else columns
                    called year, month, week and so on, or a date and a time of day beside it: a clock, hours or periods
    ids             the first text column that makes each time unique, else the smallest set of texts and whole numbers
                    that does and leaves regular series; where no time repeats, a column that is called like an id
    values          all other columns of numbers, but for row numbers, constants, codes, flags, parts of the calendar
    step            the commonest distance between the rows of the longest series: a fixed step, months or business days
    clock           UTC for steps below a day where the zone is known, else the wall clock

What is refused, with its line and a way out:
    a file that changes while it is read, holds no table, expands too far, or is no text in its encoding
    rows with too many or too few cells, open quotes, a header that holds data, two columns of one name
    dates written in two ways, or whose day and month cannot be told apart; hours that a clock change skips or repeats
    text among values; `1,234` where nothing shows whether the comma parts thousands; empty ids
    a time that stands twice in its series, times off the grid, series with more than half of the steps missing

What is repaired with a note:
    blank lines and comments left out; rows sorted; leading and trailing missing values cut off; gaps filled from
    earlier values only, so that no forecast sees what came after it; Unicode minus signs and no-break spaces

Stages, in the order in which they work:
    reading/source      bytes: read once, unpacked, decoded
    reading/files       other files: workbooks and JSON written out as text, Arrow, databases and queries
    reading/text        text: sniffed, cut into records, read as texts or plain numbers
    reading/table       columns: each handed out once as a `Column`, from a text or (frames) with types
    reading/columns     roles: which column is the time, which the ids, which the values
    times               stamps: formats, zones, and the clock that steps are counted on
    reading/grid        series: rows sorted, put on the grid of their step, gaps filled
    writing             forecasts as CSV, Parquet or JSON Lines, named and written like the input

`options` declares how to read; `messages` and `column` are the values that all stages share. Nothing here knows of
models. Writing a forecast without new data imports no pandas.
"""
