"""Attacks on the whole product: what they must not reach, nor leave behind."""
