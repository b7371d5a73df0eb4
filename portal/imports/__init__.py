"""Imports: contacts and suppressions from CSV files, checked first, written in batches, taken up again after a fall."""
