"""Templates: named texts with variables, in immutable versions."""
