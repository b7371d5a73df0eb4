"""Imports and exports of contacts and suppressions."""
