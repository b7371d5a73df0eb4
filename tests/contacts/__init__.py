"""Tests of contacts: merged and erased, and what their consumers chose."""
