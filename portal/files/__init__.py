"""Files that people hand in: an address to put one to, the store that keeps it, and its end."""
