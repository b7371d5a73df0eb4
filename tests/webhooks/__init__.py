"""Webhooks to integrators: what arrives at a receiver, and where nothing ever goes."""
