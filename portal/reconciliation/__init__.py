"""Reconciliation: our counts and amounts held against the provider's, and margins against what plans promise."""
