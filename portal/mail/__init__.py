"""Mail to people: queued with what it tells of, encrypted, and sent by the worker."""
