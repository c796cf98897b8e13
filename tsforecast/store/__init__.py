"""The model store: what a version holds, how it is written, found and read."""
