"""Files for people from what the workflows found: the report of a fit, and a picture of a forecast."""
