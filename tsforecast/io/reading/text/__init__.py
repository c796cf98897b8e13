"""From the bytes of a CSV file to columns of texts and numbers."""
