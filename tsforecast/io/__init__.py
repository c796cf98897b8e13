"""Reading tables and writing results: the only part of the package that touches data files."""
