"""The fraud shield: what it takes for fraud, what not, and what becomes of what is stopped."""
