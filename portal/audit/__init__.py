"""The audit log: who did what, and what ISV support read, sealed into a chain per tenant."""
