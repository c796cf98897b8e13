"""Tables that lie otherwise than one row a time: turned before their columns get roles.

`headers` finds times in the names of columns: dates, measures of years, months, times of day, numbered steps. `unpivot`
decides whether they are a table across, and `long_form` makes rows of them. `undated` gives times to the rows of a
table that has none.
"""
