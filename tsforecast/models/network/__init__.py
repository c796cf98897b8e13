"""The segment network: its configuration, its weights, and its two implementations."""
