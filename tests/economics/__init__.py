"""Tests of what plans and tenants bring in and cost."""
