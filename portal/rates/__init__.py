"""Rate cards: what the provider asks the ISV for, by category and country, in versions that never change."""
