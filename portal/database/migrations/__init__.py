"""The schema's history. The SQL is written by hand: Tortoise's generator knows no pair keys, policies or partitions."""
