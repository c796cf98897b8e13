"""From the text of a CSV file to columns of texts and plain numbers.

`sniff` looks at a sample once. The rows are then read in blocks, each in the fast way, on its bytes, or in the careful
way, by its records and pandas. Both give the same result. A rule about lines and cells belongs to the careful way, one
about the texts of a column to where its distinct texts are looked at.
"""
