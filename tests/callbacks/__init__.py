"""Callbacks of every kind: genuine ones are stored, and whatever else comes changes nothing."""
