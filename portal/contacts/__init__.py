"""Contacts: the people a tenant writes to, and the numbers that want no messages."""
