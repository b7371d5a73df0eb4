"""Webhooks to integrators: what happened in a tenant, told to its own systems as Standard Webhooks."""
