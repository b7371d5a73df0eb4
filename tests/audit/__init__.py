"""The audit log: sealed, verified, erased from, shortened, exported."""
