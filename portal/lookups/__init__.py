"""Looking numbers up: whether anybody can have one, in which country, and what kind of line it is."""
