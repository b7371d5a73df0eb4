"""What past months would have come to under other terms: back-tests and advice."""
