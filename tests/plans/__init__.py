"""Plans: the catalogue, how a tenant comes from one to another, and the ledgers of what it takes."""
