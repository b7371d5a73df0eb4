"""Re-rating: what the real usage of past months would have come to under other terms."""
