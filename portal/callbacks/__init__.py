"""What the provider calls back: one inbox for all kinds, written before it is answered and applied afterwards."""
