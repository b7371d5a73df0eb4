"""The tests: through the public face first, then rules by property, then faults."""
