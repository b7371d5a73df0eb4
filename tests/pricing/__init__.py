"""Prices: the laws that they keep, and examples that were worked out by hand."""
