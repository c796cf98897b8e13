"""Training progress on the disk, so that an interrupted training can be resumed."""
