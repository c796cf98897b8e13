"""`retrain`: check the data, train a challenger, and publish it only if it beats the champion."""
