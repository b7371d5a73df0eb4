"""Invoices: what a tenant owes for a month, how that came about, and what became of it."""
