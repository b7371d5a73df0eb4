"""The preference centre: a consumer's own page, the link to it, and what a choice made there changes."""
