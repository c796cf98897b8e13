"""Tables that are no delimited text: workbooks, JSON, Arrow files, databases and queries.

Workbooks and JSON are written out as text with one row a line, and then read by the same rules as a CSV file. A cell
that has a type keeps it: a date becomes an ISO date, a number is written so that no rule can take it for another.
"""
