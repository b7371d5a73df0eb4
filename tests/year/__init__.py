"""A simulated year of many tenants, made from a seed: what they owe is worked out twice, and proven to the cent."""
