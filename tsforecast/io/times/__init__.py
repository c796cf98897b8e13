"""Time stamps: formats, zones and clocks."""
