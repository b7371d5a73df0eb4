"""Tests of the rate cards."""
