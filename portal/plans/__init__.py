"""Plans and the allowance ledger: what a tenant may send, and what it has sent."""
