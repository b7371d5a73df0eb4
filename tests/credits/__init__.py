"""Credits: bought, drawn on, paid, lapsed."""
