"""What each command does, as plain functions: values in, a dataclass out; nothing is printed here."""
