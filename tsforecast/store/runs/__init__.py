"""What the retrainings of a model leave beside its versions."""
