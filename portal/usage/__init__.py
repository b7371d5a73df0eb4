"""Usage: what a tenant used, rolled up by day as it happens, and what the provider counted of it."""
