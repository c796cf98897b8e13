"""The ground: panels of series, their frequency, their windows and their scaling."""
