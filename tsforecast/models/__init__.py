"""The table of models, the network with its training and its NumPy twin, the baselines, and calibrated intervals."""
