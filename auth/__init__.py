"""Who is it, and what may they do: people, sessions, API clients, tokens, the OAuth server, permissions as data."""
