"""External sign-in: against a real, certified provider, and against one that lies as no real one can be made to."""
