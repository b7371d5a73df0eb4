"""Invoices: what is rated, made, issued, paid and told."""
