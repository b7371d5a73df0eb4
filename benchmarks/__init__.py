"""Measures what the design promises about speed, as ratios between variants that take turns on the same machine."""
