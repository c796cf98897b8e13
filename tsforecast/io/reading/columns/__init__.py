"""What the columns of a table mean: the time, the ids, the values."""
