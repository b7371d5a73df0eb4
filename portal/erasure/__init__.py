"""Erasing a person, here and at the provider, with a receipt that names nobody."""
