"""Tests of the margin report."""
