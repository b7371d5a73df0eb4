"""Who is it, and what may they do: over real HTTP, on a real database."""
