"""From a panel to a trained, calibrated and scored model."""
