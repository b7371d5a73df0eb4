"""The endpoint over real HTTP, with a small schema of its own."""
