"""Calls: what became of each, as the provider tells it."""
