"""The tenant's own numbers: what each can do, and what becomes of calls to it."""
