"""Plans: the catalogue, and how a tenant comes from one to another."""
