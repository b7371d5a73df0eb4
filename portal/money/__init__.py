"""Money: exact amounts in a currency, and the one rule by which they are rounded. Pure."""
