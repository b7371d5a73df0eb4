"""Templates: what they say beforehand, what they are about, and those that the provider fills."""
