"""What the columns of a table mean.

`roles.find_columns` decides; `keys` finds the time among those that `times` could read, and the ids; `targets` finds
the values.

Three guards are for rare tables only: `time_parts` (a time spread over columns), `calendar` (columns that restate the
time) and `marks` (numbers with units, or with a mark that may part thousands).
"""
