"""Usage: what a tenant used, rolled up by day as it happens."""
