"""Usage: what is shown of it, what it costs, and how it is read from the provider."""
