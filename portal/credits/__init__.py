"""Credits: lots of units that were bought, what draws on them and what they are worth still."""
