"""Retention: what has served its purpose is deleted, by the tenant's own wish or after a fixed time."""
