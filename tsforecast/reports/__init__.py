"""What people read of a result: the report of a fit, `describe` on a screen, the frame of a forecast, and pictures."""
