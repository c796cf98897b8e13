"""From the text of a CSV file to columns of texts and plain numbers.

`sniff` looks at a sample once. `blocks` then has Arrow read the rows in blocks, and by their records (`records`) those
in which lines are to be left out or named. A rule about lines and cells belongs to `records`, one about the texts of a
column to where its distinct texts are looked at.
"""
