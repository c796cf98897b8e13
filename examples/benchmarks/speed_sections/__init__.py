"""The sections of the speed benchmark, speed.py."""
