"""Calls: the order of their statuses, and what callbacks about them leave behind."""
