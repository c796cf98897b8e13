"""From a file to a panel."""
