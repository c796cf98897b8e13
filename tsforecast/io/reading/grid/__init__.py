"""From rows to regular series."""
