"""Alerts: what went wrong in a tenant, grouped, told to whoever is to know, and acknowledged or muted."""
